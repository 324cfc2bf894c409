"""Validates a document against the schema, within a budget for the rule that compares fields with each other."""

from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    specified_rules,
    validate,
)

from graph.errors import VALIDATION_FAILED, InvalidDocument
from graph.settings import Settings

COMPARISONS = 30_000
"""Most steps in comparing fields that must merge, two for each pair: enough for one field 173 times."""


class BoundedOverlap(OverlappingFieldsCanBeMergedRule):
    """graphql-core's rule, with a smaller budget than its own."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = COMPARISONS


RULES: tuple[type[ASTValidationRule], ...] = tuple(
    BoundedOverlap if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules
)


def validated(document: DocumentNode, schema: GraphQLSchema, settings: Settings) -> None:
    """Raise InvalidDocument where the document is not valid."""
    rules = RULES if settings.shows_schema else (*RULES, NoIntrospection)
    errors = validate(schema, document, rules, settings.errors, hide_suggestions=not settings.shows_suggestions)
    if errors:
        raise InvalidDocument(VALIDATION_FAILED, errors[: settings.errors], settings.shows_suggestions)


class NoIntrospection(ASTValidationRule):
    """Refuses `__schema` and `__type`."""

    def enter_field(self, node: Any, *_: Any) -> None:
        """Report an introspection field."""
        if node.name.value in {"__schema", "__type"}:
            code = {"code": "INTROSPECTION_OFF"}
            self.report_error(GraphQLError("Introspection is turned off.", node, extensions=code))
