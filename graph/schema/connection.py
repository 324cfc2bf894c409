"""Criteria in, Relay connections out: pages of articles, providers and topics, with their counts and facets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from msgspec import Struct

from graph.execute.context import Context
from graph.schema import filters, inputs
from graph.schema.fields import attribute, computed, linked
from store.base import Bucket, DateUnit, Facet
from store.criteria import AllOf, Criteria, Filter, Page, Search, SearchField, Slice
from store.errors import CriteriaError

if TYPE_CHECKING:
    from graph.schema.types import Article, Provider, Topic

LazyArticle = Annotated["Article", strawberry.lazy("graph.schema.types")]
LazyProvider = Annotated["Provider", strawberry.lazy("graph.schema.types")]
LazyTopic = Annotated["Topic", strawberry.lazy("graph.schema.types")]

PAGE_SIZE, MOST = 20, 100
"""How many items a page has where nothing is said, and at most."""

First = Annotated[
    int | None,
    strawberry.argument(description=f"How many from the start, up to {MOST}; {PAGE_SIZE} if neither is given."),
]
After = Annotated[str | None, strawberry.argument(description="Only what follows this cursor.")]
Last = Annotated[
    int | None, strawberry.argument(description=f"How many from the end, up to {MOST}; not together with `first`.")
]
Before = Annotated[str | None, strawberry.argument(description="Only what precedes this cursor.")]
Narrow = Annotated[inputs.ArticleFilter | None, strawberry.argument(description="Only articles that match.")]
Look = Annotated[inputs.Search | None, strawberry.argument(description="Only articles that hold these words.")]
Orders = Annotated[
    list[inputs.ArticleOrder] | None,
    strawberry.argument(description="Newest first if left out; under a search, most relevant first."),
]
Most = Annotated[int, strawberry.argument(description=f"How many, the most frequent first; up to {MOST}.")]
Unit = Annotated[DateUnit, strawberry.argument(description="The width of a bar.")]


def page(first: int | None, after: str | None, last: int | None, before: str | None, size: int = PAGE_SIZE) -> Page:
    """Return the page that the four arguments of a connection ask for. Raises CriteriaError."""
    if first is not None and last is not None:
        raise CriteriaError("give first or last, not both")
    for name, number in (("first", first), ("last", last)):
        if number is not None and not 0 <= number <= MOST:
            raise CriteriaError(f"{name} must be from 0 to {MOST}, not {number}")
    return Page(size if first is None and last is None else first, after, last, before)


def at_most(first: int | None) -> int | None:
    """Return the length that a plain list is cut to. Raises CriteriaError."""
    if first is not None and not 0 <= first <= MOST:
        raise CriteriaError(f"first must be from 0 to {MOST}, not {first}")
    return first


class PageInfoRecord(Struct, frozen=True):
    """Where a page lies in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class EdgeRecord(Struct, frozen=True):
    """One item of a page with its cursor, and the search that found it."""

    node: Any
    cursor: str
    score: float | None = None
    search: Search | None = None


class ConnectionRecord(Struct, frozen=True):
    """A page, and the criteria that its counts and facets obey."""

    slice: Slice[Any]
    criteria: Criteria | None = None
    total: int = 0

    @property
    def nodes(self) -> Sequence[Any]:
        """The items alone."""
        return self.slice.items

    @property
    def edges(self) -> list[EdgeRecord]:
        """The items with their cursors."""
        scores = self.slice.scores or [None] * len(self.slice.items)
        search = self.criteria.search if self.criteria else None
        triples = zip(self.slice.items, self.slice.cursors, scores, strict=True)
        return [EdgeRecord(item, cursor, score, search) for item, cursor, score in triples]

    @property
    def page_info(self) -> PageInfoRecord:
        """Where the page lies."""
        cursors = self.slice.cursors
        ends = (cursors[0], cursors[-1]) if cursors else (None, None)
        return PageInfoRecord(self.slice.has_next, self.slice.has_previous, *ends)


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = attribute("Whether more follow.")
    has_previous_page: bool = attribute("Whether more precede.")
    start_cursor: str | None = attribute("The cursor of the first item; null on an empty page.")
    end_cursor: str | None = attribute("The cursor of the last item; null on an empty page.")


@strawberry.type(description="A stretch of a text, in code points from 0.")
class TextRange:
    @computed("Where it starts.")
    def start(stretch: tuple[int, int]) -> int:
        return stretch[0]

    @computed("Where it ends: the first code point after it.")
    def end(stretch: tuple[int, int]) -> int:
        return stretch[1]


@strawberry.type(description="Where words matched: offsets into the TEXT form, never HTML.")
class Highlight:
    field: SearchField = attribute("What matched.")
    snippet: str = attribute("A part of the field's TEXT form around the first match.")
    ranges: list[TextRange] = attribute("The matches within the snippet.")


@strawberry.type(description="One article of a page.")
class ArticleEdge:
    cursor: str = attribute("Where it stands in this order: pass it back as `after` or `before`.")
    node: LazyArticle = attribute("The article.")
    score: float | None = attribute("BM25; null without a search.")

    @linked("Where the search matched; empty without one.")
    async def highlights(edges: list[EdgeRecord], context: Context) -> list[list[Highlight]]:
        found: list[Any] = [()] * len(edges)
        for search in {edge.search for edge in edges if edge.search is not None}:
            places = [place for place, edge in enumerate(edges) if edge.search == search]
            marks = await context.store.highlights([edges[place].node.path for place in places], search)
            for place, mark in zip(places, marks, strict=True):
                found[place] = mark
        return found


@strawberry.type(description="A provider and how many of the articles are its.")
class ProviderCount:
    @linked("The provider.")
    async def provider(buckets: list[Bucket], context: Context) -> list[LazyProvider]:
        return await context.store.providers([str(b.value) for b in buckets], context.viewer.drafts)

    count: int = attribute("How many.")


@strawberry.type(description="A topic and how many of the articles are about it.")
class TopicCount:
    @linked("The topic.")
    async def topic(buckets: list[Bucket], context: Context) -> list[LazyTopic]:
        return await context.store.topics([str(b.value) for b in buckets], context.viewer.drafts)

    count: int = attribute("How many.")


@strawberry.type(description="A value and how many of the articles have it.")
class ValueCount:
    value: str = attribute("The value as in the files.")
    count: int = attribute("How many.")


@strawberry.type(description="One bar of a histogram by publication date.")
class DateCount:
    value: datetime = attribute("Where the bar starts.", name="start")
    end: datetime = attribute("Where it ends: the first instant after it.")
    count: int = attribute("How many.")


@strawberry.type(description="How many articles there are of each value, under the filter and the search.")
class Facets:
    @linked("By provider.")
    async def providers(found: list[Criteria], context: Context, first: Most = 10) -> list[list[ProviderCount]]:
        return await context.store.facets(found, Facet("providers", at_most(first)))

    @linked("By topic.")
    async def topics(found: list[Criteria], context: Context, first: Most = 10) -> list[list[TopicCount]]:
        return await context.store.facets(found, Facet("topics", at_most(first)))

    @linked("By type.")
    async def types(found: list[Criteria], context: Context) -> list[list[ValueCount]]:
        return await context.store.facets(found, Facet("types"))

    @linked("By category.")
    async def categories(found: list[Criteria], context: Context) -> list[list[ValueCount]]:
        return await context.store.facets(found, Facet("categories"))

    @linked("By publication date, oldest bar first, without empty bars.")
    async def histogram(found: list[Criteria], context: Context, unit: Unit) -> list[list[DateCount]]:
        return await context.store.facets(found, Facet("histogram", unit=unit))


@strawberry.type(description="A page of articles: `nodes` for people, `edges` for Relay; counts and facets are of all.")
class ArticleConnection:
    edges: list[ArticleEdge] = attribute("The articles with their cursors.")
    nodes: list[LazyArticle] = attribute("The articles alone.")
    page_info: PageInfo = attribute("Where the page lies.")

    @linked("How many articles match, on all pages; computed only when selected.")
    async def total_count(connections: list[ConnectionRecord], context: Context) -> list[int]:
        return await context.store.count([connection.criteria for connection in connections])

    criteria: Facets = attribute("How many articles there are of each value, on all pages.", name="facets")


@strawberry.type(description="One provider of a page.")
class ProviderEdge:
    cursor: str = attribute("Where it stands: pass it back as `after` or `before`.")
    node: LazyProvider = attribute("The provider.")


@strawberry.type(description="A page of providers, by domain.")
class ProviderConnection:
    edges: list[ProviderEdge] = attribute("The providers with their cursors.")
    nodes: list[LazyProvider] = attribute("The providers alone.")
    page_info: PageInfo = attribute("Where the page lies.")
    total: int = attribute("How many providers match, on all pages.", name="totalCount")


@strawberry.type(description="One topic of a page.")
class TopicEdge:
    cursor: str = attribute("Where it stands: pass it back as `after` or `before`.")
    node: LazyTopic = attribute("The topic.")


@strawberry.type(description="A page of topics, by slug.")
class TopicConnection:
    edges: list[TopicEdge] = attribute("The topics with their cursors.")
    nodes: list[LazyTopic] = attribute("The topics alone.")
    page_info: PageInfo = attribute("Where the page lies.")
    total: int = attribute("How many topics match, on all pages.", name="totalCount")


def articles_where(base: Callable[[Any], Filter], description: str) -> Any:
    """Declare a connection to the articles that match `base(record)`, within them to those the arguments narrow to."""

    async def articles(
        parents: list[Any],
        context: Context,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Narrow = None,
        search: Look = None,
        order_by: Orders = None,
    ) -> list[ArticleConnection]:
        narrowed, part = filters.article_filter(filter), page(first, after, last, before)
        words, order, drafts = filters.search_for(search), filters.orders(order_by, search), context.viewer.drafts
        asked = [Criteria(AllOf((base(parent), narrowed)), words, order, part, drafts) for parent in parents]
        slices = await context.store.find(asked)
        return [ConnectionRecord(found, criteria) for found, criteria in zip(slices, asked, strict=True)]

    return linked(description)(articles)
