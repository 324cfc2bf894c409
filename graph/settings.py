"""Reads every limit and switch of the server from the environment and from flags.

`Settings` is the table: a field's name is its flag (`--request-seconds`) and its variable
(`BROADSHEET_REQUEST_SECONDS`), and `table()` prints them all for the documentation.
"""

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

PREFIX = "BROADSHEET_"
KIB = 1024
MIB = 1024 * KIB
MOST_PORTS = 65_535
ANY_ADDRESS = "*"
MAPPED = IPv6Network("::ffff:0:0/96")
"""IPv4 addresses, as they are written in IPv6."""


class SettingsError(ValueError):
    """A setting has a value that it cannot have; the message names the setting, the value, and what it takes."""


def setting(default: Any, description: str) -> Any:
    """Declare a setting with its default and the sentence that documents it."""
    return field(default=default, metadata={"description": description})


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may turn. Sizes are in bytes, times in seconds."""

    host: str = setting("127.0.0.1", "Address to listen on.")
    port: int = setting(8000, "Port to listen on.")
    workers: int = setting(1, "Processes that answer, on one store; whichever is asked for metrics tells those of all.")
    http: Literal["in-place", "plain"] = setting(
        "in-place", "`in-place` answers planned operations where their last byte arrives; `plain` is ASGI only."
    )
    production: bool = setting(
        False, "Turns introspection, suggestions and the playground off, whatever their own settings say."
    )
    drafts: bool = setting(False, "Show unpublished articles to everybody, key or none.")
    write_back: bool = setting(
        False, "Mutations write and remove the files of the served folders too, and not only what the store keeps."
    )
    introspection: bool = setting(True, "Answer `__schema` and `__type`.")
    suggestions: bool = setting(True, "Say `Did you mean …` in errors.")
    web: bool = setting(True, "Serve the reader, the playground and the folders' pictures.")
    playground: bool = setting(True, "Serve GraphiQL to browsers on `/graphql`.")

    body_bytes: int = setting(MIB, "Largest request body.")
    bodies_bytes: int = setting(
        16 * MIB,
        "Most bytes of requests and messages that are not whole or wait for their turn, of all clients of a process.",
    )
    url_bytes: int = setting(16 * KIB, "Longest query string of a GET.")
    document_bytes: int = setting(64 * KIB, "Largest GraphQL document.")
    tokens: int = setting(5_000, "Most tokens in a document.")
    depth: int = setting(12, "Deepest nesting of fields.")
    introspection_depth: int = setting(20, "Deepest nesting of fields below `__schema` and `__type`.")
    cost: int = setting(10_000, "Most objects that an operation may ask for, counted before it runs.")
    values: int = setting(40_000, "Most values that those objects may have; a body counts as 50.")
    page: int = setting(100, "Largest `first` or `last`; more than 100 changes nothing, since the schema has that.")
    list_size: int = setting(10, "Length that a list is counted with at least which is answered whole.")
    aliases: int = setting(30, "Most aliases in an operation, fragments expanded.")
    root_fields: int = setting(20, "Most fields at the root of an operation.")
    directives: int = setting(50, "Most directives in an operation, fragments expanded.")
    variables_depth: int = setting(32, "Deepest nesting of variables and extensions.")
    conditions: int = setting(
        80, "Most conditions in an operation, fragments expanded: fields of input objects, also in variables."
    )
    errors: int = setting(20, "Most errors in an answer.")

    request_seconds: float = setting(10.0, "Time to answer a request; after it, 503.")
    header_seconds: float = setting(5.0, "Time a client has to send a request's headers.")
    body_seconds: float = setting(15.0, "Time a client has to send a request's body.")
    write_seconds: float = setting(15.0, "Time a client may leave an answer unread before it is cut off.")
    keep_alive_seconds: float = setting(5.0, "Time an idle connection is kept.")
    stop_seconds: float = setting(8.0, "Time that accepted requests have to finish once the server is told to stop.")
    concurrency: int = setting(
        256, "Most requests and operations on sockets under way or waiting in one process; more are shed with 503."
    )
    work_seconds: float = setting(
        2.0,
        "Most seconds of work, by estimate, that queries under way may have left in one process; more are shed.",
    )
    request_log: bool = setting(True, "Write one line of JSON to standard error for each request.")
    slow_seconds: float = setting(1.0, "Operations that take longer are logged as warnings.")
    tracing: bool = setting(
        False, "Send a span for each request to an OpenTelemetry collector; needs `pip install 'broadsheet[otel]'`."
    )

    operations: int = setting(1_000, "Most parsed, validated and planned operations that are kept.")
    operations_bytes: int = setting(16 * MIB, "Most bytes that these take, 1 KiB for each token and 6 for each byte.")
    kept_bytes: int = setting(
        128 * MIB, "Most bytes that are kept of answers, a quarter of them of articles for use in others; 0 keeps none."
    )
    persisted: int = setting(1_000, "Most automatically persisted documents; 0 turns them off.")
    persisted_bytes: int = setting(16 * MIB, "Most bytes of automatically persisted documents.")
    trusted_documents: Path | None = setting(
        None, "Folder of `.graphql` files; with it, nothing else is executed but what the reader asks."
    )

    keys_file: Path | None = setting(None, "File of hashed API keys, as `broadsheet keys` writes it.")
    keys_grace_seconds: float = setting(
        60.0, "Time that keys of the file are still trusted once it cannot be read any more; after it, 503."
    )
    keys: tuple[str, ...] = setting((), "API keys as `NAME:SHA256:SCOPE+SCOPE`, separated by commas.")
    cors: tuple[str, ...] = setting((), "Origins that may read answers in browsers, separated by commas; `*` for all.")
    cache_control: str = setting("no-cache", "`Cache-Control` of answers to GETs that carried no key.")
    compression: bool = setting(True, "Compress answers for clients that ask for it.")
    compression_bytes: int = setting(KIB, "Smallest answer that is compressed.")

    subscriptions: int = setting(20, "Most subscriptions on one socket.")
    socket_operations: int = setting(
        100, "Most queries and mutations on one socket that run or wait; more are refused with `OVERLOADED`."
    )
    sockets: int = setting(1_000, "Most WebSocket and event-stream connections in one process.")
    sockets_per_address: int = setting(
        100,
        "Most WebSockets, and most event streams, of one client address or IPv6 /64 in one process.",
    )
    forwarded_allow_ips: tuple[str, ...] = setting(
        (), "Proxies whose `X-Forwarded-For` is believed: addresses and networks, separated by commas; `*` for all."
    )
    init_seconds: float = setting(5.0, "Time a WebSocket client has to send `connection_init`.")
    ping_seconds: float = setting(12.0, "Time between keep-alive signs on sockets and event streams.")

    def __post_init__(self) -> None:
        """Refuse numbers below zero, and words that are not of a setting's choice."""
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, int | float) and value < 0:
                raise SettingsError(f"{variable(each.name)}: {value} is below 0")
        if self.port > MOST_PORTS:
            raise SettingsError(f"{variable('port')}: {self.port} is above {MOST_PORTS}")
        if self.http not in get_args(HINTS["http"]):
            raise SettingsError(f"{variable('http')}: {self.http!r} is neither 'in-place' nor 'plain'")
        for proxy in self.forwarded_allow_ips:
            if proxy != ANY_ADDRESS:
                network(proxy)

    @property
    def fragment_cache_bytes(self) -> int:
        """How many of the kept bytes the cache of encoded articles may take."""
        return self.kept_bytes // 4

    @property
    def answer_cache_bytes(self) -> int:
        """How many of the kept bytes the cache of whole answers may take."""
        return self.kept_bytes - self.fragment_cache_bytes

    @property
    def shows_schema(self) -> bool:
        """Whether introspection is answered."""
        return self.introspection and not self.production

    @property
    def shows_suggestions(self) -> bool:
        """Whether errors may name what the client did not; never where introspection is off."""
        return self.suggestions and self.shows_schema

    @property
    def shows_playground(self) -> bool:
        """Whether browsers get GraphiQL."""
        return self.web and self.playground and not self.production


HINTS: Mapping[str, Any] = get_type_hints(Settings)
"""Each setting's type, by name."""

SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()


def flag(name: str) -> str:
    """Return the command-line flag of a setting."""
    return "--" + name.replace("_", "-")


def from_environment(environment: Mapping[str, str], **given: Any) -> Settings:
    """Read `BROADSHEET_*`; what is *given* (by flags) and not None goes before it. Raises SettingsError."""
    values = {name: value for name, value in given.items() if value is not None}
    for name in HINTS:
        text = environment.get(variable(name))
        if text is not None and name not in values:
            values[name] = read(name, text)
    return Settings(**values)


def read(name: str, text: str) -> Any:
    """Return the value of a setting written as *text*. Raises SettingsError."""
    hint = HINTS[name]
    try:
        if hint is bool:
            return SWITCH[text.strip().lower()]
        if hint in (int, float):
            return hint(text)
    except (KeyError, ValueError):
        takes = {bool: "true or false", int: "a whole number", float: "a number"}[hint]
        raise SettingsError(f"{variable(name)}: {text!r} is not {takes}") from None
    if hint == tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if hint == Path | None:
        return Path(text) if text else None
    return text


def network(text: str) -> IPv4Network | IPv6Network:
    """Return the network, or the one address, that *text* names; mapped to IPv6, it is the IPv4 one.

    Raises SettingsError.
    """
    try:
        found = ip_network(text)
    except ValueError as error:
        takes = f"an address, a network such as 10.0.0.0/8, or {ANY_ADDRESS}"
        raise SettingsError(f"{variable('forwarded_allow_ips')}: {error}; it takes {takes}") from None
    if isinstance(found, IPv6Network) and found.subnet_of(MAPPED):
        first = found.network_address.ipv4_mapped
        return IPv4Network((int(first or 0), found.prefixlen - MAPPED.prefixlen))
    return found


def table() -> str:
    """Return the settings as a Markdown table."""
    rows = ["| variable | flag | default | |", "|---|---|---|---|"]
    rows += [
        f"| `{variable(each.name)}` | `{flag(each.name)}` | {_shown(each)} | {description(each)} |" for each in SETTINGS
    ]
    return "\n".join(rows) + "\n"


def description(each: "Field[Any]") -> str:
    """Return the sentence that documents a setting."""
    return str(each.metadata["description"])


def _shown(each: "Field[Any]") -> str:
    value = each.default
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int) and value >= KIB and value % KIB == 0:
        return f"{value} ({value // MIB} MiB)" if value % MIB == 0 else f"{value} ({value // KIB} KiB)"
    return f"`{value}`" if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


SETTINGS = fields(Settings)
"""The settings in the order they are documented in."""
