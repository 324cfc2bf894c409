"""Tests messages of WebSockets in frames of every kind: what is unfinished is bounded, and nothing logs a traceback."""

import logging
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import orjson
import pytest

from graph.edge.backpressure import TAKEN
from tests.patience import PATIENCE
from tests.serving import drained, serving, until_told

TEXT, BINARY, CONTINUED, CLOSE, PING = 1, 2, 0, 8, 9
INIT, APPLICATION_PING = b'{"type":"connection_init"}', b'{"type":"ping"}'
HELLO = b'{"type":"subscribe","id":"1","payload":{"query":"{ hello }"}}'


def frame(kind: int, data: bytes = b"", final: bool = True) -> bytes:
    """Return a frame as clients send it, masked with zeros."""
    size = len(data)
    length = (
        bytes([128 | size])
        if size < 126
        else struct.pack("!BH" if size < 65_536 else "!BQ", 254 + (size >= 65_536), size)
    )
    return bytes([(final << 7) | kind]) + length + bytes(4) + data


HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nhost: testserver\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-protocol: graphql-transport-ws\r\nsec-websocket-extensions: permessage-deflate\r\n\r\n"
)


@contextmanager
def upgraded(address: tuple[str, int], behind: bytes = b"") -> Iterator[socket.socket]:
    """Connect, and send what is to come right *behind* the handshake, whose answer comes first all the same."""
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        connection.sendall(HANDSHAKE + behind)
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(1)
        assert received.startswith(b"HTTP/1.1 101 ")
        assert b"extensions" not in received.lower()
        yield connection


def code(received: bytes) -> int:
    """Return the code of the close frame that is the last that was received, 0 where there is none."""
    at = received.rfind(b"\x88")
    return int.from_bytes(received[at + 2 : at + 4]) if at >= 0 else 0


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    with serving(ping_seconds=60) as address:
        yield address


SPLIT = [
    [INIT + b""],
    [INIT[:5], INIT[5:]],
    [bytes([each]) for each in INIT],
    [b"", INIT, b""],
    [b"", b"", INIT[:1], b"", INIT[1:]],
]


@pytest.mark.parametrize("parts", SPLIT, ids=[str(len(parts)) for parts in SPLIT])
@pytest.mark.parametrize("between", [b"", frame(PING, b"x")])
def test_a_message_may_come_in_any_frames(address: tuple[str, int], parts: list[bytes], between: bytes) -> None:
    frames = [
        frame(CONTINUED if n else TEXT, part, final=n == len(parts) - 1) + between for n, part in enumerate(parts)
    ]
    with upgraded(address) as connection:
        connection.sendall(b"".join(frames))
        connection.sendall(frame(TEXT, HELLO))
        received = b""
        while b'"complete"' not in received:
            received += connection.recv(65_536)
        assert b'{"hello":"world"}' in received


BEHIND = {
    "messages": frame(TEXT, INIT) + frame(TEXT, HELLO),
    "pings, then messages": frame(PING, b"x") * 3 + frame(TEXT, INIT) + frame(PING) + frame(TEXT, HELLO),
    "many messages": frame(TEXT, INIT) + frame(TEXT, APPLICATION_PING) * 200 + frame(TEXT, HELLO),
}


@pytest.mark.parametrize("behind", BEHIND.values(), ids=BEHIND)
@pytest.mark.parametrize("together", [0, 1, 50, None])
def test_what_comes_right_behind_a_handshake_is_not_lost(
    address: tuple[str, int], behind: bytes, together: int | None
) -> None:
    now, later = behind[:together], behind[together:] if together is not None else b""
    with upgraded(address, now) as connection:
        connection.sendall(later)
        received = b""
        while b'"complete"' not in received:
            received += connection.recv(65_536)
    assert b'{"hello":"world"}' in received
    assert received.count(b'"pong"') == behind.count(APPLICATION_PING)


def test_what_is_no_frame_behind_a_handshake_is_told_after_its_answer(address: tuple[str, int]) -> None:
    with upgraded(address, frame(3, b"x")) as connection:
        assert code(drained(connection)) == 1002


BROKEN = {
    "no UTF-8": (frame(TEXT, b"\xff\xfe"), 1007),
    "no UTF-8 in two frames": (frame(TEXT, b"\xc3", False) + frame(CONTINUED, b"\xc3"), 1007),
    "half a letter": (frame(TEXT, b"\xc3"), 1007),
    "a surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "no UTF-8 in the reason of a close": (frame(CLOSE, b"\x03\xe8\xff"), 1007),
    "binary": (frame(BINARY, b"\xff"), 4400),
    "binary in two frames": (frame(BINARY, b"{", False) + frame(CONTINUED, b"}"), 4400),
    "no JSON": (frame(TEXT, b"{"), 4400),
    "a frame of no kind": (frame(3, b"x"), 1002),
    "a continuation of nothing": (frame(CONTINUED, b"x"), 1002),
    "a long ping": (frame(PING, b"x" * 126), 1002),
    "a ping in frames": (frame(PING, b"x", False), 1002),
    "too large a frame": (frame(TEXT, b" " * 1_048_577), 1009),
    "too large a message": (frame(TEXT, b" " * 600_000, False) + frame(CONTINUED, b" " * 600_000), 1009),
    "a close": (frame(CLOSE, b"\x03\xe8"), 1000),
}
AFTERWARDS = {
    "nothing": b"",
    "a ping": frame(PING, b"x"),
    "a ping of the protocol": frame(TEXT, APPLICATION_PING) * 3,
    "an operation": frame(TEXT, HELLO),
    "no UTF-8": frame(TEXT, b"\xff"),
}


@pytest.mark.parametrize("before", [b"", frame(TEXT, INIT), frame(TEXT, INIT) + frame(TEXT, APPLICATION_PING) * 5])
@pytest.mark.parametrize("afterwards", AFTERWARDS.values(), ids=AFTERWARDS)
@pytest.mark.parametrize("broken", BROKEN)
def test_a_connection_ends_with_its_code_and_without_a_traceback(
    address: tuple[str, int], caplog: pytest.LogCaptureFixture, before: bytes, afterwards: bytes, broken: str
) -> None:
    sent, closes = BROKEN[broken]
    received = b""
    with caplog.at_level(logging.WARNING), upgraded(address) as connection:
        with suppress(ConnectionError):  # it may be told off while it still sends, and reads the reason all the same
            connection.sendall(before + sent + (afterwards if closes != 4400 else b""))
        if closes == 4400:
            while not code(received):
                received += connection.recv(65_536)
            connection.sendall(afterwards + frame(CLOSE, b"\x03\xe8"))
        received += drained(connection)
    assert code(received[: received.rfind(b"\x88") + 4]) == closes
    assert caplog.records == []


def unfinished(kind: str, size: int) -> bytes:
    """Return a message without an end, which leaves so many bytes with the server."""
    if kind == "one frame":
        return frame(TEXT, bytes(size + 100))[:-100]
    return frame(TEXT, b"", False) + frame(CONTINUED, os.urandom(10_000), False) * (size // 10_000)


def is_open(connection: socket.socket) -> bool:
    """Whether the server holds a connection; one that it ended was closed with 1013, unless it was reset besides."""
    connection.setblocking(False)
    received = b""
    try:
        while chunk := connection.recv(65_536):
            received += chunk
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False
    assert code(received) == 1013
    return False


@pytest.mark.parametrize("kind", ["one frame", "large frames"])
def test_what_all_clients_leave_unfinished_is_bounded(kind: str) -> None:
    with serving(bodies_bytes=TAKEN * 100_000) as address, ExitStack() as stack:
        connections = [stack.enter_context(upgraded(address)) for _ in range(8)]
        for connection in connections:
            connection.sendall(frame(TEXT, INIT) + unfinished(kind, 30_000))
        until_told(address, b"broadsheet_sockets 3.0")
        held = [connection for connection in connections if is_open(connection)]
        assert len(held) == 3


def test_a_small_message_has_room_beside_large_unfinished_ones() -> None:
    with serving(bodies_bytes=TAKEN * 100_000) as address, ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(upgraded(address)).sendall(frame(TEXT, INIT) + unfinished("large frames", 30_000))
        with upgraded(address) as connection:
            connection.sendall(frame(TEXT, INIT) + frame(TEXT, HELLO))
            received = b""
            while b'"complete"' not in received:
                received += connection.recv(65_536)
            assert orjson.loads(received[received.index(b'{"id"') :].split(b"\x81")[0])["payload"] == {
                "data": {"hello": "world"}
            }
