"""Numbers all articles and maintains their indexes, so that sets of articles are bitmaps.

An article has the same small number as long as it is in the store. An index is built when it is first used, and each
change updates it from then on.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Protocol, TypeVar

from pyroaring import BitMap

from store.article import Article
from store.tiny.memory.orders import Ordering
from store.tiny.memory.predicates import fold
from store.tiny.memory.ranking import Ranking
from store.tiny.memory.values import Postings, Values

V = TypeVar("V", bound=Hashable)
Of = Callable[[Article], Iterable[V]]
I = TypeVar("I", bound="Index")  # noqa: E741 # as V is that of a value
MOST_TERMS = 16
"""Terms of all orders that are indexed; each costs a write some microseconds, and some 100 bytes an article.

An LRU cache by hand: each write goes through all rankings, which `cachetools` counts as use of each.
"""


class Index(Protocol):
    """What is kept up with the articles."""

    def add(self, number: int, article: Article) -> None:
        """Count an article in."""

    def remove(self, number: int, article: Article) -> None:
        """Take an article out, in the state that `add` saw."""


class Articles:
    """Every article, published or not."""

    def __init__(self) -> None:
        self.by_number: list[Article | None] = []
        self.numbers: dict[str, int] = {}
        self.all = BitMap()
        self.published = BitMap()
        self.followers: list[Index] = []
        self._free: list[int] = []
        self._indexes: dict[Callable[[Article], Iterable[Any]], Index] = {}
        self._rankings: OrderedDict[Ordering, Ranking] = OrderedDict()

    def visible(self, drafts: bool) -> BitMap:
        """Return the articles that a reader sees; not to be changed."""
        return self.all if drafts else self.published

    def number(self, number: int) -> Article:
        """Return the article with this number, which must be there."""
        article = self.by_number[number]
        if article is None:
            raise KeyError(number)
        return article

    def get(self, path: str) -> Article | None:
        """Return the article at *path*, published or not."""
        number = self.numbers.get(path)
        return None if number is None else self.by_number[number]

    def fill(self, articles: Iterable[Article]) -> None:
        """Add *articles*, whose paths differ, where there are none yet: quicker than one by one."""
        added = list(enumerate(articles))
        self.by_number += (article for _, article in added)
        self.numbers.update((article.path, number) for number, article in added)
        self.all.update(range(len(added)))
        self.published.update(number for number, article in added if article.published)
        for index in self._live():
            for number, article in added:
                index.add(number, article)

    def put(self, article: Article) -> None:
        """Add *article*, or replace the one at its path."""
        number = self.numbers.get(article.path)
        if number is None:
            number = self._take_number()
            self.numbers[article.path] = number
            self.all.add(number)
        else:
            self._forget(number)
        self.by_number[number] = article
        if article.published:
            self.published.add(number)
        else:
            self.published.discard(number)
        for index in self._live():
            index.add(number, article)

    def remove(self, path: str) -> None:
        """Take out the article at *path*, if there is one."""
        number = self.numbers.pop(path, None)
        if number is None:
            return
        self._forget(number)
        self.by_number[number] = None
        self.all.discard(number)
        self.published.discard(number)
        self._free.append(number)

    def values(self, of: Of[V], group: Callable[[V], Hashable] = fold) -> Values[V]:
        """Return the index of the few distinct values that *of* gives, always asked for with the same *group*."""
        index = self._indexes.get(of)
        if index is None:
            index = self._indexes[of] = self._filled(Values(of, group))
        assert isinstance(index, Values)  # noqa: S101  # one function is never asked for both kinds
        return index

    def postings(self, of: Of[str]) -> Postings:
        """Return the index of the many distinct keys that *of* gives."""
        index = self._indexes.get(of)
        if index is None:
            index = self._indexes[of] = self._filled(Postings(of))
        assert isinstance(index, Postings)  # noqa: S101  # one function is never asked for both kinds
        return index

    def ranking(self, ordering: Ordering) -> Ranking:
        """Return all articles in this order."""
        ranking = self._rankings.get(ordering)
        if ranking is None:
            ranking = self._rankings[ordering] = Ranking(ordering, self.by_number)
            while len(self._rankings) > 1 and sum(len(each.terms) for each in self._rankings) > MOST_TERMS:
                self._rankings.popitem(last=False)
        self._rankings.move_to_end(ordering)
        return ranking

    def followed_by(self, index: I) -> I:
        """Return *index*, after all articles were added to it; it is kept up with them from now on."""
        self.followers.append(self._filled(index))
        return index

    def _filled(self, index: I) -> I:
        for number in self.all:
            index.add(number, self.number(number))
        return index

    def _live(self) -> Iterable[Index]:
        return (*self._indexes.values(), *self._rankings.values(), *self.followers)

    def _forget(self, number: int) -> None:
        article = self.number(number)
        for index in self._live():
            index.remove(number, article)

    def _take_number(self) -> int:
        if self._free:
            return self._free.pop()
        self.by_number.append(None)
        return len(self.by_number) - 1
