"""Tests the answer cache: the same request is answered from it, and never with what another would get."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from graph.edge.answer_cache import ENTRY, AnswerCache, CachedAnswer
from graph.edge.asgi import App
from graph.edge.caller import Caller
from graph.edge.keys_file import add
from graph.edge.persisted import hashed
from graph.execute.execution import Answer
from graph.execute.interpreter import InterpretedOperation
from graph.execute.plan.execute import Run
from graph.message import Request, Response
from graph.serve.site import operations
from graph.settings import Settings
from store.base import Put
from store.tiny.store import TinyStore
from tests.newsroom import news
from tests.small import JSON, Reply, ask

pytestmark = pytest.mark.anyio
TITLES = "{ articles(first: 9) { nodes { title } } }"
LONG = "x" * 60_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TinyStore]:
    with TinyStore(tmp_path / "news.json", follow=False) as opened:
        asyncio.run(opened.apply([Put(news("a.md", "One")), Put(news("b.md", "Draft", published=False))]))
        yield opened


def app(store: TinyStore, **given: Any) -> App:
    settings = Settings(request_log=False, **given)
    return App(store, operations(settings), settings)


async def post(served: App, headers: dict[str, str] | None = None, **body: Any) -> Reply:
    return await ask(served, body=orjson.dumps(body), headers={"content-type": JSON, **(headers or {})})


def kept(served: App) -> int:
    """Return how many answers were given from those kept."""
    return served.metrics.answers["kept"]


async def test_the_same_request_is_answered_from_what_is_kept_byte_for_byte(store: TinyStore) -> None:
    served = app(store)
    first, second = [await post(served, query=TITLES) for _ in range(2)]
    assert (second.status, second.headers, second.body) == (first.status, first.headers, first.body)
    assert kept(served) == 1


async def test_a_change_is_visible_in_the_very_next_answer(store: TinyStore) -> None:
    served = app(store)
    for title in ("One", "Two", "Three"):
        await store.apply([Put(news("a.md", title))])
        for _ in range(2):
            assert (await post(served, query=TITLES)).json["data"]["articles"]["nodes"] == [{"title": title}]
    assert kept(served) == 3


async def test_a_caller_with_other_rights_is_given_nothing_of_another(store: TinyStore, tmp_path: Path) -> None:
    key = add(tmp_path / "keys", "desk", ["drafts:read"])
    served = app(store, keys_file=tmp_path / "keys")
    for _ in range(2):
        mine = await post(served, {"authorization": f"Bearer {key}"}, query=TITLES)
        theirs = await post(served, query=TITLES)
        assert (len(mine.json["data"]["articles"]["nodes"]), len(theirs.json["data"]["articles"]["nodes"])) == (2, 1)
        unknown = await post(served, {"authorization": "Bearer nobody"}, query=TITLES)
        assert (unknown.status, unknown.code) == (401, "UNAUTHENTICATED")
    assert kept(served) == 2


async def test_what_is_alike_in_other_headers_is_kept_once(store: TinyStore) -> None:
    served = app(store)
    for number in range(3):
        await post(served, {"user-agent": f"reader {number}"}, query=TITLES)
    assert (kept(served), len(served.endpoint.answer_cache.entries)) == (2, 1)


@pytest.mark.parametrize(
    "body",
    [
        {"query": '{ articles(filter: { publishedDateTime: { within: "P7D" } }) { totalCount } }'},
        {
            "query": "query($f: ArticleFilter) { articles(filter: $f) { totalCount } }",
            "variables": {"f": {"publishedDateTime": {"within": "P7D"}}},
        },
        {"query": "{ articles(first: -1) { totalCount } }"},
        {"query": "{ nothing }"},
        {"query": "{ __schema { queryType { name } } }"},
        {"query": 'mutation { removeArticle(by: { path: "none" }) { __typename } }'},
        {"query": TITLES, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": hashed(TITLES)}}},
    ],
)
async def test_what_depends_on_more_than_the_store_or_fails_is_not_kept(store: TinyStore, body: Any) -> None:
    served = app(store)
    assert (await post(served, **body)).body == (await post(served, **body)).body
    assert kept(served) == 0


async def test_a_request_that_is_spelled_otherwise_is_still_known_to_depend_on_the_time(store: TinyStore) -> None:
    served = app(store)
    document = "query($f: ArticleFilter) { articles(filter: $f) { totalCount } }"
    body = b'{"query": "%b", "variables": {"f": {"publishedDateTime": {"\\u0077ithin": "P7D"}}}}' % document.encode()
    for _ in range(2):
        assert (await ask(served, body=body, headers={"content-type": JSON})).json["data"]
    assert kept(served) == 0


async def test_none_are_kept_where_the_setting_says_so(store: TinyStore) -> None:
    served = app(store, kept_bytes=0)
    for _ in range(2):
        await post(served, query=TITLES)
    assert kept(served) == 0


def test_the_oldest_make_room_below_the_limit() -> None:
    answers, caller = AnswerCache(20 * (ENTRY + 100)), Caller()
    for number in range(50):
        asked = Request("POST", "/graphql", body=b"%50d" % number)
        answers.put(asked, caller, 1, CachedAnswer(Response(200, (), b"x" * 50), "query", "", None))
        assert answers.get(asked, caller, 1) is not None
        assert answers.get(asked, caller, 2) is None
    assert (len(answers.entries), answers.size) == (20, answers.most)


@pytest.mark.parametrize("name", ["cookie", "if-none-match", "x-made-up", "referer"])
async def test_callers_whose_headers_are_long_share_what_is_kept_and_leave_nothing_behind(
    store: TinyStore, name: str
) -> None:
    served = app(store)
    callers = served.endpoint.callers
    await post(served, query=TITLES)
    for number in range(20):
        await post(served, {name: f"{number}{LONG}"}, query=TITLES)
    assert kept(served) == 20
    assert len(callers.by_headers) == len(callers.by_traits) == len(served.endpoint.answer_cache.entries) == 1
    assert LONG not in repr((callers.by_headers, callers.by_traits, served.endpoint.answer_cache.entries))


async def test_an_answer_that_nobody_can_be_given_again_is_not_kept(store: TinyStore) -> None:
    served = app(store)
    query = f"query={quote(TITLES)}".encode()
    for number in range(20):
        await ask(served, "GET", headers={"if-none-match": f'"{number}{LONG}"'}, query=query)
    assert len(served.endpoint.answer_cache.entries) == len(served.endpoint.callers.by_traits) == 0
    for _ in range(2):
        await ask(served, "GET", headers={"if-none-match": '"other"'}, query=query)
    assert kept(served) == 1


async def test_what_a_caller_holds_counts_with_its_answer() -> None:
    held, most = Caller(if_none_match=b"x" * 1_000, kept=True), 100_000
    cache = AnswerCache(most)
    cache.put(Request("GET", "/graphql", b"q"), held, 1, CachedAnswer(Response(200, (), b"body"), "query", "", None))
    assert cache.size == 1_000 + 1 + 4 + ENTRY


async def test_a_plan_that_gives_up_where_nothing_may_wait_is_executed_counted_and_told_once(
    store: TinyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    async def broken(*_: Any) -> Any:
        calls.append("plan")
        raise ZeroDivisionError

    async def interpreted(operation: InterpretedOperation, *given: Any) -> Answer:
        calls.append("interpreter")
        return await execute(operation, *given)

    execute = InterpretedOperation.execute
    monkeypatch.setattr(Run, "_complete", broken)
    monkeypatch.setattr(InterpretedOperation, "execute", interpreted)
    served = app(store)
    request = Request(
        "POST", "/graphql", headers=((b"content-type", b"application/json"),), body=orjson.dumps({"query": TITLES})
    )
    assert served.endpoint.answer_now(request) is None
    response = await served.endpoint.answer(request)
    assert isinstance(response, Response)
    assert orjson.loads(response.body) == {"data": {"articles": {"nodes": [{"title": "One"}]}}}
    assert calls == ["plan", "interpreter"]
    assert served.endpoint.operations.counts.defects == 1
    assert sum(served.metrics.answers.values()) == served.metrics.answers["interpreted"] == 1
