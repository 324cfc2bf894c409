"""Errors of fields on their way up the answer: what went wrong, where, and how far up it leaves null.

Errors are rare, so values travel bare; one that has errors in it is wrapped in `Troubled` until the answer is whole.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode, GraphQLError, located_error

from graph.execute.plan.selection import MisfitError


@dataclass(slots=True, eq=False)
class FieldError:
    """One error; *path* grows from the value upwards, and the field that it passes first gives the *nodes*."""

    cause: Exception
    nodes: Sequence[FieldNode] | None = None
    path: list[str | int] = field(default_factory=list)

    def located(self) -> GraphQLError:
        """Return the error as the specification has it, section 7.1.2."""
        return located_error(self.cause, [*(self.nodes or ())], self.path[::-1])


@dataclass(slots=True, eq=False)
class Troubled:
    """A value with errors in it; one that *failed* is null and takes along each position that cannot be null."""

    value: Any
    errors: list[FieldError]
    failed: bool = False

    def passing(self, key: str | int) -> list[FieldError]:
        """Return the errors, each with one more step to its path."""
        for error in self.errors:
            error.path.append(key)
        return self.errors

    def passing_field(self, key: str, nodes: Sequence[FieldNode], place: str) -> list[FieldError]:
        """Return the errors as seen from the object that holds the field *key*; *place* is `Type.field`."""
        for error in self.errors:
            if error.nodes is None:
                error.nodes = nodes
                if isinstance(error.cause, MisfitError):
                    error.cause = error.cause.at(place, nodes)
        return self.passing(key)

    def copy(self) -> "Troubled":
        """Return the same trouble for another place of the answer."""
        errors = [FieldError(error.cause, error.nodes, [*error.path]) for error in self.errors]
        return Troubled(self.value, errors, self.failed)


def failure(cause: Exception) -> Troubled:
    """Return what stands for a value that could not be had."""
    return Troubled(None, [FieldError(cause)], failed=True)


def is_troubled(values: Iterable[Any]) -> bool:
    """Whether there are errors in any of the values."""
    return Troubled in set(map(type, values))


def settled(nullable: bool, values: list[Any]) -> list[Any]:
    """Return the values of one position after null has gone up: it stops here, or it goes on (section 6.4.4)."""
    for index, value in enumerate(values):
        if value is None and not nullable:
            values[index] = failure(MisfitError("Cannot return null for non-nullable field {}.", "null"))
        elif nullable and type(value) is Troubled:
            value.failed = False
    return values


def gathered(items: Sequence[Any]) -> Any:
    """Return a list of settled items; the first that failed fails it."""
    values: list[Any] = []
    errors: list[FieldError] = []
    for index, item in enumerate(items):
        if type(item) is not Troubled:
            values.append(item)
            continue
        errors += item.passing(index)
        if item.failed:
            return Troubled(None, errors, failed=True)
        values.append(item.value)
    return Troubled(values, errors) if errors else values
