"""Declares the type Query: finds articles, providers, topics and changes."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from graph.execute.context import Context
from graph.schema import filters, inputs
from graph.schema.article import Article
from graph.schema.article_connection import ArticleConnection
from graph.schema.changes import ChangeKinds, ChangePage, Since, changes_after
from graph.schema.connection import (
    MOST,
    PAGE_SIZE,
    After,
    Before,
    First,
    FoundPage,
    Last,
    articles_where,
    page,
)
from graph.schema.fields import batched
from graph.schema.ids import split_id
from graph.schema.node import Node
from graph.schema.provider import Provider, ProviderConnection
from graph.schema.topic import Topic, TopicConnection
from store import article as stored
from store.criteria import AllOf
from store.errors import CriteriaError

Ids = Annotated[list[strawberry.ID], strawberry.argument(description=f"Global ids, up to {MOST}.")]
TOPICS_PAGE_SIZE = 50
"""How many topics a page has where nothing is said."""
FirstTopics = Annotated[
    int | None,
    strawberry.argument(description=f"How many from the start, up to {MOST}; {TOPICS_PAGE_SIZE} if neither is given."),
]


@strawberry.type(description="What can be read.")
class Query:
    @batched("Anything by its global id; null where unknown.")
    async def node(
        roots: list[Any],
        context: Context,
        id: Annotated[strawberry.ID, strawberry.argument(description="The global id.")],
    ) -> list[Node | None]:
        return (await find_nodes([id], context)) * len(roots)

    @batched("Same order and length as ids; null where unknown.")
    async def nodes(roots: list[Any], context: Context, ids: Ids) -> list[list[Node | None]]:
        if len(ids) > MOST:
            raise CriteriaError(f"ids: at most {MOST} at once, not {len(ids)}")
        return [await find_nodes(ids, context)] * len(roots)

    @batched("One article by its id, its path or any of its URLs; null where unknown.")
    async def article(
        roots: list[Any],
        context: Context,
        by: Annotated[inputs.ArticleKey, strawberry.argument(description="Which one.")],
    ) -> list[Article | None]:
        path = await path_of(by, context)
        found = await context.store.articles([path], context.viewer.drafts) if path else [None]
        return found * len(roots)

    articles: ArticleConnection = articles_where(
        lambda _root: AllOf(()), "Published ones, newest first, unless the filter or the order say otherwise."
    )

    @batched("One provider by its domain; null where unknown.")
    async def provider(
        roots: list[Any],
        context: Context,
        domain: Annotated[str, strawberry.argument(description="Such as technode.com.")],
    ) -> list[Provider | None]:
        return (await context.store.providers([domain.lower()], context.viewer.drafts)) * len(roots)

    @batched("Providers that have articles or a description, by domain.", page=PAGE_SIZE)
    async def providers(
        roots: list[Any],
        context: Context,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            inputs.ProviderFilter | None, strawberry.argument(description="Only providers that match.")
        ] = None,
    ) -> list[ProviderConnection]:
        where, part = filters.provider_filter(filter), page(first, after, last, before)
        found, total = await context.store.find_providers(where, part, context.viewer.drafts)
        return [FoundPage(found, total=total)] * len(roots)

    @batched("One topic by its slug; null where unknown.")
    async def topic(
        roots: list[Any],
        context: Context,
        slug: Annotated[str, strawberry.argument(description="Such as computer-vision.")],
    ) -> list[Topic | None]:
        return (await context.store.topics([slug], context.viewer.drafts)) * len(roots)

    @batched(f"Topics by slug, {TOPICS_PAGE_SIZE} if neither `first` nor `last` is given.", page=TOPICS_PAGE_SIZE)
    async def topics(
        roots: list[Any],
        context: Context,
        first: FirstTopics = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[inputs.TopicFilter | None, strawberry.argument(description="Only topics that match.")] = None,
    ) -> list[TopicConnection]:
        where, part = filters.topic_filter(filter), page(first, after, last, before, TOPICS_PAGE_SIZE)
        found, total = await context.store.find_topics(where, part, context.viewer.drafts)
        return [FoundPage(found, total=total)] * len(roots)

    @batched("Delta sync with tombstones, in one growing sequence.")
    async def changes(
        roots: list[Any],
        context: Context,
        since: Since = None,
        first: Annotated[int, strawberry.argument(description="How many to return at most, up to 200.")] = 200,
        kinds: ChangeKinds = None,
    ) -> list[ChangePage]:
        return [await changes_after(context, since, first, kinds)] * len(roots)


async def path_of(by: inputs.ArticleKey, context: Context) -> str | None:
    """Return the path of the article that *by* names, or None."""
    if by.path:
        return by.path
    if by.url:
        return (await context.store.resolve([by.url], context.viewer.drafts))[0]
    name, key = split_id(by.id or "") or ("", "")
    return key if name == "Article" else None


async def find_nodes(ids: list[strawberry.ID], context: Context) -> list[Any]:
    """Return the object of each id, None where unknown, asking the store once for each type among them."""
    wanted = [split_id(token) or ("", "") for token in ids]
    found: dict[tuple[str, str], Any] = {}
    for name, fetch in _FETCHERS.items():
        keys = list(dict.fromkeys(key for kind, key in wanted if kind == name))
        if keys:
            found.update(zip([(name, key) for key in keys], await fetch(keys, context), strict=True))
    return [found.get(each) for each in wanted]


async def _articles(paths: list[str], context: Context) -> list[Any]:
    return await context.store.articles(paths, context.viewer.drafts)


async def _stubs(keys: list[str], context: Context) -> list[Any]:
    """Return articles where the stubs' targets have been ingested since, else the stubs."""
    drafts = context.viewer.drafts
    paths = await context.store.resolve(keys, drafts)
    articles = iter(await context.store.articles([path for path in paths if path], drafts))
    summaries = await context.store.summaries(keys, drafts)
    return [next(articles) if path else summary for path, summary in zip(paths, summaries, strict=True)]


async def _providers(domains: list[str], context: Context) -> list[stored.Provider | None]:
    return await context.store.providers(domains, context.viewer.drafts)


async def _topics(slugs: list[str], context: Context) -> list[stored.Topic | None]:
    return await context.store.topics(slugs, context.viewer.drafts)


_FETCHERS = {"Article": _articles, "ArticleStub": _stubs, "Provider": _providers, "Topic": _topics}
