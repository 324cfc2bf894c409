"""Joins disk, memory and search into one store: answers reads from memory, and makes writes durable on disk.

Each process that opens the store follows the records of all of them, and applies each to its own state while nobody
reads.
"""

import asyncio
import gc
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from itertools import chain
from pathlib import Path
from threading import Event, RLock, Thread
from typing import Self, TypeVar, cast

from store.article import Article, Provider, Summary, Topic
from store.base import Applied, Bucket, ChangeKind, ChangePage, CoTopic, Document, Facet, Highlight, Kind, Put, Remove
from store.criteria import Criteria, Filter, Page, Search, Slice
from store.errors import StoreStaleError
from store.files.entities import Entity
from store.tiny.announcements import page_of
from store.tiny.disk.digests import Digests
from store.tiny.disk.layout import TABLES, body, decode
from store.tiny.disk.reader import Contents
from store.tiny.disk.record import Batch, Record
from store.tiny.disk.storage import JournalStorage
from store.tiny.disk.transaction import Transaction
from store.tiny.edits import Edit, batch, edited
from store.tiny.gate import Gate
from store.tiny.memory import cache
from store.tiny.memory.loading import built, loaded
from store.tiny.memory.pace import Pace, Work, in_turn
from store.tiny.memory.state import State
from store.tiny.memory.view import View
from store.tiny.search.fulltext import texts
from store.tiny.search.highlighting import highlights
from store.tiny.searching import Searching
from store.tiny.waiting import Waiting
from store.troubles import Troubles, supervise
from store.urls import clean

T = TypeVar("T")
WORTH_CACHING = 500
"""With fewer articles a cache file saves no time."""
STATED = frozenset(TABLES.values())
"""The tables that the state is made of; there may be others, of a later version."""
BREATH_SECONDS = 0.001
"""Pause between two portions of the full text: without it, the indexing thread takes the lock again before a waiting
reader has woken up."""


class TinyStore:
    """The articles of one store file. Its methods may be called from any thread and event loop; close it when done.

    No reading method shows half of a batch. `reading` keeps that up over several of them; outside it, one that has much
    to look at enters it itself. Only those suspend, since they let other tasks run meanwhile. A task inside must not
    enter it again, nor wait for `apply`.
    """

    def __init__(
        self, path: str | Path, *, read_only: bool = False, follow: bool = True, troubles: Troubles | None = None
    ) -> None:
        """Open the store at *path*, and create it where nothing is.

        *follow* takes in what other processes write, within some 20 ms, and makes articles and full text ready now and
        in the background instead of when they are first asked for. What fails in the background is told to *troubles*,
        as `follower`, `compaction` and `indexer`. Raises StoreDamagedError, StoreLockedError.
        """
        self._gate = Gate()
        self._still = RLock()
        self._made: State | None = None
        self._longest: Mapping[str, int] | None = None
        self._digests = Digests(self._stored)
        self._waiting = Waiting()
        self._pace = Pace()
        self._edits: dict[bytes, Edit] = {}
        self._built: list[tuple[Document, Entity]] = []
        self._cache = cache.path_of(Path(path).absolute())
        troubles = troubles or Troubles()
        self._storage = JournalStorage(path, read_only=read_only, gate=self._gate.writing, troubles=troubles)
        self._sequence = self._storage.sequence
        self._storage.subscribe(self._take, prepare=self._prepare, load=self._load_again)
        self._closed, self._due = Event(), Event()
        self._troubles, self._follows = troubles, follow
        self._indexer: Thread | None = None
        if follow:
            self._load()
            self._storage.follow()
            self._index_behind()

    def close(self) -> None:
        """Stop following; what was acknowledged is on disk already."""
        self._closed.set()
        self._due.set()
        if self._indexer:
            self._indexer.join()
        self._storage.close()
        self._save_cache()

    def catch_up(self) -> None:
        """Take in at once what others wrote, as a store that follows does all the time. Raises StoreError, OSError."""
        self._storage.poll()

    def compact(self) -> bool:
        """Fold the journal into the file that TinyDB itself opens; false where there was nothing to do.

        Reads go on, and writes too but for a moment. Raises StoreError; what was written is as safe as before.
        """
        return self._storage.compact()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def identity(self) -> str:
        """What tells this store from all others."""
        return self._storage.identity

    @property
    def sequence(self) -> int:
        """The sequence of the last change that is visible."""
        return self._sequence

    @property
    def _state(self) -> State:
        """What queries are answered from, loaded on first use: a compaction or an export needs none of it.

        Raises StoreStaleError inside `reading` where a record spoiled it: loading it there could wait for ever.
        """
        if self._made is None and self._gate.is_reading:
            raise StoreStaleError("the articles are loaded again from disk; try again")
        return self._made or self._load()

    def forget(self) -> None:
        """Drop all cached answers, as each change does, so that the next ones are computed."""
        state = self._state
        with self._still:
            state.changed()

    @property
    def failure(self) -> str | None:
        """Why the store takes no more writes, in words; None while it takes them."""
        return self._storage.failure

    @property
    def stale(self) -> str | None:
        """Why writes of other processes are no longer seen, in words; None while they are."""
        return self._storage.stale

    @property
    def search_ready(self) -> bool:
        """Whether the full text is indexed; until then a search waits for it."""
        return all(fulltext.ready for fulltext in self._state.fulltexts)

    @property
    def longest(self) -> Mapping[str, int]:
        """How long the lists are at most that answers hold whole, by name."""
        if self._longest is None:  # from then on, who changes the state measures it: nobody waits here for a change
            with self._storage.still():
                state = self._state
                with self._still:
                    self._longest = state.longest()
        return self._longest

    def reading(self) -> AbstractAsyncContextManager[None]:
        """Hold the state still for as long as the context lasts."""
        if not self._made:
            self._load()  # inside the gate it could wait for a record whose delivery waits for the gate
        return self._gate.reading()

    def searching(self, drafts: bool = False) -> AbstractAsyncContextManager[None]:
        """Do as `reading` once a search is answered at once; until the full text is indexed, it waits outside."""
        return Searching(self.reading(), partial(self._is_indexed, drafts))

    async def articles(self, paths: Sequence[str], drafts: bool = False) -> list[Article | None]:
        """Return the articles with these paths."""
        state = self._state
        with self._still:
            found = map(state.articles.get, paths)
            return [article if article and (drafts or article.published) else None for article in found]

    async def documents(self, paths: Sequence[str]) -> list[Document | None]:
        """Return whole documents, read from disk."""
        return [self._document(path) for path in paths]

    def all_documents(self) -> Iterator[Document]:
        """Yield every document, published or not, each read from disk; articles come first."""
        return (decode(data) for _, data in self._stored())

    async def resolve(self, urls: Sequence[str], drafts: bool = False) -> list[str | None]:
        """Return the path behind each URL."""
        state = self._state
        with self._still:
            numbers = [state.links.behind((clean(url),), drafts) for url in urls]
            return [None if number is None else state.articles.number(number).path for number in numbers]

    async def summaries(self, keys: Sequence[str], drafts: bool = False) -> list[Summary | None]:
        """Return the fullest summary under each key."""
        state = self._state
        with self._still:
            return [state.links.summary(key, drafts) for key in keys]

    async def related(self, articles: Sequence[Article], drafts: bool = False) -> list[list[Article | Summary]]:
        """Return what each article's entries resolve to."""
        state = self._state
        with self._still:
            return [list(state.links.related(article, drafts)) for article in articles]

    async def find(self, criteria: Sequence[Criteria]) -> list[Slice[Article]]:
        """Return one page for each criteria."""
        state = self._state
        with self._still:
            known = [state.view(each.drafts).cached_page(each) for each in criteria]
        if None not in known:
            return cast("list[Slice[Article]]", known)
        return await self._worked(criteria, View.find)

    async def count(self, criteria: Sequence[Criteria]) -> list[int]:
        """Return how many articles match each criteria."""
        state = self._state
        known: list[int | None] = [state.view(each.drafts).total(each) for each in criteria]
        if None in known:
            with self._still:
                known = [state.view(each.drafts).cached_count(each) for each in criteria]
        if None not in known:
            return cast("list[int]", known)
        return await self._worked(criteria, View.count)

    async def facets(self, criteria: Sequence[Criteria], facet: Facet) -> list[list[Bucket]]:
        """Return the counts of one facet under each criteria."""
        return await self._worked(criteria, lambda view, each: view.facet(each, facet))

    async def highlights(self, paths: Sequence[str], search: Search) -> list[list[Highlight]]:
        """Return where each article matches *search*."""
        state = self._state
        with self._still:
            found = map(state.articles.get, paths)
            return [highlights(texts(each, self._body(each)), search) if each else [] for each in found]

    async def providers(self, domains: Sequence[str], drafts: bool = False) -> list[Provider | None]:
        """Return the providers with these domains."""
        state = self._state
        with self._still:
            return state.view(drafts).names.providers(domains)

    async def find_providers(self, where: Filter, page: Page, drafts: bool = False) -> tuple[Slice[Provider], int]:
        """Return a page of providers by domain, and how many match."""
        state = self._state
        with self._still:
            return state.view(drafts).find_providers(where, page)

    async def topics(self, slugs: Sequence[str], drafts: bool = False) -> list[Topic | None]:
        """Return the topics with these slugs."""
        state = self._state
        with self._still:
            return state.view(drafts).names.topics(slugs)

    async def find_topics(self, where: Filter, page: Page, drafts: bool = False) -> tuple[Slice[Topic], int]:
        """Return a page of topics by slug, and how many match."""
        state = self._state
        with self._still:
            return state.view(drafts).find_topics(where, page)

    async def co_topics(self, slugs: Sequence[str], first: int, drafts: bool = False) -> list[list[CoTopic]]:
        """Return the topics that share articles with each."""
        state = self._state
        with self._still:
            return [state.view(drafts).names.co_topics(slug, first) for slug in slugs]

    async def digests(self, source: str) -> Mapping[str, str]:
        """Return path → digest of every document of a source."""
        if self._made:
            with self._still:
                return dict(self._made.digests(source))
        with self._storage.still():
            return self._digests.of(source)

    async def apply(self, changes: Sequence[Put | Remove]) -> Applied:
        """Apply a batch as one, on a thread of its own: durable, and visible, when it returns."""
        return await asyncio.to_thread(self._apply, changes)

    async def changes(
        self, since: int, limit: int = 200, drafts: bool = False, kinds: Collection[ChangeKind] = ()
    ) -> ChangePage:
        """Return what was announced after sequence *since*."""
        return page_of(self._storage, since, limit, drafts, kinds)

    async def wait(self, since: int) -> int:
        """Return the sequence as soon as it is past *since*."""
        return await self._waiting.past(since, lambda: self.sequence)

    async def _worked(self, criteria: Sequence[Criteria], work: Callable[[View, Criteria], Work[T]]) -> list[T]:
        """Return what *work* gives for each criteria, in slices, between which nothing changes."""
        if not self._gate.is_reading:
            drafts = any(each.drafts for each in criteria)
            is_search = any(each.search is not None for each in criteria)
            async with self.searching(drafts) if is_search else self.reading():
                return await self._worked(criteria, work)
        state = self._state
        several = in_turn(work(state.view(each.drafts), each) for each in criteria)
        return await self._pace.run(several, self._still)

    def _apply(self, changes: Sequence[Put | Remove]) -> Applied:
        self._load()  # now, while the cache file is of this state: later, articles would be built from documents
        edits = edited(changes)
        mine = {each.data: each for each in edits if isinstance(each, Edit)}
        applied: list[Applied] = []

        def prepare(transaction: Transaction) -> Batch | None:
            found, outcome = batch(transaction, edits)
            applied.append(outcome)
            return found

        self._edits.update(mine)
        try:
            self._storage.commit(prepare)
        finally:
            for data in mine:
                self._edits.pop(data, None)
        return applied[-1]

    def _prepare(self, record: Record) -> None:
        """Build what a record puts, so that one that cannot be read changes nothing. Raises StoreDamagedError."""
        stated = (data for table, _, data in record.puts if table in STATED) if self._made else ()
        edits = ((data, self._edits.get(data)) for data in stated)
        self._built = [(edit.document, edit.entity) if edit else built(data) for data, edit in edits]

    def _take(self, record: Record) -> None:
        """Take in one record; the storage holds the gate meanwhile."""
        with self._still:
            self._digests.forget()
            if self._made:
                self._update(self._made, record)
                self._measure(self._made)
            self._sequence = record.sequence
        self._due.set()
        self._waiting.reached(record.sequence)

    def _update(self, state: State, record: Record) -> None:
        try:
            for _, path in record.drops:
                state.remove(path)
            for document, entity in self._built:
                state.put(document, entity)
            state.changed()
            self._built = []
        except BaseException:
            self._made = None  # half of the record may be in it: who asks next has it loaded from disk
            raise

    def _measure(self, state: State) -> None:
        """Bring `longest` up to *state* once somebody has asked for it."""
        if self._longest is not None and (found := state.longest()) != self._longest:
            self._longest = found

    def _load(self) -> State:
        """Load the state, once. Never to be called while holding `_still`: records take the two locks in this order."""
        with self._storage.still(), self._still:
            if not self._made:
                self._made = loaded(self._storage, self._cache, self._body)
                self._measure(self._made)
                if len(self._made.articles.all) >= WORTH_CACHING:
                    gc.freeze()  # they stay for good, and a collection during a request need not go through them
            return self._made

    def _load_again(self, contents: Contents) -> Callable[[], None]:
        """Load a new state, and return what puts it in the place of the old one."""
        state = loaded(contents, self._cache, self._body)
        sequence = contents.sequence

        def put() -> None:
            with self._still:
                self._digests.forget()
                self._made, self._sequence = state, sequence
                self._measure(state)
            self._waiting.reached(sequence)
            self._due.set()
            if self._follows:
                self._index_behind()

        return put

    def _save_cache(self) -> None:
        stamp = self._storage.stamp
        with self._still:
            articles = [article for article in self._made.articles.by_number if article] if self._made else []
        if len(articles) >= WORTH_CACHING and stamp == self._storage.stamp and not cache.is_current(self._cache, stamp):
            cache.write(self._cache, stamp, articles)

    def _index_behind(self) -> None:
        """Begin to index in the background, unless that is going on, in which case it goes on with the new state."""
        if not (self._indexer and self._indexer.is_alive()):
            work = ("indexer", self._index, self._troubles, self._closed)
            self._indexer = Thread(target=supervise, args=work, name="store-indexer", daemon=True)
            self._indexer.start()

    def _is_indexed(self, drafts: bool) -> bool:
        """Whether a search is answered at once, since no more is due than it indexes itself."""
        if self._indexer is None:
            return True
        with self._still:
            ready = self._state.fulltext(drafts).ready
        if not ready:
            self._due.set()
        return ready

    def _index(self) -> None:
        """Index the full text whenever much of it is due, in portions: the state is held only while one is taken."""
        self._save_cache()
        while not self._closed.wait(BREATH_SECONDS):
            self._due.clear()
            behind = next((fulltext for fulltext in self._state.fulltexts if not fulltext.ready), None)
            if behind is None:
                if not self._closed.is_set():  # it is set before `_due`, which may have been set before it was cleared
                    self._due.wait()
                continue
            with self._still:
                takes = behind.take()
            if takes:
                behind.put()
            else:
                behind.commit()
                self._troubles.resolve("indexer")

    def _stored(self) -> Iterator[tuple[str, bytes]]:
        return chain.from_iterable(map(self._storage.documents, TABLES.values()))

    def _body(self, article: Article) -> str | None:
        data = self._storage.document(TABLES[Kind.ARTICLE], article.path)
        return body(data) if data else None

    def _document(self, path: str) -> Document | None:
        for table in TABLES.values():
            data = self._storage.document(table, path)
            if data is not None:
                return decode(data)
        return None
