"""Makes the stores and servers that the attacks share: of the small newsroom, and of several thousand articles."""

import asyncio
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from bench import articles
from store.base import Document, Put
from store.tiny.store import TinyStore
from tests.hostile.served import Served, serving
from tests.newsroom import document
from tests.newsrooms import NEWSROOM, fill

ARTICLES = 4_000
WORDS = 300
SECRET = "bs_a-key-that-no-log-shows"  # noqa: S105 # it opens nothing
KEY = f"desk:{sha256(SECRET.encode()).hexdigest()}:drafts:read+articles:write"


def article(number: int) -> Document:
    """Return an article with a body; the same for the same number."""
    metadata = articles.article(Random(number), number)
    return document(f"{number}.md", metadata, " ".join(Random(number).choices(articles.VOCABULARY, k=WORDS)))


@pytest.fixture(scope="session")
def thousands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store of several thousand articles."""
    path = tmp_path_factory.mktemp("thousands") / "news.json"
    with TinyStore(path, follow=False) as store:
        asyncio.run(store.apply([Put(article(number)) for number in range(ARTICLES)]))
        store.compact()
    return path


@pytest.fixture(scope="session")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store of the example."""
    path = tmp_path_factory.mktemp("newsroom") / "news.json"
    fill(path, NEWSROOM)
    return path


@pytest.fixture(scope="module")
def large(thousands: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of several thousand articles, with every setting as it comes."""
    with serving(tmp_path_factory.mktemp("log") / "log", "--store", thousands) as server:
        server.post('{ articles(first: 1, search: {query: "a"}) { totalCount } }')
        server.settled()
        yield server


@pytest.fixture(scope="module")
def small(newsroom: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of the example, with a key and every setting as it comes."""
    log = tmp_path_factory.mktemp("log") / "log"
    with serving(log, "--store", newsroom, BROADSHEET_KEYS=KEY) as server:
        yield server
