"""Works out what a request's headers decide: rights, media type, encoding, origin, or a refusal.

It is worked out once for each set of headers and cached, since a client sends the same ones each time.
"""

import dataclasses
from dataclasses import dataclass, fields

from msgspec.structs import replace

from graph.edge.auth import Keys
from graph.edge.compression import chosen
from graph.edge.negotiation import EVENT_STREAM, GRAPHQL, HTML, JSON, accepted
from graph.edge.origin import allowed_origin, check_site
from graph.edge.workload import RETRY_AFTER
from graph.errors import Refusal
from graph.execute.context import ANYBODY, Viewer
from graph.message import READS, Headers, header
from graph.settings import Settings

MOST_CACHED = 1_000
"""Most sets of headers whose caller is cached; past them the cache starts anew."""
LARGEST_CACHED = 2_048
"""Bytes of the largest set of headers that is cached."""
PASSED_OVER = frozenset({b"content-length", b"traceparent", b"tracestate", b"baggage", b"last-event-id"})
"""Headers that differ from request to request and decide nothing."""

ALLOW = (b"allow", b"GET, HEAD, POST, OPTIONS")

NOT_ACCEPTABLE = (
    f"Answers come as {GRAPHQL} or {JSON}, those of subscriptions as {EVENT_STREAM}: name one, or */*, in Accept."
)
UNKNOWN_KEY = "This API key is not known: send one that `broadsheet keys add` has made, or none for what is public."


@dataclass(frozen=True, slots=True, eq=False)
class Caller:
    """What a set of headers says of its sender. Senders who are alike share one, so it is its own key in caches.

    `refusal` is why nothing of theirs is executed. One that is `kept` is met again, if its headers are sent again.
    """

    viewer: Viewer = ANYBODY
    keyed: bool = False
    media: str = JSON
    encoding: str = ""
    origin: bytes = b""
    if_none_match: bytes = b""
    refusal: Refusal | None = None
    kept: bool = False

    @property
    def bytes(self) -> int:
        """How many bytes of its headers it holds."""
        return len(self.origin) + len(self.if_none_match)


class Callers:
    """The callers of one server.

    A plain dict caches them: every request looks here, and a look-up in an LRU of a library takes four times as long.
    """

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self.settings, self.keys = settings, keys
        self.by_headers: dict[tuple[object, ...], Caller] = {}
        self.by_traits: dict[tuple[object, ...], Caller] = {}

    def of(self, method: str, headers: Headers) -> Caller:
        """Return what these headers say."""
        key = (method, *[pair for pair in headers if pair[0] not in PASSED_OVER])
        caller = self.by_headers.get(key)
        if caller is None:
            if max(len(self.by_headers), len(self.by_traits)) >= MOST_CACHED:
                self.forget()
            caller = self._same(method, self.read(method, headers))
            if sum(len(name) + len(value) for name, value in headers) <= LARGEST_CACHED:
                self.by_headers[key] = caller
        return caller

    def _same(self, method: str, caller: Caller) -> Caller:
        """Return the caller who is like this one, whatever its headers; one whose traits are large is not kept."""
        if caller.refusal is not None or caller.bytes > LARGEST_CACHED:
            return caller
        traits = _traits(method, caller)
        known = self.by_traits.get(traits)
        if known is None:
            known = self.by_traits[traits] = dataclasses.replace(caller, kept=True)
        return known

    def forget(self) -> None:
        """Empty the cache, as when keys changed."""
        self.by_headers.clear()
        self.by_traits.clear()

    def read(self, method: str, headers: Headers) -> Caller:
        """Work out what these headers say."""
        media = accepted(header(headers, b"accept").decode("latin-1") or "*/*", offers(method, self.settings))
        encoding = chosen(header(headers, b"accept-encoding").decode("latin-1")) if self.settings.compression else ""
        origin = allowed_origin(headers, self.settings)
        viewer, refusal = Viewer(drafts=self.settings.drafts), None
        keyed = bool(presented := presented_key(headers))
        try:
            check_method(method)
            check_site(headers, self.settings)
            if keyed:
                viewer = self.rights(presented)
            if media is None:
                raise Refusal("NOT_ACCEPTABLE", NOT_ACCEPTABLE, 406)
            check_content(method, headers)
        except Refusal as caught:
            refusal = caught
        none_match = header(headers, b"if-none-match") if method in READS else b""
        return Caller(viewer, keyed, media or JSON, encoding, origin, none_match, refusal)

    def rights(self, presented: bytes) -> Viewer:
        """Return the rights of a key. Raises Refusal for one that is unknown."""
        viewer = self.keys.viewer(presented)
        if viewer is None and self.keys.expired:
            raise Refusal("KEYS_UNREADABLE", "API keys cannot be checked at the moment.", 503, (RETRY_AFTER,))
        if viewer is None:
            challenge = (b"www-authenticate", b'Bearer realm="broadsheet"')
            raise Refusal("UNAUTHENTICATED", UNKNOWN_KEY, 401, (challenge,))
        return replace(viewer, drafts=viewer.drafts or self.settings.drafts)


def _traits(method: str, caller: Caller) -> tuple[object, ...]:
    """Return all that tells callers apart."""
    given = (getattr(caller, each.name) for each in fields(caller))
    return (method, *given)


def offers(method: str, settings: Settings) -> tuple[str, ...]:
    """Return the media types that an answer may have, the default first."""
    if method in READS and settings.shows_playground:
        return (JSON, GRAPHQL, EVENT_STREAM, HTML)
    return (JSON, GRAPHQL, EVENT_STREAM)


def presented_key(headers: Headers) -> bytes:
    """Return the API key of `Authorization: Bearer` or of `X-API-Key`, empty where there is none."""
    scheme, _, credentials = header(headers, b"authorization").partition(b" ")
    return credentials.strip() if scheme.lower() == b"bearer" else header(headers, b"x-api-key") or scheme


def check_method(method: str) -> None:
    """Refuse methods other than those of GraphQL over HTTP."""
    if method not in (*READS, "POST", "OPTIONS"):
        raise Refusal("METHOD_NOT_ALLOWED", "GraphQL is asked by GET or POST: send the request by POST.", 405, (ALLOW,))


def check_content(method: str, headers: Headers) -> None:
    """Refuse bodies that are not JSON in UTF-8: forms and plain text are what CSRF can send.

    A GET has no body, so it may leave Content-Type out; but any other type is one that a browser sends without asking.
    """
    content = header(headers, b"content-type").decode("latin-1")
    if method == "POST":
        check_media(content)
        if header(headers, b"content-encoding") not in (b"", b"identity"):
            message = "The body of a request is not compressed: send it without Content-Encoding."
            raise Refusal("UNSUPPORTED_MEDIA_TYPE", message, 415, ((b"accept-encoding", b"identity"),))
    elif method in READS and content:
        check_media(content)


def check_media(content: str) -> None:
    """Refuse a Content-Type other than JSON in UTF-8. Raises Refusal."""
    media, *parameters = content.lower().split(";")
    charsets = [
        value.strip(' "')
        for name, _, value in (each.partition("=") for each in parameters)
        if name.strip() == "charset"
    ]
    if media.strip() != JSON or any(charset not in ("utf-8", "utf8") for charset in charsets):
        message = f"The body of a request is JSON in UTF-8: send it with `Content-Type: {JSON}`."
        raise Refusal("UNSUPPORTED_MEDIA_TYPE", message, 415, ((b"accept-post", b"application/json"),))
