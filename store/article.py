"""Defines the entities that a store answers with: articles, and the images, providers, topics and summaries in them.

They hold what pages are made of. The body, the opaque `secured` value and the keys without a field of their own stay in
the stored document, which `Store.documents` reads on demand.
"""

from datetime import datetime

from msgspec import Struct


class Image(Struct, frozen=True, gc=False, array_like=True):
    """A picture: `url` is absolute where a base URL is known, `raw_url` as written in the file; sizes in pixels."""

    url: str
    raw_url: str
    width: int | None = None
    height: int | None = None
    is_cached: bool | None = None
    title: str | None = None
    attribution: str | None = None


class Mention(Struct, frozen=True, gc=False, array_like=True):
    """A provider as one article names it; `domain` is lower case and identifies it."""

    domain: str
    named: str | None
    """Its name in the article's file, if it has one there."""
    images: tuple[Image, ...] = ()

    @property
    def name(self) -> str:
        """Return what it is called: its name in the file, else its domain."""
        return self.named or self.domain


class Summary(Struct, frozen=True, gc=False, array_like=True):
    """An embedded `related` entry: what one article says of another.

    `key` is its cleaned URL, or `PATH#related/N` (N from 0) where it has none; `urls` are all its cleaned URLs.
    Titles and excerpts come in two forms: as in the file, and as text (entities decoded, tags stripped, spaces folded).
    """

    key: str
    urls: tuple[str, ...]
    title: str
    title_text: str
    provider: Mention
    type: str = "article"
    excerpt: str | None = None
    excerpt_text: str | None = None
    published_at: datetime | None = None
    original_url: str | None = None
    web_url: str | None = None
    amp_web_url: str | None = None
    cdn_amp_web_url: str | None = None
    quality: int | None = None
    images: tuple[Image, ...] = ()


class Article(Struct, frozen=True, gc=False, array_like=True):
    """One source file. `path` (below its source folder, with the source's name before it) identifies it.

    `urls` are its cleaned URLs, by any of which it is found; `topics` are names as written. `content_hash` leaves
    `secured` and `heat` out; `digest` is that of the file's bytes.
    """

    path: str
    source: str
    slug: str
    urls: tuple[str, ...]
    title: str
    title_text: str
    provider: Mention
    type: str
    published: bool
    ingested_at: datetime
    content_hash: str
    digest: str
    excerpt: str | None = None
    excerpt_text: str | None = None
    published_at: datetime | None = None
    category: str | None = None
    original_url: str | None = None
    web_url: str | None = None
    amp_web_url: str | None = None
    cdn_amp_web_url: str | None = None
    canonical_url: str | None = None
    quality: int | None = None
    heat: int | None = None
    topics: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    related: tuple[Summary, ...] = ()


class Provider(Struct, frozen=True, gc=False):
    """Who published: named by its organization file, else by its most frequent name; `aliases` are the other names."""

    domain: str
    name: str
    aliases: tuple[str, ...] = ()
    description: str | None = None
    images: tuple[Image, ...] = ()


class Topic(Struct, frozen=True, gc=False):
    """What articles are about; `parent` and `children` are slugs."""

    slug: str
    name: str
    parent: str | None = None
    children: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()


class Organization(Struct, frozen=True, gc=False):
    """What a file with `taxonomy: organization` says of a provider."""

    path: str
    domain: str
    name: str
    other_names: tuple[str, ...] = ()
    description: str | None = None
    images: tuple[Image, ...] = ()


class TopicEntry(Struct, frozen=True, gc=False):
    """What a file with `taxonomy: topic` says of a topic; `parent` is a slug."""

    path: str
    slug: str
    name: str
    parent: str | None = None
    keywords: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
