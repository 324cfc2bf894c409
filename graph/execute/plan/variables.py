"""Coerces the variables of a request (CoerceVariableValues, specification 6.1.2).

Text and booleans of the right type are taken as they are; whatever else there is, and every error, is left to
graphql-core, so that values and errors are the interpreter's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLInputType,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    VariableDefinitionNode,
    get_nullable_type,
    type_from_ast,
)
from graphql.execution.values import VariableValues, get_variable_values
from graphql.utilities import coerce_input_value

TAKEN_AS_IS = {GraphQLString.name: str, GraphQLID.name: str, GraphQLBoolean.name: bool}
"""Types whose values need no coercion where they have this class."""
MOST_ERRORS = 50
"""Errors after which graphql-core's executor gives up on a request's variables; so the plan does."""


class VariablesError(Exception):
    """The variables do not fit the operation; each error says which and why."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(*errors)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Variable:
    """One definition. A value of the class *as_is* needs no coercion; *default* is Undefined if there is none."""

    name: str
    kind: GraphQLInputType
    as_is: type | None
    required: bool
    default: Any


@dataclass(slots=True, eq=False)
class Inputs:
    """The variables of one request, as they were given and as they were coerced."""

    given: Mapping[str, Any]
    coerced: Mapping[str, Any]
    definitions: "Variables"

    def values(self) -> VariableValues:
        """Return the values with their sources, as graphql-core's own functions want them."""
        return self.definitions.values(self.given)


class Variables:
    """The variables that an operation defines."""

    def __init__(self, schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]) -> None:
        self.schema, self.definitions = schema, definitions
        self.table = [self._variable(definition) for definition in definitions]

    def _variable(self, definition: VariableDefinitionNode) -> Variable:
        kind = cast("GraphQLInputType", type_from_ast(self.schema, definition.type))
        values = get_variable_values(self.schema, [definition], {}) if definition.default_value else None
        name = definition.variable.name.value
        default = values.coerced.get(name, Undefined) if isinstance(values, VariableValues) else Undefined
        required = isinstance(kind, GraphQLNonNull) or (definition.default_value is not None and default is Undefined)
        return Variable(name, kind, TAKEN_AS_IS.get(str(get_nullable_type(kind))), required, default)

    def inputs(self, given: Mapping[str, Any]) -> Inputs:
        """Return a request's variables, coerced. Raises VariablesError."""
        try:
            return Inputs(given, self._coerced(given), self)
        except VariablesError:
            raise
        except Exception as error:  # an input type of the schema refuses a value, or it nests too deeply
            raise VariablesError([GraphQLError(str(error), original_error=error)]) from None

    def _coerced(self, given: Mapping[str, Any]) -> dict[str, Any]:
        coerced: dict[str, Any] = {}
        for variable in self.table:
            name = variable.name
            value = given.get(name, Undefined)
            if type(value) is variable.as_is:
                coerced[name] = value
            elif value is not Undefined:
                value = coerce_input_value(value, variable.kind)
                if value is Undefined:
                    return self.values(given).coerced
                coerced[name] = value
            elif variable.default is not Undefined:
                coerced[name] = variable.default
            elif variable.required:
                return self.values(given).coerced
        return coerced

    def values(self, given: Mapping[str, Any]) -> VariableValues:
        """Return the values with their sources, as graphql-core's own functions want them. Raises VariablesError."""
        values = get_variable_values(self.schema, self.definitions, dict(given), max_errors=MOST_ERRORS)
        if isinstance(values, VariableValues):
            return values
        raise VariablesError(values)
