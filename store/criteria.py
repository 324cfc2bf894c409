"""Defines what may be asked of any store (filters, search, order, page) and the slices that come back.

The meaning is that of Python's operators on the values of articles. A missing value is None: it equals nothing else, so
`NE` and `NOT_IN` match it and comparisons do not. Text is compared without case unless a predicate says otherwise, and
titles and excerpts are compared in their text form. Ties of an order are broken by path, ascending.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Generic, Literal, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Op(Enum):
    """How one value of an article is compared with the value of a predicate."""

    EQ = "eq"
    NE = "ne"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IS_NULL = "is_null"


Value = str | int | bool | datetime | tuple[str, ...] | tuple[int, ...]

Members = Literal["topics", "images", "related"]
"""The lists of an article. `related` holds the ingested (and visible) articles that its entries resolve to."""


class Is(Struct, frozen=True):
    """One key compared with one value: `Is("heat", Op.GTE, 50)`, `Is("category", Op.IS_NULL, True)`.

    Keys of an article: path, slug, title, excerpt, category, type, original_url, web_url, amp_web_url, cdn_amp_web_url,
    published_at, quality, heat, published, provider.domain, provider.name. Inside `Some` and `Every`, of a topic: name,
    slug; of an image: url, width, height, is_cached.
    """

    key: str
    op: Op
    value: Value
    case_sensitive: bool = False


class AllOf(Struct, frozen=True):
    """True where every filter is; `AllOf(())` is always true."""

    filters: tuple["Filter", ...]


class AnyOf(Struct, frozen=True):
    """True where at least one filter is; `AnyOf(())` never is."""

    filters: tuple["Filter", ...]


class Not(Struct, frozen=True):
    """True where *filter* is not."""

    filter: "Filter"


class Some(Struct, frozen=True):
    """True where at least one member of the list matches."""

    members: Members
    filter: "Filter"


class Every(Struct, frozen=True):
    """True where every member of the list matches, as it does for an empty one."""

    members: Members
    filter: "Filter"


class Count(Struct, frozen=True):
    """Compares the length of a list. That of `related` counts all its entries."""

    members: Members
    op: Op
    value: int | tuple[int, ...]


class RelatesTo(Struct, frozen=True):
    """True where an entry of `related` names this target: an article's path, or the key of a summary."""

    target: str


Filter = Is | AllOf | AnyOf | Not | Some | Every | Count | RelatesTo

OrderField = Literal["published_at", "heat", "quality", "title", "ingested_at", "relevance"]


class Order(Struct, frozen=True):
    """One term of an order. `title` sorts by its casefolded text form. `relevance` needs a search."""

    field: OrderField
    descending: bool = True
    nulls_first: bool = False


NEWEST = (Order("published_at"),)


class SearchField(Enum):
    """What full text looks into."""

    TITLE = "title"
    EXCERPT = "excerpt"
    BODY = "body"
    PROVIDER = "provider"
    TOPICS = "topics"


class Search(Struct, frozen=True):
    """Words, "phrases", -not, prefix*: all must match, in any of *fields* (all of them where empty)."""

    query: str
    fields: tuple[SearchField, ...] = ()


class Page(Struct, frozen=True):
    """Which part of a list: `first` after a cursor, or `last` before one. Cursors are the opaque ones of a Slice."""

    first: int | None = 20
    after: str | None = None
    last: int | None = None
    before: str | None = None


class Criteria(Struct, frozen=True):
    """Articles to be found. `drafts` also finds unpublished ones."""

    filter: Filter = AllOf(())
    search: Search | None = None
    order: tuple[Order, ...] = NEWEST
    page: Page = Page()
    drafts: bool = False


class Slice(Struct, Generic[T], frozen=True):
    """One page: its items with a cursor each, and whether more lie on either side."""

    items: Sequence[T]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool
    scores: Sequence[float] | None = None
