"""Checks that what a view caches of filters, searches and orders is bounded, however large each of them is."""

import asyncio
import tracemalloc
from collections.abc import Iterator
from itertools import permutations, product
from pathlib import Path

import pytest

from store.base import Put
from store.criteria import Criteria, Is, Op, Order, Page, Search
from store.tiny.memory.articles import MOST_TERMS
from store.tiny.memory.orders import ordering
from store.tiny.store import TinyStore
from tests.newsroom import news

LARGE = 20_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TinyStore]:
    with TinyStore(tmp_path / "store.json", follow=False) as store:
        asyncio.run(store.apply([Put(news(f"{number}.md", f"News {number}")) for number in range(20)]))
        yield store


def grown(store: TinyStore, asked: Iterator[Criteria]) -> int:
    """Return how many more bytes are held after pages and counts of all criteria."""

    async def ask() -> None:
        for criteria in asked:
            await store.find([criteria])
            await store.count([criteria])

    tracemalloc.start()
    try:
        asyncio.run(ask())
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_large_filters_are_not_kept_beside_each_other(store: TinyStore) -> None:
    filters = (Is("path", Op.IN, tuple(f"{number}-{n}" for n in range(LARGE))) for number in range(20))
    assert grown(store, (Criteria(each) for each in filters)) < 6 * 2**20  # one is 1.5 MB


def test_large_searches_are_not_kept_beside_each_other(store: TinyStore) -> None:
    searches = (Search(f"{number} " + "a" * 50 * LARGE) for number in range(20))
    assert grown(store, (Criteria(search=each) for each in searches)) < 6 * 2**20  # one is 1 MB


def test_a_page_of_a_search_does_not_hold_the_scores_of_all_that_it_found(tmp_path: Path) -> None:
    with TinyStore(tmp_path / "many.json", follow=False) as store:
        asyncio.run(store.apply([Put(news(f"{number}.md", "News")) for number in range(2_000)]))
        by_relevance = (Order("relevance"),)
        searches = (
            Criteria(search=Search(f"news -{number}"), order=by_relevance, page=Page(1)) for number in range(60)
        )
        assert grown(store, searches) < 8 * 2**20  # the scores of one search are 0.2 MB, and 16 of them are kept


def test_small_filters_are_kept(store: TinyStore) -> None:
    small = [Criteria(Is("heat", Op.GT, number)) for number in range(10)]
    asyncio.run(store.find(small))
    assert {each.filter for each in small} <= store._state.view(False)._filtered.keys()


def test_orders_are_kept_up_to_a_number_of_terms(store: TinyStore) -> None:
    names = ("published_at", "heat", "quality", "title", "ingested_at")
    orders = (
        tuple(Order(name, each) for name, each in zip(chosen, descending, strict=True))  # type: ignore[arg-type] # their names
        for chosen, descending in product(permutations(names, 3), product([False, True], repeat=3))
    )
    articles = store._state.articles
    for order in orders:
        articles.ranking(ordering(order))
        kept = articles._rankings
        assert sum(len(each.terms) for each in kept) <= MOST_TERMS
    assert len(kept) > 3
