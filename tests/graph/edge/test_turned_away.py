"""Tests on real servers that whatever is refused before it is a request, or a socket, is counted and logged."""

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from graph.edge.asgi import App
from graph.observe.line_writer import MOST_BYTES, LineWriter
from store.troubles import Troubles
from tests.graph.edge.test_messages import TEXT, frame, upgraded
from tests.patience import PATIENCE, until
from tests.serving import drained, exchange, request, serving, until_told
from tests.small import small_app

Address = tuple[str, int]
Served = tuple[Address, Callable[[], list[dict[str, Any]]]]
ROADS = ["in-place", "plain"]
HEAD = b"POST /graphql?not=logged HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: %b\r\n%b\r\n"
)


@pytest.fixture
def logged(tmp_path: Path) -> Callable[..., AbstractContextManager[Served]]:
    """Give what serves under some settings, and yields the address and what returns the lines of the log."""

    @contextmanager
    def served(**given: Any) -> Iterator[Served]:
        path = tmp_path / "log"
        with path.open("w") as file:
            writer = LineWriter(Troubles(), file.fileno())
            apps: list[App] = []

            def made(settings: Any) -> App:
                apps.append(small_app(settings, writer=writer))
                return apps[0]

            def lines() -> list[dict[str, Any]]:
                until(lambda: not apps[0].log.lines)  # the server hands them over, once
                assert writer.flush(PATIENCE)
                return [json.loads(line) for line in path.read_text().splitlines()]

            with serving(made, **{"request_log": True, **given}) as address:
                yield address, lines

    return served


def told(line: dict[str, Any]) -> tuple[int, str, str, str]:
    """Return what a line says of a refusal."""
    return line["status"], line["code"], line["method"], line["path"]


def sample(status: int, code: str, road: str = "receiving", count: int = 1) -> bytes:
    """Return the sample of the metrics that counts a refusal."""
    labels = f'code="{code}",kind="",road="{road}",status="{status}"'
    return f"broadsheet_requests_total{{{labels}}} {count}.0\n".encode()


REFUSED = {
    "what is no HTTP": (b"\x16\x03\x01\x02\r\n\r\n", 400, "BAD_REQUEST", "", ""),
    "two hosts": (HEAD + b"host: b\r\n\r\n", 400, "BAD_REQUEST", "POST", "/graphql"),
    "another coding": (HEAD + b"transfer-encoding: gzip\r\n\r\n", 501, "NOT_IMPLEMENTED", "POST", "/graphql"),
    "a head without an end": (HEAD + b"x: 1\r\n" * 20_000, 431, "HEADERS_TOO_LARGE", "POST", "/graphql"),
    "another path": (HEAD.replace(b"/graphql", b"/health") + b"host\r\n\r\n", 400, "BAD_REQUEST", "POST", "/health"),
}


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_before_it_is_a_request_is_counted_and_logged(
    logged: Callable[..., AbstractContextManager[Served]], name: str, road: str
) -> None:
    sent, status, *rest = REFUSED[name]
    with logged(http=road) as (address, lines):
        assert exchange(address, sent).startswith(b"HTTP/1.1 %d " % status)
        until_told(address, sample(status, str(rest[0])))
        (line,) = lines()
        assert told(line) == (status, *rest)
        assert line["client"] == "127.0.0.1"


@pytest.mark.parametrize("road", ROADS)
def test_a_request_that_is_late_is_counted_and_logged(
    logged: Callable[..., AbstractContextManager[Served]], road: str
) -> None:
    with logged(http=road, body_seconds=0.1) as (address, lines):
        assert exchange(address, HEAD + b"content-length: 9\r\n\r\n{").startswith(b"HTTP/1.1 408 ")
        until_told(address, sample(408, "REQUEST_TIMEOUT"))
        assert [told(line) for line in lines()] == [(408, "REQUEST_TIMEOUT", "POST", "/graphql")]


@pytest.mark.parametrize("road", ROADS)
def test_what_there_is_no_room_to_receive_is_shed_and_logged(
    logged: Callable[..., AbstractContextManager[Served]], road: str
) -> None:
    with logged(http=road, bodies_bytes=100_000, body_seconds=PATIENCE) as (address, lines), ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection(address, PATIENCE)) for _ in range(5)]
        for connection in connections:
            connection.sendall(HEAD + b"content-length: 90000\r\n\r\n" + b" " * 40_000)
        until_told(address, sample(503, "OVERLOADED", count=3))
        until_told(address, b"broadsheet_shed_total 3.0\n")
        assert [told(line) for line in lines()] == [(503, "OVERLOADED", "POST", "/graphql")] * 3


@pytest.mark.parametrize("road", ROADS)
def test_what_comes_behind_a_request_is_not_taken_for_it(
    logged: Callable[..., AbstractContextManager[Served]], road: str
) -> None:
    with logged(http=road) as (address, lines), socket.create_connection(address, PATIENCE) as connection:
        connection.sendall(request(b'{"query": "{ hello }"}', close=False))
        assert b"world" in connection.recv(65_536)
        connection.sendall(b"\x16\x03\x01\x02\r\n\r\n")
        assert b"400" in drained(connection)
        assert [told(line) for line in lines()] == [
            (200, "", "POST", "/graphql"),
            (400, "BAD_REQUEST", "", ""),
        ]


def test_the_line_of_a_refusal_is_short_whatever_was_sent(
    logged: Callable[..., AbstractContextManager[Served]],
) -> None:
    with logged() as (address, lines):
        assert b" 431 " in exchange(address, b"GET /" + b"a" * 120_000)
        (line,) = lines()
        assert line["path"] == "/" + "a" * 99
        assert len(json.dumps(line)) < 500


@pytest.mark.parametrize(("end", "client"), [(b"\r\n", "192.0.2.7"), (b"", "127.0.0.1")], ids=["whole", "a part"])
def test_a_proxy_is_believed_once_the_head_is_whole(
    logged: Callable[..., AbstractContextManager[Served]], end: bytes, client: str
) -> None:
    with logged(forwarded_allow_ips=("127.0.0.1",), header_seconds=0.1, body_seconds=0.1) as (address, lines):
        sent = HEAD + b"content-length: 9\r\nx-forwarded-for: 192.0.2.7\r\n" + end
        assert exchange(address, sent).startswith(b"HTTP/1.1 408 ")
        assert [line["client"] for line in lines()] == [client]


@pytest.mark.parametrize("road", ROADS)
def test_refusals_that_the_log_has_no_room_for_are_dropped_and_counted(road: str) -> None:
    reading, writing = os.pipe()
    writer = LineWriter(Troubles(), writing)
    try:
        writer.write(b"x" * 1_000_000)  # more than the pipe takes
        writer.write(b"x" * (MOST_BYTES - 1_000_000))
        with serving(partial(small_app, writer=writer), http=road, request_log=True) as address:
            for _ in range(3):
                exchange(address, HEAD + b"host: b\r\n\r\n")
            until_told(address, b"broadsheet_log_dropped_total 3.0\n")
            until_told(address, sample(400, "BAD_REQUEST", count=3))
    finally:
        left = MOST_BYTES
        while left:
            left -= len(os.read(reading, left))
        assert writer.flush(PATIENCE)
        os.close(reading)
        os.close(writing)


DENIED: dict[str, tuple[dict[str, Any], dict[str, str], str, int, str]] = {
    "a foreign page": ({}, {"origin": "https://evil.example"}, "/graphql", 403, "CSRF_REFUSED"),
    "an unknown key": ({}, {"authorization": "Bearer nobody"}, "/graphql", 401, "UNAUTHENTICATED"),
    "another path": ({}, {}, "/elsewhere", 404, "NOT_FOUND"),
    "one too many": ({"sockets": 0}, {}, "/graphql", 503, "OVERLOADED"),
    "one too many of an address": ({"sockets_per_address": 0}, {}, "/graphql", 503, "OVERLOADED"),
    "who wants events": ({}, {"origin": "null", "accept": "text/event-stream"}, "/graphql", 403, "CSRF_REFUSED"),
}


@pytest.mark.parametrize("name", DENIED)
def test_a_socket_is_refused_as_a_request_would_be(
    logged: Callable[..., AbstractContextManager[Served]], caplog: pytest.LogCaptureFixture, name: str
) -> None:
    settings, headers, path, status, code = DENIED[name]
    with logged(**settings) as (address, lines):
        protocols = [Subprotocol("graphql-transport-ws")]
        url = f"ws://{address[0]}:{address[1]}{path}"
        with (
            pytest.raises(InvalidStatus) as caught,
            connect(url, additional_headers=headers, subprotocols=protocols),
        ):
            pass
        refused = caught.value.response
        assert refused.status_code == status
        assert refused.headers["content-type"] == "application/json; charset=utf-8"
        errors = orjson.loads(refused.body or b"")["errors"]
        assert errors[0]["extensions"]["code"] == code
        assert refused.headers.get("retry-after") == ("1" if status == 503 else None)
        until_told(address, sample(status, code, "websocket"))
        assert [told(line) for line in lines()] == [(status, code, "GET", path)]
        shed = 1 if status == 503 else 0
        until_told(address, f"broadsheet_shed_total {shed}.0\n".encode())
        if status in (401, 403) and "accept" not in headers:
            sent = request(b"", "".join(f"{key}: {value}\r\n" for key, value in headers.items()), "GET", path)
            head, _, body = exchange(address, sent).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 %d " % status)
            assert (b"www-authenticate" in head) == ("www-authenticate" in refused.headers)
            assert orjson.loads(body)["errors"] == errors
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize("headers", [b"", b"origin: null\r\n"], ids=["accepted", "refused"])
def test_a_handshake_leaves_no_query_string_in_the_log(caplog: pytest.LogCaptureFixture, headers: bytes) -> None:
    caplog.set_level("INFO")
    sent = (HANDSHAKE % (b"13", headers)).replace(b"/graphql", b"/graphql?key=s3cret")
    with serving(init_seconds=0.01) as address:
        assert exchange(address, sent + frame(TEXT, b"{")).startswith(b"HTTP/1.1 ")
    assert caplog.records
    assert "s3cret" not in caplog.text


HANDSHAKES = {
    "a line that is too long": HANDSHAKE % (b"13", b"x: " + b"a" * 9_000 + b"\r\n"),
    "too many headers": HANDSHAKE % (b"13", b"x: 1\r\n" * 200),
    "another version": HANDSHAKE % (b"12", b""),
}


@pytest.mark.parametrize("name", HANDSHAKES)
def test_a_handshake_that_is_none_is_answered_counted_and_logged(
    logged: Callable[..., AbstractContextManager[Served]], name: str
) -> None:
    with logged() as (address, lines):
        assert exchange(address, HANDSHAKES[name]).startswith(b"HTTP/1.1 400 ")
        until_told(address, sample(400, "BAD_REQUEST", "websocket"))
        assert [(line["status"], line["code"], line["method"]) for line in lines()] == [(400, "BAD_REQUEST", "GET")]


def test_an_unfinished_message_that_there_is_no_room_for_is_shed_and_logged(
    logged: Callable[..., AbstractContextManager[Served]],
) -> None:
    with logged(bodies_bytes=100_000) as (address, lines), upgraded(address) as connection:
        connection.sendall(frame(TEXT, bytes(200_000))[:-100])
        until_told(address, sample(0, "OVERLOADED", "websocket"))
        until_told(address, b"broadsheet_shed_total 1.0\n")
        assert [told(line) for line in lines()] == [(0, "OVERLOADED", "SUBSCRIBE", "/graphql")]


@pytest.mark.anyio
async def test_a_server_that_cannot_answer_a_handshake_closes_it() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "websocket",
        "path": "/elsewhere",
        "headers": [],
        "subprotocols": [],
        "client": None,
    }
    await small_app()(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]
