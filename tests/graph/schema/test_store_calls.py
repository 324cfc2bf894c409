"""A nested query asks the store once for each linked field and level, whatever the number of articles and the road."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graph.execute.context import Context
from graph.execute.interpreter import Interpreter
from graph.execute.operations import Operations
from graph.schema.build import schema
from graph.settings import Settings
from store.base import Store
from store.tiny.store import TinyStore
from tests.newsrooms import NEWSROOM, fill

pytestmark = pytest.mark.anyio
READS = {name for name in vars(Store) if not name.startswith("_")} - {"sequence", "reading"}
QUERY = """query($first: Int) { articles(first: $first) {
    totalCount
    nodes { title provider { name } topics { name coTopics(first: 2) { topic { name } } }
        related { title provider { name } ... on Article { topics { slug } }
            related { title relatedBy(first: 1) { nodes { title } } } } } } }"""
CALLS = {"find": 2, "count": 1, "providers": 2, "topics": 2, "co_topics": 1, "related": 2}


class CountingStore(TinyStore):
    """The store itself, which also counts how often each of its reading methods is called."""

    def __init__(self, path: Path) -> None:
        self.calls: Counter[str] = Counter()
        super().__init__(path, read_only=True, follow=False)

    def __getattribute__(self, name: str) -> Any:
        if name in READS:
            self.calls[name] += 1
        return super().__getattribute__(name)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CountingStore]:
    fill(tmp_path / "news.json", NEWSROOM)
    with CountingStore(tmp_path / "news.json") as opened:
        yield opened


@pytest.mark.parametrize("road", [Operations, Interpreter])
@pytest.mark.parametrize("first", [3, 40])
async def test_a_level_is_one_call(store: CountingStore, road: type[Interpreter], first: int) -> None:
    operation = road(schema()._schema, Settings(kept_bytes=0, cost=10**6)).prepare(QUERY, None)
    answer = await operation.execute({"first": first}, Context(store))
    assert answer.codes == ()
    assert store.calls == CALLS
