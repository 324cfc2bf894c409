"""Groups the fields of selection sets by response key, for one concrete type (CollectFields, specification 6.3.2).

`@skip` and `@include` are decided by then: an operation has one plan for each combination of their answers, a variant.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    is_abstract_type,
)

from graph.execute.plan.errors import UnplannedError
from graph.execute.plan.nodes import nodes_of, variables_in

INCLUSION = {"skip": False, "include": True}
"""The directives that include a selection or leave it out, and the value of `if` with which they include it."""


@dataclass(frozen=True, slots=True)
class Variant:
    """An operation, and the value of each variable that its inclusion depends on."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    inclusion: Mapping[str, bool]


def inclusion_variables(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> tuple[str, ...]:
    """Return the operation's variables that `@skip` and `@include` name in it or in any fragment."""
    used: set[str] = set()
    for node in (operation, *fragments.values()):
        for directive in nodes_of(DirectiveNode, node):
            if directive.name.value in INCLUSION:
                used |= variables_in(directive)
    defined = (definition.variable.name.value for definition in operation.variable_definitions or ())
    return tuple(name for name in defined if name in used)


def collect_fields(
    variant: Variant, concrete: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode]
) -> dict[str, list[FieldNode]]:
    """Return the field nodes that apply to a concrete type, by response key, in the order of the answer."""
    grouped: dict[str, list[FieldNode]] = {}
    visited: set[str] = set()
    for selection_set in selection_sets:
        for node in _fields(variant, concrete, selection_set, visited):
            grouped.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
    return grouped


def _fields(
    variant: Variant, concrete: GraphQLObjectType, selection_set: SelectionSetNode, visited: set[str]
) -> Iterator[FieldNode]:
    for selection in selection_set.selections:
        if not _is_included(variant, selection):
            continue
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            if condition is None or _does_fragment_type_apply(variant.schema, condition.name.value, concrete):
                yield from _fields(variant, concrete, selection.selection_set, visited)
        elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in visited:
            visited.add(selection.name.value)
            fragment = variant.fragments[selection.name.value]
            if _does_fragment_type_apply(variant.schema, fragment.type_condition.name.value, concrete):
                yield from _fields(variant, concrete, fragment.selection_set, visited)


def _does_fragment_type_apply(schema: GraphQLSchema, condition: str, concrete: GraphQLObjectType) -> bool:
    """Whether a fragment on the type named *condition* applies to a concrete type (DoesFragmentTypeApply)."""
    named = schema.get_type(condition)
    return named is concrete or (is_abstract_type(named) and schema.is_sub_type(named, concrete))


def _is_included(variant: Variant, node: SelectionNode) -> bool:
    directives: Sequence[DirectiveNode] = node.directives or ()
    answers = [_decided(variant, each) is INCLUSION[each.name.value] for each in inclusion_directives(directives)]
    return all(answers)


def inclusion_directives(directives: Iterable[DirectiveNode]) -> Iterator[DirectiveNode]:
    """Yield the directives, all of which are `@skip` or `@include`. Raises UnplannedError at any other."""
    for directive in directives:
        if directive.name.value not in INCLUSION:
            raise UnplannedError(f"directive @{directive.name.value}")
        yield directive


def _decided(variant: Variant, directive: DirectiveNode) -> bool:
    """Return the value of a directive's `if`."""
    (argument,) = directive.arguments or ()
    value = argument.value
    if isinstance(value, BooleanValueNode):
        return value.value
    assert isinstance(value, VariableNode)  # noqa: S101  # validation lets nothing else stand
    return variant.inclusion[value.name.value]
