"""Compares what indexes answer with list comprehensions, for any store, filter, order and page."""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.article import Article
from store.base import DateUnit, Document, Facet, Put, Remove
from store.criteria import AllOf, AnyOf, Count, Criteria, Every, Filter, Is, Not, Op, Order, Page, RelatesTo, Some
from store.files.entities import article
from store.text import slug
from store.tiny.memory import links, paging, ranking
from store.tiny.store import TinyStore
from tests import newsroom
from tests.oracle import Oracle, facet, histogram
from tests.scale import scaled

examples = settings(max_examples=scaled(60, 5000), deadline=None)

texts = st.sampled_from(
    [*newsroom.WORDS, *newsroom.DOMAINS, "NEWS", "rob", "s", "STRASSE", "straße", "κόσμοσ", "", "ai", *newsroom.URLS]
)
EQUAL = (Op.EQ, Op.NE)
LISTS = (Op.IN, Op.NOT_IN)
PARTS = (Op.CONTAINS, Op.STARTS_WITH, Op.ENDS_WITH)
RANGES = (Op.GT, Op.GTE, Op.LT, Op.LTE)


def conditions(
    key: Any, values: st.SearchStrategy[Any], ops: tuple[Op, ...] = (*EQUAL, *RANGES)
) -> st.SearchStrategy[Is]:
    """Draw comparisons of one key."""
    return (
        st.builds(Is, st.just(key), st.sampled_from(ops), values, st.booleans())
        | st.builds(Is, st.just(key), st.sampled_from(LISTS), st.lists(values, max_size=3).map(tuple), st.booleans())
        | st.builds(Is, st.just(key), st.just(Op.IS_NULL), st.booleans())
    )


def text_conditions(*keys: str) -> st.SearchStrategy[Is]:
    """Draw comparisons of text."""
    return st.sampled_from(keys).flatmap(lambda key: conditions(key, texts, (*EQUAL, *PARTS, *RANGES)))


numbers = st.integers(-1, 3)
instants = st.integers(0, 60).map(lambda step: newsroom.START + step * newsroom.STEP)
leaves: st.SearchStrategy[Any] = (
    text_conditions(
        "slug", "title", "excerpt", "category", "type", "original_url", "web_url", "provider.domain", "provider.name"
    )
    | conditions("path", st.sampled_from([*newsroom.PATHS, "NEWS/B.MD"]))
    | st.sampled_from(["heat", "quality"]).flatmap(lambda key: conditions(key, numbers))
    | conditions("published_at", instants)
    | conditions("published", st.booleans())
    | st.builds(Count, st.sampled_from(["topics", "images", "related"]), st.sampled_from((*EQUAL, *RANGES)), numbers)
    | st.builds(RelatesTo, st.sampled_from([*newsroom.PATHS, "https://one.org/a", "https://two.org/B"]))
)


def nested(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw what and, or and not make of filters."""
    several = st.lists(leaves, max_size=3).map(tuple)
    return leaves | several.map(AllOf) | several.map(AnyOf) | leaves.map(Not)


quantified: st.SearchStrategy[Any] = st.sampled_from([Some, Every])
topics = nested(text_conditions("name", "slug"))
images = nested(
    conditions("url", st.sampled_from(["https://one.org/a.jpg", "https://one.org/B.jpg"]), (*EQUAL, *PARTS))
    | conditions("width", numbers)
    | conditions("is_cached", st.booleans(), EQUAL)
)
filters: st.SearchStrategy[Filter] = st.recursive(
    leaves
    | quantified.flatmap(lambda kind: topics.map(lambda inner: kind("topics", inner)))
    | quantified.flatmap(lambda kind: images.map(lambda inner: kind("images", inner))),
    lambda inner: nested(inner) | quantified.flatmap(lambda kind: inner.map(lambda one: kind("related", one))),
    max_leaves=5,
)
orders = st.lists(
    st.builds(
        Order,
        st.sampled_from(["published_at", "heat", "quality", "title", "ingested_at"]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=3,
).map(tuple)
criteria = st.builds(Criteria, filter=filters, order=orders, drafts=st.booleans(), page=st.just(Page(first=None)))


@pytest.fixture(scope="module", params=["sorted on the spot", "ranked in chunks"])
def store(request: pytest.FixtureRequest) -> Iterator[TinyStore]:
    """Open a store that sorts so few articles on the spot, or one that ranks them as if they were many."""
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        if request.param == "ranked in chunks":
            patch.setattr(paging, "FEW", 0)
            patch.setattr(ranking, "CHUNK", 2)
            patch.setattr(ranking, "FEW", 1)
            patch.setattr(links, "MANY", 0)  # and follows links from each target instead of keeping them all
        with TinyStore(Path(folder) / "store.json", follow=False) as opened:
            yield opened


async def filled(store: TinyStore, documents: list[Document]) -> list[Article]:
    """Empty the store, put *documents* one after the other, and return the articles that then are there."""
    await store.apply([Remove(path) for path in newsroom.PATHS])
    for document in documents:
        await store.apply([Put(document)])
    return list({document.path: article(document) for document in documents}.values())


@examples
@given(newsroom.stores, st.lists(criteria, min_size=1, max_size=8))
def test_pages_counts_and_facets_are_those_of_a_list_comprehension(
    store: TinyStore, documents: list[Document], several: list[Criteria]
) -> None:
    async def run() -> None:
        articles = await filled(store, documents)
        found, counts = await store.find(several), await store.count(several)
        expected = [Oracle(articles, each.drafts).find(each) for each in several]
        assert [list(part.items) for part in found] == expected
        assert counts == list(map(len, expected))
        for name in ("providers", "topics", "types", "categories"):
            assert await store.facets(several, Facet(name)) == [facet(each, name) for each in expected]
        for unit in DateUnit:
            bars = await store.facets(several, Facet("histogram", unit=unit))
            assert bars == [histogram(each, unit) for each in expected]

    asyncio.run(run())


@examples
@given(newsroom.stores, criteria, st.integers(1, 4), st.booleans())
def test_following_the_cursors_gives_each_article_once_in_either_direction(
    store: TinyStore, documents: list[Document], asked: Criteria, size: int, backward: bool
) -> None:
    async def page(part: Page) -> Any:
        return (await store.find([Criteria(asked.filter, None, asked.order, part, asked.drafts)]))[0]

    async def run() -> None:
        articles = await filled(store, documents)
        expected = Oracle(articles, asked.drafts).find(asked)
        walked: list[Article] = []
        cursor = None
        while True:
            part = await page(Page(None, None, size, cursor) if backward else Page(size, cursor))
            ahead, behind = (part.has_previous, part.has_next) if backward else (part.has_next, part.has_previous)
            walked = [*part.items, *walked] if backward else [*walked, *part.items]
            assert behind == (len(walked) > len(part.items))
            assert ahead == (len(walked) < len(expected))
            if not ahead:
                break
            cursor = part.cursors[0] if backward else part.cursors[-1]
        assert walked == expected

    asyncio.run(run())


@examples
@given(newsroom.stores, criteria, st.data())
def test_a_cursor_outlives_its_article(
    store: TinyStore, documents: list[Document], asked: Criteria, data: st.DataObject
) -> None:
    async def run() -> None:
        articles = await filled(store, documents)
        expected = Oracle(articles, asked.drafts).find(asked)
        if not expected:
            return
        at = data.draw(st.integers(0, len(expected) - 1))
        whole = (await store.find([asked]))[0]
        others = [each for each in articles if each.path != expected[at].path]
        await store.apply([Remove(expected[at].path)])
        rest = Oracle(others, asked.drafts)
        left = {each.path for each in rest.find(asked)}
        after = Criteria(asked.filter, None, asked.order, Page(None, whole.cursors[at]), asked.drafts)
        before = Criteria(asked.filter, None, asked.order, Page(None, before=whole.cursors[at]), asked.drafts)
        parts = await store.find([before, after])
        assert [a.path for a in parts[0].items if a in expected] == [a.path for a in expected[:at] if a.path in left]
        assert [a.path for a in parts[1].items if a in expected] == [
            a.path for a in expected[at + 1 :] if a.path in left
        ]

    asyncio.run(run())


@examples
@given(newsroom.stores, st.booleans())
def test_urls_and_related_entries_resolve_as_a_scan_resolves_them(
    store: TinyStore, documents: list[Document], drafts: bool
) -> None:
    async def run() -> None:
        articles = await filled(store, documents)
        oracle = Oracle(articles, drafts)
        found = await store.related(oracle.visible, drafts)
        assert found == [oracle.related(each) for each in oracle.visible]
        urls = sorted({url for each in articles for url in each.urls})
        resolved = [oracle.resolve((url,)) for url in urls]
        assert await store.resolve(urls, drafts) == [each and each.path for each in resolved]

    asyncio.run(run())


FOLDED = sorted({slug(chr(code)) for code in range(sys.maxunicode) if (lower := slug(chr(code))) != lower.casefold()})


def test_a_topic_has_its_articles_whatever_letters_case_folding_changes(tmp_path: Path) -> None:
    """There are some 200 lower-case letters that are folded to others: ß, ς, ŉ, ΐ, those of Cherokee."""
    named = [Put(newsroom.news(f"{number}.md", topics=[name])) for number, name in enumerate(FOLDED)]

    async def run(store: TinyStore) -> None:
        await store.apply(named)
        for case_sensitive in (True, False):
            asked = [
                Criteria(Some("topics", Is("slug", op, value, case_sensitive)))
                for name in FOLDED
                for op, value in ((Op.EQ, name), (Op.IN, (name,)))
            ]
            alike = Counter(name if case_sensitive else name.casefold() for name in FOLDED)
            expected = [alike[name if case_sensitive else name.casefold()] for name in FOLDED for _ in "ei"]
            assert await store.count(asked) == expected
        topics, total = await store.find_topics(AllOf(()), Page(None), drafts=False)
        assert (total, [topic.name for topic in topics.items]) == (len(FOLDED), FOLDED)

    assert len(FOLDED) > 50  # so many as there are
    with TinyStore(tmp_path / "store.json", follow=False) as store:
        asyncio.run(run(store))
