"""Caches encoded objects for as long as the store does not change, so that answers are put together from their bytes.

A fragment here is a piece of JSON (`orjson.Fragment`), not one of a document. The cache has a region for each shape,
rights and variables. All regions belong to one generation, which ends when the store's sequence changes or when it has
grown past the limit; a request that still reads from an older one does no harm. Made for one event loop: nothing is
locked, nothing waits.

It is no `cachetools.LRUCache`, since a level of objects is looked up in one comprehension over a plain dict: the
bookkeeping of an LRU takes four times as long for each object, and a change of the store outdates all of them at once.
"""

from collections.abc import Hashable
from typing import Any

import orjson

ENTRY = 200
"""Bytes that an entry takes besides its contents: its Fragment, its bytes' head, its key and its slot in a dict."""
REGION = 1_000
"""Bytes that an empty region takes."""


class Generation:
    """All regions of one sequence of the store; `size` is what they take, in bytes."""

    __slots__ = ("regions", "sequence", "size")

    def __init__(self, sequence: Any) -> None:
        self.sequence, self.size = sequence, 0
        self.regions: dict[Hashable, Region] = {}


class Region:
    """The encoded objects of one shape, by their key."""

    __slots__ = ("fragments", "generation", "largest")

    def __init__(self, generation: Generation, largest: int) -> None:
        self.generation, self.largest = generation, largest
        self.fragments: dict[Hashable, orjson.Fragment] = {}

    def add(self, key: Hashable, body: bytes) -> orjson.Fragment:
        """Cache the bytes of one object, unless they are too many, and return them as orjson takes them."""
        fragment = orjson.Fragment(bytes(memoryview(body)))  # orjson's own leave the rest of its buffer unusable
        if len(body) <= self.largest:
            self.fragments[key] = fragment
            self.generation.size += len(body) + ENTRY
        return fragment


class FragmentCache:
    """Encoded objects, up to *limit* bytes; 0 caches nothing."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.generation = Generation(None)

    def region(self, sequence: Any, rights: Hashable, identity: Hashable, variables: bytes) -> Region | None:
        """Return the region of the shape with this *identity* at one sequence of the store, None if nothing is cached.

        *variables* are the values of those within the shape, encoded.
        """
        if not self.limit:
            return None
        name = (identity, rights, variables)
        generation = self.generation
        if generation.sequence != sequence or generation.size > self.limit:
            generation.regions.clear()  # each refers to its generation: as a cycle they would wait for the collector
            generation = self.generation = Generation(sequence)
        region = generation.regions.get(name)
        if region is None:
            region = generation.regions[name] = Region(generation, self.limit // 8)
            generation.size += REGION + len(variables)
        return region
