"""Cleans addresses, so that an article has but one: no trackers, fragments or AMP; and makes relative ones absolute.

`canonical` is what readers are shown, so it keeps scheme, `www.` and a final slash: without them a link may not work.
`clean` is what articles are found by, so it drops these too: nobody publishes two articles that differ in them alone.
Whatever the text, nothing here raises: an address that makes no sense (or is longer than 8,192 characters) is only
stripped of its outer spaces.
"""

import re
from functools import lru_cache
from typing import NamedTuple

LONGEST = 8192
TRACKERS = frozenset((
    "fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "mc_cid", "mc_eid", "igshid", "igsh", "twclid",
    "ttclid", "yclid", "ysclid", "li_fat_id", "mkt_tok", "vero_id", "oly_anon_id", "oly_enc_id", "_openstat",
    "_ga", "_gl", "_hsenc", "_hsmi", "__hssc", "__hstc", "__hsfp", "hsctatracking", "epik", "irclickid", "rb_clickid",
    "s_kwcid", "srsltid", "amp", "usqp",
))  # fmt: skip
"""Names of query parameters, in lower case, that say how a reader came and not what is read."""

_PARTS = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.DOTALL)
"""RFC 3986, appendix B; matches any text."""
_OUTER = "".join(map(chr, range(33)))
_BREAKS = re.compile(r"[\t\r\n]")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})|[^\x21-\x7e]+")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_USUAL = re.compile(r"https?://([a-z0-9.-]+\.[a-z]+)((?:/[A-Za-z0-9._~,;:@!$&'()*+=-]*)*)")
"""What most addresses look like: lower case host, no port, query, fragment or escape."""
_CACHE = ".cdn.ampproject.org"
_WRAPPED = re.compile(r"/(?:[a-z]{1,3}/)?(s/)?([^/]+\.[^/]+(?:/.*)?)", re.DOTALL)
"""`/c/s/example.org/news/` in the AMP cache, `/amp/s/example.org/news/` at Google: an address within an address."""


class Parts(NamedTuple):
    """An address in pieces: scheme and host in lower case, host with its port, query without its question mark."""

    scheme: str
    user: str
    host: str
    port: str
    path: str
    query: str


@lru_cache(maxsize=16_384)
def clean(url: str) -> str:
    """Return the address by which an article is found: `canonical`, with https, without `www.` and final slashes.

    `clean(clean(url)) == clean(url)`, and `clean(canonical(url)) == clean(url)`.
    """
    usual = _USUAL.fullmatch(url) if len(url) <= LONGEST else None
    if usual:
        host, path = usual.groups()
        if host.endswith(_CACHE) and path.startswith("/c/s/"):
            usual = _USUAL.fullmatch(f"https://{path[5:]}")
            host, path = usual.groups() if usual else (host, path)
        if not host.endswith((_CACHE, "google.com")):
            return f"https://{_bare(host)}{_without_amp(path).rstrip('/') or '/'}"
    parts = _untangled(url)
    if parts is None:
        return _trimmed(url)
    port = "" if parts.port in {"80", "443"} else parts.port
    host = _bare(parts.host)
    return _joined(parts._replace(scheme="https", host=host, port=port, path=parts.path.rstrip("/")))


def canonical(url: str) -> str:
    """Return the address to show: of the article itself, without trackers, fragment, default port and AMP."""
    usual = _USUAL.fullmatch(url) if len(url) <= LONGEST else None
    if usual and usual[2] and not usual[1].endswith((_CACHE, "google.com")) and _without_amp(usual[2]) == usual[2]:
        return url
    parts = _untangled(url)
    return _trimmed(url) if parts is None else _joined(parts)


def absolute(raw: str, base_url: str | None) -> str:
    """Return *raw* as it is where it names a host, else below *base_url* (which may end in a path), if there is one.

    `/assets/a.jpg` belongs below the base's path: sites write it so, and their generator puts `baseurl` before it.
    """
    raw = _trimmed(raw)
    match = _PARTS.match(raw)
    assert match is not None  # noqa: S101 -- the pattern matches any text
    scheme, host, path = match.group(1, 2, 3)
    if scheme or not base_url or not raw:
        return raw
    base = base_url.rstrip("/")
    if host is not None:
        return f"{base.partition('://')[0]}:{raw}"
    prefix = (_PARTS.match(base) or match).group(3)
    if prefix and (path == prefix or path.startswith(prefix + "/")):
        base = base.removesuffix(prefix)
    return f"{base}/{raw.lstrip('/').removeprefix('./')}"


def domain(url: str) -> str:
    """Return the host an address names, in lower case, without `www.` and port; empty where it names none."""
    parts = _untangled(url)
    return "" if parts is None else _bare(parts.host)


@lru_cache(maxsize=8192)
def home(written: str) -> str:
    """Return the domain that *written* is, or is an address at; empty where it is neither."""
    written = written.strip()
    return domain(written if "://" in written else f"https://{written}") if written else ""


def _trimmed(url: str) -> str:
    return _BREAKS.sub("", url.strip(_OUTER)).strip(_OUTER)


def _split(url: str) -> Parts | None:
    match = _PARTS.match(url)
    scheme, authority, path, query = match.group(1, 2, 3, 4) if match else (None, None, "", None)
    scheme = (scheme or "https").lower()
    user, at, address = (authority or "").rpartition("@")
    host, colon, port = address.rpartition(":")
    if not colon or not (port.isdecimal() or not port) or host.endswith(":"):
        host, port = address, ""
    host = host.lower().rstrip(".")
    if scheme not in {"http", "https"} or not host or len(url) > LONGEST:
        return None
    port = "" if (scheme, port) in {("http", "80"), ("https", "443")} else port
    return Parts(scheme, user + at, host, port, path, query or "")


def _untangled(url: str) -> Parts | None:
    """Return the pieces of the article's own address, or None where there is no host on the web."""
    parts = _split(_trimmed(url))
    while parts is not None:
        at_google = parts.host.removeprefix("www.") == "google.com" and parts.path.startswith("/amp/")
        inner = _WRAPPED.fullmatch(parts.path) if at_google or parts.host.endswith(_CACHE) else None
        if inner is None:
            break
        query = f"?{parts.query}" if parts.query else ""
        unwrapped = _split(f"{'https' if inner[1] else 'http'}://{inner[2]}{query}")
        if unwrapped is None:
            break
        parts = unwrapped
    if parts is None:
        return None
    return parts._replace(path=_encoded(_without_amp(parts.path)), query=_encoded(_without_trackers(parts.query)))


def _without_amp(path: str) -> str:
    bare = path.rstrip("/")
    if bare[-4:].lower() != "/amp":
        return path
    slash = "/" if bare != path else ""
    while bare[-4:].lower() == "/amp" and bare[:-4].strip("/"):
        bare = bare[:-4].rstrip("/")
    return bare + slash


def _without_trackers(query: str) -> str:
    return "&".join(pair for pair in query.split("&") if pair and not _tracks(*pair.lower().partition("=")[::2]))


def _tracks(name: str, value: str) -> bool:
    return name in TRACKERS or name.startswith(("utm_", "amp_")) or (name == "outputtype" and value == "amp")


def _encoded(text: str) -> str:
    """Return *text* with its escapes in one form: RFC 3986, section 6.2.2."""
    return _ESCAPE.sub(_escaped, text) if "%" in text or not text.isascii() or not text.isprintable() else text


def _escaped(match: re.Match[str]) -> str:
    if match[1] is None:
        return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogatepass"))
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()


def _bare(host: str) -> str:
    while host.startswith("www.") and "." in host[4:]:
        host = host[4:]
    return host


def _joined(parts: Parts) -> str:
    port = f":{parts.port}" if parts.port else ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.user}{parts.host}{port}{parts.path or ('/' if not query else '')}{query}"
