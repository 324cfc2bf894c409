"""Plans one variant of an operation: grows the tree of its selection sets; nothing is resolved yet.

Each field of each possible concrete type is looked at once, so that what a plan cannot take is found here and never in
the middle of an answer.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NoReturn, cast

from graphql import (
    FieldNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLString,
    SelectionSetNode,
    VariableDefinitionNode,
    is_leaf_type,
    print_ast,
)
from graphql.execution.values import VariableValues
from graphql.pyutils import Path, is_awaitable
from graphql.type.definition import GraphQLResolveInfoHelpers

from graph.execute.plan.arguments import field_arguments
from graph.execute.plan.collect import Variant, collect_fields, inclusion_directives
from graph.execute.plan.errors import DefectError, UnplannedError
from graph.execute.plan.leaf import leaf
from graph.execute.plan.resolver import CACHE_KEY, FLEETING, RESOLVER, Attribute, Call, Resolver
from graph.execute.plan.shape import finish, unite
from graph.execute.plan.tree import Field, Position, SelectionSet, Shape, below

MOST_FIELDS = 10_000
"""Operations that select more fields than this, fragments spread, are interpreted."""


class Planner:
    """Plans one variant of one operation; `fields` counts what it has seen."""

    def __init__(self, variant: Variant) -> None:
        self.variant, self.fields = variant, 0

    def plan(self) -> SelectionSet:
        """Return the root selection set. Raises UnplannedError where the interpreter must answer."""
        operation = self.variant.operation
        root = self.variant.schema.get_root_type(operation.operation)
        if root is None:
            raise UnplannedError(f"no type for a {operation.operation.value}")
        selection_set = self.selection_set(root, [operation.selection_set], self._info("", [], root, root))
        self._settle(selection_set, inside=False)
        return selection_set

    def selection_set(
        self, kind: GraphQLCompositeType, sets: Sequence[SelectionSetNode], info: GraphQLResolveInfo[Any]
    ) -> SelectionSet:
        """Return what is selected of an object, interface or union: a shape for each type that it can be."""
        shared: dict[Any, Field] = {}
        possible = [kind] if isinstance(kind, GraphQLObjectType) else self.variant.schema.get_possible_types(kind)
        return SelectionSet(kind, {each.name: self.shape(each, sets, shared) for each in possible}, info)

    def shape(self, kind: GraphQLObjectType, sets: Sequence[SelectionSetNode], shared: dict[Any, Field]) -> Shape:
        """Return the shape of one concrete type; fields that are alike in several types are *shared*."""
        grouped = collect_fields(self.variant, kind, sets)
        return Shape(kind, tuple(self.field(kind, key, nodes, shared) for key, nodes in grouped.items()))

    def field(
        self, parent_type: GraphQLObjectType, key: str, nodes: list[FieldNode], shared: dict[Any, Field]
    ) -> Field:
        """Return one field of a concrete type."""
        self.fields += len(nodes)
        if self.fields > MOST_FIELDS:
            raise UnplannedError(f"more than {MOST_FIELDS} fields")
        for node in nodes:
            list(inclusion_directives(node.directives or ()))
        name = nodes[0].name.value
        if name == "__typename":
            return Field(key, name, tuple(nodes), None, None, Position(False, leaf=leaf(GraphQLString)), False)
        definition = parent_type.fields.get(name)
        resolver: Resolver | None = definition.extensions.get(RESOLVER) if definition else None
        if definition is None or resolver is None:
            raise UnplannedError(f"{parent_type.name}.{name} has no resolver")
        if isinstance(resolver, Call) and resolver.attribute and not nodes[0].arguments:
            resolver = Attribute(resolver.attribute)
        reads = resolver.name if isinstance(resolver, Attribute) else resolver.function
        alike = (key, type(resolver), reads, str(definition.type), *map(id, nodes))
        if alike not in shared:
            shared[alike] = self._field(parent_type, key, nodes, definition, resolver)
        return shared[alike]

    def _field(
        self,
        parent_type: GraphQLObjectType,
        key: str,
        nodes: list[FieldNode],
        definition: GraphQLField,
        resolver: Resolver,
    ) -> Field:
        node, name = nodes[0], nodes[0].name.value
        arguments = None
        if not isinstance(resolver, Attribute):
            arguments = field_arguments(definition, node, resolver.arguments)
        info = self._info(name, nodes, definition.type, parent_type)
        position = self.position(definition.type, [n.selection_set for n in nodes if n.selection_set], info)
        fleeting = definition.extensions.get(FLEETING, ())
        given = {argument.name.value for argument in node.arguments or ()}
        return Field(
            key, name, tuple(nodes), resolver, arguments, position, fleeting is True or not given.isdisjoint(fleeting)
        )

    def position(
        self, kind: GraphQLOutputType, sets: Sequence[SelectionSetNode], info: GraphQLResolveInfo[Any]
    ) -> Position:
        """Return the position of a value of the type *kind*."""
        if isinstance(kind, GraphQLNonNull):
            position = self.position(kind.of_type, sets, info)
            position.nullable = False
            return position
        if isinstance(kind, GraphQLList):
            return Position(True, items=self.position(kind.of_type, sets, info))
        if is_leaf_type(kind):
            return Position(True, leaf=leaf(kind))
        return Position(True, selection_set=self.selection_set(cast("GraphQLCompositeType", kind), sets, info))

    def _info(self, name: str, nodes: list[FieldNode], kind: Any, parent_type: Any) -> GraphQLResolveInfo[Any]:
        """Return what type resolvers are given, without what only a request has."""
        variant, helpers = self.variant, GraphQLResolveInfoHelpers(_waits, _waits)
        fragments, nothing = dict(variant.fragments), VariableValues({}, {})
        path = Path(None, name, parent_type.name)
        return GraphQLResolveInfo(
            name, nodes, kind, parent_type, path, variant.schema, fragments, None, variant.operation, nothing, None,
            is_awaitable, None, helpers,
        )  # fmt: skip

    def _settle(self, selection_set: SelectionSet, inside: bool) -> None:
        """Decide from the root down which shapes are cached, the outermost that can be; compile the `build` of all."""
        for shape in selection_set.shapes.values():
            cache_key = None if inside else shape.kind.extensions.get(CACHE_KEY)
            if cache_key is not None and _is_cacheable(shape):
                shape.cache_key = cache_key
                shape.variables, shape.identity = self._identity(shape)
            for _, inner in below(shape):
                self._settle(inner, inside or shape.cache_key is not None)
            if shape.build is list:
                finish(shape)
        unite(selection_set)

    def _identity(self, shape: Shape) -> tuple[tuple[str, ...], bytes]:
        """Return the variables within a shape, and a digest of what its answers depend on besides their values.

        A digest, since it stays with what is cached, and the text may be as long as the document.
        """
        used: set[str] = set()
        text = _signature(shape, used)
        definitions: Sequence[VariableDefinitionNode] = self.variant.operation.variable_definitions or ()
        within = [each for each in definitions if each.variable.name.value in used]
        whole = "\0".join((text, *map(print_ast, within)))
        return tuple(sorted(used)), blake2b(whole.encode(errors="surrogatepass")).digest()


def _waits(_: Any) -> NoReturn:
    raise DefectError("a type resolver waits")


def _is_cacheable(shape: Shape) -> bool:
    """Whether nothing within depends on more than the store, the rights and the arguments."""
    return not any(field.fleeting for field in shape.fields) and all(
        _is_cacheable(inner) for _, selection_set in below(shape) for inner in selection_set.shapes.values()
    )


def _signature(shape: Shape, used: set[str]) -> str:
    """Return a text that is the same for shapes with the same answer; note the variables that are *used*."""
    parts = []
    for field in shape.fields:
        used.update(field.arguments.variables if field.arguments else ())
        given = ",".join(sorted(print_ast(argument) for argument in field.nodes[0].arguments or ()))
        parts.append(f"{field.key}:{field.name}({given})")
        inner = [selection_set for each, selection_set in below(shape) if each is field]
        parts.extend(_signature(each, used) for selection_set in inner for each in selection_set.shapes.values())
    return f"{shape.kind.name}{{{' '.join(parts)}}}"
