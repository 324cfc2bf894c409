"""Indexes the text of articles with Tantivy, in memory, and scores those that match a search.

Each field is indexed twice, as written and stemmed as English, so that `robot` finds `robots` and words of other
languages are found as written. No user input reaches a query parser: queries are built of terms. The index is built
anew when a store is opened. That, and many changes at once, are for a background thread; the next search indexes the
few articles that are left, so that it finds whatever was written before it.

A score depends on how many articles hold a word. So an index holds what one kind of reader sees and nothing else: else
its scores would tell those without the right how many drafts speak of something.
"""

from collections.abc import Callable
from functools import cached_property
from threading import RLock
from typing import Any, Protocol, cast

import tantivy
from pyroaring import BitMap

from store.article import Article
from store.criteria import Search, SearchField
from store.text import text_form
from store.tiny.search.words import Term, folded, terms

Body = Callable[[Article], str | None]
WEIGHTS = {
    SearchField.TITLE: 4.0,
    SearchField.EXCERPT: 1.5,
    SearchField.BODY: 1.0,
    SearchField.PROVIDER: 1.0,
    SearchField.TOPICS: 1.5,
}
EXACT = 1.25
"""How much more a word counts that is written as it is sought."""
_HEAP = 15_000_000
FEW = 20
"""Articles that a search indexes itself, some milliseconds; it waits until the background has indexed more."""
_PORTION = 50
"""Articles that are indexed in one go in the background, some milliseconds: a search that runs waits for as long."""
_stemmer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).filter(tantivy.Filter.stemmer("english")).build()


class Numbered(Protocol):
    """Articles by number."""

    by_number: list[Article | None]


def texts(article: Article, body: str | None) -> dict[SearchField, list[str]]:
    """Return the text forms of what is searched in *article*; of topics one each."""
    return {
        SearchField.TITLE: [article.title_text],
        SearchField.EXCERPT: [article.excerpt_text] if article.excerpt_text else [],
        SearchField.BODY: [text_form(body)] if body else [],
        SearchField.PROVIDER: [article.provider.name],
        SearchField.TOPICS: list(article.topics),
    }


def stem(word: str) -> str:
    """Return the stem of a folded word, were it English."""
    stems: list[str] = _stemmer.analyze(word)
    return stems[0] if stems else word


class FullText:
    """The index, kept up with the articles that one kind of reader sees."""

    def __init__(self, articles: Numbered, visible: BitMap, body: Body) -> None:
        """Start with all of *visible* due, a set that others change before `add` and after `remove`."""
        self._articles, self._visible, self._body = articles, visible, body
        self._lock = RLock()
        self._schema = _schema()
        self._due = BitMap(visible)
        self._held = BitMap()
        self._taken: list[tuple[int, Article | None]] = []
        self._uncommitted = 0

    @cached_property
    def _index(self) -> tantivy.Index:
        index = tantivy.Index(self._schema)
        index.register_tokenizer("words", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
        index.register_tokenizer("stems", _stemmer)
        return index

    @cached_property
    def _writer(self) -> tantivy.IndexWriter:
        return self._index.writer(_HEAP, 1)

    @property
    def ready(self) -> bool:
        """Whether a search need not wait for more than a few articles."""
        return len(self._due) + len(self._taken) + self._uncommitted < FEW

    def add(self, number: int, _article: Article) -> None:
        """Note that an article came or changed."""
        if number in self._visible:
            self._due.add(number)

    def remove(self, number: int, _article: Article) -> None:
        """Note that an article goes or changes."""
        if number in self._held or self._taken:
            self._due.add(number)

    def take(self, most: int | None = _PORTION) -> bool:
        """Take up to *most* of the articles that are due, as they are now, and return whether there are any."""
        with self._lock:
            for number in self._due[:most]:
                self._taken.append((number, self._articles.by_number[number] if number in self._visible else None))
                self._due.discard(number)
            return bool(self._taken)

    def put(self) -> None:
        """Index what was taken. What changes meanwhile is due again."""
        with self._lock:
            for number, article in self._taken:
                if number in self._held:
                    self._writer.delete_documents_by_term("number", number)
                    self._held.discard(number)
                if article is not None:
                    self._writer.add_document(_document(number, texts(article, self._body(article))))
                    self._held.add(number)
            self._uncommitted += len(self._taken)
            self._taken.clear()

    def commit(self) -> None:
        """Let searches find what was put."""
        with self._lock:
            if self._uncommitted:
                self._writer.commit()
                self._index.reload()
                self._uncommitted = 0

    def matching(self, search: Search) -> dict[int, float]:
        """Return the numbers of all articles that match, each with its score, the best first."""
        sought = terms(search.query)
        if not sought:
            return {}
        with self._lock:
            self.take(None)
            self.put()
            self.commit()
            searcher = self._index.searcher()
        hits = searcher.search(self._query(sought, search), limit=max(searcher.num_docs, 1), count=False).hits
        numbers = searcher.fast_field_values("number", [address for _, address in hits])
        return {cast(int, number): score for number, (score, _) in zip(numbers, hits, strict=True)}

    def _query(self, sought: list[Term], search: Search) -> tantivy.Query:
        fields = search.fields or tuple(SearchField)
        clauses = [
            (tantivy.Occur.MustNot if term.negated else tantivy.Occur.Must, self._term(term, fields)) for term in sought
        ]
        if all(term.negated for term in sought):
            clauses.append((tantivy.Occur.Must, tantivy.Query.all_query()))
        return tantivy.Query.boolean_query(clauses)

    def _term(self, term: Term, fields: tuple[SearchField, ...]) -> tantivy.Query:
        anywhere = [(tantivy.Occur.Should, query) for field in fields for query in self._in_field(term, field)]
        return tantivy.Query.boolean_query(anywhere)

    def _in_field(self, term: Term, field: SearchField) -> list[tantivy.Query]:
        query, schema, name, weight = tantivy.Query, self._schema, field.value, WEIGHTS[field]
        if term.prefix:
            return [query.boost_query(query.regex_query(schema, name, f"{term.words[0]}.*"), weight)]
        if len(term.words) > 1:
            return [query.boost_query(query.phrase_query(schema, name, list(term.words)), weight * EXACT)]
        exact = query.boost_query(query.term_query(schema, name, term.words[0]), weight * EXACT)
        if term.quoted:
            return [exact]
        return [exact, query.boost_query(query.term_query(schema, _stemmed(field), stem(term.words[0])), weight)]


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("number", indexed=True, fast=True)
    for field in SearchField:
        builder.add_text_field(field.value, tokenizer_name="words", index_option="position")
        builder.add_text_field(_stemmed(field), tokenizer_name="stems", index_option="freq")
    return builder.build()


def _stemmed(field: SearchField) -> str:
    return f"{field.value}_stem"


def _document(number: int, found: dict[SearchField, list[str]]) -> tantivy.Document:
    values: dict[str, Any] = {"number": number}
    for field, several in found.items():
        values[field.value] = values[_stemmed(field)] = [" ".join(folded(text)) for text in several]
    return tantivy.Document(**values)
