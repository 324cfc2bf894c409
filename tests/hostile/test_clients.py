"""Plays rude clients of a real server: slow ones, too many, foreign ones, and those that are there when it stops.

Waiting is measured by what the server does (its answers, its exit), never by how fast this machine is today.
"""

import json
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from graphql import get_introspection_query
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.hostile.conftest import KEY, SECRET
from tests.hostile.served import JSON, Reply, Served, serving
from tests.patience import PATIENCE
from tests.scale import scaled

SLOW = (
    b"",
    b"POST /gra",
    b"POST /graphql HTTP/1.1\r\nhost: a\r\n",
    b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{",
    b"POST /health HTTP/1.1\r\nhost: a\r\ncontent-length: 99\r\n\r\n{",
)
MOST_SECONDS = 30
SAVE = """mutation($path: String!, $text: String!) {
    saveArticle(input: {path: $path, text: $text}) { __typename ... on ArticleSaved { article { title } } }
}"""
TEXT = "---\ntitle: {}\nprovider: {{name: A, domain: a.example}}\npublishedDateTime: 2026-11-03T08:00:00Z\n---\n"
BEARER = {"authorization": f"Bearer {SECRET}"}


def saved(server: Served, path: str, title: str, headers: dict[str, str]) -> Reply:
    """Try to save an article."""
    return server.post(SAVE, {"path": path, "text": TEXT.format(json.dumps(title))}, headers)


def test_slow_clients_are_closed_and_others_answered_meanwhile(newsroom: Path, tmp_path: Path) -> None:
    count = scaled(40, 200)
    limits = {} if scaled(0, 1) else {"BROADSHEET_HEADER_SECONDS": "1", "BROADSHEET_BODY_SECONDS": "2"}
    with serving(tmp_path / "log", "--store", newsroom, **limits) as server, selectors.DefaultSelector() as waiting:
        for number in range(count):
            connection = socket.create_connection(server.address, timeout=MOST_SECONDS)
            connection.sendall(SLOW[number % len(SLOW)])
            waiting.register(connection, selectors.EVENT_READ)
        deadline, cpu = time.monotonic() + MOST_SECONDS, server.cpu
        while waiting.get_map() and time.monotonic() < deadline:
            for key, _ in waiting.select(timeout=0.5):
                if not drained(key.fileobj):
                    waiting.unregister(key.fileobj)
            assert server.well
        left = [key.fileobj for key in waiting.get_map().values()]
        for each in left:
            assert isinstance(each, socket.socket)
            each.close()
        assert len(left) <= count // 20
        assert server.cpu - cpu < 0.2 * MOST_SECONDS


def drained(connection: object) -> bytes:
    """Return what has come, empty once the server has closed, and then close too."""
    assert isinstance(connection, socket.socket)
    with suppress(ConnectionResetError):
        if received := connection.recv(65_536):
            return received
    connection.close()
    return b""


@pytest.mark.parametrize("mode", ["in-place", "plain"])
def test_too_many_requests_are_shed_and_the_rest_answered(mode: str, newsroom: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "log", "--store", newsroom, "--http", mode, "--concurrency", "4") as server:
        dear = get_introspection_query()
        replies = [reply for _ in range(scaled(5, 80)) for reply in server.post_at_once(dear, 64)]
        statuses = Counter(reply.status for reply in replies)
        assert set(statuses) <= {200, 503}
        assert all(r.codes == ["OVERLOADED"] and r.headers["retry-after"] == "1" for r in replies if r.status == 503)
        assert statuses[200] > 0
        assert statuses[503] > 0
        assert server.well


FOREIGN = [
    {"content-type": "text/plain", **BEARER},
    {"content-type": "application/x-www-form-urlencoded", **BEARER},
    {"content-type": "multipart/form-data; boundary=x", **BEARER},
    {**BEARER},
    {**JSON, **BEARER, "origin": "https://evil.example"},
    {**JSON, **BEARER, "origin": "null"},
    {**JSON, **BEARER, "sec-fetch-site": "cross-site"},
    {**JSON, **BEARER, "sec-fetch-site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_what_a_foreign_page_can_send_executes_nothing(small: Served, headers: dict[str, str]) -> None:
    sequence = small.ask("GET", "/ready").json["sequence"]
    body = json.dumps({"query": SAVE, "variables": {"path": "_news/x.md", "text": TEXT.format("X")}}).encode()
    reply = small.ask("POST", "/graphql", body, headers)
    assert (reply.status, reply.codes) in ((415, ["UNSUPPORTED_MEDIA_TYPE"]), (403, ["CSRF_REFUSED"]))
    assert small.ask("GET", "/ready").json["sequence"] == sequence


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"])
def test_a_socket_of_a_foreign_page_is_not_opened(small: Served, origin: str) -> None:
    url = f"ws://{small.address[0]}:{small.address[1]}/graphql"
    protocols = [Subprotocol("graphql-transport-ws")]
    with pytest.raises(InvalidStatus) as caught, connect(url, origin=Origin(origin), subprotocols=protocols):
        pass
    assert caught.value.response.status_code == 403


PAYLOADS = [
    "null",
    "1",
    '"x"',
    "[]",
    "{",
    "[" * 100_000,
    '{"query": 1}',
    '{"query": "{"}',
    '{"variables": ' + "9" * 9_999 + "}",
]


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda text: text[:20])
def test_no_message_ends_a_socket_with_1006(small: Served, payload: str) -> None:
    url = f"ws://{small.address[0]}:{small.address[1]}/graphql"
    with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as connection:
        connection.send('{"type": "connection_init"}')
        assert json.loads(connection.recv(30)) == {"type": "connection_ack"}
        connection.send(f'{{"type": "subscribe", "id": "1", "payload": {payload}}}')
        with suppress(ConnectionClosed):
            assert json.loads(connection.recv(30))["type"] == "error"
        assert connection.close_code in (None, 4400)


def test_writers_at_once_lose_nothing(tmp_path: Path, newsroom: Path) -> None:
    writers, each = 8, scaled(5, 50)
    store = tmp_path / "news.json"
    store.write_bytes(newsroom.read_bytes())
    with (
        serving(tmp_path / "log", "--store", store, BROADSHEET_KEYS=KEY) as server,
        ThreadPoolExecutor(writers) as pool,
    ):
        paths = [f"_news/{writer}-{number}.md" for number in range(each) for writer in range(writers)]
        replies = list(pool.map(lambda path: saved(server, path, path, BEARER), paths))
        assert {reply.json["data"]["saveArticle"]["__typename"] for reply in replies} == {"ArticleSaved"}
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    with serving(tmp_path / "log", "--store", store) as server:
        for path in paths:
            found = server.post("query($p: String!) { article(by: {path: $p}) { title } }", {"p": path})
            assert found.json == {"data": {"article": {"title": path}}}


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "zeroes": lambda raw: bytes(len(raw)),
    "half of it": lambda raw: raw[: len(raw) // 2],
    "nothing": lambda _: b"",
    "foreign JSON": lambda _: b'{"users": []}',
    "NULs at the end": lambda raw: raw + bytes(4_096),
    "no JSON": lambda _: b"SQLite format 3\x00",
}


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_store_is_refused_in_words_and_left_as_it_is(
    damage: str, workers: str, newsroom: Path, tmp_path: Path
) -> None:
    store = tmp_path / "news.json"
    store.write_bytes(DAMAGES[damage](newsroom.read_bytes()))
    before = store.read_bytes()
    command = [sys.executable, "-m", "graph", "serve", "--store", str(store), "--port", "0", "--workers", workers]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode != 0
    assert "news.json" in done.stderr
    assert "Traceback" not in done.stderr
    assert store.read_bytes() == before
