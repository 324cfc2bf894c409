"""Records in, the graph's objects out: articles, stubs, images, providers and topics."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON

from graph.execute.context import Context
from graph.schema.connection import MOST, ArticleConnection, articles_where, at_most
from graph.schema.enums import TextFormat
from graph.schema.fields import attribute, computed, linked
from graph.schema.ids import global_id
from graph.schema.scalars import URL
from store import article as records
from store.criteria import Is, Op, RelatesTo, Some
from store.files.keys import unknown_keys
from store.text import slug

Format = Annotated[TextFormat, strawberry.argument(description="How it is written.")]
MaxLength = Annotated[
    int | None, strawberry.argument(description="Cut at a word to at most this many characters, an ellipsis included.")
]
Few = Annotated[int | None, strawberry.argument(description=f"At most this many, up to {MOST}; all if left out.")]
MinWidth = Annotated[int | None, strawberry.argument(description="Only those at least this many pixels wide.")]
Width = Annotated[int, strawberry.argument(description="The width wanted, in pixels.")]
Topmost = Annotated[int, strawberry.argument(description=f"How many, most shared first; up to {MOST}.")]


def shorten(text: str, length: int) -> str:
    """Return *text* in at most *length* characters, cut between words where it can be."""
    if len(text) <= length:
        return text
    if length < 1:
        return ""
    kept, within = text[: length - 1], text[length - 1] != " "
    return (kept.rsplit(" ", 1)[0] if within and " " in kept else kept) + "…"


def wide_enough(images: Sequence[records.Image], first: int | None, min_width: int | None) -> Sequence[records.Image]:
    """Return the first of the images that are at least *min_width* pixels wide."""
    kept = [image for image in images if min_width is None or (image.width or 0) >= min_width]
    return kept[: at_most(first)]


@strawberry.interface(description="Anything that can be fetched again by its global id.")
class Node:
    @computed("The global id: opaque, and the same for ever.")
    def id(record: Any) -> strawberry.ID:
        return global_id_of(record)


def global_id_of(record: Any) -> strawberry.ID:
    """Return a record's id, made of an article's path, a stub's key, a provider's domain or a topic's slug."""
    match record:
        case records.Article():
            return strawberry.ID(global_id("Article", record.path))
        case records.Summary():
            return strawberry.ID(global_id("ArticleStub", record.key))
        case records.Provider():
            return strawberry.ID(global_id("Provider", record.domain))
        case _:
            return strawberry.ID(global_id("Topic", record.slug))


def _target(record: records.Article | records.Summary) -> RelatesTo:
    return RelatesTo(record.path if isinstance(record, records.Article) else record.key)


@strawberry.interface(description="What an ingested article and one known only from another's `related` share.")
class ArticleSummary(Node):
    @computed("The title.", plain="title_text")
    def title(article: records.Article, format: Format = TextFormat.TEXT) -> str:
        return article.title_text if format is TextFormat.TEXT else article.title

    @computed("A sentence or two on what it says.", plain="excerpt_text")
    def excerpt(article: records.Article, format: Format = TextFormat.TEXT, max_length: MaxLength = None) -> str | None:
        text = article.excerpt_text if format is TextFormat.TEXT else article.excerpt
        return text if text is None or max_length is None else shorten(text, max_length)

    published_at: datetime | None = attribute("When it was published.", name="publishedDateTime")
    web_url: URL | None = attribute("The page on the web, as in the file.")
    amp_web_url: URL | None = attribute("The AMP form of the page, as in the file.")
    cdn_amp_web_url: URL | None = attribute("The AMP form on its CDN, as in the file.")
    type: str = attribute("article, video, …: open, as the files are.")
    quality: int | None = attribute("How good its source says it is.")

    @linked("Who published it.")
    async def provider(articles: list[records.Article], context: Context) -> list[Provider]:
        mentions = [article.provider for article in articles]
        found = await context.store.providers([each.domain for each in mentions], context.viewer.drafts)
        if all(found):
            return found
        pairs = zip(found, mentions, strict=True)
        return [provider or records.Provider(mention.domain, mention.name) for provider, mention in pairs]

    @computed("Its pictures, in file order.", plain="images")
    def images(article: records.Article, first: Few = None, min_width: MinWidth = None) -> list[Image]:
        return wide_enough(article.images, first, min_width)

    @linked("Related entries in file order: an Article where the target is ingested, else a stub. Empty on stubs.")
    async def related(
        articles: list[records.Article | records.Summary], context: Context, first: Few = None
    ) -> list[list[ArticleSummary]]:
        length, whole = at_most(first), [a for a in articles if isinstance(a, records.Article)]
        found = iter(await context.store.related(whole, context.viewer.drafts))
        return [list(next(found))[:length] if isinstance(a, records.Article) else [] for a in articles]

    related_by: ArticleConnection = articles_where(_target, "Articles whose `related` names this one.")


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

    @linked("What it is about, in file order.")
    async def topics(articles: list[records.Article], context: Context) -> list[list[Topic]]:
        slugs = [[slug(name) for name in a.topics] for a in articles]
        wanted = list(dict.fromkeys(chain.from_iterable(slugs)))
        found = dict(zip(wanted, await context.store.topics(wanted, context.viewer.drafts), strict=True))
        return [[topic for each in own if (topic := found[each])] for own in slugs]

    @computed("The smallest picture at least this wide, else the widest.")
    def image(article: records.Article, width: Width = 640) -> Image | None:
        by_width = sorted(article.images, key=lambda image: image.width or 0)
        return next((i for i in by_width if (i.width or 0) >= width), by_width[-1] if by_width else None)

    @linked("Markup to embed, such as a video's player, as in the file: sanitise it before showing it.")
    async def featured_content(articles: list[records.Article], context: Context) -> list[str | None]:
        return [d and d.metadata.get("featuredContent") for d in await _documents(articles, context)]

    @linked("The text below the front matter, when there is one.")
    async def body(articles: list[records.Article], context: Context) -> list[str | None]:
        return [d and d.body for d in await _documents(articles, context)]

    @linked("Front matter keys that have no field of their own; null where there are none.")
    async def extra(articles: list[records.Article], context: Context) -> list[JSON | None]:
        return [d and unknown_keys(d.metadata) for d in await _documents(articles, context)]

    @linked("`ciphertext;iv`, base64, opaque. Needs the scope secured:read; null and one error without it.")
    async def secured(articles: list[records.Article], context: Context) -> list[str | None]:
        if not context.viewer.secured:
            return [_forbidden("secured:read") for _ in articles]
        return [d and d.metadata.get("secured") for d in await _documents(articles, context)]

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return isinstance(value, records.Article)


def _forbidden(scope: str) -> GraphQLError:
    return GraphQLError(f"This needs a key with the scope {scope}.", extensions={"code": "FORBIDDEN", "scope": scope})


async def _documents(articles: list[records.Article], context: Context) -> list[Any]:
    return await context.store.documents([article.path for article in articles])


@strawberry.type(description="A related entry whose target is not ingested. Its id comes from its cleaned URL.")
class ArticleStub(ArticleSummary):
    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return isinstance(value, records.Summary)


@strawberry.type(description="A picture.")
class Image:
    url: URL = attribute("Where it is; absolute where the folder's base URL is known.")
    raw_url: str = attribute("As written in the file.")
    width: int | None = attribute("In pixels.")
    height: int | None = attribute("In pixels.")
    is_cached: bool | None = attribute("Whether its source keeps a copy.")
    title: str | None = attribute("What it shows.")
    attribution: str | None = attribute("Whom to credit.")

    @computed("Width over height.")
    def aspect_ratio(image: records.Image) -> float | None:
        return image.width / image.height if image.width and image.height else None

    articles: ArticleConnection = articles_where(
        lambda image: Some("images", Is("url", Op.EQ, image.url, case_sensitive=True)),
        "Articles that show this picture.",
    )


@strawberry.type(description="Who published; identified by domain, named by its file, else by its most frequent name.")
class Provider(Node):
    domain: str = attribute("Its domain, such as technode.com.")
    name: str = attribute("Its name.")
    aliases: list[str] = attribute("Other names seen.")
    description: str | None = attribute("What it is.")

    @computed("Its pictures, such as a logo in several sizes.", plain="images")
    def images(provider: records.Provider, first: Few = None, min_width: MinWidth = None) -> list[Image]:
        return wide_enough(provider.images, first, min_width)

    articles: ArticleConnection = articles_where(
        lambda provider: Is("provider.domain", Op.EQ, provider.domain, case_sensitive=True), "What it published."
    )

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return isinstance(value, records.Provider)


@strawberry.type(description="A topic that shares articles with another.")
class TopicPair:
    topic: Topic = attribute("The other topic.")
    shared: int = attribute("How many articles have both.", name="sharedCount")
    jaccard: float = attribute("Shared over either, 0 to 1.")


@strawberry.type(description="What articles are about.")
class Topic(Node):
    slug: str = attribute("Its name as it stands in an address.")
    name: str = attribute("Its name.")
    keywords: list[str] = attribute("Words that point to it.")
    hashtags: list[str] = attribute("Hashtags that point to it.")

    @linked("The topic it is a part of.")
    async def parent(topics: list[records.Topic], context: Context) -> list[Topic | None]:
        found = iter(await context.store.topics([t.parent for t in topics if t.parent], context.viewer.drafts))
        return [next(found) if t.parent else None for t in topics]

    @linked("The topics that are parts of it.")
    async def children(topics: list[records.Topic], context: Context) -> list[list[Topic]]:
        found = iter(await context.store.topics([s for t in topics for s in t.children], context.viewer.drafts))
        return [[child for child in [next(found) for _ in t.children] if child] for t in topics]

    articles: ArticleConnection = articles_where(
        lambda topic: Some("topics", Is("slug", Op.EQ, topic.slug, case_sensitive=True)), "What is about it."
    )

    @linked("Topics on the same articles, most shared first.")
    async def co_topics(topics: list[records.Topic], context: Context, first: Topmost = 10) -> list[list[TopicPair]]:
        return await context.store.co_topics([t.slug for t in topics], at_most(first) or 0, context.viewer.drafts)

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return isinstance(value, records.Topic)
