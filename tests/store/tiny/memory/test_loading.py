"""Checks that a store loads its articles on first use, and right, whatever is called first."""

import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from store.base import Document, Put, Remove
from store.criteria import Criteria
from store.files.entities import entity
from store.files.garbage import collecting_later
from store.tiny.memory import loading
from store.tiny.store import TinyStore
from tests.newsroom import news

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with TinyStore(tmp_path / "news.json", follow=False) as store:
        asyncio.run(store.apply([Put(news(f"{number}.md")) for number in range(9)]))
    return tmp_path / "news.json"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The articles that were made from their documents, as they are made."""
    paths: list[str] = []

    def counted(document: Document) -> object:
        paths.append(document.path)
        return entity(document)

    monkeypatch.setattr(loading, "entity", counted)
    return paths


async def test_digests_documents_and_compaction_need_no_articles(path: Path, made: list[str]) -> None:
    with TinyStore(path, follow=False) as store:
        cold = await store.digests("test")
        assert len(list(store.all_documents())) == len(await store.documents(["1.md"])) * 9
        store.compact()
        assert made == []
        with TinyStore(path, follow=False) as other:
            await other.apply([Put(news("new.md")), Remove("new.md"), Put(news("0.md", "Changed"))])
        store.compact()
        assert (await store.digests("test")).keys() == cold.keys()
        assert await store.digests("test") != cold
        cold = await store.digests("test")
        made.clear()
        await store.find([Criteria()])
        assert len(made) == 9
        assert await store.digests("test") == cold
        assert await store.digests("another") == {}


async def test_a_store_that_is_followed_has_its_articles_at_once(path: Path, made: list[str]) -> None:
    with TinyStore(path):
        assert len(made) == 9


async def test_what_others_wrote_before_the_first_question_is_in_the_answer(path: Path) -> None:
    with TinyStore(path, follow=False) as store, TinyStore(path, follow=False) as other:
        await other.apply([Put(news("0.md", "Changed")), Put(news("new.md"))])
        store.compact()
        (found,) = await store.find([Criteria()])
        assert (len(found.items), store.sequence) == (10, other.sequence)
        (changed,) = await store.articles(["0.md"])
        assert changed is not None
        assert changed.title == "Changed"


def test_threads_that_ask_first_at_the_same_time_wait_for_one_loading(path: Path, made: list[str]) -> None:
    with TinyStore(path, follow=False) as store, ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(asyncio.run, store.find([Criteria()])) for _ in range(8)]
        written = threads.submit(asyncio.run, store.apply([Put(news("new.md"))]))
        assert {len(each.result(30)[0].items) for each in asked} <= {9, 10}
        assert written.result(30).added == ("new.md",)
        assert len(made) == 9


def test_collecting_later_leaves_the_collector_as_it_was() -> None:
    assert gc.isenabled()
    with collecting_later():
        with collecting_later():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
