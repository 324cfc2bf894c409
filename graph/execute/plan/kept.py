"""Encoded objects in, the same bytes out again for as long as the store has not changed; bounded in bytes.

Shelves hold what one shape gives under one set of rights and variables. All of them belong to one generation, which
ends when the store's sequence changes and when it has grown past the limit; a request that is still reading from an
older one harms nobody. Meant for one event loop: nothing here is locked, and nothing waits.
"""

from collections.abc import Hashable
from typing import Any

import orjson

ENTRY = 200
"""Bytes that an entry takes besides its contents: its Fragment, its bytes' head, its key and its place in a dict."""
SHELF = 1_000
"""Bytes that an empty shelf takes."""


class Generation:
    """What is kept for one sequence."""

    __slots__ = ("sequence", "shelves", "size")

    def __init__(self, sequence: Any) -> None:
        self.sequence, self.size = sequence, 0
        self.shelves: dict[Hashable, Shelf] = {}


class Shelf:
    """The encoded objects of one shape, by their key."""

    __slots__ = ("generation", "kept", "largest")

    def __init__(self, generation: Generation, largest: int) -> None:
        self.generation, self.largest = generation, largest
        self.kept: dict[Hashable, orjson.Fragment] = {}

    def keep(self, key: Hashable, body: bytes) -> orjson.Fragment:
        """Keep the bytes of one object and return them as orjson takes them in."""
        fragment = orjson.Fragment(bytes(memoryview(body)))  # orjson's own leave the rest of its buffer unusable
        if len(body) <= self.largest:
            self.kept[key] = fragment
            self.generation.size += len(body) + ENTRY
        return fragment


class KeptBytes:
    """All that is kept, up to *limit* bytes; 0 keeps nothing."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.generation = Generation(None)

    def shelf(self, sequence: Any, rights: Hashable, identity: Hashable, within: bytes) -> Shelf | None:
        """Return the shelf for a shape's *identity* at one sequence of the store, or None where nothing is kept.

        *within* tells the values of the variables.
        """
        if not self.limit:
            return None
        name = (identity, rights, within)
        generation = self.generation
        if generation.sequence != sequence or generation.size > self.limit:
            generation = self.generation = Generation(sequence)
        shelf = generation.shelves.get(name)
        if shelf is None:
            shelf = generation.shelves[name] = Shelf(generation, self.limit // 8)
            generation.size += SHELF + len(within)
        return shelf
