"""Makes a field's keyword arguments from coerced variables (CoerceArgumentValues, specification 6.4.1).

What is constant is coerced and converted once, when the operation is planned. Where there are variables, a small
function for each literal puts their values in. Whatever does not fit is left to graphql-core, whose error is the
field's.
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
    get_nullable_type,
    is_input_object_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
)
from graphql.execution.values import get_argument_values
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal

from graph.execute.plan.errors import SlowPathError
from graph.execute.plan.nodes import variables_in
from graph.execute.plan.resolver import Arguments
from graph.execute.plan.variables import Inputs

Values = Mapping[str, Any]
Literal = Callable[[Values], Any]
"""From coerced variables to the value of a literal; Undefined where it is left out."""


@dataclass(frozen=True, slots=True, eq=False)
class FieldArguments:
    """The arguments of one field node: constant keywords, or the functions that make them from variables."""

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
        except Exception:  # graphql-core says what is wrong
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
        except Exception:  # whatever it is becomes the field's error, when the field is resolved
            constant = None
    literals = {
        argument.out_name or name: _slot(argument, given.get(name), is_required_argument(argument))
        for name, argument in definition.args.items()
        if not _left_out(argument, given.get(name), is_required_argument(argument))
    }
    return FieldArguments(definition, node, convert, used, constant, literals)


def _left_out(definition: GraphQLArgument | GraphQLInputField, value: ValueNode | None, required: bool) -> bool:
    """Whether an argument or an input field never has a value: none is given, and there is no default."""
    return value is None and not required and coerce_default_value(definition) is Undefined


def _slot(definition: GraphQLArgument | GraphQLInputField, value: ValueNode | None, required: bool) -> Literal:
    """Return the function for an argument or an input field: its value, or else its default."""
    if value is None or isinstance(value, VariableNode):
        default = coerce_default_value(definition)
        if value is None:
            return _refuse if required else lambda _: default
        return _variable(value.name.value, definition.type, default, required)
    return _literal(value, definition.type)


def _refuse(_: Values) -> Any:
    raise SlowPathError


def _variable(name: str, kind: GraphQLInputType, default: Any, required: bool) -> Literal:
    strict = isinstance(kind, GraphQLNonNull)

    def read(variables: Values) -> Any:
        value = variables.get(name, Undefined)
        if value is Undefined and not required:
            return default
        if value is Undefined or (strict and value is None):
            raise SlowPathError
        return value

    return read


def _literal(node: ValueNode, kind: GraphQLInputType) -> Literal:
    """Return the function for a literal in the position of an input type."""
    inner = get_nullable_type(kind)
    if not variables_in(node):
        try:
            value = coerce_input_literal(node, kind)
        except Exception:  # an input type of the schema refuses it; graphql-core reports how
            return _refuse
        return _refuse if value is Undefined else lambda _: value
    if isinstance(node, ObjectValueNode) and is_input_object_type(inner) and not inner.is_one_of:
        return _object(node, inner)
    if isinstance(node, ListValueNode) and is_list_type(inner):
        return _list(node, inner.of_type)
    if isinstance(node, ObjectValueNode) and is_input_object_type(inner) and len(node.fields) == 1:
        return _one_of(node, inner)
    return _refuse


def _object(node: ObjectValueNode, kind: Any) -> Literal:
    given = {field.name.value: field.value for field in node.fields}
    slots = [
        (definition.out_name or name, _slot(definition, given.get(name), is_required_input_field(definition)))
        for name, definition in kind.fields.items()
        if not _left_out(definition, given.get(name), is_required_input_field(definition))
    ]

    def build(variables: Values) -> Any:
        made = ((name, slot(variables)) for name, slot in slots)
        return kind.out_type({name: value for name, value in made if value is not Undefined})

    return build


def _one_of(node: ObjectValueNode, kind: Any) -> Literal:
    (field,) = node.fields
    definition = kind.fields[field.name.value]
    name, slot = definition.out_name or field.name.value, _slot(definition, field.value, required=True)

    def build(variables: Values) -> Any:
        value = slot(variables)
        if value is None:
            raise SlowPathError
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
