"""Stops a real server while clients ask: whatever was sent before the signal is answered, whole, on every road.

A request counts as sent once the client's system has taken its last byte. Clients that are cut off see a reset or the
end; both are losses, unless the request was sent after the signal.
"""

import json
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest

from tests.hostile.served import Served, serving
from tests.patience import PATIENCE, until
from tests.scale import scaled

CLIENTS, ROUNDS = 8, scaled(1, 10)
BODY = b'{"query": "{ articles(first: 50) { totalCount nodes { title body } } }"}'
WAITS = b'{"query": "{ __schema { types { name fields { name } } } articles(first: 5) { nodes { title } } }"}'
ROADS = {"in-place": ["--http", "in-place"], "plain": ["--http", "plain"], "workers": ["--workers", "2"]}


def request(body: bytes, target: bytes = b"/graphql") -> bytes:
    """Return a request on a connection that is kept."""
    head = b"POST %b HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n" % target
    return head + b"content-length: %d\r\n\r\n" % len(body) + body


@dataclass
class Client:
    """What one client has sent, when, and how many whole answers it has read."""

    address: tuple[str, int]
    sent: list[float] = field(default_factory=list)
    answered: int = 0

    def send(self, connection: socket.socket, raw: bytes, requests: int = 1) -> None:
        """Send requests, and take note of when that was done."""
        connection.sendall(raw)
        self.sent += [time.monotonic()] * requests

    def read(self, file: IO[bytes]) -> bool:
        """Read one answer; return whether the connection goes on. Raises ConnectionError where it is cut off."""
        lines = []
        while (line := file.readline()) not in (b"\r\n", b""):
            lines.append(line.lower())
        if line == b"":
            raise ConnectionResetError
        length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
        assert "errors" not in json.loads(file.read(length))
        self.answered += 1
        return b"connection: close\r\n" not in lines


def one_after_the_other(client: Client, connection: socket.socket) -> None:
    """Ask again and again on one connection."""
    with connection.makefile("rb") as file:
        while True:
            client.send(connection, request(BODY))
            if not client.read(file):
                return


def waiting(client: Client, connection: socket.socket) -> None:
    """Ask what takes the ordinary road."""
    with connection.makefile("rb") as file:
        while True:
            client.send(connection, request(WAITS, b"/%67raphql"))
            if not client.read(file):
                return


def several_at_once(client: Client, connection: socket.socket) -> None:
    """Ask several requests before reading the answers to any, some on each road."""
    raw = request(BODY) + request(WAITS, b"/%67raphql") + request(BODY)
    with connection.makefile("rb") as file:
        while True:
            client.send(connection, raw, 3)
            goes_on = [client.read(file) for _ in range(3)]
            if not all(goes_on):
                return


def in_pieces(client: Client, connection: socket.socket) -> None:
    """Ask in two pieces."""
    raw = request(BODY)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection.makefile("rb") as file:
        while True:
            connection.sendall(raw[:-20])
            client.send(connection, raw[-20:])
            if not client.read(file):
                return


def once(client: Client, connection: socket.socket) -> None:
    """Ask once on each connection, and say that no more will come."""
    client.send(connection, request(BODY))
    try:
        connection.shutdown(socket.SHUT_WR)
    except OSError as error:  # it was reset already, which is a loss if it was sent in time
        raise ConnectionResetError from error
    with connection.makefile("rb") as file:
        client.read(file)
        assert file.read() == b""


KINDS: list[Callable[[Client, socket.socket], None]] = [one_after_the_other, waiting, several_at_once, in_pieces, once]


def ask(client: Client, kind: Callable[[Client, socket.socket], None]) -> None:
    """Ask until nobody listens any more, or the server cuts us off."""
    while True:
        try:
            with socket.create_connection(client.address, timeout=PATIENCE) as connection:
                kind(client, connection)
        except ConnectionError:
            return


def lost(server: Served, kind: Callable[[Client, socket.socket], None]) -> tuple[int, int]:
    """Stop a server that is asked; return how many requests were sent before, and how many of them not answered."""
    clients = [Client(server.address) for _ in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        done = [pool.submit(ask, client, kind) for client in clients]
        try:
            until(lambda: all(client.answered >= 5 for client in clients))
        finally:
            signalled = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
        for each in done:
            each.result(PATIENCE)
    assert server.process.wait(PATIENCE) == 0
    before = [sum(at < signalled for at in client.sent) for client in clients]
    return sum(before), sum(max(0, sent - client.answered) for sent, client in zip(before, clients, strict=True))


CASES = [(road, kind) for road in ROADS for kind in (KINDS if road != "workers" else KINDS[::4])]


@pytest.mark.parametrize(("road", "kind"), CASES, ids=[f"{road}-{kind.__name__}" for road, kind in CASES])
def test_what_was_sent_before_the_signal_is_answered(
    road: str, kind: Callable[[Client, socket.socket], None], newsroom: Path, tmp_path: Path
) -> None:
    for number in range(ROUNDS):
        with serving(tmp_path / f"log{number}", "--store", newsroom, *ROADS[road]) as server:
            sent, unanswered = lost(server, kind)
        assert sent > 0
        assert unanswered == 0


BATCHES, BATCH, BEHIND = 4, 50, 20
LONG = ["--stop-seconds", str(PATIENCE)]


@pytest.mark.parametrize("road", ROADS)
def test_what_nobody_had_read_when_the_signal_came_is_answered(road: str, newsroom: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "log", "--store", newsroom, *ROADS[road], *LONG) as server, ExitStack() as stack:

        def connected() -> tuple[socket.socket, IO[bytes]]:
            connection = stack.enter_context(socket.create_connection(server.address, timeout=PATIENCE))
            return connection, stack.enter_context(connection.makefile("rb"))

        kept, clients = [connected() for _ in range(BEHIND)], [Client(server.address) for _ in range(2 * BEHIND)]
        for (connection, file), client in zip(kept, clients, strict=False):
            client.send(connection, request(BODY))
            assert client.read(file)
        for number in range(BATCHES):  # work for a second or so, in one turn of the loop: each is new
            new = b'{"query": "{ articles(first: 100) { nodes { a%dx%d: title body } } }"}'
            connected()[0].sendall(b"".join(request(new % (number, each)) for each in range(BATCH)))
        asking = [*kept, *(connected() for _ in range(BEHIND))]
        for (connection, _), client in zip(asking, clients, strict=True):
            client.send(connection, request(BODY))
        server.process.send_signal(signal.SIGTERM)
        for (_, file), client in zip(asking, clients, strict=True):
            client.read(file)
        assert server.process.wait(PATIENCE) == 0
