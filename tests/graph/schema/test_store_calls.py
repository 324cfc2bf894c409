"""Tests that a nested query calls the store once for each batched field of a level, whatever the number of articles."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from graphql import GraphQLSchema

from graph.execute.context import Context
from graph.execute.operations import Operations, interpreted_operations, planned_operations
from graph.schema.build import schema
from graph.settings import Settings
from store.base import Store
from store.tiny.store import TinyStore
from tests.newsrooms import NEWSROOM, fill

pytestmark = pytest.mark.anyio
QUERY = """query($first: Int) { articles(first: $first) {
    totalCount
    nodes { title provider { name } topics { name coTopics(first: 2) { topic { name } } }
        related { title provider { name } ... on Article { topics { slug } }
            related { title relatedBy(first: 1) { nodes { title } } } } } } }"""
CALLS = {"reading": 1, "find": 2, "count": 1, "providers": 2, "topics": 2, "co_topics": 1, "related": 2}


class CountingStore:
    """Hands each call on to a real store, and counts it under the method's name."""

    def __init__(self, store: TinyStore) -> None:
        self.store, self.calls = store, Counter[str]()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.store, name)
        if not callable(found):
            return found

        def counted(*arguments: Any, **named: Any) -> Any:
            self.calls[name] += 1
            return found(*arguments, **named)

        return counted


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CountingStore]:
    fill(tmp_path / "news.json", NEWSROOM)
    with TinyStore(tmp_path / "news.json", read_only=True, follow=False) as opened:
        yield CountingStore(opened)


@pytest.mark.parametrize("road", [planned_operations, interpreted_operations])
@pytest.mark.parametrize("first", [3, 40])
async def test_a_level_is_one_call(
    store: CountingStore, road: Callable[[GraphQLSchema, Settings], Operations], first: int
) -> None:
    operation = road(schema()._schema, Settings(kept_bytes=0, cost=10**6)).prepare(QUERY, None)
    answer = await operation.execute({"first": first}, Context(cast("Store", store)))
    assert answer.codes == ()
    assert store.calls == CALLS
