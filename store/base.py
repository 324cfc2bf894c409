"""Defines what every store promises: methods that take and return batches, in the order asked; none is per article.

A store that holds its articles in memory suspends only inside `reading`, where there is much to look at. `drafts` shows
unpublished articles too; without it they are invisible everywhere: in lists, counts, names, and as the targets of
related entries.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from msgspec import Struct

from store.article import Article, Provider, Summary, Topic
from store.criteria import Criteria, Filter, Page, Search, SearchField, Slice


class Kind(Enum):
    """What a source file describes."""

    ARTICLE = "article"
    ORGANIZATION = "organization"
    TOPIC = "topic"


class Document(Struct, frozen=True):
    """One source file as it is stored: all of its front matter, in the file's order and JSON types, and its body.

    `base_url` is what relative image URLs were resolved against. Dates in `metadata` are RFC 3339 instants in UTC.
    """

    path: str
    source: str
    kind: Kind
    digest: str
    ingested_at: datetime
    metadata: dict[str, Any]
    body: str | None = None
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class Put:
    """Create or replace one document; a new one that is *distinct* is refused where `store.paths` has it alike."""

    document: Document
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Remove:
    """Take one document out, if it is there."""

    path: str


class ChangeKind(Enum):
    """What happened to an article: HEAT where nothing but its heat changed."""

    ADDED = "added"
    UPDATED = "updated"
    HEAT = "heat"
    REMOVED = "removed"


class Change(Struct, frozen=True, gc=False):
    """One announced change. `sequence` grows by one with each applied change, announced or not.

    To somebody without drafts an article that becomes unpublished is REMOVED, and one that becomes published ADDED.
    """

    sequence: int
    kind: ChangeKind
    path: str
    changed_keys: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Changes after a sequence, oldest first; `next` is where the following page starts, if there `has_more`.

    `reset` is true where `since` is older than the changes that are stored (or not of this store): reload everything.
    """

    changes: Sequence[Change]
    next: int
    has_more: bool
    reset: bool


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch did, by path; durable when it is returned. `sequence` is the store's after the batch."""

    sequence: int
    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class DateUnit(Enum):
    """The width of a histogram's bars, in UTC; weeks start on Monday."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Facet:
    """What to count: `providers` by domain, `topics` by slug, `types`, `categories`, or `histogram` by *unit*.

    The *first* most frequent values, ties by value; a histogram is oldest first, whole, without empty bars.
    """

    name: str
    first: int | None = None
    unit: DateUnit | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """One counted value; a histogram's value is the instant its bar starts and `end` the one it ends before."""

    value: str | datetime
    count: int
    end: datetime | None = None


class Highlight(Struct, frozen=True, gc=False):
    """Where words matched: a snippet of a field's text form, and (start, end) offsets in code points into it."""

    field: SearchField
    snippet: str
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class CoTopic:
    """A topic of the same articles: `shared` have both; `jaccard` is that over those with either (0 to 1)."""

    topic: Topic
    shared: int
    jaccard: float


class Store(Protocol):
    """What the graph reads from and writes to. Raises CriteriaError for what makes no sense, StoreError otherwise."""

    @property
    def sequence(self) -> int:
        """Grows with each applied change: cache keys, ETags and the cursors of `changes` come from it."""

    @property
    def identity(self) -> str:
        """Tells this store from all others: sequences of two cannot be compared, even if both hold the same folder."""

    @property
    def search_ready(self) -> bool:
        """Whether a search is answered at once, and need not wait until the full text is indexed."""

    @property
    def failure(self) -> str | None:
        """Why the store takes no more writes, in words; None while it takes them."""

    @property
    def stale(self) -> str | None:
        """Why reads do not see what was written since, in words; None while they do."""

    @property
    def longest(self) -> Mapping[str, int]:
        """How long the lists are at most that answers hold whole: upper bounds, the same mapping until they change.

        By name: `images`, `related` and `topics` of an article, `provider_images`, `children` of a topic, `types` and
        `categories` of facets, and `histogram.` with the name of its unit.
        """

    def reading(self) -> AbstractAsyncContextManager[None]:
        """Hold the state still: all reads inside see one sequence. Does not suspend unless a batch is being applied."""

    def searching(self, drafts: bool = False) -> AbstractAsyncContextManager[None]:
        """Do as `reading`, but wait until a search is answered at once; nobody else waits meanwhile."""

    async def articles(self, paths: Sequence[str], drafts: bool = False) -> list[Article | None]:
        """Return the articles with these paths."""

    async def documents(self, paths: Sequence[str]) -> list[Document | None]:
        """Return whole documents, published or not: the body, `secured`, and every key as it was written."""

    async def resolve(self, urls: Sequence[str], drafts: bool = False) -> list[str | None]:
        """Return the path behind each URL, cleaned first; of several articles, the one published last."""

    async def summaries(self, keys: Sequence[str], drafts: bool = False) -> list[Summary | None]:
        """Return the fullest summary embedded under each key, of those that visible articles embed."""

    async def related(self, articles: Sequence[Article], drafts: bool = False) -> list[list[Article | Summary]]:
        """Return what each article's entries resolve to, in file order: an article, else the fullest summary."""

    async def find(self, criteria: Sequence[Criteria]) -> list[Slice[Article]]:
        """Return one page for each criteria."""

    async def count(self, criteria: Sequence[Criteria]) -> list[int]:
        """Return how many articles match each criteria, whatever its page."""

    async def facets(self, criteria: Sequence[Criteria], facet: Facet) -> list[list[Bucket]]:
        """Return the counts of one facet under each criteria, whatever its page."""

    async def highlights(self, paths: Sequence[str], search: Search) -> list[list[Highlight]]:
        """Return where each article matches *search*."""

    async def providers(self, domains: Sequence[str], drafts: bool = False) -> list[Provider | None]:
        """Return the providers with these domains, of articles, related entries and organization files."""

    async def find_providers(self, where: Filter, page: Page, drafts: bool = False) -> tuple[Slice[Provider], int]:
        """Return a page of the providers that have articles or an organization file, by domain; and how many match.

        *where* names `domain` and `name`.
        """

    async def topics(self, slugs: Sequence[str], drafts: bool = False) -> list[Topic | None]:
        """Return the topics with these slugs, of articles and topic files."""

    async def find_topics(self, where: Filter, page: Page, drafts: bool = False) -> tuple[Slice[Topic], int]:
        """Return a page of the topics, by slug; and how many match.

        *where* names `slug` and `name`.
        """

    async def co_topics(self, slugs: Sequence[str], first: int, drafts: bool = False) -> list[list[CoTopic]]:
        """Return the topics that share articles with each, most shared first, ties by slug."""

    async def digests(self, source: str) -> Mapping[str, str]:
        """Return path → digest of every document of a source: what an ingest compares a folder with."""

    async def apply(self, changes: Sequence[Put | Remove]) -> Applied:
        """Apply a batch as one: durable, and visible as a whole, when it returns.

        Raises ArticleError where a document is no valid article, StoreLockedError, StoreReadOnlyError.
        """

    async def changes(
        self, since: int, limit: int = 200, drafts: bool = False, kinds: Collection[ChangeKind] = ()
    ) -> ChangePage:
        """Return what was announced after sequence *since*, of *kinds* if any are given; the work is bounded.

        A page may so have fewer than *limit* changes, or none, and yet say that more follow.
        """

    async def wait(self, since: int) -> int:
        """Return the sequence as soon as it is past *since*; of the reading methods, the only one that waits."""
