"""Resolves one field for all parents of a level (ResolveFieldValue, specification 6.4.2): the values in their order.

An Exception stands for each value that failed. A batch resolver is called here, and only here: once for each field and
level, however many parents there are.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from graph.execute.plan.errors import DefectError
from graph.execute.plan.resolver import Attribute, Batch
from graph.execute.plan.tree import Field

Keywords = Callable[[Field], Mapping[str, Any]]
"""Returns the keyword arguments of a field for this request; raises what keeps them from being made."""


async def batch_values(field: Field, parents: list[Any], context: Any, keywords: Keywords) -> list[Any]:
    """Return the values of a field whose resolver is a Batch."""
    assert isinstance(field.resolver, Batch)  # noqa: S101  # all else is for `read_values`
    try:
        values = await field.resolver.function(parents, context, **keywords(field))
    except Exception as error:  # it is the field error of every parent
        return [error] * len(parents)
    return _as_many(values, len(parents))


def _as_many(values: Sequence[Any], count: int) -> list[Any]:
    """Return what a batch returned, as a list. Raises DefectError where it is not one value for each parent."""
    if len(values) != count:
        raise DefectError(f"{len(values)} values for {count} parents")
    return values if type(values) is list else list(values)


def read_values(field: Field, parents: list[Any], keywords: Keywords) -> list[Any]:
    """Return the values of a field that is read without waiting."""
    try:
        function = _reader(field, keywords)
    except Exception as error:  # arguments that cannot be made are the field error of every parent
        return [error] * len(parents)
    try:
        return [function(parent) for parent in parents]
    except Exception:  # one of them failed; which one is seen below
        return [_attempt(function, parent) for parent in parents]


def _reader(field: Field, keywords: Keywords) -> Callable[[Any], Any]:
    """Return the function that reads a field of one parent."""
    resolver = field.resolver
    if isinstance(resolver, Attribute):
        return attrgetter(resolver.name)
    assert resolver is not None  # noqa: S101  # `__typename` is never read
    function, given = resolver.function, keywords(field)
    return (lambda parent: function(parent, **given)) if given else function


def _attempt(function: Callable[[Any], Any], parent: Any) -> Any:
    try:
        return function(parent)
    except Exception as error:  # it is this parent's field error
        return error
