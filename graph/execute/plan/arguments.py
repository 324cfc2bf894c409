"""A field's argument nodes once, then coerced variables in and keyword arguments out (specification, section 6.4.1).

What is constant is coerced and converted when the operation is planned. Where variables stand, a small function for
each literal puts them in; anything that is amiss then is left to graphql-core, whose complaint is the field's error.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputType,
    GraphQLNonNull,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    Visitor,
    get_nullable_type,
    is_input_object_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
    visit,
)
from graphql.execution.values import get_argument_values
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal

from graph.execute.plan.resolver import Arguments
from graph.execute.plan.variables import Inputs

Values = Mapping[str, Any]
Literal = Callable[[Values], Any]
"""From coerced variables to a literal's value; Undefined where it is left out."""


class AmissError(Exception):
    """A variable's value does not fit where it stands."""


@dataclass(frozen=True, slots=True, eq=False)
class FieldArguments:
    """The arguments of one field node: its constant keywords, or else how to make them from variables."""

    definition: GraphQLField
    node: FieldNode
    convert: Arguments
    variables: frozenset[str]
    constant: Mapping[str, Any] | None
    literals: Mapping[str, Literal]

    def keywords(self, inputs: Inputs) -> Mapping[str, Any]:
        """Return the keyword arguments of a resolver. Raises what keeps them from being coerced or converted."""
        if self.constant is not None:
            return self.constant
        coerced = inputs.coerced
        try:
            made = {name: value for name, of in self.literals.items() if (value := of(coerced)) is not Undefined}
        except Exception:  # graphql-core finds the words for it
            made = get_argument_values(self.definition, self.node, inputs.values())
        return self.convert(made)


def field_arguments(definition: GraphQLField, node: FieldNode, convert: Arguments) -> FieldArguments:
    """Return the arguments of a field node."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    used = frozenset().union(*(variables_in(value) for value in given.values()))
    constant = None
    if not used:
        try:
            constant = convert(get_argument_values(definition, node))
        except Exception:  # whatever it is becomes the field's error, when the field is read
            constant = None
    literals = {
        argument.out_name or name: _argument(argument, given.get(name))
        for name, argument in definition.args.items()
        if not _left_out(argument, given.get(name), is_required_argument(argument))
    }
    return FieldArguments(definition, node, convert, used, constant, literals)


def variables_in(node: ValueNode) -> frozenset[str]:
    """Return the names of the variables in a literal."""
    seeking = _Seeking()
    visit(node, seeking)
    return frozenset(seeking.found)


class _Seeking(Visitor):
    """Finds the variables of a literal."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        """Note one variable."""
        self.found.add(node.name.value)


def _argument(argument: GraphQLArgument, value: ValueNode | None) -> Literal:
    return _slot(argument, value, is_required_argument(argument))


def _left_out(place: GraphQLArgument | GraphQLInputField, value: ValueNode | None, required: bool) -> bool:
    """Whether nothing is ever given for an argument or an input field: no value, and no default."""
    return value is None and not required and coerce_default_value(place) is Undefined


def _slot(place: GraphQLArgument | GraphQLInputField, value: ValueNode | None, required: bool) -> Literal:
    """Return the function for an argument or an input field: its value, or else its default."""
    if value is None or isinstance(value, VariableNode):
        default = coerce_default_value(place)
        if value is None:
            return _amiss if required else lambda _: default
        return _variable(value.name.value, place.type, default, required)
    return _literal(value, place.type)


def _amiss(_: Values) -> Any:
    raise AmissError


def _variable(name: str, kind: GraphQLInputType, default: Any, required: bool) -> Literal:
    strict = isinstance(kind, GraphQLNonNull)

    def read(variables: Values) -> Any:
        value = variables.get(name, Undefined)
        if value is Undefined and not required:
            return default
        if value is Undefined or (strict and value is None):
            raise AmissError
        return value

    return read


def _literal(node: ValueNode, kind: GraphQLInputType) -> Literal:
    """Return the function for a literal that stands where *kind* is wanted."""
    inner = get_nullable_type(kind)
    if not variables_in(node):
        try:
            value = coerce_input_literal(node, kind)
        except Exception:  # an input type of the schema refuses it; which words it has for that, graphql-core finds out
            return _amiss
        return _amiss if value is Undefined else lambda _: value
    if isinstance(node, ObjectValueNode) and is_input_object_type(inner) and not inner.is_one_of:
        return _object(node, inner)
    if isinstance(node, ListValueNode) and is_list_type(inner):
        return _list(node, inner.of_type)
    if isinstance(node, ObjectValueNode) and is_input_object_type(inner) and len(node.fields) == 1:
        return _one_of(node, inner)
    return _amiss


def _object(node: ObjectValueNode, kind: Any) -> Literal:
    given = {field.name.value: field.value for field in node.fields}
    slots = [
        (place.out_name or name, _slot(place, given.get(name), is_required_input_field(place)))
        for name, place in kind.fields.items()
        if not _left_out(place, given.get(name), is_required_input_field(place))
    ]

    def build(variables: Values) -> Any:
        made = ((name, slot(variables)) for name, slot in slots)
        return kind.out_type({name: value for name, value in made if value is not Undefined})

    return build


def _one_of(node: ObjectValueNode, kind: Any) -> Literal:
    (field,) = node.fields
    place = kind.fields[field.name.value]
    name, slot = place.out_name or field.name.value, _slot(place, field.value, required=True)

    def build(variables: Values) -> Any:
        value = slot(variables)
        if value is None:
            raise AmissError
        return kind.out_type({name: value})

    return build


def _list(node: ListValueNode, kind: GraphQLInputType) -> Literal:
    strict = isinstance(kind, GraphQLNonNull)
    items = [
        _variable(each.name.value, kind, Undefined if strict else None, strict)
        if isinstance(each, VariableNode)
        else _literal(each, kind)
        for each in node.values
    ]
    return lambda variables: [item(variables) for item in items]
