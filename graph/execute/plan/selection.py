"""The tree that a plan is: selections of objects, their shapes by concrete type, fields, and positions of values.

    Selection ──► Shape (one for each concrete type) ──► Field (one for each response key) ──► Position
        ▲                                                                                       │
        └───────────────────────────────────────────────────────────────────────────────────────┘

`graph.execute.plan.planner` grows it; `graph.execute.plan.execute` walks it once for each request, level by level.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLCompositeType,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    default_type_resolver,
)
from graphql.pyutils import inspect, is_awaitable

from graph.execute.plan.arguments import FieldArguments
from graph.execute.plan.leaf import Leaf
from graph.execute.plan.resolver import Batch, CacheKey, Resolver

LISTS = {list, tuple}
"""Classes of values that are lists as they are."""


class DefectError(Exception):
    """The plan cannot go on, and no field is to blame: the interpreter must answer."""


class AmissError(Exception):
    """A value is not as it mostly is; the careful way looks at it by itself."""


class MisfitError(Exception):
    """A value does not fit its position; `{}` in the message stands for the field, which is known further up.

    *known_to* says which of graphql-core's errors it becomes there: that of null, of a list, or of a type, which has
    the field's nodes.
    """

    def __init__(self, message: str, known_to: Literal["null", "list", "type"] = "type") -> None:
        super().__init__(message)
        self.message, self.known_to = message, known_to

    def at(self, place: str, nodes: Sequence[FieldNode]) -> Exception:
        """Return the error as it is known at the field *place*, `Type.field`."""
        message = self.message.replace("{}", place, 1)
        if self.known_to == "null":
            return TypeError(message)
        return GraphQLError(message, [*nodes] if self.known_to == "type" else None)


@dataclass(slots=True, eq=False)
class Position:
    """Where a value is completed: a list of further positions, a leaf, or an object."""

    nullable: bool
    items: "Position | None" = None
    leaf: Leaf | None = None
    selection: "Selection | None" = None


@dataclass(slots=True, eq=False)
class Field:
    """One response key: how its value is read and completed. Without a resolver it is `__typename`.

    Objects of an *inline* one are made by the `build` of the shape that holds it, from the values as they were read.
    Concrete types whose fields are alike share one Field, so that a level asks once for all of them.
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
        """Whether its values are completed for a whole level, before the level's objects are put together with care."""
        return isinstance(self.resolver, Batch) or self.position.leaf is None


@dataclass(slots=True, eq=False)
class Shape:
    """One selection set of one concrete type.

    `build` makes the JSON objects of a level from its records, the arguments of `calls` and the values of `columns`.
    The shape that several types share has each class's own among its `members`.
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
class Selection:
    """The objects at one place of the answer, of whichever concrete type; `info` is what type resolvers are given.

    Where all types have the same fields, `united` is the shape for all of them.
    """

    kind: GraphQLCompositeType
    shapes: dict[str, Shape]
    info: GraphQLResolveInfo[Any]
    by_class: dict[type, Shape] = field(default_factory=dict)
    united: Shape | None = None

    def fit(self, record: Any) -> Any:
        """Return the record, after remembering which shape its class has.

        Raises MisfitError or what a type resolver raises where the record has no type.
        """
        if type(record) in self.by_class:
            return record
        kind = self.kind if isinstance(self.kind, GraphQLObjectType) else self._runtime_type(record, self.kind)
        if kind.is_type_of and not kind.is_type_of(record, self.info):
            raise MisfitError(f"Expected value of type '{kind}' but got: {inspect(record)}.")
        self.by_class[type(record)] = self.shapes[kind.name]
        return record

    def _runtime_type(self, record: Any, declared: GraphQLAbstractType) -> GraphQLObjectType:
        """Return the concrete type of a record where an abstract one is declared (ResolveAbstractType)."""
        name = (declared.resolve_type or default_type_resolver)(record, self.info, declared)
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
                f"{must} with value {inspect(record)}, received '{inspect(name)}',"
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


def selection_of(position: Position) -> Selection | None:
    """Return the selection at the end of a position's lists, if objects stand there."""
    while position.items is not None:
        position = position.items
    return position.selection


def below(shape: Shape) -> Iterator[tuple[Field, Selection]]:
    """Yield the fields of a shape that hold objects, with their selections."""
    for each in shape.fields:
        if (selection := selection_of(each.position)) is not None:
            yield each, selection
