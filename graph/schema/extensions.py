"""Declares beside a type what it costs and how its values may be cached, and copies that to the built schema.

The built types (graphql-core's) have `extensions` for such facts; the limits and the plans look there.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeVar

from graphql import GraphQLInputObjectType, GraphQLInputType, GraphQLNamedType, get_named_type

from graph.document.cost.conditions import CONDITIONS
from graph.execute.plan.resolver import CACHE_KEY, FLEETING, NATIVE

T = TypeVar("T")
DECLARED = "__graph_extensions__"


def cached_by(attribute: str) -> Callable[[T], T]:
    """Let encoded objects of a type be cached while the store does not change; the *attribute* identifies each."""
    return _declare(CACHE_KEY, attrgetter(attribute))


def counts_as(conditions: int) -> Callable[[T], T]:
    """Count an input object as so many conditions more than it has fields, and the words of its texts too."""
    return _declare(CONDITIONS, conditions)


def written_as(native: type) -> Callable[[T], T]:
    """Let orjson write a scalar's values, which are of this class, as they are."""
    return _declare(NATIVE, native)


def carry_over(core: GraphQLNamedType) -> None:
    """Put what is declared of a type into the extensions of the built one."""
    definition = core.extensions.get("strawberry-definition")
    declaration = getattr(definition, "origin", None) or definition  # a scalar's definition stands for itself
    if declaration is not None:
        core.extensions.update(vars(declaration).get(DECLARED, {}))


def holds_time(kind: GraphQLInputType) -> bool:
    """Whether a value of an input type may hold a field that is declared to depend on the time."""
    pending, seen = [get_named_type(kind)], set()
    while pending:
        named = pending.pop()
        if named in seen or not isinstance(named, GraphQLInputObjectType):
            continue
        seen.add(named)
        for field in named.fields.values():
            if FLEETING in field.extensions["strawberry-definition"].metadata:
                return True
            pending.append(get_named_type(field.type))
    return False


def _declare(key: str, value: Any) -> Callable[[T], T]:
    def declare(declaration: T) -> T:
        setattr(declaration, DECLARED, {**vars(declaration).get(DECLARED, {}), key: value})
        return declaration

    return declare
