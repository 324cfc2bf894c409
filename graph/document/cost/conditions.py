"""Arguments and variables in, how many conditions they hold out: what the store must look for among all its articles.

Each field of an input object is one. An input type may weigh more (`CONDITIONS` in its extensions), and then the words
of its texts count too; of the entries of a list each hundred counts, since an index finds them.
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

CONDITIONS = "conditions"
"""The extension of an input type or a field that says how many more conditions it counts as."""
ENTRIES = 100
"""Entries of a list that count as one condition."""
WORDS = 32
"""Most words of a text that count; a search looks for no more."""


class Use(NamedTuple):
    """A variable, and whether it stands in an input object whose texts count by their words."""

    variable: str
    weighs: bool


Uses = Counter[Use]


class Given(NamedTuple):
    """A variable as an operation uses it: how often, of which type, and what its default counts as."""

    use: Use
    times: int
    kind: Any
    default: int

    def count(self, variables: Mapping[str, Any]) -> int:
        """Return how many conditions its value is, in all its places."""
        if self.use.variable in variables:
            return self.times * of_value(variables[self.use.variable], self.kind, self.use.weighs)
        return self.times * self.default


def of_literal(value: ValueNode, kind: Any, uses: Uses, weighs: bool = False) -> int:
    """Return how many conditions a literal of the type *kind* (None if unknown) is; note the variables within."""
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
            pending += [(each.value, inner(kind, each.name.value), weighs) for each in node.fields]
        elif weighs and isinstance(node, StringValueNode):
            count += words(node.value)
    return count


def of_value(value: Any, kind: Any, weighs: bool = False) -> int:
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
            pending += [(each, inner(kind, name), weighs) for name, each in value.items()]
        elif weighs and isinstance(value, str):
            count += words(value)
    return count


def given(operation: OperationDefinitionNode, uses: Uses, schema: GraphQLSchema) -> tuple[Given, ...]:
    """Return the variables that can hold conditions."""
    found = []
    definitions = {each.variable.name.value: each for each in operation.variable_definitions or ()}
    for use, times in uses.items():
        definition = definitions.get(use.variable)
        kind: Any = type_from_ast(schema, definition.type) if definition else None
        plain = kind is not None and not is_list_type(get_nullable_type(kind)) and not _is_object(kind)
        if definition and (use.weighs or not plain):
            value = definition.default_value
            default = of_literal(value, kind, Counter(), use.weighs) if value else 0
            found.append(Given(use, times, kind, default))
    return tuple(found)


def weight(kind: Any) -> tuple[int, bool]:
    """Return how many more conditions an object of an input type counts as, and whether the words in it count."""
    named = get_named_type(kind) if kind is not None else None
    more = named.extensions.get(CONDITIONS, 0) if named is not None else 0
    return more, more > 0


def inner(kind: Any, name: str) -> Any:
    """Return the type of an input type's field, None if unknown."""
    named = get_named_type(kind) if kind is not None else None
    field = named.fields.get(name) if isinstance(named, GraphQLInputObjectType) else None
    return field.type if field else None


def words(text: str) -> int:
    """Return how many words of a text count."""
    return min(len(text.split(None, WORDS)), WORDS)


def _is_object(kind: Any) -> bool:
    return isinstance(get_named_type(kind), GraphQLInputObjectType)
