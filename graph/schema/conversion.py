"""Converts arguments, as graphql-core coerced them, to Python values: as Strawberry's `convert_arguments`, but faster.

What Strawberry looks up for each value of each request (names, types, defaults) is looked up here once for each type.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING
from typing import Any

from strawberry import UNSET
from strawberry.schema.compat import is_scalar
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import StrawberryArgument, convert_argument
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryObjectDefinition,
    StrawberryOptional,
    has_object_definition,
)
from strawberry.types.enum import has_enum_definition

Convert = Callable[[Any], Any]


class Conversion:
    """The conversions of one schema, one for each type."""

    def __init__(self, config: StrawberryConfig, scalars: Any) -> None:
        self.config, self.scalars = config, scalars
        self.inputs: dict[type, Convert] = {}

    def arguments(self, arguments: Sequence[StrawberryArgument]) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
        """Return the function from a field's coerced arguments to keyword arguments."""
        name_of = self.config.name_converter.from_argument
        table = [(name_of(each), str(each.python_name), self.of(each.type)) for each in arguments]
        return lambda values: {key: convert(values[name]) for name, key, convert in table if name in values}

    def of(self, kind: Any) -> Convert:
        """Return the function for values of one type; null stays null."""
        if isinstance(kind, StrawberryOptional) and not isinstance(kind, StrawberryMaybe):
            return self.of(kind.of_type)
        if isinstance(kind, StrawberryList):
            item = self.of(kind.of_type)
            return lambda value: value if value is None or value is UNSET else [item(each) for each in value]
        if is_scalar(kind, self.scalars) or has_enum_definition(kind):
            return _itself
        if has_object_definition(kind) and kind.__strawberry_definition__.from_input is None:
            return self._input(kind, kind.__strawberry_definition__)
        return self._as_strawberry(kind)

    def _input(self, kind: Any, definition: StrawberryObjectDefinition) -> Convert:
        """Return the function for an input type, known before its keys are looked up since a type may hold itself."""
        if kind in self.inputs:
            return self.inputs[kind]
        table: list[tuple[str, str, Convert]] = []
        without_default = [
            each.python_name
            for each in definition.fields
            if each.default_value is MISSING and each.default_factory is MISSING
        ]
        empty = vars(kind(**dict.fromkeys(without_default)))

        def convert(value: Any) -> Any:
            if value is None or value is UNSET:
                return value
            made = object.__new__(kind)  # its __init__ would do the same, slowly: a filter has twenty keys
            vars(made).update(empty, **{key: of(value[name]) for name, key, of in table if name in value})
            return made

        self.inputs[kind] = convert
        for each in definition.fields:
            inner = self.of(each.resolve_type(type_definition=definition))
            table.append((self.config.name_converter.from_field(each), each.python_name, inner))
        return convert

    def _as_strawberry(self, kind: Any) -> Convert:
        return lambda value: convert_argument(value, kind, self.scalars, self.config)


def _itself(value: Any) -> Any:
    return value
