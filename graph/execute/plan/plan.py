"""A validated operation in, its plan out: one tree of selections for each answer to its conditions on variables."""

from collections.abc import Mapping
from typing import Any

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, OperationType

from graph.execute.plan.collect import Source, UnplannedError, condition_variables, fragments_of, known
from graph.execute.plan.planner import Planner
from graph.execute.plan.selection import Shape

MOST_VARIANTS = 16
"""Variants of one operation that are held at a time; ten conditions would make a thousand."""


class Plan:
    """A planned query."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        """Plan an operation. Raises UnplannedError where the interpreter must answer it, with the reason."""
        if operation.operation is not OperationType.QUERY:
            raise UnplannedError(f"a {operation.operation.value}")
        list(known(operation.directives or ()))
        self.schema, self.operation, self.fragments = schema, operation, fragments_of(document)
        self.conditions = condition_variables(operation, document)
        self.variants: dict[tuple[bool, ...], Shape] = {}
        if not self.conditions:
            self.variant({})

    def variant(self, coerced: Mapping[str, Any]) -> Shape:
        """Return the root of the variant that the variables select. Raises UnplannedError."""
        answers: tuple[Any, ...] = tuple(coerced.get(name) for name in self.conditions) if self.conditions else ()
        root = self.variants.get(answers)
        if root is not None:
            return root
        if not all(isinstance(answer, bool) for answer in answers):
            raise UnplannedError("a condition that is null")
        if len(self.variants) >= MOST_VARIANTS:
            self.variants.clear()
        conditions = dict(zip(self.conditions, answers, strict=True))
        selection = Planner(Source(self.schema, self.operation, self.fragments, conditions)).plan()
        (root,) = selection.shapes.values()
        self.variants[answers] = root
        return root
