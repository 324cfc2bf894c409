"""Declares the fields of ArticleConnection, its edges, and where a search matched an article."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from graph.execute.context import Context
from graph.schema import connection
from graph.schema.article import Article
from graph.schema.connection import MOST, FoundItem, FoundPage, PageInfo, at_most
from graph.schema.facets import Facets
from graph.schema.fields import attribute, batched, computed, fields_of
from store import base as stored
from store.criteria import SearchField

Foremost = Annotated[int, strawberry.argument(description=f"How many from the start; up to {MOST}.")]


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

    @computed("The matches within the snippet.")
    def ranges(highlight: stored.Highlight, first: Foremost = 10) -> list[TextRange]:
        return highlight.ranges[: at_most(first)]


@strawberry.type(description="One article of a page.")
class ArticleEdge:
    cursor: str = attribute("Where it stands in this order: pass it back as `after` or `before`.")
    node: Article = attribute("The article.")
    score: float | None = attribute("BM25; null without a search.")

    @batched("Where the search matched; empty without one.", values=30)
    async def highlights(edges: list[FoundItem], context: Context, first: Foremost = 10) -> list[list[Highlight]]:
        most = at_most(first)
        found: list[Any] = [()] * len(edges)
        for search in {edge.search for edge in edges if edge.search is not None}:
            indices = [index for index, edge in enumerate(edges) if edge.search == search]
            highlights = await context.store.highlights([edges[index].node.path for index in indices], search)
            for index, highlight in zip(indices, highlights, strict=True):
                found[index] = highlight[:most]
        return found


@fields_of(connection.ArticleConnection)
class ArticleConnection:
    edges: list[ArticleEdge] = attribute("The articles with their cursors.")
    nodes: list[Article] = attribute("The articles alone.")
    page_info: PageInfo = attribute("Where the page lies.")

    @batched("How many articles match, on all pages; computed only when selected.")
    async def total_count(connections: list[FoundPage], context: Context) -> list[int]:
        return await context.store.count([connection.criteria for connection in connections])

    criteria: Facets = attribute("How many articles there are of each value, on all pages.", name="facets")
