"""Checks that the cache file gives the same articles as the documents, or is not used at all."""

import asyncio
import fcntl
from pathlib import Path

import pytest

from store.base import Put
from store.criteria import Criteria, Page
from store.tiny import store as tiny_store
from store.tiny.memory import cache
from store.tiny.store import TinyStore
from tests.newsroom import news

RELATED = [{"title": "B &amp; C", "provider": {"name": "One", "domain": "one.org"}, "webUrl": "https://one.org/b"}]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tiny_store, "WORTH_CACHING", 1)
    path = tmp_path / "store.json"
    documents = [
        news("a.md", "A &amp; b", excerpt="x", webUrl="https://one.org/a", related=RELATED),
        news("b.md", heat=-1),
    ]
    write(path, *map(Put, documents))
    return path


def write(path: Path, *changes: Put) -> None:
    """Apply *changes* and close."""
    with TinyStore(path, follow=False) as store:
        asyncio.run(store.apply(changes))


def articles(path: Path) -> list[object]:
    """Return what the store answers."""
    with TinyStore(path, follow=False) as store:
        return list(asyncio.run(store.find([Criteria(page=Page(None), drafts=True)]))[0].items)


def test_articles_from_the_copy_are_those_from_the_documents(path: Path) -> None:
    copy = cache.path_of(path)
    with TinyStore(path, follow=False) as store:
        assert cache.is_current(copy, store._storage.stamp)
    quick = articles(path)
    copy.unlink()
    assert articles(path) == quick
    assert len(quick) == 2
    assert copy.exists()


def test_a_copy_of_an_older_state_is_not_used(path: Path) -> None:
    copy = cache.path_of(path)
    old = copy.read_bytes()
    write(path, Put(news("c.md")))
    copy.write_bytes(old)
    assert len(articles(path)) == 3


@pytest.mark.parametrize("at", [0, 20, 4096, 4200, -1])
def test_a_damaged_copy_is_not_used(path: Path, at: int) -> None:
    copy, expected = cache.path_of(path), articles(path)
    data = bytearray(copy.read_bytes())
    data[at] ^= 0x55
    copy.write_bytes(data)
    assert articles(path) == expected
    for size in (0, 1, 4096, 4100, len(data) - 1):
        copy.write_bytes(bytes(data[:size]))
        assert articles(path) == expected


def test_what_a_killed_process_left_of_a_copy_is_swept_and_what_one_is_writing_stays(path: Path) -> None:
    left, busy = (path.with_name(f"store.json.cache.{name}") for name in ("k1ll3d", "bu5y"))
    for each in (left, busy):
        each.write_bytes(b"half")
    with busy.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write(path, Put(news("c.md")))
    assert sorted(each.name for each in path.parent.glob("store.json.cache*")) == ["store.json.cache", busy.name]
