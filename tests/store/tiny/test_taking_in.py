"""Checks that a record which cannot be taken in loses nothing: the store is stale until it, or all of them, can be."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from store import troubles as module
from store.base import Document, Put
from store.criteria import Criteria, Page, Search
from store.errors import StoreDamagedError, StoreStaleError
from store.tiny.disk.layout import encode
from store.tiny.disk.record import Batch
from store.tiny.disk.storage import JournalStorage
from store.tiny.disk.transaction import Transaction
from store.tiny.memory.state import State
from store.tiny.store import TinyStore
from store.troubles import Troubles
from tests.newsroom import news
from tests.patience import until

Spoil = Callable[[dict[str, object]], object]
UNREADABLE: dict[str, Spoil] = {
    "a kind of a later version": lambda stored: stored.update(kind="podcast"),
    "a key that is missing": lambda stored: stored.pop("digest"),
    "a key of another type": lambda stored: stored.update(ingested_at=[]),
    "no title": lambda stored: stored.update(metadata={}),
    "a title that is no text": lambda stored: stored.update(metadata={"title": 5}),
    "topics that are no list": lambda stored: stored.update(metadata={"title": "A", "webUrl": "x", "topics": 7}),
}


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.0)


def put(writer: JournalStorage, *documents: tuple[str, bytes]) -> None:
    def prepare(transaction: Transaction) -> Batch:
        return Batch(transaction.sequence + 1, [("articles", path, data) for path, data in documents])

    writer.commit(prepare)


def good(path: str, title: str) -> tuple[str, bytes]:
    return path, encode(news(path, title))


def spoiled(path: str, spoil: Spoil) -> tuple[str, bytes]:
    stored = msgspec.json.decode(encode(news(path, "Bad")))
    spoil(stored)
    return path, msgspec.json.encode(stored)


def titles(store: TinyStore) -> list[str]:
    (found,) = asyncio.run(store.find([Criteria(page=Page(None), drafts=True)]))
    return sorted(article.title for article in found.items)


def assert_fresh(store: TinyStore, path: Path) -> None:
    """Compare a store with one that is opened now."""
    with TinyStore(path, read_only=True, follow=False) as fresh:
        assert titles(store) == titles(fresh)
        assert (store.sequence, store._storage.stamp) == (fresh.sequence, fresh._storage.stamp)


@pytest.mark.parametrize("spoil", UNREADABLE.values(), ids=UNREADABLE.keys())
@pytest.mark.parametrize("compacted", [False, True], ids=["followed", "compacted meanwhile"])
def test_a_record_that_cannot_be_read_is_told_until_it_is_mended_and_costs_nobody_anything(
    path: Path, writer: JournalStorage, spoil: Spoil, compacted: bool
) -> None:
    with TinyStore(path, read_only=True, follow=False) as store:
        assert titles(store) == ["First"]
        put(writer, good("1.md", "Before"))
        put(writer, good("2.md", "Beside"), spoiled("bad.md", spoil), good("3.md", "Beside too"))
        put(writer, good("4.md", "After"))
        for _ in range(3):
            with pytest.raises(StoreStaleError, match=r"change 3 cannot be taken in: .*bad\.md"):
                store._storage.poll()
            assert "change 3 cannot be taken in" in (store.stale or "")
            assert titles(store) == ["Before", "First"]
            assert store.sequence == 2
        put(writer, good("bad.md", "Mended"))
        if compacted:
            for number in range(3):
                assert writer.compact()
                put(writer, good("5.md", f"Last {number}"))
        store._storage.poll()
        assert store.stale is None
        assert {"After", "Before", "Beside", "Beside too", "First", "Mended"} <= set(titles(store))
        assert_fresh(store, path)
        put(writer, good("6.md", "Later"))
        store._storage.poll()
        assert "Later" in titles(store)
        assert_fresh(store, path)


def test_a_follower_is_stale_for_as_long_and_searches_find_what_came_meanwhile(
    path: Path, writer: JournalStorage
) -> None:
    troubles = Troubles()
    with TinyStore(path, read_only=True, troubles=troubles) as store:
        put(writer, spoiled("bad.md", UNREADABLE["no title"]), good("1.md", "Neighbour"))
        until(troubles.now)
        assert [each.task for each in troubles.now()] == ["follower"]
        assert store.stale
        put(writer, good("bad.md", "Mended"))
        until(lambda: store.stale is None and not troubles.now())
        assert titles(store) == ["First", "Mended", "Neighbour"]
        (found,) = asyncio.run(store.find([Criteria(search=Search("neighbour"))]))
        assert [article.path for article in found.items] == ["1.md"]


def test_who_cannot_take_in_what_others_wrote_writes_nothing_over_it(path: Path, writer: JournalStorage) -> None:
    with TinyStore(path, follow=False) as store:
        assert titles(store) == ["First"]
        put(writer, spoiled("bad.md", UNREADABLE["no title"]))
        with pytest.raises(StoreStaleError):
            asyncio.run(store.apply([Put(news("1.md", "Mine"))]))
        put(writer, good("bad.md", "Mended"))
        store._storage.poll()
        asyncio.run(store.apply([Put(news("1.md", "Mine"))]))
        assert titles(store) == ["First", "Mended", "Mine"]


@pytest.fixture
def half_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a record be taken in by half, once."""
    real, failing = State.put, [True]

    def fail_once(state: State, document: Document, entity: object) -> None:
        if document.path == "2.md" and failing:
            failing.clear()
            raise MemoryError("no room")
        real(state, document, entity)  # type: ignore[arg-type]

    monkeypatch.setattr(State, "put", fail_once)


@pytest.mark.usefixtures("half_fails")
def test_a_record_that_was_taken_in_by_half_is_loaded_from_disk(path: Path, writer: JournalStorage) -> None:
    with TinyStore(path, read_only=True, follow=False) as store:
        assert titles(store) == ["First"]
        put(writer, good("1.md", "One"), good("2.md", "Two"), good("3.md", "Three"))
        put(writer, good("4.md", "Four"))
        store._storage.poll()
        assert store.stale is None
        assert titles(store) == ["First", "Four", "One", "Three", "Two"]
        assert_fresh(store, path)


@pytest.mark.anyio
@pytest.mark.usefixtures("half_fails")
async def test_who_reads_while_it_is_loaded_again_is_told_so_and_holds_up_nobody(
    path: Path, writer: JournalStorage
) -> None:
    async def count(store: TinyStore) -> list[int]:
        async with store.reading():
            return await store.count([Criteria()])

    with TinyStore(path, read_only=True, follow=False) as store:
        assert await count(store) == [1]
        put(writer, good("1.md", "One"), good("2.md", "Two"))
        async with store.reading():
            taking_in = asyncio.ensure_future(asyncio.to_thread(store.catch_up))
            await asyncio.to_thread(until, lambda: store._gate._writers)
            late = asyncio.ensure_future(count(store))
            await asyncio.sleep(0)
        with pytest.raises(StoreStaleError, match="loaded again"):
            await late
        await taking_in
        assert await count(store) == [3]


def test_a_table_of_a_later_version_is_left_alone(path: Path, writer: JournalStorage) -> None:
    with TinyStore(path, read_only=True, follow=False) as store:
        assert titles(store) == ["First"]
        row = ("podcasts", "p", b'{"any":1}')
        writer.commit(lambda transaction: Batch(transaction.sequence + 1, [row]))
        put(writer, good("1.md", "One"))
        store._storage.poll()
        assert_fresh(store, path)


@pytest.mark.parametrize("spoil", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_opening_names_the_document_that_cannot_be_read(path: Path, writer: JournalStorage, spoil: Spoil) -> None:
    put(writer, spoiled("bad.md", spoil))
    with pytest.raises(StoreDamagedError, match=r"'bad\.md' is none that this version of Broadsheet can read"):
        TinyStore(path, read_only=True).close()
