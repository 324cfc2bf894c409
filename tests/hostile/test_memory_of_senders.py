"""Has clients send what never ends, or never read, and looks at the server's memory, its settings as they come."""

import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from select import select

import pytest

from tests.hostile.served import Served, serving
from tests.scale import scaled

BYTES = 64 * 2**20
MIB = 2**20
SECONDS = scaled(4, 30)
"""How long senders go on; what they send in that time is many times what they may have us hold."""
POST = b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n"
)
MASK = b"\0\0\0\0"


def frame(head: int, payload: bytes) -> bytes:
    """Return a frame of a client, of a payload of up to 125 bytes."""
    return bytes([head, 0x80 | len(payload)]) + MASK + payload


def large_frame(payload: bytes) -> bytes:
    """Return a text of a client, of more than 65,535 bytes."""
    return b"\x81\xff" + len(payload).to_bytes(8) + MASK + payload


PAYLOAD = b'{"query":"{ articles { nodes { title } } }","variables":{"a":[' + b"[]," * 300_000 + b"0]}}"
SUBSCRIBE = b'{"type":"subscribe","id":"1","payload":' + PAYLOAD + b"}"
INIT = frame(0x81, b'{"type":"connection_init"}')
PINGS = UPGRADE + INIT, frame(0x89, b"p" * 125) * 500
SENDERS: dict[str, tuple[int, tuple[bytes, bytes]]] = {
    "bodies that never end": (500, (POST + b"content-length: 1048576\r\n\r\n", b" " * 16_384)),
    "bodies for the other road": (
        500,
        ((POST + b"content-length: 1048576\r\n\r\n").replace(b"/g", b"/%67"), b" " * 16_384),
    ),
    "bodies in chunks of two bytes": (50, (POST + b"transfer-encoding: chunked\r\n\r\n", b"2\r\n  \r\n" * 4_000)),
    "headers that never end": (500, (POST, b"a: 1\r\n" * 1_000)),
    "requests behind one that is unread": (
        100,
        (b"", b"GET /graphql?query={__schema{types{name}}} HTTP/1.1\r\nhost: a\r\n\r\n" * 300),
    ),
    "pings": (4, PINGS),
    "many pings": (60, PINGS),
    "pings of the protocol": (60, (UPGRADE + INIT, frame(0x81, b'{"type":"ping"}') * 1_000)),
    "messages that never end": (
        500,
        (UPGRADE + b"\x81\xff" + (MIB - 1).to_bytes(8) + MASK, b" " * 16_384),
    ),
    "messages that are no JSON": (150, (UPGRADE + INIT, large_frame(b" " * (MIB - 1)))),
    "messages of many values": (150, (UPGRADE + INIT, large_frame(SUBSCRIBE))),
    "large bodies, one behind the other": (150, (b"", POST + b"content-length: 1048576\r\n\r\n" + b" " * MIB)),
    "bodies of many values, one behind the other": (
        150,
        (b"", POST + b"content-length: %d\r\n\r\n%b" % (len(PAYLOAD), PAYLOAD)),
    ),
    "messages in parts of nothing": (20, (UPGRADE + frame(0x01, b""), frame(0x00, b"") * 3_000)),
    "messages in parts of a byte": (50, (UPGRADE + frame(0x01, b" "), frame(0x00, b" ") * 3_000)),
}
"""How many clients, what each sends first, and what it then sends again and again, without reading."""


def send(server: Served, count: int, first: bytes, more: bytes) -> None:
    """Send until the time is over; who is refused is not replaced."""
    with ExitStack() as stack:
        left: dict[socket.socket, bytes] = {}
        for _ in range(count):
            connection = stack.enter_context(socket.create_connection(server.address, timeout=30))
            connection.sendall(first)
            connection.setblocking(False)
            left[connection] = more
        deadline = time.monotonic() + SECONDS
        while left and time.monotonic() < deadline:
            for each in select([], left, [], 0.1)[1]:
                try:
                    with suppress(BlockingIOError):
                        left[each] = left[each][each.send(left[each]) :] or more
                except OSError:
                    del left[each]


@pytest.mark.parametrize("name", SENDERS)
def test_senders_of_what_never_ends_take_little_memory(name: str, newsroom: Path, tmp_path: Path) -> None:
    count, sent = SENDERS[name]
    with serving(tmp_path / "log", "--store", newsroom) as server:
        server.settled()
        before = server.resident
        server.forget_peak()
        send(server, count, *sent)
        assert server.peak - before <= BYTES
        assert server.well
