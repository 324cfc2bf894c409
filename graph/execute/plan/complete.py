"""Completes columns of values (CompleteValue, specification 6.4.3), as far as nothing has to be waited for.

A column is the values of one position for every object of a level. The set of their classes shows in one pass whether
all are as they should be; only where they are not is each value looked at by itself.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from graphql import GraphQLError, Undefined
from graphql.pyutils import is_async_iterable, is_iterable

from graph.execute.plan.errors import DefectError, MisfitError
from graph.execute.plan.field_errors import FieldError, WithErrors, failure, gathered, settled
from graph.execute.plan.field_values import Keywords, read_values
from graph.execute.plan.leaf import Leaf
from graph.execute.plan.tree import LISTS, Field, Position, Shape


def sift(values: list[Any], fit: Callable[[Any], Any]) -> tuple[list[Any], list[int]]:
    """Return the values with nulls and errors completed, and the indices of those still to complete, made *fit*."""
    sifted: list[Any] = [None] * len(values)
    rest = []
    for index, value in enumerate(values):
        if isinstance(value, Exception):
            sifted[index] = failure(value)
        elif value is not None and value is not Undefined:
            try:
                sifted[index] = fit(value)
                rest.append(index)
            except DefectError:
                raise
            except Exception as error:  # it is the value's field error
                sifted[index] = failure(error)
    return sifted, rest


def as_list(value: Any) -> Any:
    """Return a value in a list position as a list. Raises MisfitError where it is none."""
    if type(value) in LISTS:
        return value
    if is_async_iterable(value):
        raise DefectError("a list that waits")
    if not is_iterable(value):
        raise MisfitError("Expected Iterable, but did not find one for field '{}'.", "list")
    return list(value)


def regrouped(values: Sequence[Sequence[Any]], flat: list[Any], has_errors: bool) -> list[Any]:
    """Return the completed items of all lists as lists again, each as long as that in *values*."""
    if has_errors:
        items = iter(flat)
        return [gathered(list(islice(items, len(value)))) for value in values]
    lists, start = [], 0
    for value in values:
        end = start + len(value)
        lists.append(flat[start:end])
        start = end
    return lists


def leaves(position: Position, leaf: Leaf, values: list[Any], kinds: set[type]) -> list[Any]:
    """Return a column of leaf values as JSON has them: the same list if all can be written as they are."""
    column = leaf.column(values, kinds)
    if column is not None:
        return column
    completed: list[Any] = []
    for value in values:
        if value is None or value is Undefined:
            completed.append(None)
            continue
        try:
            completed.append(leaf.serialise(value))
        except Exception as error:  # it is the value's field error
            completed.append(failure(error))
    return settled(position.nullable, completed)


def assembled(shape: Shape, parent: Any, columns: Iterable[Any], keywords: Keywords) -> Any:
    """Return one JSON object on the slow path, which gives each error its field (section 6.4.4)."""
    row, entries, errors = iter(columns), {}, list[FieldError]()
    for field in shape.fields:
        value = _value(field, shape, parent, keywords) if not field.is_column else next(row)
        if type(value) is WithErrors:
            errors += value.passing_field(field.key, field.nodes, f"{shape.kind.name}.{field.name}")
            if value.failed:
                return WithErrors(None, errors, failed=True)
            value = value.value
        entries[field.key] = value
    return WithErrors(entries, errors) if errors else entries


def _value(field: Field, shape: Shape, parent: Any, keywords: Keywords) -> Any:
    if field.resolver is None:
        return shape.kind.name
    assert field.position.leaf is not None  # noqa: S101  # all else are columns
    values = read_values(field, [parent], keywords)
    return leaves(field.position, field.position.leaf, values, set(map(type, values)))[0]


def written(errors: Iterable[FieldError]) -> list[GraphQLError]:
    """Return the errors of an answer, in the order of the answer."""
    return [error.located() for error in errors]
