"""How a field reads its value: what a schema declares once, and both a plan and the interpreter use.

Every GraphQL field that a plan can take carries one of these under `READING` in its `extensions`; a field without one
makes its operation fall back whole to the interpreter. The other keys say what may be kept and written as it is.

A plan asks `resolve_type` and `is_type_of` once for each Python class of records and remembers the answer: they must
depend on nothing but the class.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

READING = "reading"
"""The key of `GraphQLField.extensions` that a field's reading is found under."""

KEPT = "kept"
"""The key of `GraphQLObjectType.extensions` that a type's `Kept` is found under."""

FLEETING = "fleeting"
"""The key of `GraphQLField.extensions` for a field that is never kept, nor anything that holds it.

The value is True, or the names of the arguments that make it so where one of them is given.
"""

NATIVE = "native"
"""The key of `GraphQLScalarType.extensions` for the Python class whose instances orjson writes as the type would.

`str` for a scalar that is text as it is; `datetime` for one written as RFC 3339 in UTC with `Z` (orjson.OPT_UTC_Z).
"""

Arguments = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""From graphql-core's coerced arguments (GraphQL names) to a reading's keyword arguments; pure: constant arguments are
converted once, when the operation is planned. Readings with the same function convert alike."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """The value is an attribute of the parent's record."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """The value is `function(record, **arguments)`: pure, without waiting, and the same for every caller.

    *plain* names the attribute of the record that it is where no argument is given, if it is one.
    """

    function: Callable[..., Any]
    arguments: Arguments
    plain: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The values of all records of a level are `await function(records, context, **arguments)`, in their order.

    An Exception in place of a value is that record's field error; a raised one is the error of each of them.
    `context` is the request's, and the plan hands it on untouched.
    """

    function: Callable[..., Awaitable[Sequence[Any]]]
    arguments: Arguments


Reading = Attribute | Call | Batch


@dataclass(frozen=True, slots=True)
class Kept:
    """The bytes of an object of this type may be kept and used again; `key(record)` identifies it within its type.

    They are kept for one selection set, one state of the store (its sequence), one set of rights and the values of the
    variables within. So nothing selected may depend on anything else: not on time, not on who asks beyond their rights.
    Fields that do are FLEETING. An object with an error inside is never kept.
    """

    key: Callable[[Any], Hashable]
