"""Tests that what a declaration says of costs, keeping and time is what the limits and the plans find."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry
from graphql import GraphQLInputObjectType, GraphQLObjectType

from graph.document.cost.conditions import CONDITIONS
from graph.document.cost.selections import VALUES
from graph.execute.context import Context
from graph.execute.plan.resolver import CACHE_KEY, FLEETING, NATIVE
from graph.schema.build import schema
from graph.schema.conversion import Conversion
from graph.schema.extensions import cached_by, carry_over, counts_as
from graph.schema.fields import attach, attribute, batched
from graph.schema.inputs import TIMELY, option


@strawberry.input
class Since:
    days: int | None = option("Newer than this.", timely=True)


@counts_as(conditions=7)
@strawberry.input
class Wanted:
    name: str | None = option("The name.")
    any_of: list[Wanted] | None = option("One of these.")
    since: Since | None = option("How new.")


@strawberry.input
class Named:
    name: str | None = option("The name.")


@cached_by("name")
@strawberry.type
class Book:
    name: str = attribute("The name.")

    @batched("The text.", values=20, conditions=3)
    async def text(books: list[Any], context: Context) -> list[str]:  # noqa: N805
        return [context.store.identity for _ in books]


@strawberry.type
class Novel(Book):
    pass


@strawberry.type
class Query:
    @batched("Books.")
    async def books(roots: list[Any], context: Context, where: Wanted, named: Named) -> list[list[Book]]:  # noqa: N805, ARG002
        return [[] for _ in roots]


@pytest.fixture(scope="module")
def types() -> dict[str, Any]:
    built = strawberry.Schema(Query, types=[Novel])
    conversion = Conversion(built.config, built.schema_converter.scalar_registry)
    for kind in built._schema.type_map.values():
        carry_over(kind)
        if isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                attach(field, conversion)
    return dict(built._schema.type_map)


def test_a_field_costs_what_its_declaration_says(types: dict[str, Any]) -> None:
    text, name = types["Book"].fields["text"].extensions, types["Book"].fields["name"].extensions
    assert (text[VALUES], text[CONDITIONS]) == (20, 3)
    assert {VALUES, CONDITIONS}.isdisjoint(name)


def test_a_field_costs_the_same_on_a_type_that_inherits_it(types: dict[str, Any]) -> None:
    assert types["Novel"].fields["text"].extensions[VALUES] == 20


def test_an_input_counts_as_its_declaration_says(types: dict[str, Any]) -> None:
    assert types["Wanted"].extensions[CONDITIONS] == 7
    assert CONDITIONS not in types["Named"].extensions


def test_only_the_type_that_says_so_is_cached(types: dict[str, Any]) -> None:
    assert types["Book"].extensions[CACHE_KEY](Book(name="Emma")) == "Emma"
    assert CACHE_KEY not in types["Novel"].extensions


def test_a_field_depends_on_the_time_by_the_arguments_that_may_hold_a_timely_key(types: dict[str, Any]) -> None:
    assert types["Query"].fields["books"].extensions[FLEETING] == ("where",)
    assert FLEETING not in types["Book"].fields["text"].extensions


def test_the_timely_keys_of_the_whole_schema_are_known_by_name() -> None:
    inputs = [kind for kind in schema()._schema.type_map.values() if isinstance(kind, GraphQLInputObjectType)]
    fields = [(name, field) for kind in inputs for name, field in kind.fields.items()]
    timely = [name for name, field in fields if FLEETING in field.extensions["strawberry-definition"].metadata]
    assert tuple(timely) == TIMELY == ("within",)


def test_orjson_writes_instants_and_addresses_as_they_are() -> None:
    kinds = schema()._schema.type_map
    assert {name: kind.extensions[NATIVE].__name__ for name, kind in kinds.items() if NATIVE in kind.extensions} == {
        "DateTime": "datetime",
        "URL": "str",
    }
