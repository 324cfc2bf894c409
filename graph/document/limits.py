"""Holds operations and their variables to the limits on depth, cost and size, before anything of them runs.

A parsed document is counted before it is validated, and counting takes no longer than reading it
(`graph.document.cost.selections`); validation has a budget of its own.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    StringValueNode,
    VariableNode,
)

from graph.document.argument_path import path_to
from graph.document.cost.arithmetic import Cost, Slicing, size
from graph.document.cost.conditions import VariableConditions, variable_conditions
from graph.document.cost.costliest import Costliest, costliest
from graph.document.cost.selections import Lengths, Tallies, Tally
from graph.document.fragments import fragments_by_name
from graph.errors import PageTooLarge, Refusal, RefusedAt, over_limit
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
    weight: int
    costliest: Callable[[str, Mapping[str, Any]], Costliest]

    def check(self, variables: Mapping[str, Any]) -> int:
        """Return the cost with these variables. Raises Refusal where a page or the whole is too large."""
        settings, slicings = self.settings, self.cost.slicings
        if self.in_variables and self.conditions_of(variables) > settings.conditions:
            raise too_many_conditions(settings.conditions)
        if slicings:
            variables = {**self.defaults, **variables}
            for slicing in slicings:
                asked = size(slicing, variables)
                if asked > slicing.most and any(variables.get(name) is not None for name in slicing.variables):
                    raise self._too_large(slicing, asked)
        total = self.cost.of(variables)
        if total > settings.cost:
            path, share = self.costliest("cost", variables)
            raise too_costly("objects", total, settings.cost, share, path)
        if slicings:
            self._check_values(variables)
        return total

    def conditions_of(self, variables: Mapping[str, Any]) -> int:
        """Return how many conditions there are with these variables."""
        return self.conditions + sum(each.count(variables) for each in self.in_variables)

    def check_alone(self) -> None:
        """Check what no variable changes. Raises Refusal."""
        if not self.cost.slicings:
            self.check({})
            self._check_values({})

    def _check_values(self, variables: Mapping[str, Any]) -> None:
        values = self.values.of(variables) * self.weight
        if values > self.settings.values:
            path, share = self.costliest("values", variables)
            raise too_costly("values", values, self.settings.values, share * self.weight, path)

    def _too_large(self, slicing: Slicing, asked: int) -> PageTooLarge:
        names = slicing.variables
        refusal = PageTooLarge(
            f"${names[0]}",
            asked,
            slicing.most,
            lambda value: isinstance(value, VariableNode) and value.name.value in names,
        )
        refusal.path = path_to(self.document, refusal.sought)
        return refusal


def counted(
    document: DocumentNode, schema: GraphQLSchema, settings: Settings, lengths: Lengths = MappingProxyType({})
) -> dict[str | None, Allowance]:
    """Return the counts of each operation of a parsed document, by name. Raises Refusal where it is over a limit."""
    tallies = Tallies(fragments_by_name(document), schema, settings, lengths)
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
            allowances[name] = Allowance(
                tally.cost,
                tally.values,
                tally.conditions,
                variables,
                _defaults(definition),
                settings,
                document,
                1 if planned else INTERPRETED,
                partial(costliest, tallies, definition),
            )
    tallies.check_fragments()
    for allowance in allowances.values():
        allowance.check_alone()
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


def too_costly(what: str, total: int, most: int, share: int, path: list[str]) -> RefusedAt:
    """Return the refusal of an operation that asks for too much, most of it at the field that *path* leads to."""
    words = f"The operation asks for up to {total} {what}; {most} are allowed."
    return RefusedAt("TOO_COSTLY", f"{words} {share} of them are at `{'.'.join(path)}`: ask for less there.", path)


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    """Return what variables default to, as far as it is the size of a page or a list of keys."""
    defaults: dict[str, Any] = {}
    for each in operation.variable_definitions or ():
        value, name = each.default_value, each.variable.name.value
        if isinstance(value, IntValueNode):
            defaults[name] = int(value.value[:10])
        elif isinstance(value, ListValueNode):
            defaults[name] = list(value.values)
        elif isinstance(value, StringValueNode):  # a list of this one entry, if a list is wanted
            defaults[name] = value.value
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
