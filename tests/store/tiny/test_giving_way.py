"""Checks that readers get in between what another process writes, and that an event loop never waits for a lock."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from threading import Event

import pytest

from store.base import Document
from store.criteria import Criteria, Search
from store.files.entities import Entity
from store.files.ingest import ingest
from store.files.source import Source
from store.tiny.disk.layout import encode
from store.tiny.disk.record import Batch
from store.tiny.disk.storage import JournalStorage
from store.tiny.memory.state import State
from store.tiny.store import TinyStore
from tests.newsroom import news
from tests.patience import PATIENCE, until

pytestmark = pytest.mark.anyio

MOST = 250
"""Articles that are taken in while readers are kept out."""
MANY = 3 * MOST + 1


def write(writer: JournalStorage, document: Document) -> None:
    row = ("articles", document.path, encode(document))
    writer.commit(lambda transaction: Batch(transaction.sequence + 1, [row]))


async def total(store: TinyStore) -> list[int]:
    return await store.count([Criteria(drafts=True)])


async def seen_between(store: TinyStore) -> list[int]:
    """Take in what others wrote, and return how many articles a reader found before each record and at the end."""
    seen: list[int] = []
    loop = asyncio.get_running_loop()

    async def read() -> None:
        async with store.reading():
            seen.extend(await total(store))

    def let_in(_: object) -> None:
        asyncio.run_coroutine_threadsafe(read(), loop).result(PATIENCE)

    store._storage.subscribe(lambda _: None, prepare=let_in)
    await asyncio.to_thread(store.catch_up)
    await read()
    return seen


async def test_readers_get_in_between_the_parts_of_a_large_ingest_and_of_a_large_removal(
    path: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    for number in range(MANY):
        (folder / f"{number}.md").write_text("---\ntitle: News\nprovider:\n  domain: example.org\n---\n")
    with TinyStore(path, follow=False) as other:
        with TinyStore(path, follow=False) as store:
            assert await total(store) == [0]
            await ingest(other, [Source(folder)])
            seen = await seen_between(store)
            assert (seen[0], seen[-1]) == (0, MANY)
            assert max(after - before for before, after in pairwise(seen)) <= MOST
        for number in range(1, MANY):
            (folder / f"{number}.md").unlink()
        with TinyStore(path, follow=False) as store:
            assert await total(store) == [MANY]
            await ingest(other, [Source(folder)])
            seen = await seen_between(store)
            assert (seen[0], seen[-1]) == (MANY, 1)
            assert max(before - after for before, after in pairwise(seen)) <= MOST


async def longest(store: TinyStore) -> object:
    return store.longest


async def probed(store: TinyStore) -> object:
    return store.search_ready, store.sequence, store.stale


async def searching(store: TinyStore) -> object:
    search = asyncio.create_task(searched(store))
    await asyncio.sleep(0)
    assert not search.done()
    return search


async def searched(store: TinyStore) -> list[int]:
    async with store.searching():
        return await store.count([Criteria(search=Search("one"))])


@pytest.mark.parametrize("ask", [longest, total, probed, searching])
async def test_while_a_record_is_taken_in_the_event_loop_goes_on(
    path: Path, writer: JournalStorage, monkeypatch: pytest.MonkeyPatch, ask: Callable[[TinyStore], Awaitable[object]]
) -> None:
    taken, asked, waited = Event(), Event(), []
    real = State.put

    def put_once_asked(state: State, document: Document, entity: Entity) -> None:
        taken.set()
        waited.append(asked.wait(PATIENCE))
        real(state, document, entity)

    with TinyStore(path, read_only=True) as store:
        known = dict(store.longest)
        await asyncio.to_thread(until, lambda: store.search_ready)
        write(writer, news("1.md", topics=["a", "b"]))
        await asyncio.to_thread(until, lambda: store.sequence == 2)
        monkeypatch.setattr(State, "put", put_once_asked)
        write(writer, news("2.md"))
        assert await asyncio.to_thread(taken.wait, PATIENCE)
        found = await ask(store)
        asked.set()
        await asyncio.to_thread(until, lambda: store.sequence == 3)
        assert waited == [True]
        if ask is longest:
            assert found == {**known, "topics": 2}
        if ask is total:
            assert found == [2]
            assert await total(store) == [3]
        if isinstance(found, asyncio.Task):
            assert await found == [3]
