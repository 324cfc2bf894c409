"""Answers criteria from the state as one kind of reader sees it, with drafts or without."""

from collections.abc import Callable
from functools import partial

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
from store.tiny.memory.pace import Work
from store.tiny.memory.paging import listed, paged, scored
from store.tiny.memory.predicates import DOMAIN, NAMED, predicate
from store.tiny.memory.query_cache import QueryCache
from store.tiny.search.fulltext import FullText

EVERYTHING = AllOf(())
MOST_FILTERS = 1024
"""Filters whose articles are cached: a page, its count and its facets share them."""
MOST_PAGES = 2048
"""Pages that are cached: each is its articles' references and their cursors, 3 KB for twenty."""
MOST_SEARCHES = 16
"""Searches whose scores are cached, one for each article that matches."""


class View:
    """The visible articles, and what they speak of."""

    def __init__(
        self, articles: Articles, links: Links, taxonomy: Taxonomy, fulltext: Callable[[bool], FullText], drafts: bool
    ) -> None:
        """Show *articles*; *fulltext* gives the full text with drafts or without."""
        self._articles, self._fulltext = articles, partial(fulltext, drafts)
        self._visible = articles.visible(drafts)
        self._matcher = Matcher(articles, links, drafts)
        self.names = Names(articles, taxonomy, drafts)
        self.forget()

    def forget(self) -> None:
        """Drop what was cached before a change; new caches, since `clear` takes their items out one by one."""
        self._total = len(self._visible)
        self._filtered: QueryCache[Filter, BitMap] = QueryCache(MOST_FILTERS)
        self._pages: QueryCache[Criteria, Slice[Article]] = QueryCache(MOST_PAGES)
        self._searched: QueryCache[Search, tuple[dict[int, float], BitMap]] = QueryCache(MOST_SEARCHES)
        self._providers: list[Provider] | None = None
        self._topics: list[Topic] | None = None
        self.names.forget()

    def matching(self, criteria: Criteria) -> Work[BitMap]:
        """Return the articles that match; not to be changed."""
        where = criteria.filter
        found = self._satisfying(where)
        if found is None:
            found = yield from self._matcher.matching(where, self._visible)
            self._filtered[where] = found
        return found if criteria.search is None else found & self._sought(criteria.search)[1]

    def _satisfying(self, where: Filter) -> BitMap | None:
        """Return the articles that satisfy a filter, if that is known without looking at any."""
        return self._visible if where == EVERYTHING else self._filtered.find(where)

    def cached_page(self, criteria: Criteria) -> Slice[Article] | None:
        """Return the page that was found before, if it is still cached."""
        return self._pages.find(criteria)

    def find(self, criteria: Criteria) -> Work[Slice[Article]]:
        """Return one page. Raises CriteriaError where its order, page or cursors make no sense."""
        found = self._pages.find(criteria)
        if found is None:
            found = yield from self._found(criteria)
            self._pages[criteria] = found
        return found

    def _found(self, criteria: Criteria) -> Work[Slice[Article]]:
        by, among = ordering(criteria.order), (yield from self.matching(criteria))
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
        found = self._searched.find(search)
        if found is None:
            scores = self._fulltext().matching(search)
            found = scores, BitMap(list(scores))
            self._searched[search] = found
        return found

    def cached_count(self, criteria: Criteria) -> int | None:
        """Return how many match, if that is known without looking at any article."""
        known = self._satisfying(criteria.filter) if criteria.search is None else None
        return None if known is None else len(known)

    def total(self, criteria: Criteria) -> int | None:
        """Return how many match if all do, as of the last change that is whole: it may be asked during the next."""
        return self._total if criteria.filter == EVERYTHING and criteria.search is None else None

    def count(self, criteria: Criteria) -> Work[int]:
        """Return how many match."""
        return len((yield from self.matching(criteria)))

    def facet(self, criteria: Criteria, facet: Facet) -> Work[list[Bucket]]:
        """Return the counts of *facet* among the matching articles."""
        return counted(self._articles, (yield from self.matching(criteria)), facet)

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
