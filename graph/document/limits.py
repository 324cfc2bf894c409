"""Holds operations and their variables to the limits on depth, cost and size, before anything of them runs.

A parsed document is counted before it is validated, and counting takes no longer than reading it
(`graph.document.cost.selections`); validation has a budget of its own.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
)

from graph.document.argument_path import path_to
from graph.document.cost.arithmetic import Cost, Slicing, size
from graph.document.cost.conditions import VariableConditions, variable_conditions
from graph.document.cost.selections import Tallies, Tally
from graph.document.fragments import fragments_by_name
from graph.errors import PageTooLarge, Refusal, over_limit
from graph.settings import Settings

INTERPRETED = 4
"""How many times a value counts in an operation that is interpreted: it takes that much longer there."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """The counts of one operation, which are checked with its variables before each execution."""

    cost: Cost
    values: Cost
    conditions: int
    in_variables: tuple[VariableConditions, ...]
    defaults: Mapping[str, Any]
    settings: Settings
    document: DocumentNode

    def check(self, variables: Mapping[str, Any]) -> int:
        """Return the cost with these variables. Raises Refusal where a page or the whole is too large."""
        settings, slicings = self.settings, self.cost.slicings
        if self.in_variables:
            conditions = self.conditions + sum(each.count(variables) for each in self.in_variables)
            if conditions > settings.conditions:
                raise too_many_conditions(settings.conditions)
        if slicings:
            variables = {**self.defaults, **variables}
            for slicing in slicings:
                if size(slicing, variables) > slicing.most:
                    raise self._too_large(slicing)
        total = self.cost.of(variables)
        if total > settings.cost:
            raise over_limit(
                "TOO_COSTLY", f"The operation asks for up to {total} objects; {settings.cost} are allowed."
            )
        if slicings and self.values.of(variables) > settings.values:
            raise too_many_values(settings.values)
        return total

    def _too_large(self, slicing: Slicing) -> PageTooLarge:
        name = slicing.variable
        refusal = PageTooLarge(
            f"${name}", slicing.most, lambda value: isinstance(value, VariableNode) and value.name.value == name
        )
        refusal.path = path_to(self.document, refusal.sought)
        return refusal


def counted(document: DocumentNode, schema: GraphQLSchema, settings: Settings) -> dict[str | None, Allowance]:
    """Return the counts of each operation of a parsed document, by name. Raises Refusal where it is over a limit."""
    tallies = Tallies(fragments_by_name(document), schema, settings)
    allowances: dict[str | None, Allowance] = {}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            try:
                tally = tallies.operation(definition)
            except PageTooLarge as refusal:
                refusal.path = path_to(document, refusal.sought)
                raise
            _within(tally, definition, settings)
            name = definition.name.value if definition.name else None
            variables = variable_conditions(definition, tally.uses or Counter(), schema)
            planned = definition.operation is OperationType.QUERY and tally.introspection_depth <= 1
            values = tally.values if planned else tally.values * INTERPRETED
            allowances[name] = Allowance(
                tally.cost, values, tally.conditions, variables, _defaults(definition), settings, document
            )
    tallies.check_fragments()
    for allowance in allowances.values():
        if not allowance.cost.slicings:
            allowance.check({})
            if allowance.values.of({}) > settings.values:
                raise too_many_values(settings.values)
    return allowances


def _within(tally: Tally, operation: OperationDefinitionNode, settings: Settings) -> None:
    for code, what, count, most in (
        ("TOO_DEEP", "levels of fields", tally.depth, settings.depth),
        ("TOO_DEEP", "levels of introspection", tally.introspection_depth, settings.introspection_depth),
        ("TOO_MANY_ALIASES", "aliases", tally.aliases, settings.aliases),
        ("TOO_MANY_ROOT_FIELDS", "root fields", tally.fields, settings.root_fields),
        ("TOO_MANY_DIRECTIVES", "directives", tally.directives + len(operation.directives or ()), settings.directives),
    ):
        if count > most:
            raise over_limit(code, f"The operation has more than {most} {what}.")
    if tally.conditions > settings.conditions:
        raise too_many_conditions(settings.conditions)


def too_many_conditions(most: int) -> Refusal:
    """Return the refusal of an operation that looks for too much at once."""
    return over_limit("TOO_MANY_CONDITIONS", f"The operation and its variables have more than {most} conditions.")


def too_many_values(most: int) -> Refusal:
    """Return the refusal of an operation whose objects have too many fields."""
    return over_limit("TOO_COSTLY", f"The operation asks for more than {most} values.")


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    """Return the whole numbers and lists that variables default to."""
    defaults: dict[str, Any] = {}
    for each in operation.variable_definitions or ():
        value = each.default_value
        if isinstance(value, IntValueNode):
            defaults[each.variable.name.value] = int(value.value[:10])
        elif isinstance(value, ListValueNode):
            defaults[each.variable.name.value] = list(value.values)
    return defaults


def check_nesting(value: Any, most: int) -> None:
    """Refuse variables or extensions that nest deeper than *most*."""
    level = [value]
    for _ in range(most + 1):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise over_limit("VARIABLES_TOO_DEEP", f"Variables or extensions nest deeper than {most} levels.")
