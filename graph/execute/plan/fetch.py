"""A field and a level's records in, the field's values out, in their order; an Exception stands for one that failed.

A linked field's function is called here, and only here: once for each field and level, however many records there are.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from graph.execute.plan.resolver import Attribute, Batch
from graph.execute.plan.selection import DefectError, Field

Keywords = Callable[[Field], Mapping[str, Any]]
"""Gives the keyword arguments of a field for this request; raises what keeps them from being made."""


async def fetch(field: Field, records: list[Any], context: Any, keywords: Keywords) -> list[Any]:
    """Return the values of a field that is read by a Batch."""
    assert isinstance(field.resolver, Batch)  # noqa: S101  # all else is read by `read`
    try:
        values = await field.resolver.function(records, context, **keywords(field))
    except Exception as error:  # it is the error of each of them
        return [error] * len(records)
    return answers(values, len(records))


def answers(values: Sequence[Any], count: int) -> list[Any]:
    """Return what a batch answered, as a list. Raises DefectError where it did not answer each record once."""
    if len(values) != count:
        raise DefectError(f"{len(values)} values for {count} records")
    return values if type(values) is list else list(values)


def read(field: Field, records: list[Any], keywords: Keywords) -> list[Any]:
    """Return the values of a field that is read without waiting."""
    try:
        function = reader(field, keywords)
    except Exception as error:  # arguments that cannot be made are the error of each of them
        return [error] * len(records)
    try:
        return [function(record) for record in records]
    except Exception:  # one of them failed; which one is seen below
        return [_attempt(function, record) for record in records]


def reader(field: Field, keywords: Keywords) -> Callable[[Any], Any]:
    """Return the function that reads a field of one record."""
    resolver = field.resolver
    if isinstance(resolver, Attribute):
        return attrgetter(resolver.name)
    assert resolver is not None  # noqa: S101  # `__typename` is read from no record
    function, given = resolver.function, keywords(field)
    return (lambda record: function(record, **given)) if given else function


def _attempt(function: Callable[[Any], Any], record: Any) -> Any:
    try:
        return function(record)
    except Exception as error:  # it is the record's field error
        return error
