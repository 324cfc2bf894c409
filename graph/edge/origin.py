"""Compares a request's Origin with the host that was asked and with `--cors`, so that no foreign page asks unnoticed.

An origin is a scheme, a host and a port, and the scheme's default port is the same as no port (RFC 6454 section 4).
"""

import re

from graph.errors import Refusal
from graph.message import Headers, header
from graph.settings import Settings

DEFAULT_PORTS = {b"http": 80, b"https": 443, b"ws": 80, b"wss": 443}
AUTHORITY = re.compile(rb"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{0,5}))?")
"""A host, in brackets where it is an IPv6 address, and perhaps a port; browsers write other names in Punycode."""


def check_site(headers: Headers, settings: Settings) -> None:
    """Refuse what a page of another site makes a browser send. Raises Refusal."""
    origin, site = header(headers, b"origin"), header(headers, b"sec-fetch-site")
    if allowed_origin(headers, settings):
        return
    foreign = site not in (b"same-origin", b"none") if site else bool(origin) and not is_own(origin, headers)
    if foreign and header(headers, b"sec-fetch-mode") != b"navigate":
        which = origin.decode() if parsed(origin) else "ORIGIN"
        message = f"Pages of other origins may not ask here, unless the server is started with `--cors {which}`."
        raise Refusal("CSRF_REFUSED", message, 403)


def is_own(origin: bytes, headers: Headers) -> bool:
    """Whether an Origin is the host that was asked. A proxy may have ended TLS, so any scheme is taken."""
    asked = parsed(origin)
    if asked is None:
        return False
    scheme, *place = asked
    return _authority(header(headers, b"host"), DEFAULT_PORTS[scheme]) == tuple(place)


def allowed_origin(headers: Headers, settings: Settings) -> bytes:
    """Return the origin that may read the answer by CORS, empty for none."""
    origin = header(headers, b"origin")
    if not origin or not settings.cors:
        return b""
    if "*" in settings.cors:
        return b"*"
    return origin if any(_same(origin, each.encode()) for each in settings.cors) else b""


def parsed(origin: bytes) -> tuple[bytes, bytes, int] | None:
    """Return scheme, host and port of a web origin, None for anything else, such as `null`."""
    scheme, _, authority = origin.lower().partition(b"://")
    place = _authority(authority, DEFAULT_PORTS[scheme]) if scheme in DEFAULT_PORTS else None
    return (scheme, *place) if place else None


def _authority(text: bytes, default_port: int) -> tuple[bytes, int] | None:
    """Return host and port of an authority without userinfo, None for what is none (RFC 3986 section 3.2)."""
    found = AUTHORITY.fullmatch(text.lower())
    return (found["host"], int(found["port"] or default_port)) if found else None


def _same(origin: bytes, listed: bytes) -> bool:
    """Whether an Origin is one that somebody listed, perhaps with a slash behind it."""
    return origin == listed or (parsed(origin) or origin) == parsed(listed.removesuffix(b"/"))
