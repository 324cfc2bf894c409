"""Compiles an order into sort keys: tuples that Python sorts as the order asks, ending in path and number.

A term gives two parts, its null flag and its value, so that nothing is compared with None. Descending numbers are
negated and descending text is wrapped; the path that breaks ties stays ascending.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, total_ordering
from typing import Any, Literal

from store.article import Article
from store.criteria import Order
from store.errors import CriteriaError

Key = tuple[Any, ...]
Raw = str | int | float | None
"""What a cursor holds of one term: the article's own value, or its score."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(instant: datetime | None) -> int | None:
    """Return microseconds since 1970, exactly."""
    return None if instant is None else (instant - _EPOCH) // _MICROSECOND


FIELDS: Mapping[str, Callable[[Article], Raw]] = {
    "published_at": lambda article: micros(article.published_at),
    "ingested_at": lambda article: micros(article.ingested_at),
    "heat": lambda article: article.heat,
    "quality": lambda article: article.quality,
    "title": lambda article: article.title_text.casefold(),
}
RELEVANCE: Literal["relevance"] = "relevance"
_RAW_TYPES: Mapping[str, type | tuple[type, ...]] = {"title": str, RELEVANCE: (int, float)}


@total_ordering
class Backwards:
    """Text that sorts the other way round."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Backwards) and self.text == other.text

    def __lt__(self, other: "Backwards") -> bool:
        return other.text < self.text

    def __hash__(self) -> int:
        return hash(self.text)


@total_ordering
class _Last:
    """Greater than anything it is compared with."""

    def __lt__(self, other: object) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return other is self

    def __hash__(self) -> int:
        return 0


LAST = _Last()


@dataclass(frozen=True, slots=True)
class Ordering:
    """One order, compiled. `signature` tells its cursors from those of another."""

    signature: str
    terms: tuple[Order, ...]

    @property
    def needs_scores(self) -> bool:
        """Whether the order depends on the scores of a search."""
        return any(term.field == RELEVANCE for term in self.terms)

    def raw(self, article: Article, score: float = 0.0) -> list[Raw]:
        """Return the values that place *article*, its path last: what a cursor holds."""
        values: list[Raw] = [score if t.field == RELEVANCE else FIELDS[t.field](article) for t in self.terms]
        values.append(article.path)
        return values

    def bound(self, raw: Sequence[Raw]) -> Key:
        """Return the sort key of *raw*, less the number that ends an article's key."""
        parts: list[Any] = []
        for term, value in zip(self.terms, raw, strict=False):
            if value is None:
                parts += (0 if term.nulls_first else 2, 0)
            else:
                parts += (1, _reversed(value) if term.descending else value)
        parts.append(raw[-1])
        return tuple(parts)

    def checked_bound(self, raw: Sequence[Raw]) -> Key:
        """Return `bound` of what a cursor held. Raises CriteriaError if it is none of this order."""
        wanted = [*((term.field, _RAW_TYPES.get(term.field, int)) for term in self.terms), ("path", str)]
        if len(raw) != len(wanted):
            raise CriteriaError("the cursor is of another order")
        for value, (field, kind) in zip(raw, wanted, strict=True):
            if not isinstance(value, kind) and (value is not None or field == "path"):
                raise CriteriaError(f"the cursor holds {value!r} for {field}")
        return self.bound(raw)

    def key(self, number: int, article: Article, score: float = 0.0) -> Key:
        """Return the sort key of *article*."""
        return (*self.bound(self.raw(article, score)), number)


@lru_cache(maxsize=256)
def ordering(order: tuple[Order, ...]) -> Ordering:
    """Compile *order*. Raises CriteriaError where it names no field that sorts."""
    for term in order:
        if term.field != RELEVANCE and term.field not in FIELDS:
            raise CriteriaError(f"nothing can be ordered by {term.field!r}")
    return Ordering(",".join(map(_signature, order)), order)


def _signature(term: Order) -> str:
    return f"{term.field}{'-' if term.descending else '+'}{'n' if term.nulls_first else ''}"


def _reversed(value: str | int | float) -> Any:
    return Backwards(value) if isinstance(value, str) else -value
