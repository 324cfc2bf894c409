"""Visits a running server as clients of four kinds do: pages by POST, polls by GET, sockets, event streams; one writes.

Each goes on when a worker that it was talking to is gone, as real clients do, and fails on anything else.
"""

import json
from abc import abstractmethod
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from random import Random
from threading import Event, Thread
from urllib.parse import quote

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.graph.schema.test_mutation import SAVE, text
from tests.hostile.served import Served
from tests.patience import PATIENCE

GONE = (ConnectionError, HTTPException, ConnectionClosed, InvalidHandshake)
"""What a client sees of a worker that was killed."""
PAUSE_SECONDS = 0.05
PAGE = """query($first: Int!, $topic: String!) {
    articles(first: $first, filter: {topics: {some: {slug: {eq: $topic}}}}) {
    totalCount nodes { path title topics { name } related { title } } } }"""
WATCH = "subscription($since: String) { changes(since: $since) { seq } }"


class Visitor(Thread):
    """A client on a thread of its own. What it fails with is raised by `end`."""

    def __init__(self, server: Served, random: Random) -> None:
        super().__init__(daemon=True)
        self.server, self.random = server, random
        self.visits = 0
        self._told_to_end = Event()
        self._error: BaseException | None = None

    def run(self) -> None:
        """Visit until told to end."""
        while not self._told_to_end.wait(PAUSE_SECONDS) and self._error is None:
            try:
                self.visit()
                self.visits += 1
            except GONE:
                continue
            except BaseException as error:
                self._error = error

    @abstractmethod
    def visit(self) -> None:
        """Do what such a client does."""

    def end(self) -> None:
        """Stop visiting. Raises what it failed with."""
        self._told_to_end.set()
        self.join(PATIENCE)
        if self._error is not None:
            raise self._error
        assert not self.is_alive(), f"{type(self).__name__} still waits"


class Reader(Visitor):
    """Reads pages by POST."""

    def visit(self) -> None:
        variables = {"first": self.random.randint(1, 50), "topic": self.random.choice(("ferries", "trams", "none"))}
        answer = self.server.post(PAGE, variables)
        assert (answer.status, answer.codes) == (200, [])


class Poller(Visitor):
    """Polls a page by GET, with the tag of the last answer."""

    tag = ""

    def visit(self) -> None:
        target = "/graphql?query=" + quote("{ articles(first: 5) { nodes { title } } }")
        answer = self.server.ask("GET", target, headers={"if-none-match": self.tag} if self.tag else None)
        assert answer.status in ((200, 304) if self.tag else (200,))
        self.tag = answer.headers.get("etag", "")


class Subscriber(Visitor):
    """Follows changes, and resumes after the last one that it was told."""

    def __init__(self, server: Served, random: Random, since: str) -> None:
        super().__init__(server, random)
        self.told = [since]

    def visit(self) -> None:
        for seq in self.changes(self.told[-1]):
            self.told.append(seq)
            if self._told_to_end.is_set():
                return

    @abstractmethod
    def changes(self, since: str) -> Iterator[str]:
        """Yield the sequence of each change that is told, for a while."""


class SocketSubscriber(Subscriber):
    """Subscribes over a WebSocket."""

    def changes(self, since: str) -> Iterator[str]:
        host, port = self.server.address
        with connect(f"ws://{host}:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
            socket.send('{"type": "connection_init"}')
            assert json.loads(socket.recv(PATIENCE)) == {"type": "connection_ack"}
            payload = {"query": WATCH, "variables": {"since": since}}
            socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
            while True:
                try:
                    message = json.loads(socket.recv(1))
                except TimeoutError:
                    return
                assert message["type"] == "next", message
                yield message["payload"]["data"]["changes"]["seq"]


class StreamSubscriber(Subscriber):
    """Subscribes by server-sent events."""

    def changes(self, since: str) -> Iterator[str]:
        connection = HTTPConnection(*self.server.address, timeout=1)
        body = json.dumps({"query": WATCH, "variables": {"since": since}}).encode()
        headers = {"content-type": "application/json", "accept": "text/event-stream"}
        try:
            connection.request("POST", "/graphql", body, headers)
            answer = connection.getresponse()
            assert answer.status == 200
            while line := answer.readline():
                if line.startswith(b"data: {"):
                    yield json.loads(line[len(b"data: ") :])["data"]["changes"]["seq"]
        except TimeoutError:
            return
        finally:
            connection.close()


class Writer(Visitor):
    """Saves articles, and remembers what was acknowledged."""

    def __init__(self, server: Served, random: Random, key: str) -> None:
        super().__init__(server, random)
        self.headers = {"authorization": f"Bearer {key}"}
        self.saved: dict[str, str] = {}

    def visit(self) -> None:
        path, title = f"desk/{self.random.randrange(20)}.md", f"Saved {self.random.randrange(10**9)}"
        self.saved.pop(path, None)  # until it is acknowledged, either may be there
        answer = self.server.post(SAVE, {"path": path, "text": text(title)}, self.headers)
        assert answer.status == 200, answer.json
        assert answer.json["data"]["saveArticle"]["__typename"] == "ArticleSaved", answer.json
        self.saved[path] = title
