"""Tests which origins may ask: the server's own with any spelling of its port, those of `--cors`, and no others."""

import socket
from collections.abc import Iterator

import pytest

from tests.patience import PATIENCE
from tests.serving import exchange, request, serving
from tests.small import JSON, ask, small_app

pytestmark = pytest.mark.anyio

HEADERS = {"content-type": JSON, "host": "testserver"}
HELLO = b'{"query": "{ hello }"}'

SAME = [
    ("http://a.example", "a.example"),
    ("http://a.example", "a.example:80"),
    ("http://a.example:80", "a.example"),
    ("https://a.example", "a.example:443"),
    ("https://a.example:443", "a.example"),
    ("https://a.example:443", "a.example:443"),
    ("https://a.example", "a.example"),
    ("https://a.example", "a.example:"),
    ("HTTPS://A.Example", "a.example:443"),
    ("http://a.example", "A.EXAMPLE:80"),
    ("http://a.example:8000", "a.example:8000"),
    ("http://[::1]:8000", "[::1]:8000"),
    ("http://[::1]", "[::1]:80"),
    ("https://[2001:DB8::1]:443", "[2001:db8::1]"),
    ("https://xn--bcher-kva.example", "xn--bcher-kva.example:443"),
]
OTHER = [
    ("http://a.example", "a.example:443"),
    ("https://a.example", "a.example:80"),
    ("http://a.example:8000", "a.example"),
    ("http://a.example", "a.example:8000"),
    ("http://a.example", "b.example"),
    ("http://a.example.evil.example", "a.example"),
    ("http://a.example@evil.example", "a.example"),
    ("http://evil.example@a.example", "a.example"),
    ("http://evil.example", "a.example@evil.example"),
    ("http://a.example:80@evil.example", "a.example"),
    ("http://a.example/", "a.example.evil"),
    ("http://evil.example#a.example", "a.example"),
    ("http://evil.example?a.example", "a.example"),
    ("http://a.example, http://evil.example", "a.example"),
    ("http://a.example", "a.example, evil.example"),
    ("http://a.example:x", "a.example"),
    ("http://a.example:999999", "a.example:999999"),
    ("http://[::1", "[::1"),
    ("http://[", "["),
    ("http://]", "]"),
    ("http://", ""),
    ("http:///", ""),
    ("http://:80", ":80"),
    ("://a.example", "a.example"),
    ("a.example", "a.example"),
    ("null", "null"),
    ("null", "a.example"),
    ("file://", ""),
    ("chrome-extension://a.example", "a.example"),
    ("\xff://\xff", "\xff"),
]


CASES = [*((*each, True) for each in SAME), *((*each, False) for each in OTHER)]
SAME_AS_A = ("https://a.example", "https://a.example:443")


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS"])
@pytest.mark.parametrize(("origin", "host", "own"), CASES)
async def test_a_default_port_is_no_port_and_whatever_is_no_origin_is_foreign(
    method: str, origin: str, host: str, own: bool
) -> None:
    headers = {"content-type": JSON, "host": host, "origin": origin}
    app = small_app()
    reply = await ask(app, method, HELLO if method == "POST" else None, headers, query=b"query={hello}")
    assert (reply.status < 300) == own
    if not own:
        assert reply.status == 403
        assert method == "HEAD" or reply.code == "CSRF_REFUSED"


@pytest.mark.parametrize("listed", ["https://a.example", "https://a.example:443", "https://A.example/", "null"])
async def test_origins_of_cors_are_compared_as_origins(listed: str) -> None:
    app = small_app(cors=("https://other.example", listed))
    for origin in ("https://a.example", "https://a.example:443", "http://a.example", "https://a.example:80", "null"):
        reply = await ask(app, body=HELLO, headers={**HEADERS, "origin": origin})
        allowed = origin == listed if "null" in (origin, listed) else origin in SAME_AS_A
        assert reply.headers.get("access-control-allow-origin") == (origin if allowed else None)
        assert reply.status == (200 if allowed else 403)


HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nhost: %b\r\norigin: %b\r\nupgrade: websocket\r\nconnection: upgrade, close\r\n"
    b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\n\r\n"
)


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    with serving(init_seconds=0.01) as address:
        yield address


@pytest.mark.parametrize(("origin", "host", "own"), CASES)
def test_sockets_and_requests_of_a_served_endpoint_know_the_same_origins(
    address: tuple[str, int], origin: str, host: str, own: bool
) -> None:
    wire = (host.encode("latin-1"), origin.encode("latin-1"))
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        connection.sendall(HANDSHAKE % wire)
        shaken = connection.recv(65_536)
    sent = request(HELLO, "origin: ORIGIN\r\n").replace(b"testserver", wire[0]).replace(b"ORIGIN", wire[1])
    answered = exchange(address, sent)
    assert shaken.startswith(b"HTTP/1.1 101 " if own else (b"HTTP/1.1 403 ", b"HTTP/1.1 400 "))
    assert answered.startswith(b"HTTP/1.1 200 " if own else (b"HTTP/1.1 403 ", b"HTTP/1.1 400 "))
