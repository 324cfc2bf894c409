"""Declares the types Article and ArticleStub, and the interface ArticleSummary of what both have."""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON

from graph.document.cost.selections import Whole
from graph.execute.context import Context
from graph.schema.byline import Byline
from graph.schema.connection import ArticleConnection, Few, articles_where, at_most
from graph.schema.enums import TextFormat
from graph.schema.extensions import cached_by
from graph.schema.fields import attribute, batched, computed
from graph.schema.image import Image, MinWidth, wide_enough
from graph.schema.node import Node
from graph.schema.provider import Provider
from graph.schema.scalars import URL
from graph.schema.topic import Topic
from store import article as stored
from store.criteria import RelatesTo
from store.files.keys import unknown_keys
from store.text import slug

Format = Annotated[TextFormat, strawberry.argument(description="How it is written.")]
MaxLength = Annotated[
    int | None, strawberry.argument(description="Cut at a word to at most this many characters, an ellipsis included.")
]
Width = Annotated[int, strawberry.argument(description="The width wanted, in pixels.")]

FROM_DOCUMENT = 50
"""Values that a field counts as for which the store reads the article's document."""


def shorten(text: str, length: int) -> str:
    """Return *text* in at most *length* characters, cut between words where it can be."""
    if len(text) <= length:
        return text
    if length < 1:
        return ""
    head, cuts_word = text[: length - 1], text[length - 1] != " "
    return (head.rsplit(" ", 1)[0] if cuts_word and " " in head else head) + "…"


def _relating(target: stored.Article | stored.Summary) -> RelatesTo:
    return RelatesTo(target.path if isinstance(target, stored.Article) else target.key)


@strawberry.interface(description="What an ingested article and one known only from another's `related` share.")
class ArticleSummary(Node):
    @computed("The title.", default="title_text")
    def title(article: stored.Article, format: Format = TextFormat.TEXT) -> str:
        return article.title_text if format is TextFormat.TEXT else article.title

    @computed("A sentence or two on what it says.", default="excerpt_text")
    def excerpt(article: stored.Article, format: Format = TextFormat.TEXT, max_length: MaxLength = None) -> str | None:
        text = article.excerpt_text if format is TextFormat.TEXT else article.excerpt
        return text if text is None or max_length is None else shorten(text, max_length)

    published_at: datetime | None = attribute("When it was published.", name="publishedDateTime")
    web_url: URL | None = attribute("The page on the web, as in the file.")
    amp_web_url: URL | None = attribute("The AMP form of the page, as in the file.")
    cdn_amp_web_url: URL | None = attribute("The AMP form on its CDN, as in the file.")
    type: str = attribute("article, video, …: open, as the files are.")
    quality: int | None = attribute("How good its source says it is.")

    @computed("Whom its own file names; `provider` is one for all articles of a domain.", default="provider")
    def byline(article: stored.Article) -> Byline:
        return article.provider

    @batched("Who published it.")
    async def provider(articles: list[stored.Article], context: Context) -> list[Provider]:
        mentions = [article.provider for article in articles]
        found = await context.store.providers([each.domain for each in mentions], context.viewer.drafts)
        if all(found):
            return found
        pairs = zip(found, mentions, strict=True)
        return [provider or stored.Provider(mention.domain, mention.name) for provider, mention in pairs]

    @computed("Its pictures, in file order.", default="images", length=Whole("images"))
    def images(article: stored.Article, first: Few = None, min_width: MinWidth = None) -> list[Image]:
        return wide_enough(article.images, first, min_width)

    @batched(
        "Related entries in file order: an Article where the target is ingested, else a stub. Empty on stubs.",
        length=Whole("related"),
    )
    async def related(
        articles: list[stored.Article | stored.Summary], context: Context, first: Few = None
    ) -> list[list[ArticleSummary]]:
        length, whole = at_most(first), [a for a in articles if isinstance(a, stored.Article)]
        found = iter(await context.store.related(whole, context.viewer.drafts))
        return [list(next(found))[:length] if isinstance(a, stored.Article) else [] for a in articles]

    related_by: ArticleConnection = articles_where(_relating, "Articles whose `related` names this one.")


@cached_by("path")
@strawberry.type(description="One source file.")
class Article(ArticleSummary):
    path: str = attribute("Path of the file below its source folder: the stable natural key.")
    slug: str = attribute("The name of the file without date and ending.")
    category: str | None = attribute("The category, such as news.")
    original_url: URL | None = attribute("Where it was first published, as in the file.")
    canonical_url: URL | None = attribute("`webUrl`, else `originalUrl`, without AMP, trackers and fragment.")
    heat: int | None = attribute("How much it is talked about; can be negative.")
    published: bool = attribute("Whether it is published.")
    ingested_at: datetime = attribute("When its file was first read.")
    content_hash: str = attribute("Digest of its content without `secured` and `heat`.")

    @batched("What it is about, in file order.", length=Whole("topics"))
    async def topics(articles: list[stored.Article], context: Context) -> list[list[Topic]]:
        slugs = [[slug(name) for name in a.topics] for a in articles]
        wanted = list(dict.fromkeys(chain.from_iterable(slugs)))
        found = dict(zip(wanted, await context.store.topics(wanted, context.viewer.drafts), strict=True))
        return [[topic for each in own if (topic := found[each])] for own in slugs]

    @computed("The smallest picture at least this wide, else the widest.")
    def image(article: stored.Article, width: Width = 640) -> Image | None:
        by_width = sorted(article.images, key=lambda image: image.width or 0)
        return next((i for i in by_width if (i.width or 0) >= width), by_width[-1] if by_width else None)

    @batched(
        "Markup to embed, such as a video's player, as in the file: sanitise it before showing it.",
        values=FROM_DOCUMENT,
    )
    async def featured_content(articles: list[stored.Article], context: Context) -> list[str | None]:
        return [d and d.metadata.get("featuredContent") for d in await _documents(articles, context)]

    @batched("The text below the front matter, when there is one.", values=FROM_DOCUMENT)
    async def body(articles: list[stored.Article], context: Context) -> list[str | None]:
        return [d and d.body for d in await _documents(articles, context)]

    @batched("Front matter keys that have no field of their own; null where there are none.", values=FROM_DOCUMENT)
    async def extra(articles: list[stored.Article], context: Context) -> list[JSON | None]:
        return [d and unknown_keys(d.metadata) for d in await _documents(articles, context)]

    @batched(
        "`ciphertext;iv`, base64, opaque. Needs the scope secured:read; null and one error without it.",
        values=FROM_DOCUMENT,
    )
    async def secured(articles: list[stored.Article], context: Context) -> list[str | None]:
        if not context.viewer.secured:
            return [_forbidden("secured:read") for _ in articles]
        return [d and d.metadata.get("secured") for d in await _documents(articles, context)]

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return isinstance(value, stored.Article)


def _forbidden(scope: str) -> GraphQLError:
    return GraphQLError(f"This needs a key with the scope {scope}.", extensions={"code": "FORBIDDEN", "scope": scope})


async def _documents(articles: list[stored.Article], context: Context) -> list[Any]:
    return await context.store.documents([article.path for article in articles])


@cached_by("key")
@strawberry.type(description="A related entry whose target is not ingested. Its id comes from its cleaned URL.")
class ArticleStub(ArticleSummary):
    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return isinstance(value, stored.Summary)
