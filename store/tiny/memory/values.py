"""Indexes the articles by a value that they hold.

`Values` is for keys of few distinct values (a topic, a type), `Postings` for those where nearly each article has its
own (a URL, a slug).
"""

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

from pyroaring import BitMap

from store.article import Article
from store.tiny.memory.predicates import fold

V = TypeVar("V", bound=Hashable)
NOTHING = BitMap()


class Values(Generic[V]):
    """A bitmap for each distinct value; values are found by their group, such as all spellings of one name."""

    def __init__(self, of: Callable[[Article], Iterable[V]], group: Callable[[V], Hashable] = fold) -> None:
        self._of, self._group = of, group
        self.bitmaps: dict[V, BitMap] = {}
        self._groups: dict[Hashable, dict[V, None]] = {}

    def add(self, number: int, article: Article) -> None:
        """Count *article* in."""
        for value in self._of(article):
            bitmap = self.bitmaps.get(value)
            if bitmap is None:
                bitmap = self.bitmaps[value] = BitMap()
                self._groups.setdefault(self._group(value), {})[value] = None
            bitmap.add(number)

    def remove(self, number: int, article: Article) -> None:
        """Take out what `add` put in."""
        for value in self._of(article):
            bitmap = self.bitmaps.get(value)
            if bitmap is None:
                continue
            bitmap.discard(number)
            if not bitmap:
                del self.bitmaps[value]
                group = self._groups[self._group(value)]
                del group[value]
                if not group:
                    del self._groups[self._group(value)]

    def holding(self, value: V) -> BitMap:
        """Return the articles that hold exactly *value*; not to be changed."""
        return self.bitmaps.get(value, NOTHING)

    def group(self, group: Hashable) -> Iterable[V]:
        """Return the values of one group."""
        return self._groups.get(group, ())

    def where(self, predicate: Callable[[V], bool], groups: Iterable[Hashable] | None = None) -> BitMap:
        """Return the articles with a value that *predicate* takes; *groups* narrows the values to look at."""
        values = self.bitmaps if groups is None else (value for group in groups for value in self.group(group))
        return BitMap.union(NOTHING, *[self.bitmaps[value] for value in values if predicate(value)])


class Postings:
    """The numbers of the articles behind each key: a bare int where there is one, as there mostly is."""

    def __init__(self, of: Callable[[Article], Iterable[str]]) -> None:
        self._of = of
        self._numbers: dict[str, int | tuple[int, ...]] = {}

    def add(self, number: int, article: Article) -> None:
        """Count *article* in."""
        for key in self._of(article):
            held = self._numbers.setdefault(key, number)
            if held == number:
                continue
            several = (held,) if isinstance(held, int) else held
            if number not in several:
                self._numbers[key] = (*several, number)

    def remove(self, number: int, article: Article) -> None:
        """Take out what `add` put in."""
        for key in self._of(article):
            held = self._numbers.get(key)
            if held == number:
                del self._numbers[key]
            elif isinstance(held, tuple):
                left = tuple(other for other in held if other != number)
                self._numbers[key] = left[0] if len(left) == 1 else left

    def get(self, key: str) -> tuple[int, ...]:
        """Return the numbers behind *key*."""
        held = self._numbers.get(key)
        return () if held is None else (held,) if isinstance(held, int) else held
