"""Loads the state of an opened store: articles from the cache file if it is current, else from their documents."""

from pathlib import Path

from store.base import Kind
from store.files.entities import entity
from store.files.garbage import collecting_later
from store.tiny.disk.layout import TABLES, decode
from store.tiny.disk.reader import Reader
from store.tiny.memory import cache
from store.tiny.memory.articles import Articles
from store.tiny.memory.state import State
from store.tiny.search.fulltext import Body


def loaded(storage: Reader, copy: Path, body: Body) -> State:
    """Return the state of all documents; no record may be delivered meanwhile."""
    state = State(body)
    with collecting_later():
        for kind, table in TABLES.items():
            if kind is Kind.ARTICLE and _has_copied(state.articles, copy, storage.stamp):
                continue
            for _, data in storage.documents(table):
                document = decode(data)
                state.put(document, entity(document))
    return state


def _has_copied(articles: Articles, copy: Path, stamp: str) -> bool:
    try:
        articles.fill(list(cache.read(copy, stamp)))  # all of them, or none
    except ValueError:
        return False
    return True
