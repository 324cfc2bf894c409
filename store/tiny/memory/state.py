"""Holds in memory all that queries are answered from: articles, taxonomy, links, full text, and two views of them."""

from collections.abc import Iterator

from store.article import Article
from store.base import Document
from store.files.entities import Entity
from store.tiny.memory.articles import Articles
from store.tiny.memory.links import Links
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
        self.fulltext = FullText(self.articles, body)
        self.articles.followers.append(self.fulltext)
        self._views = tuple(
            View(self.articles, self.links, self.taxonomy, self.fulltext, drafts) for drafts in (False, True)
        )
        self._digests: dict[str, tuple[str, str]] = {}

    def view(self, drafts: bool) -> View:
        """Return the state as a reader sees it."""
        return self._views[drafts]

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

    def digests(self, source: str) -> Iterator[tuple[str, str]]:
        """Return path and digest of each document of *source*."""
        for number in self.articles.all:
            article = self.articles.number(number)
            if article.source == source:
                yield article.path, article.digest
        yield from ((path, digest) for path, (of, digest) in self._digests.items() if of == source)
