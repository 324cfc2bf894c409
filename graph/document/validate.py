"""Validates a document against the schema, within a budget for the rule that compares fields with each other."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLSchema,
    NonNullTypeNode,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    VariablesInAllowedPositionRule,
    print_ast,
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


class OneOfVariables(VariablesInAllowedPositionRule):
    """graphql-core's rule, also for OneOf input objects that may not be null themselves, which it passes over.

    Specification 5.8.5: a variable for their only field may not be of a type that holds null, whatever its default.
    """

    def leave_operation_definition(self, operation: OperationDefinitionNode, *_: Any) -> None:
        """Report each variable that may leave such an object without its field."""
        super().leave_operation_definition(operation)
        for usage in self.context.get_recursive_variable_usages(operation):
            kind = usage.parent_type.of_type if isinstance(usage.parent_type, GraphQLNonNull) else None
            if not isinstance(kind, GraphQLInputObjectType) or not kind.is_one_of:
                continue
            definition = self.var_def_map.get(usage.node.name.value)
            if definition and not isinstance(definition.type, NonNullTypeNode):
                message = f"Variable '${usage.node.name.value}' is of type '{print_ast(definition.type)}'"
                message += f" but must be non-nullable to be used for OneOf Input Object '{kind}'."
                self.report_error(GraphQLError(message, [definition, usage.node]))


REPLACED: Mapping[type[ASTValidationRule], type[ASTValidationRule]] = {
    OverlappingFieldsCanBeMergedRule: BoundedOverlap,
    VariablesInAllowedPositionRule: OneOfVariables,
}
RULES = tuple(REPLACED.get(rule, rule) for rule in specified_rules)


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
