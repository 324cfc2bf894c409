"""Compiles a filter into a Python function, which defines what each operator means.

Indexes answer what these functions would; where no index helps, these functions are called article by article.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from operator import attrgetter, ge, gt, le, lt
from typing import Any

from store.criteria import AllOf, AnyOf, Filter, Is, Not, Op
from store.errors import CriteriaError

Predicate = Callable[[Any], bool]
Getters = Mapping[str, Callable[[Any], Any]]

ARTICLE: Getters = {
    "title": attrgetter("title_text"),
    "excerpt": attrgetter("excerpt_text"),
    **{
        key: attrgetter(key)
        for key in (
            "path", "slug", "category", "type", "original_url", "web_url", "amp_web_url", "cdn_amp_web_url",
            "published_at", "quality", "heat", "published", "provider.domain", "provider.name",
        )
    },
}  # fmt: skip
IMAGE: Getters = {key: attrgetter(key) for key in ("url", "width", "height", "is_cached")}
NAMED: Getters = {key: attrgetter(key) for key in ("slug", "name")}
DOMAIN: Getters = {key: attrgetter(key) for key in ("domain", "name")}

_TYPES: Mapping[str, type] = {
    "published_at": datetime, "published": bool, "is_cached": bool,
    "quality": int, "heat": int, "width": int, "height": int,
}  # fmt: skip
_TYPE_NAMES = {str: "text", int: "whole numbers", bool: "true and false", datetime: "instants with an offset"}
_TEXT_OPS: Mapping[Op, Callable[[str, str], bool]] = {
    Op.CONTAINS: str.__contains__,
    Op.STARTS_WITH: str.startswith,
    Op.ENDS_WITH: str.endswith,
}
_COMPARISONS: Mapping[Op, Callable[[Any, Any], bool]] = {Op.GT: gt, Op.GTE: ge, Op.LT: lt, Op.LTE: le}
_LISTS = (Op.IN, Op.NOT_IN)


def fold(value: Any) -> Any:
    """Return what *value* is compared by where case does not count."""
    return value.casefold() if isinstance(value, str) else value


def comparison(where: Is) -> Predicate:
    """Return whether a value satisfies *where*. Raises CriteriaError if the two can't be compared."""
    _check(where)
    op, sought = where.op, where.value
    if op is Op.IS_NULL:
        return (lambda value: value is None) if sought else (lambda value: value is not None)
    as_compared = _as_written if where.case_sensitive else fold
    if op in (Op.IN, Op.NOT_IN, Op.EQ, Op.NE):
        wanted = frozenset(map(as_compared, sought if isinstance(sought, tuple) else (sought,)))
        if op in (Op.IN, Op.EQ):
            return lambda value: value is not None and as_compared(value) in wanted
        return lambda value: value is None or as_compared(value) not in wanted
    compare = _TEXT_OPS.get(op) or _COMPARISONS[op]
    bound: Any = as_compared(sought)
    return lambda value: value is not None and compare(as_compared(value), bound)


def predicate(where: Filter, getters: Getters) -> Predicate:
    """Return whether an item satisfies *where*, a filter on the keys of *getters* alone."""
    match where:
        case Is():
            get, compare = getter(where.key, getters), comparison(where)
            return lambda item: compare(get(item))
        case AllOf(filters):
            every = [predicate(each, getters) for each in filters]
            return lambda item: all(each(item) for each in every)
        case AnyOf(filters):
            some = [predicate(each, getters) for each in filters]
            return lambda item: any(each(item) for each in some)
        case Not(negated):
            matches = predicate(negated, getters)
            return lambda item: not matches(item)
        case _:
            raise CriteriaError(f"{type(where).__name__} has no meaning inside a list's filter")


def getter(key: str, getters: Getters) -> Callable[[Any], Any]:
    """Return what reads *key*. Raises CriteriaError, naming the keys there are."""
    try:
        return getters[key]
    except KeyError:
        raise CriteriaError(f"{key!r} is none of {', '.join(sorted(getters))}") from None


def _as_written(value: Any) -> Any:
    return value


def _check(where: Is) -> None:
    op, value = where.op, where.value
    wanted = bool if op is Op.IS_NULL else _TYPES.get(where.key, str)
    if isinstance(value, tuple) != (op in _LISTS):
        raise CriteriaError(f"{where.key}: {op.value} takes {'a list' if op in _LISTS else 'one value'}")
    for one in value if isinstance(value, tuple) else (value,):
        is_wanted = isinstance(one, wanted) and (wanted is bool or not isinstance(one, bool))
        if not is_wanted or (isinstance(one, datetime) and one.tzinfo is None):
            raise CriteriaError(f"{where.key} is compared with {_TYPE_NAMES[wanted]}, not with {one!r}")
    if op in _TEXT_OPS and wanted is not str:
        raise CriteriaError(f"{where.key}: {op.value} is for text")
