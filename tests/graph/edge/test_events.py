"""Tests event streams: refusals of every stage come as events, a GET subscribes, and a browser resumes where it was."""

import asyncio
import json
import socket
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import ANY
from urllib.parse import urlencode

import pytest

from graph.edge.asgi import App
from graph.serve.site import operations
from graph.settings import Settings
from store.base import Put
from store.tiny.store import TinyStore
from tests.newsroom import news
from tests.newsrooms import NEWSROOM, fill
from tests.patience import PATIENCE
from tests.serving import exchange, request, serving
from tests.small import JSON, Reply, ask, small_app

pytestmark = pytest.mark.anyio
STREAM = "text/event-stream"
HASH = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
REFUSED: dict[str, tuple[dict[str, Any], dict[str, str], str]] = {
    "syntax": ({"query": "subscription {"}, {}, "GRAPHQL_PARSE_FAILED"),
    "validation": ({"query": "subscription { nope }"}, {}, "GRAPHQL_VALIDATION_FAILED"),
    "a limit": ({"query": "{ articles(first: 101) { title } }"}, {}, "BAD_USER_INPUT"),
    "a cost": ({"query": "{ articles(first: 100) { related(first: 100) { number title } } }"}, {}, "TOO_COSTLY"),
    "variables": ({"query": "query($n: Int!) { articles(first: $n) { title } }"}, {}, "BAD_USER_INPUT"),
    "nested variables": ({"query": "{ hello }", "variables": {"a": json.loads("[" * 40 + "]" * 40)}}, {}, ""),
    "no such operation": ({"query": "{ hello }", "operationName": "A"}, {}, "OPERATION_NOT_FOUND"),
    "no document": ({}, {}, "BAD_REQUEST"),
    "an unknown hash": ({"extensions": HASH}, {}, "PERSISTED_QUERY_NOT_FOUND"),
    "a wrong hash": ({"query": "{ hello }", "extensions": HASH}, {}, "PERSISTED_QUERY_HASH_MISMATCH"),
    "an unknown key": ({"query": "{ hello }"}, {"authorization": "Bearer nobody"}, "UNAUTHENTICATED"),
    "a foreign page": ({"query": "{ hello }"}, {"origin": "https://evil.example"}, "CSRF_REFUSED"),
    "an error of ours": ({"query": "{ broken }"}, {}, "INTERNAL"),
    "a subscription that fails": ({"query": "subscription { failing }"}, {}, "INTERNAL"),
}  # fmt: skip


async def asked(app: App, method: str, given: dict[str, Any], headers: dict[str, str]) -> Reply:
    """Ask for an event stream by GET or POST."""
    headers = {"accept": STREAM, "host": "testserver", "content-type": JSON, **headers}
    if method == "POST":
        return await ask(app, "POST", json.dumps(given).encode(), headers)
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
    return await ask(app, method, headers=headers, query=urlencode(texts).encode())


def is_whole(reply: Reply) -> bool:
    """Whether it is an event stream that begins and ends as one."""
    kinds = [line for line in reply.body.splitlines() if line.startswith(b"event: ")]
    media, ends = reply.headers["content-type"], reply.body.endswith(b"event: complete\ndata:\n\n")
    return (reply.status, media) == (200, f"{STREAM}; charset=utf-8") and ends and kinds[-1] == b"event: complete"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("given", "headers", "code"), REFUSED.values(), ids=REFUSED)
async def test_a_refusal_of_any_stage_is_an_event(
    method: str, given: dict[str, Any], headers: dict[str, str], code: str
) -> None:
    reply = await asked(small_app(), method, given, headers)
    assert is_whole(reply)
    (error,) = reply.events[-1]["errors"]
    assert error["extensions"]["code"] == code or not code


STAGES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "no room": ({"concurrency": 0}, {"query": "{ hello }"}, "OVERLOADED"),
    "no room for a stream": ({"sockets": 0}, {"query": "subscription { count(to: 1) }"}, "OVERLOADED"),
    "no time": ({"request_seconds": 0.01}, {"query": "{ slow(seconds: 60) }"}, "TIMEOUT"),
    "too large a document": ({"document_bytes": 3}, {"query": "{ hello }"}, "DOCUMENT_TOO_LARGE"),
    "no trust": ({"trusted_documents": NEWSROOM}, {"query": "{ hello }"}, "DOCUMENT_NOT_TRUSTED"),
    "no trust in a hash": ({"trusted_documents": NEWSROOM}, {"extensions": HASH}, "DOCUMENT_NOT_TRUSTED"),
    "too large a body": ({"body_bytes": 3}, {"query": "{ hello }"}, "BODY_TOO_LARGE"),
    "too long an address": ({"url_bytes": 3}, {"query": "{ hello }"}, "URL_TOO_LONG"),
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("settings", "given", "code"), STAGES.values(), ids=STAGES)
async def test_a_refusal_by_the_settings_is_an_event(
    method: str, settings: dict[str, Any], given: dict[str, Any], code: str
) -> None:
    reply = await asked(small_app(**settings), method, given, {})
    assert is_whole(reply)
    if code not in ("BODY_TOO_LARGE", "URL_TOO_LONG") or (method == "POST") is (code == "BODY_TOO_LARGE"):
        assert reply.code == code


@pytest.mark.parametrize(
    "headers",
    [{"content-type": "text/plain"}, {"content-type": f"{JSON}; charset=utf-16"}, {"content-encoding": "gzip"}],
)
async def test_a_body_that_is_not_read_is_refused_by_an_event(headers: dict[str, str]) -> None:
    reply = await asked(small_app(), "POST", {"query": "{ hello }"}, headers)
    assert is_whole(reply)
    assert reply.code == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize("accept", [JSON, f"{JSON}, {STREAM}", f"{STREAM};q=0.5, {JSON}", "*/*"])
async def test_who_prefers_json_is_refused_in_json(accept: str) -> None:
    reply = await asked(small_app(), "POST", {"query": "subscription { nope }"}, {"accept": accept})
    assert (reply.headers["content-type"], reply.code) == (f"{JSON}; charset=utf-8", "GRAPHQL_VALIDATION_FAILED")


async def test_what_there_is_no_room_for_says_when_to_come_back() -> None:
    reply = await asked(small_app(concurrency=0), "GET", {"query": "{ hello }"}, {})
    assert b"\nretry: 1000\nevent: next\n" in reply.body
    assert reply.headers["retry-after"] == "1"


COUNT = "subscription Count($to: Int!) { count(to: $to) }"


@pytest.mark.parametrize("by_hash", [False, True])
async def test_a_get_subscribes(by_hash: bool) -> None:
    app, query = small_app(), f"{COUNT} query Other {{ hello }}"
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": sha256(query.encode()).hexdigest()}}
    given = {"query": query, "operationName": "Count", "variables": {"to": 2}, "extensions": extensions}
    reply = await asked(app, "GET", given, {})
    if by_hash:
        reply = await asked(app, "GET", {name: given[name] for name in given if name != "query"}, {})
    assert is_whole(reply)
    assert reply.events == [{"data": {"count": 0}}, {"data": {"count": 1}}]


@pytest.mark.parametrize(
    ("method", "query", "headers", "code"),
    [
        ("GET", "mutation { save }", {}, "METHOD_NOT_ALLOWED"),
        ("HEAD", "subscription { count(to: 1) }", {}, "METHOD_NOT_ALLOWED"),
        ("GET", "subscription { count(to: 1) }", {"accept": "*/*"}, "METHOD_NOT_ALLOWED"),
        ("GET", "subscription { count(to: 1) }", {"sec-fetch-site": "cross-site"}, "CSRF_REFUSED"),
        ("GET", "subscription { count(to: 1) }", {"origin": "https://evil.example"}, "CSRF_REFUSED"),
    ],
)
async def test_a_get_does_nothing_else_than_reading_for_its_own_pages(
    method: str, query: str, headers: dict[str, str], code: str
) -> None:
    app = small_app()
    reply = await asked(app, method, {"query": query}, headers)
    assert (reply.code, app.store.sequence) == (code, 7)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("query", "costs"), [("{ articles(first: 2) { title } }", [2]), ("subscription { count(to: 2) }", [0, 0])]
)
async def test_the_cost_is_told_in_each_event_when_asked(method: str, query: str, costs: list[int]) -> None:
    reply = await asked(small_app(), method, {"query": query, "extensions": {"cost": True}}, {})
    assert is_whole(reply)
    assert [each["extensions"] for each in reply.events] == [
        {"cost": {"requested": n, "maximum": 10_000}} for n in costs
    ]


async def test_a_subscription_ends_once_a_list_has_grown_so_long_that_it_costs_too_much(tmp_path: Path) -> None:
    large = "subscription { changes { article { images { articles(first: 100) { nodes { id } } } } } }"
    small = "subscription { changes { kind } }"
    with TinyStore(tmp_path / "news.json", follow=False) as store:
        app = App(store, operations(Settings(), store), Settings())
        watching = asyncio.create_task(asked(app, "POST", {"query": large}, {}))
        other = asyncio.create_task(asked(app, "POST", {"query": small}, {}))
        while app.endpoint.subscriptions < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        for number in (1, 3_000):
            images = [{"url": f"https://one.example/{n}.png"} for n in range(number)]
            await store.apply([Put(news("many.md", images=images))])
        reply = await watching
        assert reply.events[0]["data"]["changes"]["article"]["images"] == [{"articles": {"nodes": [ANY]}}]
        assert [each["extensions"]["code"] for each in reply.events[1]["errors"]] == ["TOO_COSTLY"]
        assert is_whole(reply)
        assert (await asked(app, "POST", {"query": large}, {})).code == "TOO_COSTLY"
        assert not other.done()
        other.cancel()
        await asyncio.wait([other])


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    path = tmp_path_factory.mktemp("events") / "news.json"
    fill(path, NEWSROOM)
    with TinyStore(path) as store, serving(lambda chosen: App(store, operations(chosen), chosen)) as address:
        yield address


class EventSource:
    """A browser's: one GET, its events as they come, and the id that it sends when it connects again."""

    def __init__(self, address: tuple[str, int], query: str, last: str = "", headers: str = "") -> None:
        headers += f"accept: {STREAM}\r\n" + (f"last-event-id: {last}\r\n" if last else "")
        self.connection = socket.create_connection(address, timeout=PATIENCE)
        target = "/graphql?" + urlencode({"query": query})
        self.connection.sendall(request(b"", headers, "GET", target))
        self.received, self.last = self.connection.makefile("rb"), last

    def __enter__(self) -> "EventSource":
        return self

    def __exit__(self, *_: object) -> None:
        self.received.close()
        self.connection.close()

    def event(self) -> tuple[str, Any]:
        """Return the name and the data of the next event, and keep its id, as the HTML standard has it."""
        name, data, last = "", "", self.last
        for line in self.received:
            field, _, value = line.rstrip(b"\r\n").decode().partition(":")
            match field:
                case "event":
                    name = value.removeprefix(" ")
                case "data":
                    data = value.removeprefix(" ")
                case "id":
                    last = value.removeprefix(" ")
                case "" if name:
                    self.last = last
                    return name, json.loads(data) if data else None
        raise EOFError


FROM_THE_FIRST = 'subscription { changes(since: "0") { kind at: seq article { path } } }'


def test_a_browser_resumes_behind_the_last_event_that_it_saw(newsroom: tuple[str, int]) -> None:
    with EventSource(newsroom, FROM_THE_FIRST) as source:
        seen = [source.event() for _ in range(5)]
        assert {name for name, _ in seen} == {"next"}
        assert source.last == seen[-1][1]["data"]["changes"]["at"]
    with EventSource(newsroom, FROM_THE_FIRST) as whole:
        following = [whole.event() for _ in range(8)][5:]
    with EventSource(newsroom, FROM_THE_FIRST, source.last) as again:
        assert [again.event() for _ in range(3)] == following


def test_a_place_that_is_asked_for_in_vain_is_forgotten(newsroom: tuple[str, int]) -> None:
    with EventSource(newsroom, FROM_THE_FIRST, "3-another0") as source:
        name, answer = source.event()
        assert (name, answer["errors"][0]["extensions"]["code"], source.last) == ("next", "RESET", "")
        assert source.event() == ("complete", None)


def test_what_was_no_id_of_ours_is_refused(newsroom: tuple[str, int]) -> None:
    with EventSource(newsroom, FROM_THE_FIRST, "no token") as source:
        assert source.event()[1]["errors"][0]["message"].startswith("since: 'no token' is no token")


def test_an_answer_that_cannot_be_resumed_has_no_id(newsroom: tuple[str, int]) -> None:
    with EventSource(newsroom, "{ articles { totalCount } }") as source:
        assert [source.event()[0], source.event()[0], source.last] == ["next", "complete", ""]
    assert b"\nid" not in exchange(newsroom, request(b"", f"accept: {STREAM}\r\n", "GET"))
