"""Sets up a store with one article, and what writes to it as another process does."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.base import Put
from store.tiny.disk.storage import JournalStorage
from store.tiny.store import TinyStore
from tests.newsroom import news


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.json"


@pytest.fixture
def writer(path: Path) -> Iterator[JournalStorage]:
    """Return what writes to a store of one article, past all checks, as another process or version may."""
    with TinyStore(path, follow=False) as store:
        asyncio.run(store.apply([Put(news("0.md", "First"))]))
    storage = JournalStorage(path)
    yield storage
    storage.close()
