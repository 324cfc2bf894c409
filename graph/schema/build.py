"""The roots in, one executable schema out, each field of it with the reading that plans take; and its printed form."""

from datetime import datetime
from functools import cache
from operator import attrgetter

import strawberry
from graphql import GraphQLInterfaceType, GraphQLObjectType
from strawberry.schema.config import StrawberryConfig

from graph.document.conditions import CONDITIONS
from graph.document.cost import VALUES
from graph.execute.plan.reading import KEPT, NATIVE, Kept
from graph.schema import types
from graph.schema.conversion import Conversion
from graph.schema.fields import attach
from graph.schema.mutation import Mutation
from graph.schema.query import Query
from graph.schema.scalars import SCALARS
from graph.schema.subscription import Subscription

KEPT_BY = {"Article": Kept(attrgetter("path")), "ArticleStub": Kept(attrgetter("key"))}
"""Types whose encoded objects are kept for as long as the store does not change."""

NATIVES = {"DateTime": datetime, "URL": str}
"""Scalars that orjson writes as they are."""

SOUGHT = {"ArticleOrder": 5, "Search": 10}
"""Input types that count as more conditions than they have fields: articles are sorted, or found and scored."""

COUNTED = 4
"""Conditions that a facet counts as: all articles that match are gone through."""

HEAVY = {"body": 50, "extra": 50, "featuredContent": 50, "secured": 50, "highlights": 30}
"""Fields that count as more than one value: they are read from the document, or the document is read for them."""


@cache
def schema() -> strawberry.Schema:
    """Return the schema that is served; built once."""
    config = StrawberryConfig(scalar_map=SCALARS)
    built = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[types.Article, types.ArticleStub, types.Provider, types.Topic],
        config=config,
    )
    conversion = Conversion(config, built.schema_converter.scalar_registry)
    for kind in built._schema.type_map.values():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                attach(field, conversion)
                if name in HEAVY:
                    field.extensions[VALUES] = HEAVY[name]
                if kind.name == "Facets":
                    field.extensions[CONDITIONS] = COUNTED
        if kind.name in KEPT_BY:
            kind.extensions[KEPT] = KEPT_BY[kind.name]
        if kind.name in SOUGHT:
            kind.extensions[CONDITIONS] = SOUGHT[kind.name]
        if kind.name in NATIVES:
            kind.extensions[NATIVE] = NATIVES[kind.name]
    return built


def sdl() -> str:
    """Return the schema in its definition language, as `schema.graphql` holds it."""
    # the one declaration that Strawberry prints without a description
    return f'"""Exactly one key must be given."""\n{schema().as_str().strip()}\n'
