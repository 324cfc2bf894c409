"""Checks that the full text is indexed in the background, and that nobody but those who search waits for it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.edge.asgi import App
from graph.execute.operations import planned_operations
from graph.schema.build import schema
from graph.settings import Settings
from store.base import Put, Remove
from store.criteria import Criteria, Order, Page, Search
from store.tiny.search.fulltext import FEW
from store.tiny.store import TinyStore
from tests.newsroom import news
from tests.patience import until
from tests.small import post

MANY = 3_000
WORDS = " ".join(f"word{n}" for n in range(200))
SEARCHED = Criteria(search=Search("robots"))
QUERY = '{ articles(search: {query: "robots"}) { totalCount } }'


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TinyStore]:
    with TinyStore(tmp_path / "store.json") as opened:
        yield opened


async def fill(store: TinyStore) -> None:
    """Write so many articles that the index is behind for a while."""
    await store.apply([Put(news(f"{n}.md", f"Robots {n}", body=f"{n} {WORDS}")) for n in range(MANY)])
    assert not store.search_ready


async def searched(store: TinyStore, drafts: bool = False) -> int:
    async with store.searching(drafts):
        return (await store.count([Criteria(search=Search("robots"), drafts=drafts)]))[0]


@pytest.mark.anyio
async def test_only_a_search_waits_while_much_is_indexed(store: TinyStore) -> None:
    await fill(store)
    search = asyncio.create_task(searched(store))
    for _ in range(3):
        async with store.reading():
            assert await store.count([Criteria()]) == [MANY]
        await asyncio.sleep(0)
    await store.apply([Put(news("one more.md"))])
    assert not search.done()
    assert await search == MANY


@pytest.mark.anyio
async def test_a_search_that_waits_too_long_ends_and_other_requests_do_not_wait(store: TinyStore) -> None:
    await fill(store)
    settings = Settings(request_log=False, request_seconds=0.001)
    app = App(store, planned_operations(schema()._schema, settings), settings)
    waits = await post(app, QUERY)
    assert (waits.status, waits.code, waits.headers["retry-after"]) == (503, "TIMEOUT", "1")
    assert (await post(app, "{ articles { totalCount } }")).json == {"data": {"articles": {"totalCount": MANY}}}
    await asyncio.to_thread(until, lambda: store.search_ready)
    assert (await post(app, QUERY)).json == {"data": {"articles": {"totalCount": MANY}}}


@pytest.mark.anyio
async def test_the_index_with_drafts_is_made_in_the_background_too(store: TinyStore) -> None:
    await store.apply([Put(news(f"{n}.md", "Robots", published=False)) for n in range(2 * FEW)])
    assert await searched(store) == 0
    assert await searched(store, drafts=True) == 2 * FEW


@pytest.mark.anyio
async def test_what_is_indexed_in_the_background_is_what_a_fresh_store_finds(store: TinyStore, tmp_path: Path) -> None:
    changes: list[list[Put | Remove]] = [
        [Put(news(f"{n}.md", f"Robots {n % 7}", body=f"robots {n}")) for n in range(6 * FEW)],
        [Put(news(f"{n}.md", f"Parcels {n % 5}")) for n in range(0, 4 * FEW, 2)],
        [Remove(f"{n}.md") for n in range(0, 3 * FEW, 3)],
        [Put(news(f"{n}.md", "Robots again", published=n % 2 == 0)) for n in range(0, 2 * FEW, 6)],
    ]
    for each in changes:
        await store.apply(each)
    query = Criteria(search=Search("robots"), order=(Order("relevance"),), page=Page())
    async with store.searching():
        found = (await store.find([query]))[0]
    with TinyStore(tmp_path / "store.json", read_only=True, follow=False) as fresh:
        expected = (await fresh.find([query]))[0]
    assert {article.path for article in found.items} == {article.path for article in expected.items}
