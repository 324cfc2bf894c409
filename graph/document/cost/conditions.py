"""Counts the conditions in arguments and variables: what the store must look for among all its articles.

Each field of an input object is one. An input type may weigh more (`CONDITIONS` in its extensions), and then the words
of its texts count too. A list counts one condition per 100 entries, because it is answered from an index.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import (
    GraphQLInputObjectType,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
    type_from_ast,
)

from store.text import search_words

CONDITIONS = "conditions"
"""The key of the `extensions` of an input type or a field for how many more conditions it counts as."""
ENTRIES = 100
"""Entries of a list that count as one condition together."""


class Use(NamedTuple):
    """A variable, and whether it is within an input object whose texts count by their words."""

    variable: str
    weighs: bool


Uses = Counter[Use]


class VariableConditions(NamedTuple):
    """A variable that may hold conditions: how often it is used, of which type it is, what its default counts as."""

    use: Use
    times: int
    kind: Any
    default: int

    def count(self, variables: Mapping[str, Any]) -> int:
        """Return how many conditions its value is, over all its uses."""
        if self.use.variable in variables:
            return self.times * count_value(variables[self.use.variable], self.kind, self.use.weighs)
        return self.times * self.default


def count_literal(value: ValueNode, kind: Any, uses: Uses, weighs: bool = False) -> int:
    """Return how many conditions a literal of the type *kind* (None if unknown) is; add its variables to *uses*."""
    pending, count = [(value, kind, weighs)], 0
    while pending:
        node, kind, weighs = pending.pop()
        if isinstance(node, VariableNode):
            uses[Use(node.name.value, weighs)] += 1
        elif isinstance(node, ListValueNode):
            count += len(node.values) // ENTRIES
            pending += [(each, kind, weighs) for each in node.values]
        elif isinstance(node, ObjectValueNode):
            more, weighs = weight(kind)
            count += more + len(node.fields)
            pending += [(each.value, field_type(kind, each.name.value), weighs) for each in node.fields]
        elif weighs and isinstance(node, StringValueNode):
            count += search_words(node.value)
    return count


def count_value(value: Any, kind: Any, weighs: bool = False) -> int:
    """Return how many conditions a variable's value of the type *kind* (None if unknown) is."""
    pending, count = [(value, kind, weighs)], 0
    while pending:
        value, kind, weighs = pending.pop()
        if isinstance(value, list):
            count += len(value) // ENTRIES
            pending += [(each, kind, weighs) for each in value if weighs or isinstance(each, dict | list)]
        elif isinstance(value, dict):
            more, weighs = weight(kind)
            count += more + len(value)
            pending += [(each, field_type(kind, name), weighs) for name, each in value.items()]
        elif weighs and isinstance(value, str):
            count += search_words(value)
    return count


def variable_conditions(
    operation: OperationDefinitionNode, uses: Uses, schema: GraphQLSchema
) -> tuple[VariableConditions, ...]:
    """Return the variables of an operation that may hold conditions."""
    found = []
    definitions = {each.variable.name.value: each for each in operation.variable_definitions or ()}
    for use, times in uses.items():
        definition = definitions.get(use.variable)
        kind: Any = type_from_ast(schema, definition.type) if definition else None
        is_leaf = kind is not None and not is_list_type(get_nullable_type(kind)) and not _is_object(kind)
        if definition and (use.weighs or not is_leaf):
            value = definition.default_value
            default = count_literal(value, kind, Counter(), use.weighs) if value else 0
            found.append(VariableConditions(use, times, kind, default))
    return tuple(found)


def weight(kind: Any) -> tuple[int, bool]:
    """Return how many more conditions an object of an input type counts as, and whether the words in it count."""
    named = get_named_type(kind) if kind is not None else None
    more = named.extensions.get(CONDITIONS, 0) if named is not None else 0
    return more, more > 0


def field_type(kind: Any, name: str) -> Any:
    """Return the type of an input type's field, None if unknown."""
    named = get_named_type(kind) if kind is not None else None
    field = named.fields.get(name) if isinstance(named, GraphQLInputObjectType) else None
    return field.type if field else None


def _is_object(kind: Any) -> bool:
    return isinstance(get_named_type(kind), GraphQLInputObjectType)
