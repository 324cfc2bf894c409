"""Carries errors of fields up the answer, with their paths, and decides how far up each of them leaves null.

Errors are rare, so values travel bare; one with errors in it is wrapped in `WithErrors` until the answer is complete.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode, GraphQLError, located_error

from graph.execute.plan.errors import MisfitError


@dataclass(slots=True, eq=False)
class FieldError:
    """One error. *path* grows from the value upwards, and the first field on the way gives the *nodes*."""

    cause: Exception
    nodes: Sequence[FieldNode] | None = None
    path: list[str | int] = field(default_factory=list)

    def located(self) -> GraphQLError:
        """Return the error as the specification has it, section 7.1.2."""
        return located_error(self.cause, [*(self.nodes or ())], self.path[::-1])


@dataclass(slots=True, eq=False)
class WithErrors:
    """A value with errors in it. One that *failed* is null, and so is what contains it, up to what may be null."""

    value: Any
    errors: list[FieldError]
    failed: bool = False

    def passing(self, key: str | int) -> list[FieldError]:
        """Return the errors, each with one more key in its path."""
        for error in self.errors:
            error.path.append(key)
        return self.errors

    def passing_field(self, key: str, nodes: Sequence[FieldNode], coordinate: str) -> list[FieldError]:
        """Return the errors as seen from the object with the response key *key*; *coordinate* is `Type.field`."""
        for error in self.errors:
            if error.nodes is None:
                error.nodes = nodes
                if isinstance(error.cause, MisfitError):
                    error.cause = error.cause.at(coordinate, nodes)
        return self.passing(key)

    def copy(self) -> "WithErrors":
        """Return the same value and errors, to stand a second time in the answer."""
        errors = [FieldError(error.cause, error.nodes, [*error.path]) for error in self.errors]
        return WithErrors(self.value, errors, self.failed)


def failure(cause: Exception) -> WithErrors:
    """Return what stands for a value that failed."""
    return WithErrors(None, [FieldError(cause)], failed=True)


def have_errors(values: Iterable[Any]) -> bool:
    """Whether there are errors in any of the values."""
    return WithErrors in set(map(type, values))


def settled(nullable: bool, values: list[Any]) -> list[Any]:
    """Return the values of one position after null has gone up: it stops here if *nullable* (section 6.4.4)."""
    for index, value in enumerate(values):
        if value is None and not nullable:
            values[index] = failure(MisfitError("Cannot return null for non-nullable field {}.", "null"))
        elif nullable and type(value) is WithErrors:
            value.failed = False
    return values


def gathered(items: Sequence[Any]) -> Any:
    """Return a list of settled items; the first that failed fails it."""
    values: list[Any] = []
    errors: list[FieldError] = []
    for index, item in enumerate(items):
        if type(item) is not WithErrors:
            values.append(item)
            continue
        errors += item.passing(index)
        if item.failed:
            return WithErrors(None, errors, failed=True)
        values.append(item.value)
    return WithErrors(values, errors) if errors else values
