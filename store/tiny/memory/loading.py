"""Loads the state of an opened store: articles from the cache file if it is current, else from their documents."""

from pathlib import Path

from store.base import Document, Kind
from store.errors import ArticleError
from store.files.entities import Entity, entity
from store.files.garbage import collecting_later
from store.tiny.disk.layout import TABLES, decode, unreadable
from store.tiny.disk.reader import Contents
from store.tiny.memory import cache
from store.tiny.memory.articles import Articles
from store.tiny.memory.state import State
from store.tiny.search.fulltext import Body


def loaded(contents: Contents, copy: Path, body: Body) -> State:
    """Return the state of all documents, which must not change meanwhile. Raises StoreDamagedError."""
    state = State(body)
    with collecting_later():
        for kind, table in TABLES.items():
            if kind is Kind.ARTICLE and _has_copied(state.articles, copy, contents.stamp):
                continue
            for _, data in contents.documents(table):
                state.put(*built(data))
    state.changed()
    return state


def built(data: bytes) -> tuple[Document, Entity]:
    """Return a document from its stored form, and the entity that it describes. Raises StoreDamagedError."""
    document = decode(data)
    try:
        return document, entity(document)
    except (ArticleError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise unreadable(data, str(error)) from error


def _has_copied(articles: Articles, copy: Path, stamp: str) -> bool:
    try:
        articles.fill(list(cache.read(copy, stamp)))  # all of them, or none
    except ValueError:
        return False
    return True
