"""Declares how fields get their values, so that plans and the interpreter resolve them by the same functions.

A schema puts one `Resolver` into the `extensions` of each field that plans can take, under `RESOLVER`; an operation
with any other field is interpreted as a whole. The other keys here say what may be cached, and which values are written
as they are. Whatever else plans are to know of a field or a type is declared here too.

A plan asks `resolve_type` and `is_type_of` once for each Python class and remembers the answer: they must depend on
nothing but the class.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RESOLVER = "resolver"
"""The key of `GraphQLField.extensions` for a field's `Resolver`."""

CACHE_KEY = "cache_key"
"""The key of `GraphQLObjectType.extensions` for a `CacheKey`, if encoded objects of the type may be cached.

They are used again for the same selection set, state of the store (its sequence), rights, and values of the variables
within. So nothing selected may depend on anything else: not on time, not on who asks beyond their rights. Fields that
do are FLEETING. An object with an error inside is never cached.
"""

FLEETING = "fleeting"
"""The key of `GraphQLField.extensions` for a field that is never cached, nor any object that contains it.

The value is True, or the names of the arguments that make it so where one of them is given.
"""

NATIVE = "native"
"""The key of `GraphQLScalarType.extensions` for the Python class whose instances orjson writes as the type would.

`str` for a scalar that is text as it is; `datetime` for one written as RFC 3339 in UTC with `Z` (orjson.OPT_UTC_Z).
"""

CacheKey = Callable[[Any], Hashable]
"""From the Python object behind a GraphQL object to what identifies it among all of its type."""

Arguments = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""From graphql-core's coerced arguments (GraphQL names) to a resolver's keyword arguments; pure: constant arguments are
converted once, when the operation is planned. Resolvers with the same function convert alike."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """The value is an attribute of the parent."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """The value is `function(parent, **arguments)`: pure, without waiting, and the same for every caller.

    Where no argument is given it is the parent's *attribute* of that name, if there is one.
    """

    function: Callable[..., Any]
    arguments: Arguments
    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The values for all parents of a level are `await function(parents, context, **arguments)`, in their order.

    An Exception in place of a value is the field error of that parent; a raised one is the error of every parent.
    `context` is the request's, and the plan hands it on untouched.
    """

    function: Callable[..., Awaitable[Sequence[Any]]]
    arguments: Arguments


Resolver = Attribute | Call | Batch
