"""Builds the entity that a document describes: an article, an organization or a topic.

Metadata is trusted to be typed, as `store.files.documents` and `store.files.keys.typed` make it; that a title and a
provider are there is looked at again, since a document need not come from a file.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import orjson

from store.article import Article, Image, Mention, Organization, Summary, TopicEntry
from store.base import Document, Kind
from store.errors import ArticleError, Problem
from store.files.keys import URL_KEYS
from store.text import article_slug, slug, text_form
from store.urls import absolute, canonical, clean, domain, home

UNHASHED = ("secured", "heat")
"""Keys that change on most edits without the article changing."""
Entity = Article | Organization | TopicEntry


def entity(document: Document) -> Entity:
    """Return what *document* describes. Raises ArticleError where it is not valid."""
    return _BUILD[document.kind](document)


def is_published(document: Document) -> bool:
    """Whether readers without drafts see this article."""
    return document.metadata.get("published") is not False and document.metadata.get("removed") is not True


def article(document: Document) -> Article:
    """Return an article. Raises ArticleError where title or provider are missing."""
    metadata, path, base = document.metadata, document.path, document.base_url
    get = metadata.get
    title = _title(metadata, path)
    excerpt = get("excerpt")
    addresses = _addresses(metadata)
    shown = get("webUrl") or get("originalUrl")
    return Article(
        path=path,
        source=document.source,
        slug=article_slug(path),
        urls=_cleaned(addresses),
        title=title,
        title_text=text_form(title),
        provider=_provider(metadata, addresses, base, path),
        type=get("type") or "article",
        published=is_published(document),
        ingested_at=document.ingested_at,
        content_hash=content_hash(document),
        digest=document.digest,
        excerpt=excerpt,
        excerpt_text=None if excerpt is None else text_form(excerpt),
        published_at=_instant(get("publishedDateTime")),
        category=get("category"),
        original_url=get("originalUrl"),
        web_url=get("webUrl"),
        amp_web_url=get("ampWebUrl"),
        cdn_amp_web_url=get("cdnAmpWebUrl"),
        canonical_url=canonical(shown) if shown else None,
        quality=get("quality"),
        heat=get("heat"),
        topics=_distinct(get("topics") or ()),
        images=_images(get("images"), base),
        related=tuple(
            _summary(entry, f"{path}#related/{position}", base) for position, entry in enumerate(get("related") or ())
        ),
    )


def organization(document: Document) -> Organization:
    """Return what an organization file says of a provider. Raises ArticleError where it names no domain."""
    get = document.metadata.get
    site = home(get("domain") or "") or home(get("_id") or "")
    if not site:
        raise _missing(document.path, "an organization needs a domain")
    return Organization(
        path=document.path,
        domain=site,
        name=get("name") or site,
        other_names=_distinct(get("otherNames") or ()),
        description=get("description"),
        images=_images(get("images"), document.base_url),
    )


def topic(document: Document) -> TopicEntry:
    """Return what a topic file says. Raises ArticleError where it has no name."""
    get = document.metadata.get
    name = (get("name") or "").strip()
    if not name:
        raise _missing(document.path, "a topic needs a name")
    return TopicEntry(
        path=document.path,
        slug=slug(name),
        name=name,
        parent=slug(get("parent")) if get("parent") else None,
        keywords=_distinct(get("keywords") or ()),
        hashtags=_distinct(tag for line in get("hashtags") or () for tag in line.split()),
    )


_BUILD: Mapping[Kind, Callable[[Document], Entity]] = {
    Kind.ARTICLE: article,
    Kind.ORGANIZATION: organization,
    Kind.TOPIC: topic,
}


def content_hash(document: Document) -> str:
    """Return a digest of all that an article says, without `secured` and `heat`; the order of keys does not count."""
    said = {key: value for key, value in document.metadata.items() if key not in UNHASHED}
    raw = orjson.dumps((said, document.body), option=orjson.OPT_SORT_KEYS)
    return blake2b(raw, digest_size=16).hexdigest()


def _summary(entry: Mapping[str, Any], otherwise: str, base: str | None) -> Summary:
    get = entry.get
    title = _title(entry, otherwise)
    excerpt = get("excerpt")
    addresses = _addresses(entry)
    urls = _cleaned(addresses)
    return Summary(
        key=urls[0] if urls else otherwise,
        urls=urls,
        title=title,
        title_text=text_form(title),
        provider=_provider(entry, addresses, base, otherwise),
        type=get("type") or "article",
        excerpt=excerpt,
        excerpt_text=None if excerpt is None else text_form(excerpt),
        published_at=_instant(get("publishedDateTime")),
        original_url=get("originalUrl"),
        web_url=get("webUrl"),
        amp_web_url=get("ampWebUrl"),
        cdn_amp_web_url=get("cdnAmpWebUrl"),
        quality=get("quality"),
        images=_images(get("images"), base),
    )


def _title(entry: Mapping[str, Any], path: str) -> str:
    title: str | None = entry.get("title") or entry.get("name")
    if not title:
        raise _missing(path, "expected a title (or a name)")
    return title


def _addresses(entry: Mapping[str, Any]) -> list[str]:
    return [address for key in URL_KEYS if (address := entry.get(key))]


def _cleaned(addresses: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(clean, addresses)))


def _provider(entry: Mapping[str, Any], addresses: list[str], base: str | None, path: str) -> Mention:
    provider = entry.get("provider") or {}
    site = home(provider.get("domain") or "") or next(filter(None, map(domain, addresses)), "")
    if not site:
        raise _missing(path, "expected a provider with a domain, or a URL to take it from")
    name = provider.get("name") or None
    images = provider.get("images")
    return Mention(site, name, _images(images, base)) if images else _mention(site, name)


@lru_cache(maxsize=8192)
def _mention(site: str, name: str | None) -> Mention:
    return Mention(site, name)


def _images(images: Iterable[Mapping[str, Any]] | None, base: str | None) -> tuple[Image, ...]:
    if not images:
        return ()
    return tuple(_image(image.get, base) for image in images)


def _image(get: Any, base: str | None) -> Image:
    raw = get("url")
    url = raw if raw.startswith(("https://", "http://")) else absolute(raw, base)
    return Image(url, raw, get("width"), get("height"), get("isCached"), get("title"), get("attribution"))


def _instant(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _missing(path: str, message: str) -> ArticleError:
    return ArticleError(Problem(path, None, "value.missing", message))
