"""Checks that operations with much to look at keep nobody else waiting, and end when their time is over."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.edge.asgi import App
from graph.execute.operations import planned_operations
from graph.schema.build import schema
from graph.settings import Settings
from store.base import Put
from store.tiny.memory.pace import PORTION
from store.tiny.store import TinyStore
from tests.newsroom import news
from tests.small import Reply, ask, post

SCHEMA = schema()._schema
MANY = 3 * PORTION
LIGHT = "{ articles(first: 1) { nodes { path } } }"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyStore]:
    path: Path = tmp_path_factory.mktemp("store") / "news.json"
    with TinyStore(path, follow=False) as opened:
        asyncio.run(opened.apply([Put(news(f"{n}.md", excerpt=f"It is {n}")) for n in range(MANY)]))
        opened._pace.slice_seconds = 0  # so that slices are counted by articles, not by time
        yield opened


def app(store: TinyStore, **given: float) -> App:
    settings = Settings(request_log=False, **given)  # type: ignore[arg-type] # numbers of any kind
    return App(store, planned_operations(SCHEMA, settings), settings)


def heavy(name: str) -> str:
    """Return an operation that looks at each article some forty times, and differs from those of other names."""
    conditions = " ".join(f'{{excerpt: {{contains: "{name}{n}"}}}}' for n in range(39))
    return f"{{ articles(first: 1, filter: {{or: [{conditions}]}}) {{ totalCount }} }}"


@pytest.mark.anyio
async def test_others_are_answered_while_a_heavy_operation_runs(store: TinyStore) -> None:
    served = app(store)
    running = asyncio.create_task(post(served, heavy("x")))
    await asyncio.sleep(0)
    for _ in range(3):
        assert (await post(served, LIGHT)).status == 200
        assert (await ask(served, "GET", path="/health")).status == 200
    assert not running.done()
    assert (await running).json == {"data": {"articles": {"totalCount": 0}}}


@pytest.mark.anyio
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_an_operation_ends_when_its_time_is_over(store: TinyStore, accept: str) -> None:
    store.forget()
    reply: Reply = await post(app(store, request_seconds=0.001), heavy("y"), accept=accept)
    assert b"TIMEOUT" in reply.body
