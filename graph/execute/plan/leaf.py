"""Serialises the values of scalars and enums, except those that orjson writes as they are."""

from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLScalarType,
    GraphQLString,
    Undefined,
)
from graphql.pyutils import inspect
from graphql.type.scalars import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT

from graph.execute.plan.resolver import NATIVE

WRITTEN_AS_IS = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool, GraphQLInt: int}
"""The specification's scalars whose values need no serialising if they have this class; an Int must be within bounds.

Float is not among them: orjson writes NaN as null, and a whole number without its point.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A scalar or an enum. Values of the class *native* are written as they are, if *bounded* only those of an Int."""

    kind: GraphQLLeafType
    native: type | None
    bounded: bool

    def serialise(self, value: Any) -> Any:
        """Return the value as JSON has it (section 6.4.3). Raises whatever the type's serialiser does."""
        if isinstance(value, Exception):
            raise value
        written = self.kind.coerce_output_value(value)
        if written is None or written is Undefined:
            raise TypeError(
                f"Expected `{inspect(self.kind)}.coerce_output_value({inspect(value)})`"
                f" to return non-nullable value, returned: {inspect(written)}"
            )
        return written

    def column(self, values: list[Any], kinds: set[type]) -> list[Any] | None:
        """Return the values if all of them can be written as they are, else None."""
        if kinds != {self.native}:
            return None
        return None if self.bounded and not GRAPHQL_MIN_INT <= min(values) <= max(values) <= GRAPHQL_MAX_INT else values


def leaf(kind: GraphQLLeafType) -> Leaf:
    """Return how the values of a leaf type are written."""
    native = WRITTEN_AS_IS.get(kind) if isinstance(kind, GraphQLScalarType) else None
    return Leaf(kind, native or kind.extensions.get(NATIVE), kind is GraphQLInt)
