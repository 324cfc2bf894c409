"""Two executions of one operation in, whether they agree out: data exactly, errors as the specification leaves room.

Where several errors take the same object with them, one is enough, and which one is up to the order of execution
(section 6.4.4). So each null must be explained by the same errors, or by at least one on both roads if they lie below.
"""

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError

Explained = dict[tuple[Any, ...], tuple[set[str], int]]


def nulled(data: Any, path: Sequence[Any]) -> tuple[Any, ...]:
    """Return the shortest part of a path at which the data is null."""
    for length, key in enumerate(path):
        if data is None:
            return tuple(path[:length])
        data = data[key]
    return tuple(path)


def explained(data: Any, errors: Sequence[GraphQLError]) -> Explained:
    """Return, for each place of null that errors explain, those at the place itself, and how many lie below."""
    places: Explained = {}
    for error in errors:
        path = tuple(error.path or ())
        place = nulled(data, path)
        own, below = places.setdefault(place, (set(), 0))
        if place == path:
            own.add(repr((error.message, error.locations)))
        else:
            places[place] = (own, below + 1)
    return places


def assert_agreement(
    data: Any, errors: Sequence[GraphQLError], planned: Any, planned_errors: Sequence[GraphQLError]
) -> None:
    """Check that a plan's answer is the interpreter's."""
    assert planned == data
    theirs, ours = explained(data, errors), explained(planned, planned_errors)
    assert theirs.keys() == ours.keys()
    for place, (own, below) in theirs.items():
        if not below and not ours[place][1]:
            assert ours[place][0] == own
        else:
            assert bool(own or below) == bool(ours[place][0] or ours[place][1])
