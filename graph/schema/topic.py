"""Declares the type Topic, the topics that share articles with it, and its connection."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from graph.document.cost.selections import Whole
from graph.execute.context import Context
from graph.schema.connection import MOST, ArticleConnection, PageInfo, articles_where, at_most
from graph.schema.fields import attribute, batched
from graph.schema.node import Node
from store import article as stored
from store.criteria import Is, Op, Some

Topmost = Annotated[int, strawberry.argument(description=f"How many, most shared first; up to {MOST}.")]


@strawberry.type(description="What articles are about.")
class Topic(Node):
    slug: str = attribute("Its name as it stands in an address.")
    name: str = attribute("Its name.")
    keywords: list[str] = attribute("Words that point to it.")
    hashtags: list[str] = attribute("Hashtags that point to it.")

    @batched("The topic it is a part of.")
    async def parent(topics: list[stored.Topic], context: Context) -> list[Topic | None]:
        found = iter(await context.store.topics([t.parent for t in topics if t.parent], context.viewer.drafts))
        return [next(found) if t.parent else None for t in topics]

    @batched("The topics that are parts of it.", length=Whole("children"))
    async def children(topics: list[stored.Topic], context: Context) -> list[list[Topic]]:
        found = iter(await context.store.topics([s for t in topics for s in t.children], context.viewer.drafts))
        return [[child for child in [next(found) for _ in t.children] if child] for t in topics]

    articles: ArticleConnection = articles_where(
        lambda topic: Some("topics", Is("slug", Op.EQ, topic.slug, case_sensitive=True)), "What is about it."
    )

    @batched("Topics on the same articles, most shared first.")
    async def co_topics(topics: list[stored.Topic], context: Context, first: Topmost = 10) -> list[list[TopicPair]]:
        return await context.store.co_topics([t.slug for t in topics], at_most(first) or 0, context.viewer.drafts)

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return isinstance(value, stored.Topic)


@strawberry.type(description="A topic that shares articles with another.")
class TopicPair:
    topic: Topic = attribute("The other topic.")
    shared: int = attribute("How many articles have both.", name="sharedCount")
    jaccard: float = attribute("Shared over either, 0 to 1.")


@strawberry.type(description="One topic of a page.")
class TopicEdge:
    cursor: str = attribute("Where it stands: pass it back as `after` or `before`.")
    node: Topic = attribute("The topic.")


@strawberry.type(description="A page of topics, by slug.")
class TopicConnection:
    edges: list[TopicEdge] = attribute("The topics with their cursors.")
    nodes: list[Topic] = attribute("The topics alone.")
    page_info: PageInfo = attribute("Where the page lies.")
    total: int = attribute("How many topics match, on all pages.", name="totalCount")
