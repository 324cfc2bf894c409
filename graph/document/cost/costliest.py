"""Finds the field that costs most, so that a refusal can say where an operation asks for too much."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
)

from graph.document.cost.arithmetic import Cost, Factor
from graph.document.cost.selections import Tallies


class Costliest(NamedTuple):
    """The response keys down to a field, and how much of the whole is at it and below it."""

    path: list[str]
    share: int


def costliest(
    tallies: Tallies, operation: OperationDefinitionNode, counted: str, variables: Mapping[str, Any]
) -> Costliest:
    """Return the deepest field that has at least half of what is *counted*, `cost` or `values`; else the largest.

    Each step down counts the fields of one selection set anew, so this takes as long as counting did, for each level.
    """
    root = tallies.schema.get_root_type(operation.operation)
    level: Level | None = Level(operation.selection_set, root, None, 1)
    found, total = Costliest([], 0), 0
    while level is not None:
        fields = [_field(tallies, level, each, counted, variables) for each in _fields(tallies, level)]
        best = max(fields, key=lambda field: field.share, default=None)
        if best is None or best.share * 2 < total:
            break
        found = Costliest([*found.path, best.key], best.share)
        total, level = total or sum(field.share for field in fields), best.below
    return found


class Level(NamedTuple):
    """A selection set on a type, the page that its lists inherit, and how often it is asked for."""

    selections: SelectionSetNode
    parent: GraphQLNamedType | None
    page: Factor | None
    times: int


class Weighed(NamedTuple):
    """A field with its share of the whole, and what is selected of it."""

    key: str
    share: int
    below: Level | None


def _fields(tallies: Tallies, level: Level) -> Iterator[tuple[FieldNode, GraphQLNamedType | None]]:
    """Yield the fields of a level with the type that each is selected on; each fragment is entered once."""
    pending, seen = [(level.selections, level.parent)], set[str]()
    while pending:
        selections, parent = pending.pop()
        for node in selections.selections:
            if isinstance(node, FieldNode):
                yield node, parent
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                on = tallies.schema.get_type(condition.name.value) if condition else parent
                pending.append((node.selection_set, on))
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = tallies.fragments.get(node.name.value)
                if fragment:
                    on = tallies.schema.get_type(fragment.type_condition.name.value)
                    pending.append((fragment.selection_set, on))


def _field(
    tallies: Tallies,
    level: Level,
    field: tuple[FieldNode, GraphQLNamedType | None],
    counted: str,
    variables: Mapping[str, Any],
) -> Weighed:
    node, parent = field
    definition = tallies.schema.get_field(parent, node.name.value) if is_composite_type(parent) else None
    whole: Cost = getattr(tallies.field(node, definition, level.page), counted)
    key, share = (node.alias or node.name).value, level.times * whole.of(variables)
    if node.selection_set is None or definition is None:
        return Weighed(key, share, None)
    times, page = tallies.times(node, definition, level.page)
    number = Cost({(): level.times}) * times
    below = Level(node.selection_set, get_named_type(definition.type), page, number.of(variables))
    return Weighed(key, share, below)
