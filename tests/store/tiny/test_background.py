"""Checks background work of a store: what fails is told as a trouble and begun again, and all of it ends."""

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from store import troubles as module
from store.base import Put
from store.tiny.search.fulltext import FullText
from store.tiny.store import TinyStore
from store.troubles import Troubles
from tests.newsroom import news
from tests.patience import PATIENCE, until


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


@pytest.fixture
def threads_alternate() -> Iterator[None]:
    """Let threads interrupt each other nearly everywhere."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("threads_alternate")
def test_a_store_is_closed_whatever_its_threads_are_doing(tmp_path: Path) -> None:
    for moment in range(200):
        store = TinyStore(tmp_path / "store.json")
        time.sleep(moment % 40 / 20_000)
        closing = Thread(target=store.close, daemon=True)
        closing.start()
        closing.join(PATIENCE)
        assert not closing.is_alive()
