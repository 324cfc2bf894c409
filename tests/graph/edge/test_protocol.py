"""Tests a real server on loopback: both roads give the same bytes, and slow, rude and too many clients are ended."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from select import select

import orjson
import pytest

from tests.graph.edge.test_http import MALFORMED
from tests.patience import PATIENCE, until
from tests.serving import drained, exchange, request, serving, until_told

Address = tuple[str, int]


def ask(query: str, headers: str = "", **given: object) -> bytes:
    return request(orjson.dumps({"query": query, **given}), headers)


REQUESTS = {
    **{name: request(body) for name, body in MALFORMED.items()},
    **{
        f"accept {accept}": ask("{ hello }", f"accept: {accept}\r\n")
        for accept in ("application/graphql-response+json", "text/html", "*/*;q=0.1", "text/event-stream", "a/b;q=z")
    },
    **{
        f"content {content}": request(b"{}", f"content-type: {content}\r\n")
        for content in ("text/plain", "application/json; charset=utf-16", "application/x-www-form-urlencoded")
    },
    **{
        query: ask(query)
        for query in (
            "{ hello }", "{", "{ nothing }", "{ articles(first: 100) { title related { number } } }",
            "{ broken hello }", "{ refused }", "{ required }", "mutation { save }", "subscription { count(to: 1) }",
            "{ articles(first: 101) { title } }", "query A { hello } query B { hello }",
        )
    },
    "GET": request(b"", "", "GET", "/graphql?query=%7Bhello%7D"),
    "GET nothing": request(b"", "", "GET"),
    "GET a page": request(b"", "accept: text/html\r\n", "GET"),
    "GET a mutation": request(b"", "", "GET", "/graphql?query=mutation%7Bsave%7D"),
    "GET, escaped": request(b"", "", "GET", "/%67raphql?query=%7Bhello%7D"),
    "HEAD": request(b"", "", "HEAD", "/graphql?query=%7Bhello%7D"),
    "OPTIONS": request(b"", "", "OPTIONS"),
    "PUT": request(b"{}", "", "PUT"),
    "foreign": ask("{ hello }", "origin: https://evil.example\r\n"),
    "an unknown key": ask("{ hello }", "authorization: Bearer nobody\r\n"),
    "gzip": ask("{ articles(first: 100) { title } }", "accept-encoding: gzip\r\n"),
    "brotli": ask("{ articles(first: 100) { title } }", "accept-encoding: br;q=1, gzip;q=0.5\r\n"),
    "too large": request(b" " * 1_100_000),
    "chunked": b"POST /graphql HTTP/1.1\r\nhost: testserver\r\ncontent-type: application/json\r\nconnection: close\r\n"
    b"transfer-encoding: chunked\r\n\r\n9\r\n{\"query\":\r\nb\r\n \"{ hello }\"\r\n1\r\n}\r\n0\r\n\r\n",
    **{
        f"an upgrade to {name}": ask("{ hello }", f"upgrade: {name}\r\n").replace(b": close", b": close, upgrade")
        for name in ("h2c", "websocket", "TLS/1.0")
    },
    "CONNECT": request(b"", "", "CONNECT"),
    "HTTP/1.0": ask("{ hello }").replace(b"HTTP/1.1", b"HTTP/1.0"),
    "not HTTP": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    "health": request(b"", "", "GET", "/health"),
    "elsewhere": request(b"", "", "GET", "/elsewhere"),
    "two at once": ask("{ hello }").replace(b"connection: close\r\n", b"") + ask("{ broken }"),
    "two at once, the first of them elsewhere": request(b"", "", "GET", "/health", close=False) + ask("{ hello }"),
    "two at once, the first of them slow": ask("{ slow(seconds: 0.05) }").replace(b"connection: close\r\n", b"")
    + ask("{ hello }"),
    "expecting": ask("{ hello }", "expect: 100-continue\r\n"),
}  # fmt: skip


@pytest.fixture(scope="module")
def roads() -> Iterator[tuple[Address, Address]]:
    with serving(http="in-place") as fast, serving(http="plain") as plain:
        yield fast, plain


def settled(answer: bytes) -> bytes:
    """Return an answer without what differs from request to request."""
    return re.sub(rb'(?<="id":")[0-9a-f]{16}|(?<=date: )[^\r]*', b"", answer)


@pytest.mark.parametrize("sent", REQUESTS.values(), ids=REQUESTS)
def test_both_roads_give_the_same_bytes(roads: tuple[Address, Address], sent: bytes) -> None:
    fast, plain = (settled(exchange(address, sent)) for address in roads)
    assert fast == plain
    assert fast.startswith(b"HTTP/1.1 ")


def test_a_connection_is_kept_and_answers_again(roads: tuple[Address, Address]) -> None:
    for address in roads:
        with socket.create_connection(address, timeout=PATIENCE) as connection:
            for number in range(3):
                connection.sendall(request(b'{"query": "{ hello }"}', close=False))
                answer = b""
                while not answer.endswith(b'{"data":{"hello":"world"}}'):
                    answer += connection.recv(65_536)
                assert answer.count(b"HTTP/1.1 200 OK") == 1, number


@pytest.mark.parametrize("framing", [b"content-length: 21", b"transfer-encoding: chunked"])
@pytest.mark.parametrize("to", [b"h2c", b"websocket"])
def test_an_upgrade_that_is_passed_over_costs_nothing(
    roads: tuple[Address, Address], to: bytes, framing: bytes
) -> None:
    head = b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n" + framing
    offered = head + b"\r\nconnection: Upgrade, HTTP2-Settings\r\nhttp2-settings: AAMAAABk\r\nupgrade: %b\r\n\r\n" % to
    body = b'{"query":"{ hello }"}'
    whole = body if b"length" in framing else b"".join(b"1\r\n%c\r\n" % each for each in body) + b"0\r\n\r\n"
    for address in roads:
        for cut in (1, len(offered) - 3, len(offered), len(offered) + 5, len(offered + whole)):
            sent = offered + whole + ask('{ echo(text: "and the next") }')
            with socket.create_connection(address, timeout=PATIENCE) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.sendall(sent[:cut])
                until_told(address, b"broadsheet_sockets 0.0")  # what was cut off has come by itself
                connection.sendall(sent[cut:])
                answers = drained(connection)
            assert b'{"data":{"hello":"world"}}' in answers
            assert answers.endswith(b'{"data":{"echo":"and the next"}}')


@pytest.mark.parametrize("to", [b"h2c", b"websocket", b"TLS/1.0"])
@pytest.mark.parametrize("behind", [b"", b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n"])
def test_a_request_that_offers_an_upgrade_and_is_the_last_is_answered(
    roads: tuple[Address, Address], to: bytes, behind: bytes
) -> None:
    last = ask("{ hello }", f"upgrade: {to.decode()}\r\n").replace(b": close", b": close, upgrade")
    for address in roads:
        answers = exchange(address, last + behind)
        assert answers.startswith(b"HTTP/1.1 200 ")
        assert answers.endswith(b'{"data":{"hello":"world"}}')


SLOW = {
    "silence": b"",
    "half a line": b"POST /gra",
    "half the headers": b"POST /graphql HTTP/1.1\r\nhost: a\r\n",
    "half a body": ask("{ hello }")[:-5],
    "half a body elsewhere": b"POST /health HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n12345",
}


@pytest.mark.parametrize("mode", ["in-place", "plain"])
def test_slow_clients_are_closed_and_others_answered_meanwhile(mode: str) -> None:
    with serving(http=mode, header_seconds=2, body_seconds=2) as address:
        slow = [(name, socket.create_connection(address, timeout=PATIENCE)) for name in SLOW for _ in range(8)]
        for name, connection in slow:
            connection.sendall(SLOW[name])
        started = time.monotonic()
        assert b"world" in exchange(address, ask("{ hello }"))
        hanging = [connection for name, connection in slow if name != "half a body elsewhere"]
        assert select(hanging, [], [], 0)[0] == []
        for name, connection in slow:
            answer = drained(connection)
            connection.close()
            assert name in ("silence", "half a body elsewhere") or b"REQUEST_TIMEOUT" in answer, name
        assert time.monotonic() - started < 2 + 2.2  # as long past the deadline as was ever allowed


@pytest.mark.parametrize("mode", ["in-place", "plain"])
def test_a_client_that_does_not_read_is_cut_off(mode: str) -> None:
    query = b'{"query": "{ filler(bytes: 1000000) }"}'
    with serving(http=mode, write_seconds=0.5) as address:
        one = len(exchange(address, request(query)))
        with socket.socket() as connection:
            connection.settimeout(PATIENCE)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            connection.connect(address)
            connection.sendall(request(query, close=False) * 40)
            time.sleep(3)  # it does not read, six times as long as it may
            assert len(drained(connection)) < 30 * one
        assert b"world" in exchange(address, ask("{ hello }"))


def test_headers_without_measure_are_refused() -> None:
    with serving() as address:
        answer = exchange(address, b"GET /graphql HTTP/1.1\r\n" + b"a: " + b"b" * 70_000 + b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert b"HEADERS_TOO_LARGE" in answer


@pytest.mark.parametrize("mode", ["in-place", "plain"])
def test_too_many_requests_are_shed_at_once_and_the_rest_answered(mode: str) -> None:
    with serving(http=mode, concurrency=3) as address, ThreadPoolExecutor(3) as pool:
        accepted = [pool.submit(exchange, address, ask("{ slow(seconds: 3) }")) for _ in range(3)]
        until_told(address, b"broadsheet_under_way 3.0")
        for _ in range(9):
            shed = exchange(address, ask("{ slow(seconds: 3) }"))
            assert shed.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: 1\r\n" in shed
            assert b"OVERLOADED" in shed
        assert not any(each.done() for each in accepted)
        assert all(b'{"data":{"slow":"done"}}' in each.result() for each in accepted)
        assert b"world" in exchange(address, ask("{ hello }"))


def listens(address: Address) -> bool:
    """Return whether somebody listens there."""
    with socket.socket() as connection:
        return connection.connect_ex(address) == 0


def test_sigterm_answers_what_was_accepted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "tests.serving", str(port)], stderr=subprocess.DEVNULL)
    address = ("127.0.0.1", port)
    try:
        until(lambda: listens(address))
        with ThreadPoolExecutor(4) as pool:
            answers = [pool.submit(exchange, address, ask("{ slow(seconds: 3) }")) for _ in range(4)]
            until_told(address, b"broadsheet_under_way 4.0")
            started = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert all(b'{"data":{"slow":"done"}}' in each.result() for each in answers)
        assert process.wait(10) == 0
        assert time.monotonic() - started < 10
    finally:
        process.kill()
        process.wait()
