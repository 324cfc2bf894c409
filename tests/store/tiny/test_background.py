"""Checks that background work of a store which fails is told as a trouble, and begun again."""

import asyncio
from pathlib import Path

import pytest

from store import troubles as module
from store.base import Put
from store.tiny.search.fulltext import FullText
from store.tiny.store import TinyStore
from store.troubles import Troubles
from tests.newsroom import news
from tests.patience import until


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.01)


def test_an_index_that_cannot_be_made_is_a_trouble_until_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles, path = Troubles(), tmp_path / "store.json"
    with TinyStore(path, follow=False) as store:
        asyncio.run(store.apply([Put(news(f"{number}.md")) for number in range(300)]))

    def fail(_: object) -> bool:
        raise MemoryError("no room for the index")

    with monkeypatch.context() as context:
        context.setattr(FullText, "put", fail)
        store = TinyStore(path, troubles=troubles)
        until(troubles.now)
        assert [(each.task, each.reason) for each in troubles.now()] == [
            ("indexer", "MemoryError: no room for the index")
        ]
        assert not store.search_ready
    with store:
        until(lambda: store.search_ready and not troubles.now())
