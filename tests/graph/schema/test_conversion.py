"""Tests that arguments become the same Python values as Strawberry makes of them."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest
import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import convert_argument

from graph.schema.build import schema
from graph.schema.conversion import Conversion


@strawberry.enum
class Colour(Enum):
    RED = "red"


@strawberry.input
class Leaf:
    width: int | None = strawberry.UNSET
    in_: list[str] | None = strawberry.field(name="in", default=strawberry.UNSET)


@strawberry.input
class Tree:
    name: str
    height: int = 3
    leaf: Leaf | None = strawberry.UNSET
    branches: list[Tree] | None = strawberry.UNSET
    note: strawberry.Maybe[str | None]


OAK = {"name": "oak", "leaf": {"width": 3, "in": ["a", "b"]}, "branches": [{"name": "twig", "branches": []}]}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (int, 1),
        (Colour, Colour.RED),
        (list[list[Colour]], [[Colour.RED], []]),
        (Tree, {"name": "oak"}),
        (Tree, {"name": "oak", "height": 9, "leaf": None, "branches": None, "note": None}),
        (Tree, OAK),
        (Tree, OAK | {"note": "old"}),
        (Tree | None, None),
        (list[Tree] | None, None),
        (list[Tree] | None, []),
        (list[Tree] | None, [OAK, {"name": "elm"}]),
    ],
)
def test_an_argument_becomes_what_strawberry_makes_of_it(kind: Any, value: Any) -> None:
    scalars, config = schema().schema_converter.scalar_registry, schema().config
    resolved = StrawberryAnnotation(kind).resolve()
    assert Conversion(config, scalars).of(resolved)(value) == convert_argument(value, resolved, scalars, config)
