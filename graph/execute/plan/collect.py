"""Selection sets and a concrete type in, its fields grouped by response key out (specification, section 6.3.2).

Conditions are already decided here: a plan is made for one set of answers to `@skip` and `@include`, a variant.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    is_abstract_type,
    visit,
)

CONDITIONS = {"skip": False, "include": True}
"""The directives that decide on a selection, and the answer with which they let it stand."""


class UnplannedError(Exception):
    """The operation holds something that plans do not take; the interpreter does."""


@dataclass(frozen=True, slots=True)
class Source:
    """What an operation is made of, and the value of each variable that its conditions name."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    conditions: Mapping[str, bool]


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """Return the fragments of a document by name."""
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def condition_variables(operation: OperationDefinitionNode, document: DocumentNode) -> tuple[str, ...]:
    """Return the operation's variables that `@skip` and `@include` name anywhere in the document."""
    seeking = _Seeking()
    visit(document, seeking)
    defined = (definition.variable.name.value for definition in operation.variable_definitions or ())
    return tuple(name for name in defined if name in seeking.found)


class _Seeking(Visitor):
    """Finds the variables of conditions."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: Node) -> None:
        """Note the variable of one condition."""
        if node.name.value in CONDITIONS:
            self.found.update(a.value.name.value for a in node.arguments or () if isinstance(a.value, VariableNode))


def collect_fields(
    source: Source, concrete: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode]
) -> dict[str, list[FieldNode]]:
    """Return the field nodes that apply to a concrete type, by response key, in the order of the answer."""
    grouped: dict[str, list[FieldNode]] = {}
    visited: set[str] = set()
    for selection_set in selection_sets:
        for node in _fields(source, concrete, selection_set, visited):
            grouped.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
    return grouped


def _fields(
    source: Source, concrete: GraphQLObjectType, selection_set: SelectionSetNode, visited: set[str]
) -> Iterator[FieldNode]:
    for selection in selection_set.selections:
        if not _included(source, selection):
            continue
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            if condition is None or _applies(source.schema, condition.name.value, concrete):
                yield from _fields(source, concrete, selection.selection_set, visited)
        elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in visited:
            visited.add(selection.name.value)
            fragment = source.fragments[selection.name.value]
            if _applies(source.schema, fragment.type_condition.name.value, concrete):
                yield from _fields(source, concrete, fragment.selection_set, visited)


def _applies(schema: GraphQLSchema, condition: str, concrete: GraphQLObjectType) -> bool:
    """Whether a fragment on the type named *condition* applies to a concrete type (DoesFragmentTypeApply)."""
    named = schema.get_type(condition)
    return named is concrete or (is_abstract_type(named) and schema.is_sub_type(named, concrete))


def _included(source: Source, node: SelectionNode) -> bool:
    directives: Sequence[DirectiveNode] = node.directives or ()
    answers = [_decided(source, directive) is CONDITIONS[directive.name.value] for directive in known(directives)]
    return all(answers)


def known(directives: Iterable[DirectiveNode]) -> Iterator[DirectiveNode]:
    """Yield the conditions among directives. Raises UnplannedError for any other directive."""
    for directive in directives:
        if directive.name.value not in CONDITIONS:
            raise UnplannedError(f"directive @{directive.name.value}")
        yield directive


def _decided(source: Source, directive: DirectiveNode) -> bool:
    (argument,) = directive.arguments or ()
    value = argument.value
    if isinstance(value, BooleanValueNode):
        return value.value
    assert isinstance(value, VariableNode)  # noqa: S101  # validation lets nothing else stand
    return source.conditions[value.name.value]
