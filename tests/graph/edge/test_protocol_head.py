"""Tests how requests are received on a real server on loopback, held to RFC 9112, on both roads."""

import logging
import socket
from collections.abc import Iterator
from time import perf_counter

import orjson
import pytest

from graph.edge.asgi import App
from graph.settings import Settings
from tests.patience import PATIENCE
from tests.serving import drained, exchange, request, serving
from tests.small import small_app

Address = tuple[str, int]
ASKED = b'{"query":"{ rights }"}'
CHUNKS = b"%x\r\n%b\r\n" % (len(ASKED), ASKED)
KIND = b"content-type: application/json\r\n"
CLOSE = b"connection: close\r\n"
MODES = ("in-place", "plain")


@pytest.fixture(scope="module", params=MODES)
def address(request: pytest.FixtureRequest) -> Iterator[Address]:
    with serving(http=request.param) as served:
        yield served


def post(headers: bytes, trailers: bytes = b"", version: bytes = b"1.1", target: bytes = b"/graphql") -> bytes:
    """Return a request whose body is one chunk."""
    head = b"POST %b HTTP/%b\r\n%btransfer-encoding: chunked\r\n" % (target, version, headers)
    return head + CLOSE + b"\r\n" + CHUNKS + b"0\r\n" + trailers + b"\r\n"


def status(answer: bytes) -> int:
    return int(answer[9:12])


def code(answer: bytes) -> str:
    return str(orjson.loads(answer.partition(b"\r\n\r\n")[2])["errors"][0]["extensions"]["code"])


TRAILERS = (
    b"authorization: Bearer nobody",
    b"x-api-key: nobody",
    b"origin: https://evil.example",
    b"sec-fetch-site: cross-site",
    b"accept: text/html",
    b"accept-encoding: gzip",
    b"content-type: text/plain",
    b"host: elsewhere",
    b"host: a b",
    b"expect: 100-continue",
    b"x-forwarded-for: 192.0.2.7",
    b"connection: keep-alive",
    b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
    b"if-none-match: *",
)


@pytest.mark.parametrize("target", [b"/graphql", b"/%67raphql", b"/health"])
@pytest.mark.parametrize("trailer", TRAILERS)
def test_a_trailer_changes_nothing(address: Address, trailer: bytes, target: bytes) -> None:
    headers = b"host: a\r\n" + KIND
    plain, with_trailer = (
        exchange(address, post(headers, trailers, target=target)).partition(b"content-length")[2]
        for trailers in (b"", trailer + b"\r\n")
    )
    assert with_trailer == plain


@pytest.mark.parametrize("trailer", [b"transfer-encoding: gzip", b"transfer-encoding: chunked", b"content-length: 5"])
def test_a_trailer_that_would_frame_the_body_is_refused(address: Address, trailer: bytes) -> None:
    answer = exchange(address, post(b"host: a\r\n" + KIND, trailer + b"\r\n"))
    assert (status(answer), code(answer)) == (400, "BAD_REQUEST")


def test_a_content_type_behind_the_body_is_none(address: Address) -> None:
    answer = exchange(address, post(b"host: a\r\n", KIND))
    assert (status(answer), code(answer)) == (415, "UNSUPPORTED_MEDIA_TYPE")


HOSTS = {
    "none": (b"", b"1.1", 400),
    "none, and older": (b"", b"1.0", 200),
    "one": (b"host: a\r\n", b"1.1", 200),
    "one with a port": (b"host: a:80\r\n", b"1.1", 200),
    "an address": (b"host: [::1]:8000\r\n", b"1.1", 200),
    "an empty one": (b"host:\r\n", b"1.1", 200),
    "two": (b"host: a\r\nhost: b\r\n", b"1.1", 400),
    "the same twice": (b"host: a\r\nHost: a\r\n", b"1.1", 400),
    "two, and older": (b"host: a\r\nhost: b\r\n", b"1.0", 400),
    "with a space": (b"host: a b\r\n", b"1.1", 400),
    "with a path": (b"host: a/b\r\n", b"1.1", 400),
    "with a user": (b"host: a@b\r\n", b"1.1", 400),
    "with a tab": (b"host: a\tb\r\n", b"1.1", 400),
    "beyond ASCII": (b"host: a\xc3\xa9\r\n", b"1.1", 400),
}


@pytest.mark.parametrize("target", ["/graphql", "/health"])
@pytest.mark.parametrize("name", HOSTS)
def test_a_request_has_one_host(address: Address, name: str, target: str) -> None:
    headers, version, expected = HOSTS[name]
    sent = b"GET %b?query=%%7Bhello%%7D HTTP/%b\r\n" % (target.encode(), version) + headers + CLOSE + b"\r\n"
    answer = exchange(address, sent)
    assert status(answer) == expected
    assert expected == 200 or code(answer) == "BAD_REQUEST"


CODINGS = {
    b"chunked": 200,
    b"Chunked": 200,
    b"gzip, chunked": 501,
    b"gzip,chunked": 501,
    b"deflate, gzip, chunked": 501,
    b"identity, chunked": 501,
    b"gzip\r\ntransfer-encoding: chunked": 501,
    b"gzip": 501,
    b"identity": 501,
    b"chunked, gzip": 400,
    b"chunked\r\ntransfer-encoding: chunked": 400,
    b"chunked\r\ncontent-length: 3": 400,
    b"xchunked": 501,
    b"": 400,
}


@pytest.mark.parametrize("target", [b"/graphql", b"/health"])
@pytest.mark.parametrize("coding", CODINGS)
def test_a_transfer_coding_that_is_not_understood_is_refused(address: Address, coding: bytes, target: bytes) -> None:
    sent = post(b"host: a\r\n" + KIND, target=target).replace(b": chunked", b": " + coding, 1)
    answer = exchange(address, sent)
    expected = CODINGS[coding]
    assert status(answer) == (405 if expected == 200 and target == b"/health" else expected)
    assert expected == 200 or code(answer) == {400: "BAD_REQUEST", 501: "NOT_IMPLEMENTED"}[expected]


def test_an_older_request_has_no_transfer_coding(address: Address) -> None:
    assert status(exchange(address, post(b"host: a\r\n" + KIND, version=b"1.0"))) == 400


HEAD = b"POST /graphql HTTP/1.1\r\nhost: a\r\n" + KIND
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n" + CHUNKS
ENDLESS = {
    "a request line": (b"GET /graphql?query=", b"a"),
    "a header's name": (HEAD, b"a"),
    "a header's value": (HEAD + b"x: ", b"a"),
    "headers": (HEAD, b"x: 1\r\n"),
    "a chunk's extension": (HEAD + b"transfer-encoding: chunked\r\n\r\n1;", b"a"),
    "chunks' extensions": (HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1;%b\r\n \r\n" % (b"a" * 50)),
    "a trailer's name": (CHUNKED + b"0\r\n", b"a"),
    "a trailer's value": (CHUNKED + b"0\r\nx: ", b"a"),
    "trailers": (CHUNKED + b"0\r\n", b"x: 1\r\n"),
}
"""What comes first, and what then comes again and again."""
ENDS = {
    "a request line": b" HTTP/1.1\r\nhost: a\r\n",
    "a header's name": b": 1\r\n",
    "a header's value": b"\r\n",
    "headers": b"",
    "a chunk's extension": b"\r\n \r\n0\r\n",
    "chunks' extensions": b"0\r\n",
    "a trailer's name": b": 1\r\n",
    "a trailer's value": b"\r\n",
    "trailers": b"",
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_has_no_end_is_refused_before_it_is_complete(address: Address, name: str) -> None:
    first, more = ENDLESS[name]
    answer = exchange(address, first + more * (120_000 // len(more)))
    assert (status(answer), code(answer)) == (431, "HEADERS_TOO_LARGE")
    assert b"world" in exchange(address, request(b'{"query": "{ hello }"}'))


@pytest.mark.parametrize("name", ENDLESS)
def test_a_limit_is_not_met_below_it(address: Address, name: str) -> None:
    first, more = ENDLESS[name]
    with_end = first + more * (40_000 // len(more))
    ends = {
        "a request line": b" HTTP/1.1\r\nhost: a\r\n",
        "a header's name": b": 1\r\n",
        "a trailer's name": b": 1\r\n",
    }
    end = ends.get(name, b"\r\n" if name.endswith("value") else b"")
    if name == "a chunk's extension":
        end = b"\r\n \r\n0\r\n"
    elif name == "chunks' extensions":
        end = b"0\r\n"
    last = b"\r\n" if "chunk" in name or "trailer" in name else CLOSE + b"\r\n"
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        connection.sendall(with_end + end + last)
        connection.shutdown(socket.SHUT_WR)
        answer = drained(connection)
    assert status(answer) in (200, 400, 414)
    assert b"HEADERS_TOO_LARGE" not in answer


def test_a_redirect_leads_nowhere_that_a_host_header_says(address: Address) -> None:
    for target in ("/health/", "/ready/", "/graphql/"):
        answer = exchange(address, request(b"", "", "GET", target).replace(b"host: testserver", b"host: evil.example"))
        assert status(answer) == 404
        assert b"evil" not in answer


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("x"), KeyError("/srv/secret")])
def test_an_error_that_nobody_foresaw_is_a_500_with_an_id_that_the_log_explains(
    mode: str, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    broken: list[Exception] = []

    def clock() -> float:
        for each in broken:
            raise each
        return perf_counter()

    def made(settings: Settings) -> App:
        return small_app(settings, clock=clock)

    with serving(made, http=mode) as served, caplog.at_level(logging.ERROR):
        broken.append(error)
        for sent in (request(b'{"query":"{ hello }"}'), request(b"{"), request(b'{"query":"{ slow(seconds: 0) }"}')):
            answer = exchange(served, sent)
            assert (status(answer), code(answer)) == (500, "INTERNAL")
            sign = orjson.loads(answer.partition(b"\r\n\r\n")[2])["errors"][0]["extensions"]["id"]
            told = [record for record in caplog.records if sign in record.getMessage()]
            assert [each.exc_info[1] for each in told if each.exc_info] == [error]
            assert b"secret" not in answer
