"""Compares the answers of plan and interpreter: data exactly, errors as far as the specification says which.

Where several errors make the same object null, one is enough, and which one depends on the order of execution (section
6.4.4). So each null must be explained by the same errors, or by at least one in both answers if they are below it.
"""

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError

Explanations = dict[tuple[Any, ...], tuple[set[str], int]]


def nulled(data: Any, path: Sequence[Any]) -> tuple[Any, ...]:
    """Return the shortest part of a path at which the data is null."""
    for length, key in enumerate(path):
        if data is None:
            return tuple(path[:length])
        data = data[key]
    return tuple(path)


def explained(data: Any, errors: Sequence[GraphQLError]) -> Explanations:
    """Return, for the path of each null that errors explain, the errors at that path, and how many are below it."""
    nulls: Explanations = {}
    for error in errors:
        path = tuple(error.path or ())
        null = nulled(data, path)
        own, below = nulls.setdefault(null, (set(), 0))
        if null == path:
            own.add(repr((error.message, error.locations)))
        else:
            nulls[null] = (own, below + 1)
    return nulls


def assert_agreement(
    data: Any, errors: Sequence[GraphQLError], planned: Any, planned_errors: Sequence[GraphQLError]
) -> None:
    """Check that a plan's answer is the interpreter's."""
    assert planned == data
    theirs, ours = explained(data, errors), explained(planned, planned_errors)
    assert theirs.keys() == ours.keys()
    for null, (own, below) in theirs.items():
        if not below and not ours[null][1]:
            assert ours[null][0] == own
        else:
            assert bool(own or below) == bool(ours[null][0] or ours[null][1])
