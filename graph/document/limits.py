"""A document in, what it may cost out, or its refusal: everything is counted before anything expands.

The text is scanned before it is parsed, the parsed document is counted with a memo for each fragment before it is
validated, and validation itself has a budget. So no document of the size allowed costs more than a moment.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    VariableNode,
    parse,
    specified_rules,
    validate,
)

from graph.document.argument_path import path_to
from graph.document.conditions import Given, given
from graph.document.cost import Cost, Slicing, size
from graph.document.tally import Counting, Tally
from graph.errors import PARSE_FAILED, VALIDATION_FAILED, InvalidDocument, PageTooLarge, Refusal, over_limit
from graph.settings import Settings

NESTING = 64
"""Deepest nesting of brackets in a document: far above any depth allowed, far below what the parser's stack takes."""
COMPARISONS = 30_000
"""Most steps in comparing fields that are to merge, two for each pair: one field may stand there 173 times."""
INTERPRETED = 4
"""How many times as much a value counts in an operation that has no plan."""

TOKEN = re.compile(
    r"""
    (?:[\s,\ufeff]|\#[^\n\r]*+)++            # ignored
    | (?P<open>[{\[(]) | (?P<close>[}\])])
    | (?P<token>
        [_A-Za-z][_0-9A-Za-z]*+ | -?[0-9][0-9.eE+-]*+ | \.\.\. | [!$&:=@|]
        | \"""(?>[^"\\]|\\.|"(?!""))*+\""" | "(?!"")(?>[^"\\\n\r]|\\.)*+" | ""(?!")
    )""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one operation of a document may cost; checked with its variables before each execution."""

    cost: Cost
    values: Cost
    conditions: int
    given: tuple[Given, ...]
    defaults: Mapping[str, Any]
    settings: Settings
    document: DocumentNode

    def check(self, variables: Mapping[str, Any]) -> int:
        """Return the cost with these variables. Raises Refusal where a page or the whole is too large."""
        settings, slicings = self.settings, self.cost.slicings
        if self.given and self.conditions + sum(each.count(variables) for each in self.given) > settings.conditions:
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


def parsed(text: str, settings: Settings) -> DocumentNode:
    """Return the document. Raises Refusal for one that is too large, InvalidDocument for one that is none."""
    if len(text) > settings.document_bytes or len(text.encode(errors="replace")) > settings.document_bytes:
        raise over_limit("DOCUMENT_TOO_LARGE", f"The document is larger than {settings.document_bytes} bytes.")
    scan(text, settings.tokens)
    try:
        return parse(text, max_tokens=settings.tokens + text.count("#"))
    except GraphQLSyntaxError as error:
        raise InvalidDocument(PARSE_FAILED, [error], settings.shows_suggestions) from None


def scan(text: str, most: int) -> int:
    """Return how many tokens a text has; what is no GraphQL is left for the parser. Raises Refusal over the limits."""
    tokens = nesting = position = 0
    while position < len(text) and (match := TOKEN.match(text, position)):
        position, kind = match.end(), match.lastgroup
        if kind is None:
            continue
        tokens += 1
        if kind == "open":
            nesting += 1
        elif kind == "close":
            nesting -= 1
        if nesting > NESTING:
            raise over_limit("TOO_DEEP", f"The document nests deeper than {NESTING} brackets.")
        if tokens > most:
            raise over_limit("TOO_MANY_TOKENS", f"The document has more than {most} tokens.")
    return tokens


def counted(document: DocumentNode, schema: GraphQLSchema, settings: Settings) -> dict[str | None, Allowance]:
    """Return what each operation of a parsed document may cost, by name. Raises Refusal where it is over a limit."""
    counting = Counting(document, schema, settings)
    allowances: dict[str | None, Allowance] = {}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            try:
                tally = counting.operation(definition)
            except PageTooLarge as refusal:
                refusal.path = path_to(document, refusal.sought)
                raise
            _within(tally, definition, settings)
            name = definition.name.value if definition.name else None
            uses, defaults = given(definition, tally.uses or Counter(), schema), _defaults(definition)
            planned = definition.operation is OperationType.QUERY and tally.introspection_depth <= 1
            values = tally.values if planned else tally.values * INTERPRETED
            allowances[name] = Allowance(tally.cost, values, tally.conditions, uses, defaults, settings, document)
    counting.unused()
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


class BoundedOverlap(OverlappingFieldsCanBeMergedRule):
    """graphql-core's rule with a budget that our time allows."""

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
