"""Holds what a plan knows of an operation: a tree of selection sets, shapes by concrete type, fields and positions.

    SelectionSet ──► Shape (one for each concrete type) ──► Field (one for each response key) ──► Position
        ▲                                                                                            │
        └────────────────────────────────────────────────────────────────────────────────────────────┘

`graph.execute.plan.planner` grows it; `graph.execute.plan.execute` walks it once for each request, level by level. A
*parent* is the Python object behind a GraphQL object, from which the object's fields are resolved.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLCompositeType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    default_type_resolver,
)
from graphql.pyutils import inspect, is_awaitable

from graph.execute.plan.arguments import FieldArguments
from graph.execute.plan.errors import DefectError, MisfitError
from graph.execute.plan.leaf import Leaf
from graph.execute.plan.resolver import Batch, CacheKey, Resolver

LISTS = {list, tuple}
"""Classes of values that are lists as they are."""


@dataclass(slots=True, eq=False)
class Position:
    """Where a value is completed: a list of further positions, a leaf, or an object."""

    nullable: bool
    items: "Position | None" = None
    leaf: Leaf | None = None
    selection_set: "SelectionSet | None" = None


@dataclass(slots=True, eq=False)
class Field:
    """One response key: how its value is resolved and completed. Without a resolver it is `__typename`.

    If `inline`, the parent's generated function builds this field's objects too. Concrete types whose fields are alike
    share one Field, so that a level resolves it once for all of them.
    """

    key: str
    name: str
    nodes: tuple[FieldNode, ...]
    resolver: Resolver | None
    arguments: FieldArguments | None
    position: Position
    fleeting: bool
    inline: bool = False

    @property
    def is_column(self) -> bool:
        """Whether the slow path completes its values for a whole level before it puts the level's objects together."""
        return isinstance(self.resolver, Batch) or self.position.leaf is None


@dataclass(slots=True, eq=False)
class Shape:
    """One selection set of one concrete type.

    `build` makes the JSON objects of a level from its parents, the arguments of `calls` and the values of `columns`.
    A shape that several types share finds the shape of each Python class in `members`. Its objects are cached if it has
    a `cache_key`, apart from those of another `identity` or other values of its `variables`.
    """

    kind: GraphQLObjectType
    fields: tuple[Field, ...]
    cache_key: CacheKey | None = None
    identity: Hashable = None
    variables: tuple[str, ...] = ()
    columns: tuple[Field, ...] = ()
    calls: tuple[Field, ...] = ()
    build: Callable[..., list[Any]] = list
    members: "Mapping[type, Shape]" = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class SelectionSet:
    """What is selected of the objects at one position: a shape for each concrete type, by name and by Python class.

    Type resolvers are given `info`. Where all types have the same fields, `united` is the shape for all of them.
    """

    kind: GraphQLCompositeType
    shapes: dict[str, Shape]
    info: GraphQLResolveInfo[Any]
    by_class: dict[type, Shape] = field(default_factory=dict)
    united: Shape | None = None

    def fit(self, parent: Any) -> Any:
        """Return the parent, after noting which shape its class has.

        Raises MisfitError, or what a type resolver raises, where the parent has no type.
        """
        if type(parent) in self.by_class:
            return parent
        kind = self.kind if isinstance(self.kind, GraphQLObjectType) else self._runtime_type(parent, self.kind)
        if kind.is_type_of and not kind.is_type_of(parent, self.info):
            raise MisfitError(f"Expected value of type '{kind}' but got: {inspect(parent)}.")
        self.by_class[type(parent)] = self.shapes[kind.name]
        return parent

    def _runtime_type(self, parent: Any, declared: GraphQLAbstractType) -> GraphQLObjectType:
        """Return the concrete type of a parent whose declared type is abstract (ResolveAbstractType)."""
        name = (declared.resolve_type or default_type_resolver)(parent, self.info, declared)
        if is_awaitable(name):
            raise DefectError(f"the type resolver of {declared} waits")
        must = f"Abstract type '{declared}' must resolve to an Object type at runtime for field '{{}}'"
        if name is None:
            raise MisfitError(
                f"{must}. Either the '{declared}' type should provide a 'resolve_type' function"
                " or each possible type should provide an 'is_type_of' function."
            )
        if not isinstance(name, str):
            raise MisfitError(
                f"{must} with value {inspect(parent)}, received '{inspect(name)}',"
                " which is not a valid Object type name."
            )
        schema = self.info.schema
        kind = schema.get_type(name)
        if kind is None:
            raise MisfitError(
                f"Abstract type '{declared}' was resolved to a type '{name}' that does not exist inside the schema."
            )
        if not isinstance(kind, GraphQLObjectType):
            raise MisfitError(f"Abstract type '{declared}' was resolved to a non-object type '{name}'.")
        if not schema.is_sub_type(declared, kind):
            raise MisfitError(f"Runtime Object type '{kind}' is not a possible type for '{declared}'.")
        return kind


def selection_set_of(position: Position) -> SelectionSet | None:
    """Return what is selected of a position's objects, also of those in lists; None for leaves."""
    while position.items is not None:
        position = position.items
    return position.selection_set


def below(shape: Shape) -> Iterator[tuple[Field, SelectionSet]]:
    """Yield the fields of a shape whose values are objects, with their selection sets."""
    for each in shape.fields:
        if (selection_set := selection_set_of(each.position)) is not None:
            yield each, selection_set
