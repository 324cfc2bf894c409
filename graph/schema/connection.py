"""Resolves Relay connections: checks their arguments, asks the store for a page, and gives it edges and page info.

Who has a connection declares it: `graph.schema.provider` that of providers, `graph.schema.topic` that of topics.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import strawberry
from msgspec import Struct

from graph.execute.context import Context
from graph.schema import filters, inputs
from graph.schema.fields import attribute, batched
from store.criteria import AllOf, Criteria, Filter, Page, Search, Slice
from store.errors import CriteriaError

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
Few = Annotated[int | None, strawberry.argument(description=f"At most this many, up to {MOST}; all if left out.")]


def page(first: int | None, after: str | None, last: int | None, before: str | None, size: int = PAGE_SIZE) -> Page:
    """Return the page that the four arguments of a connection ask for. Raises CriteriaError."""
    if first is not None and last is not None:
        raise CriteriaError("give first or last, not both")
    for name, number in (("first", first), ("last", last)):
        if number is not None and not 0 <= number <= MOST:
            raise CriteriaError(f"{name} must be from 0 to {MOST}, not {number}")
    return Page(size if first is None and last is None else first, after, last, before)


def at_most(first: int | None) -> int | None:
    """Return *first* for a list without pages, None for all of it. Raises CriteriaError."""
    if first is not None and not 0 <= first <= MOST:
        raise CriteriaError(f"first must be from 0 to {MOST}, not {first}")
    return first


class PageBounds(Struct, frozen=True):
    """What is behind a PageInfo: where a page lies in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class FoundItem(Struct, frozen=True):
    """What is behind an edge: one item of a page with its cursor, and the search that found it."""

    node: Any
    cursor: str
    score: float | None = None
    search: Search | None = None


class FoundPage(Struct, frozen=True):
    """What is behind a connection: a page, and the criteria that its counts and facets obey."""

    slice: Slice[Any]
    criteria: Criteria | None = None
    total: int = 0

    @property
    def nodes(self) -> Sequence[Any]:
        """The items alone."""
        return self.slice.items

    @property
    def edges(self) -> list[FoundItem]:
        """The items with their cursors."""
        scores = self.slice.scores or [None] * len(self.slice.items)
        search = self.criteria.search if self.criteria else None
        triples = zip(self.slice.items, self.slice.cursors, scores, strict=True)
        return [FoundItem(item, cursor, score, search) for item, cursor, score in triples]

    @property
    def page_info(self) -> PageBounds:
        """Where the page lies."""
        cursors = self.slice.cursors
        ends = (cursors[0], cursors[-1]) if cursors else (None, None)
        return PageBounds(self.slice.has_next, self.slice.has_previous, *ends)


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = attribute("Whether more follow.")
    has_previous_page: bool = attribute("Whether more precede.")
    start_cursor: str | None = attribute("The cursor of the first item; null on an empty page.")
    end_cursor: str | None = attribute("The cursor of the last item; null on an empty page.")


@strawberry.type(description="A page of articles: `nodes` for people, `edges` for Relay; counts and facets are of all.")
class ArticleConnection:
    """A page of articles, named here and given its fields in `graph.schema.article_connection`.

    Image, Provider, Topic and Article have one, and its fields name Article, Provider and Topic: so the class stands
    below them all and its fields above, and no import goes round in a circle.
    """


def articles_where(base: Callable[[Any], Filter], description: str) -> Any:
    """Declare a connection to the articles that match `base(parent)`, narrowed by the arguments."""

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
        return [FoundPage(found, criteria) for found, criteria in zip(slices, asked, strict=True)]

    return batched(description, page=PAGE_SIZE)(articles)
