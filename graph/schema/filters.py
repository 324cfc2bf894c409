"""Translates the filters, orders and searches that arguments hold into the store's criteria."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import convert
from strawberry import UNSET

from graph.schema import inputs
from graph.schema.enums import Direction, Nulls
from store.criteria import (
    NEWEST,
    AllOf,
    AnyOf,
    Count,
    Every,
    Filter,
    Is,
    Members,
    Not,
    Op,
    Order,
    Search,
    Some,
)
from store.errors import CriteriaError

_OPERATORS = {op.value: op for op in Op}
_KEYS = {"published_date_time": "published_at"}
_DURATION = re.compile(r"P[0-9WDTHMS]+")  # msgspec would read signs, fractions and lower case too
_WEEKS = re.compile(r"^P([0-9]+)W(?:([0-9]+)D)?")  # but reads no weeks
_FIRST_INSTANT = datetime.min.replace(tzinfo=UTC)


def article_filter(given: inputs.ArticleFilter | None) -> Filter:
    """Return what articles must match. Raises CriteriaError for a duration that cannot be read."""
    return AllOf(tuple(_article(given))) if given is not None else AllOf(())


def provider_filter(given: inputs.ProviderFilter | None, prefix: str = "") -> Filter:
    """Return what providers must match; with a *prefix*, what an article's provider must."""
    return AllOf(tuple(_object(given, prefix))) if given is not None else AllOf(())


def topic_filter(given: inputs.TopicFilter | None) -> Filter:
    """Return what topics must match."""
    return AllOf(tuple(_object(given))) if given is not None else AllOf(())


def orders(given: Sequence[inputs.ArticleOrder] | None, search: inputs.Search | None) -> tuple[Order, ...]:
    """Return the order: as given, else by relevance under a search, else newest first."""
    if not given:
        return (Order("relevance"), *NEWEST) if search else NEWEST
    return tuple(Order(term.field.value, term.direction is Direction.DESC, term.nulls is Nulls.FIRST) for term in given)


def search_for(given: inputs.Search | None) -> Search | None:
    """Return what full text looks for."""
    return Search(given.query, tuple(given.fields or ())) if given else None


def duration(text: str) -> timedelta:
    """Read an ISO 8601 duration of weeks, days, hours, minutes and seconds that does not reach back beyond the year 1.

    Raises CriteriaError.
    """
    try:
        length = convert(_in_days(text), timedelta) if _DURATION.fullmatch(text) else None
    except ValueError:  # msgspec's, and that of an int of too many digits
        length = None
    if length is None or length > datetime.now(UTC) - _FIRST_INSTANT:
        raise CriteriaError(f"within: cannot read {text[:40]!r}; write a duration such as P7D or PT12H")
    return length


def _in_days(text: str) -> str:
    """Return a duration with its weeks written as days, and without a T after the days that nothing follows."""
    days = _WEEKS.sub(lambda found: f"P{7 * int(found[1]) + int(found[2] or 0)}D", text)
    return days[:-1] if days.endswith("DT") else days


def _given(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the keys of an input that say something."""
    for key, found in vars(value).items():
        if found is not None and found is not UNSET:
            yield key.rstrip("_"), found


def _article(given: inputs.ArticleFilter) -> Iterator[Filter]:
    for key, value in _given(given):
        match key:
            case "and":
                yield AllOf(tuple(map(article_filter, value)))
            case "or":
                yield AnyOf(tuple(map(article_filter, value)))
            case "not":
                yield Not(article_filter(value))
            case "provider":
                yield provider_filter(value, "provider.")
            case "topics" | "images" | "related":
                yield from _members(key, value)
            case _:
                yield from _predicates(_KEYS.get(key, key), value)


def _object(given: Any, prefix: str = "") -> Iterator[Filter]:
    for key, value in _given(given):
        yield from _predicates(prefix + key, value)


def _members(members: Members, given: Any) -> Iterator[Filter]:
    for quantifier, value in _given(given):
        if quantifier == "count":
            yield from (Count(members, op, length) for op, length in _compared(value))
            continue
        inner = article_filter(value) if members == "related" else AllOf(tuple(_object(value)))
        match quantifier:
            case "some":
                yield Some(members, inner)
            case "every":
                yield Every(members, inner)
            case "none":
                yield Not(Some(members, inner))


def _predicates(key: str, given: Any) -> Iterator[Is]:
    if isinstance(given, bool):
        yield Is(key, Op.EQ, given)
        return
    exact = getattr(given, "case_sensitive", False)
    yield from (Is(key, op, value, exact) for op, value in _compared(given))


def _compared(given: Any) -> Iterator[tuple[Op, Any]]:
    """Yield the comparisons of one of the scalar filters."""
    for name, value in _given(given):
        if name == "within":
            yield Op.GT, datetime.now(UTC) - duration(value)
        elif name != "case_sensitive":
            yield _OPERATORS[name], tuple(value) if isinstance(value, list) else value
