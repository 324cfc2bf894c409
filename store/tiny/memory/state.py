"""Holds in memory all that queries are answered from: articles, taxonomy, links, full text, and two views of them."""

from collections.abc import Iterator, Mapping, Sequence

from pyroaring import BitMap

from store.article import Article
from store.base import Document
from store.files.entities import Entity
from store.tiny.memory.articles import Articles
from store.tiny.memory.facets import FACETS
from store.tiny.memory.links import Links
from store.tiny.memory.longest import Longest
from store.tiny.memory.naming import Taxonomy
from store.tiny.memory.view import View
from store.tiny.search.fulltext import Body, FullText


class State:
    """All that queries are answered from, for readers with and without drafts; changed document by document."""

    def __init__(self, body: Body) -> None:
        """Start empty; *body* reads what articles say below their front matter, for the full text."""
        self.articles = Articles()
        self.taxonomy = Taxonomy()
        self.links = Links(self.articles)
        self._body = body
        self._fulltexts = [self._followed(self.articles.published)]
        self._views = tuple(
            View(self.articles, self.links, self.taxonomy, self.fulltext, drafts) for drafts in (False, True)
        )
        self._lists: Longest | None = None
        self._digests: dict[str, tuple[str, str]] = {}

    def view(self, drafts: bool) -> View:
        """Return the state as a reader sees it."""
        return self._views[drafts]

    def fulltext(self, drafts: bool) -> FullText:
        """Return the full text of what a reader sees. That with drafts is made when it is first asked for."""
        if drafts and len(self._fulltexts) == 1 and len(self.articles.all) > len(self.articles.published):
            self._fulltexts.append(self._followed(self.articles.all))
        return self._fulltexts[-1 if drafts else 0]

    @property
    def fulltexts(self) -> Sequence[FullText]:
        """The full texts that were made so far: that of what everybody sees, and perhaps the one with drafts."""
        return self._fulltexts

    def _followed(self, visible: BitMap) -> FullText:
        fulltext = FullText(self.articles, visible, self._body)
        self.articles.followers.append(fulltext)
        return fulltext

    def put(self, document: Document, entity: Entity) -> None:
        """Add the entity that *document* describes, or replace it."""
        if isinstance(entity, Article):
            self.articles.put(entity)
        else:
            self.taxonomy.put(entity)
            self._digests[document.path] = document.source, document.digest

    def remove(self, path: str) -> None:
        """Take out the entity at *path*, if there is one."""
        self.articles.remove(path)
        self.taxonomy.remove(path)
        self._digests.pop(path, None)

    def changed(self) -> None:
        """Drop what was cached before some puts and removes."""
        self.links.forget()
        for view in self._views:
            view.forget()

    def longest(self) -> Mapping[str, int]:
        """Return how long the lists are at most that answers hold whole, by name (`Store.longest`)."""
        articles, taxonomy = self.articles, self.taxonomy.longest()
        lists = self._lists = self._lists or articles.followed_by(Longest())
        return {
            "images": lists.images,
            "related": lists.related,
            "topics": lists.topics,
            "provider_images": max(lists.provider_images, taxonomy["provider_images"]),
            "children": taxonomy["children"],
            **{name: len(articles.values(FACETS[name]).bitmaps) for name in ("types", "categories")},
            **lists.histograms(len(articles.all)),
        }

    def digests(self, source: str) -> Iterator[tuple[str, str]]:
        """Return path and digest of each document of *source*."""
        for number in self.articles.all:
            article = self.articles.number(number)
            if article.source == source:
                yield article.path, article.digest
        yield from ((path, digest) for path, (of, digest) in self._digests.items() if of == source)
