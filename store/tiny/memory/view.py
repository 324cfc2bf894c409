"""Criteria in, answers out: the state as one kind of reader sees it, with drafts or without."""

from collections.abc import Hashable
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace
from pyroaring import BitMap

from store.article import Article, Provider, Topic
from store.base import Bucket, Facet
from store.criteria import AllOf, Criteria, Filter, Page, Search, Slice
from store.errors import CriteriaError
from store.tiny.memory.articles import Articles
from store.tiny.memory.facets import counted
from store.tiny.memory.filtering import Matcher
from store.tiny.memory.links import Links
from store.tiny.memory.naming import Names, Taxonomy
from store.tiny.memory.orders import ordering
from store.tiny.memory.paging import listed, paged, scored
from store.tiny.memory.predicates import DOMAIN, NAMED, predicate
from store.tiny.search.fulltext import FullText

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
EVERYTHING = AllOf(())
MOST_KEPT = 1024
"""How many filters' articles are kept until the next change: a page, its count and its facets share them."""
MOST_PAGES = 2048
"""How many pages are kept likewise: each is its articles' references and their cursors, 3 KB for twenty."""
MOST_SEARCHES = 16
"""How many searches' articles are kept likewise; each has a score for each article."""
LARGEST = 4_096
"""Characters and values of the largest filter or search that is kept beside others."""


def is_small(value: Any, most: int = LARGEST) -> bool:
    """Whether a filter or a search is small enough to be kept beside others."""
    pending, left = [value], most
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


def keep(kept: dict[K, V], key: K, value: V, most: int) -> None:
    """Keep a value under its key, and forget all others where there are too many or the key is large."""
    if len(kept) >= most or not is_small(key):
        kept.clear()
    kept[key] = value


class View:
    """The visible articles, and what they speak of."""

    def __init__(self, articles: Articles, links: Links, taxonomy: Taxonomy, fulltext: FullText, drafts: bool) -> None:
        self._articles, self._fulltext = articles, fulltext
        self._visible = articles.visible(drafts)
        self._matcher = Matcher(articles, links, drafts)
        self.names = Names(articles, taxonomy, drafts)
        self._selected: dict[Filter, BitMap] = {}
        self._pages: dict[Criteria, Slice[Article]] = {}
        self._searched: dict[Search, tuple[dict[int, float], BitMap]] = {}
        self._providers: list[Provider] | None = None
        self._topics: list[Topic] | None = None

    def forget(self) -> None:
        """Drop what was kept of the state before a change."""
        self._selected.clear()
        self._pages.clear()
        self._searched.clear()
        self._providers = self._topics = None
        self.names.forget()

    def matching(self, criteria: Criteria) -> BitMap:
        """Return the articles that match; not to be changed."""
        found = self._filtered(criteria.filter)
        return found if criteria.search is None else found & self._sought(criteria.search)[1]

    def _filtered(self, where: Filter) -> BitMap:
        if where == EVERYTHING:
            return self._visible
        found = self._selected.get(where)
        if found is None:
            found = self._matcher.matching(where, self._visible)
            keep(self._selected, where, found, MOST_KEPT)
        return found

    def find(self, criteria: Criteria) -> Slice[Article]:
        """Return one page. Raises CriteriaError where its order, page or cursors make no sense."""
        found = self._pages.get(criteria)
        if found is None:
            found = self._found(criteria)
            keep(self._pages, criteria, found, MOST_PAGES)
        return found

    def _found(self, criteria: Criteria) -> Slice[Article]:
        by, among = ordering(criteria.order), self.matching(criteria)
        if criteria.search is None:
            if by.needs_scores:
                raise CriteriaError("only a search has relevance to order by")
            return paged(self._articles, by, among, criteria.page)
        scores = self._sought(criteria.search)[0]
        if by.needs_scores:
            page = scored(self._articles, by, among, scores, criteria.page)
        else:
            page = paged(self._articles, by, among, criteria.page)
        return replace(page, scores=[scores[self._articles.numbers[article.path]] for article in page.items])

    def _sought(self, search: Search) -> tuple[dict[int, float], BitMap]:
        found = self._searched.get(search)
        if found is None:
            scores = self._fulltext.matching(search)
            found = scores, BitMap(list(scores))
            keep(self._searched, search, found, MOST_SEARCHES)
        return found

    def count(self, criteria: Criteria) -> int:
        """Return how many match."""
        return len(self.matching(criteria))

    def facet(self, criteria: Criteria, facet: Facet) -> list[Bucket]:
        """Return the counts of *facet* among the matching articles."""
        return counted(self._articles, self.matching(criteria), facet)

    def find_providers(self, where: Filter, page: Page) -> tuple[Slice[Provider], int]:
        """Return a page of providers by domain, and how many match."""
        if self._providers is None:
            self._providers = self.names.all_providers()
        matches = predicate(where, DOMAIN)
        found = [provider for provider in self._providers if matches(provider)]
        return listed(found, lambda provider: provider.domain, "domain", page), len(found)

    def find_topics(self, where: Filter, page: Page) -> tuple[Slice[Topic], int]:
        """Return a page of topics by slug, and how many match."""
        if self._topics is None:
            self._topics = self.names.all_topics()
        matches = predicate(where, NAMED)
        found = [topic for topic in self._topics if matches(topic)]
        return listed(found, lambda topic: topic.slug, "slug", page), len(found)
