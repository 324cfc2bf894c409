"""Keeps all articles sorted by one order, so that a page of any set of them costs little, however large the store.

Sort keys stand in chunks of some hundreds, each with the bitmap of its articles. A page of a set skips the chunks that
hold none of it; an article that changes moves within one chunk or from one to another.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence

from pyroaring import BitMap

from store.article import Article
from store.tiny.memory.orders import Key, Ordering

CHUNK = 512
FEW = 16
"""A chunk is scanned if more than one in this many of its keys is sought; else the keys sought are computed again."""


class Ranking:
    """All articles, sorted; *by_number* is the list that holds them by number, now and later."""

    def __init__(self, ordering: Ordering, by_number: Sequence[Article | None]) -> None:
        self.ordering = ordering
        self._by_number = by_number
        keys = sorted(ordering.key(number, article) for number, article in enumerate(by_number) if article)
        self._chunks = [keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK)] or [[]]
        self._members = [BitMap([key[-1] for key in chunk]) for chunk in self._chunks]
        self._ends: list[Key] = [chunk[-1] for chunk in self._chunks[:-1]]

    def add(self, number: int, article: Article) -> None:
        """Put *article* in its place."""
        key = self.ordering.key(number, article)
        at = bisect_left(self._ends, key)
        chunk = self._chunks[at]
        insort(chunk, key)
        self._members[at].add(number)
        if len(chunk) > 2 * CHUNK:
            self._split(at)

    def remove(self, number: int, article: Article) -> None:
        """Take out what `add` put in."""
        key = self.ordering.key(number, article)
        at = bisect_left(self._ends, key)
        chunk = self._chunks[at]
        del chunk[bisect_left(chunk, key)]
        self._members[at].discard(number)
        if not chunk and len(self._chunks) > 1:
            del self._chunks[at], self._members[at]
            del self._ends[min(at, len(self._ends) - 1)]

    def since(self, bound: Key | None, among: BitMap) -> Iterator[Key]:
        """Yield the keys of *among* from *bound* on, the beginning of a key or None, from the first."""
        at, start = 0, 0
        if bound is not None:
            at = bisect_left(self._ends, bound)
            start = bisect_left(self._chunks[at], bound)
        for index in range(at, len(self._chunks)):
            yield from self._hits(index, among, start, len(self._chunks[index]))
            start = 0

    def before(self, bound: Key | None, among: BitMap) -> Iterator[Key]:
        """Yield the keys of *among* ahead of *bound*, from the last."""
        at = len(self._chunks) - 1
        stop = len(self._chunks[at])
        if bound is not None:
            at = bisect_left(self._ends, bound)
            stop = bisect_left(self._chunks[at], bound)
        for index in range(at, -1, -1):
            yield from self._hits(index, among, 0, stop, backwards=True)
            stop = len(self._chunks[index - 1])

    def span(self, low: Key, high: Key) -> BitMap:
        """Return the articles whose keys lie between two beginnings of keys."""
        first, last = bisect_left(self._ends, low), bisect_left(self._ends, high)
        start, stop = bisect_left(self._chunks[first], low), bisect_left(self._chunks[last], high)
        if first == last:
            return BitMap([key[-1] for key in self._chunks[first][start:stop]])
        edges = BitMap([key[-1] for key in self._chunks[first][start:] + self._chunks[last][:stop]])
        return edges.union(*self._members[first + 1 : last])

    def _hits(self, index: int, among: BitMap, start: int, stop: int, backwards: bool = False) -> Iterable[Key]:
        """Return the keys of *among* in a part of a chunk; many of them one by one, since few may be wanted."""
        chunk, sought = self._chunks[index], among & self._members[index]
        if not sought:
            return ()
        if len(sought) * FEW > len(chunk) or (start, stop) != (0, len(chunk)):
            keys = chunk[start:stop]
            return (key for key in (reversed(keys) if backwards else keys) if key[-1] in sought)
        articles = ((number, self._by_number[number]) for number in sought)
        hits = (self.ordering.key(number, article) for number, article in articles if article)
        return sorted(hits, reverse=backwards)

    def _split(self, at: int) -> None:
        chunk = self._chunks[at]
        halves = chunk[:CHUNK], chunk[CHUNK:]
        self._chunks[at : at + 1] = halves
        self._members[at : at + 1] = [BitMap([key[-1] for key in half]) for half in halves]
        self._ends.insert(at, halves[0][-1])
