"""Caches what queries gave, least recently used out first, so that equal ones are answered once between two changes."""

from collections.abc import Hashable
from typing import Any, TypeVar

from cachetools import LRUCache
from msgspec import Struct

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
LARGEST = 4_096
"""Characters and values of the largest query that is cached beside others."""


class QueryCache(LRUCache[K, V]):
    """An LRU cache of so many queries, whose keys are filters, searches or criteria. Not safe for threads."""

    def find(self, query: K) -> V | None:
        """Return what was cached for *query*. Quicker than `get`, which hashes the query once more."""
        try:
            return self[query]
        except KeyError:
            return None

    def __setitem__(self, query: K, value: V) -> None:
        """Cache a value; for a large query, instead of all that is there."""
        if not is_small(query):
            self.clear()
        super().__setitem__(query, value)


def is_small(query: Any, most: int = LARGEST) -> bool:
    """Whether a query has at most so many characters and values."""
    pending, left = [query], most
    while pending and left > 0:
        value = pending.pop()
        if isinstance(value, str):
            left -= len(value)
        elif isinstance(value, tuple):
            left -= len(value)
            pending += value[: max(left, 0)]
        elif isinstance(value, Struct):
            pending += [getattr(value, name) for name in value.__struct_fields__]
        left -= 1
    return left > 0
