"""Cuts one page out of a set of articles in a given order, and makes its cursors."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Protocol, TypeVar

from pyroaring import BitMap

from store.article import Article
from store.criteria import Order, Page, Slice
from store.errors import CriteriaError
from store.tiny.memory.articles import Articles
from store.tiny.memory.cursors import Cursors, decode
from store.tiny.memory.orders import LAST, RELEVANCE, Key, Ordering, Raw
from store.tiny.memory.ranking import Ranking

T = TypeVar("T")
BEST_FIRST = Order(RELEVANCE)
FEW = 48
"""Up to so many articles are sorted for a page; more are walked in a ranking."""


class Line(Protocol):
    """Sort keys that can be walked both ways from any bound."""

    def since(self, bound: Key | None) -> Iterator[Key]:
        """Yield the keys from *bound* on, from the first."""

    def before(self, bound: Key | None) -> Iterator[Key]:
        """Yield the keys ahead of *bound*, from the last."""


class Sorted:
    """A line over sorted keys."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = keys

    def since(self, bound: Key | None) -> Iterator[Key]:
        """Yield the keys from *bound* on, from the first."""
        return islice(self._keys, 0 if bound is None else bisect_left(self._keys, bound), None)

    def before(self, bound: Key | None) -> Iterator[Key]:
        """Yield the keys ahead of *bound*, from the last."""
        stop = len(self._keys) if bound is None else bisect_left(self._keys, bound)
        return (self._keys[index] for index in range(stop - 1, -1, -1))


class Hits:
    """A line over hits of a search, which come sorted by score; those of equal score are sorted when reached."""

    def __init__(self, articles: Articles, ordering: Ordering, hits: Sequence[tuple[float, int]]) -> None:
        self._articles, self._ordering, self._hits = articles, ordering, hits

    def since(self, bound: Key | None) -> Iterator[Key]:
        """Yield the keys from *bound* on, from the first."""
        start = 0 if bound is None else bisect_left(self._hits, bound[1], key=_score)
        for _, tied in groupby(islice(self._hits, start, None), key=_score):
            yield from (key for key in self._keys(tied) if bound is None or key >= bound)

    def before(self, bound: Key | None) -> Iterator[Key]:
        """Yield the keys ahead of *bound*, from the last."""
        stop = len(self._hits) if bound is None else bisect_right(self._hits, bound[1], key=_score)
        ahead = (self._hits[index] for index in range(stop - 1, -1, -1))
        for _, tied in groupby(ahead, key=_score):
            yield from (key for key in reversed(self._keys(tied)) if bound is None or key < bound)

    def _keys(self, hits: Iterable[tuple[float, int]]) -> list[Key]:
        return sorted(self._ordering.key(number, self._articles.number(number), -score) for score, number in hits)


class Ranked:
    """A line over those articles of a ranking that are *among* a set."""

    def __init__(self, ranking: Ranking, among: BitMap) -> None:
        self._ranking, self._among = ranking, among

    def since(self, bound: Key | None) -> Iterator[Key]:
        """Yield the keys from *bound* on, from the first."""
        return self._ranking.since(bound, self._among)

    def before(self, bound: Key | None) -> Iterator[Key]:
        """Yield the keys ahead of *bound*, from the last."""
        return self._ranking.before(bound, self._among)


@dataclass(frozen=True, slots=True)
class Cut:
    """The keys of one page, and whether more lie on either side."""

    keys: list[Key]
    has_next: bool
    has_previous: bool


def cut(line: Line, page: Page, bound: Callable[[str], Key]) -> Cut:
    """Return *page* of *line*; *bound* reads a cursor. Without a size it reaches as far as its cursors let it.

    Raises CriteriaError for a page that makes no sense.
    """
    _check(page)
    low = None if page.after is None else (*bound(page.after), LAST)
    high = None if page.before is None else bound(page.before)
    if page.last is None:
        keys, more = _take(line.since(low), page.first, lambda key: high is not None and key >= high)
        return Cut(keys, more, low is not None and _any(line.before(low)))
    keys, more = _take(line.before(high), page.last, lambda key: low is not None and key <= low)
    return Cut(keys[::-1], high is not None and _any(line.since(high)), more)


def paged(articles: Articles, ordering: Ordering, among: BitMap, page: Page) -> Slice[Article]:
    """Return one page of the articles *among*, in this order."""
    line: Line
    if len(among) <= FEW:
        line = Sorted(sorted(ordering.key(number, articles.number(number)) for number in among))
    else:
        line = Ranked(articles.ranking(ordering), among)
    part = cut(line, page, lambda cursor: ordering.checked_bound(decode(cursor, ordering.signature)))
    items = [articles.number(key[-1]) for key in part.keys]
    return Slice(items, Cursors(ordering.signature, items, ordering.raw), part.has_next, part.has_previous)


def scored(
    articles: Articles, ordering: Ordering, among: BitMap, scores: Mapping[int, float], page: Page
) -> Slice[Article]:
    """Return one page of the articles *among*, in an order that their *scores*, best first, decide too."""
    line: Line
    if ordering.terms == (BEST_FIRST,):
        line = Hits(articles, ordering, [(-score, number) for number, score in scores.items() if number in among])
    else:
        line = Sorted(sorted(ordering.key(number, articles.number(number), scores[number]) for number in among))
    part = cut(line, page, lambda cursor: ordering.checked_bound(decode(cursor, ordering.signature)))
    items = [articles.number(key[-1]) for key in part.keys]
    own = {item.path: scores[key[-1]] for item, key in zip(items, part.keys, strict=True)}  # not all: pages are kept

    def raw(article: Article) -> list[Raw]:
        return ordering.raw(article, own[article.path])

    return Slice(items, Cursors(ordering.signature, items, raw), part.has_next, part.has_previous)


def listed(items: Sequence[T], by: Callable[[T], str], signature: str, page: Page) -> Slice[T]:
    """Return one page of *items*, which are sorted by the text that *by* gives."""

    def bound(cursor: str) -> Key:
        match decode(cursor, signature):
            case [str(text)]:
                return (text,)
            case _:
                raise CriteriaError("the cursor is of another list")

    part = cut(Sorted([(by(item), number) for number, item in enumerate(items)]), page, bound)
    found = [items[key[-1]] for key in part.keys]
    return Slice(found, Cursors(signature, found, lambda item: (by(item),)), part.has_next, part.has_previous)


def _score(hit: tuple[float, int]) -> float:
    return hit[0]


def _check(page: Page) -> None:
    if page.first is not None and page.last is not None:
        raise CriteriaError("a page has a first or a last, not both")
    for name, size in (("first", page.first), ("last", page.last)):
        if size is not None and size < 0:
            raise CriteriaError(f"{name} is a number of items, and so not {size}")


def _take(keys: Iterator[Key], size: int | None, stop: Callable[[Key], bool]) -> tuple[list[Key], bool]:
    """Return up to *size* keys, and whether another follows them."""
    taken: list[Key] = []
    for key in keys:
        if len(taken) == size or stop(key):
            return taken, True
        taken.append(key)
    return taken, False


def _any(keys: Iterator[Key]) -> bool:
    return next(keys, None) is not None
