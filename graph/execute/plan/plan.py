"""Plans a query once for each way that its `@skip` and `@include` can be answered, and keeps these variants."""

from collections.abc import Mapping
from typing import Any

from cachetools import LRUCache
from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, OperationType

from graph.execute.plan.collect import Variant, inclusion_directives, inclusion_variables
from graph.execute.plan.errors import UnplannedError
from graph.execute.plan.planner import Planner
from graph.execute.plan.tree import Shape

MOST_VARIANTS = 16
"""Variants of one operation that are kept at a time; ten variables of `@skip` and `@include` would make a thousand."""


class Plan:
    """A planned query."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> None:
        """Plan an operation. Raises UnplannedError where the interpreter must answer it, with the reason."""
        if operation.operation is not OperationType.QUERY:
            raise UnplannedError(f"a {operation.operation.value}")
        list(inclusion_directives(operation.directives or ()))
        self.schema, self.operation, self.fragments = schema, operation, fragments
        self.inclusion_variables = inclusion_variables(operation, fragments)
        self.variants: LRUCache[tuple[bool, ...], Shape] = LRUCache(MOST_VARIANTS)
        self.only = None if self.inclusion_variables else self._planned({})

    def root(self, coerced: Mapping[str, Any]) -> Shape:
        """Return the root of the variant that the variables select. Raises UnplannedError."""
        if self.only is not None:
            return self.only
        answers: tuple[Any, ...] = tuple(coerced.get(name) for name in self.inclusion_variables)
        root = self.variants.get(answers)
        if root is not None:
            return root
        if not all(isinstance(answer, bool) for answer in answers):
            raise UnplannedError("an `if` that is null")
        root = self.variants[answers] = self._planned(dict(zip(self.inclusion_variables, answers, strict=True)))
        return root

    def _planned(self, inclusion: Mapping[str, bool]) -> Shape:
        (root,) = Planner(Variant(self.schema, self.operation, self.fragments, inclusion)).plan().shapes.values()
        return root
