"""The roots in, one executable schema out, each field of it with the reading that plans take; and its printed form."""

from datetime import datetime
from functools import cache
from operator import attrgetter

import strawberry
from graphql import GraphQLInterfaceType, GraphQLObjectType
from strawberry.schema.config import StrawberryConfig

from graph import types
from graph.conversion import Conversion
from graph.fields import attach
from graph.mutation import Mutation
from graph.plan.reading import KEPT, NATIVE, Kept
from graph.query import Query
from graph.scalars import SCALARS
from graph.subscription import Subscription

KEPT_BY = {"Article": Kept(attrgetter("path")), "ArticleStub": Kept(attrgetter("key"))}
"""Types whose encoded objects are kept for as long as the store does not change."""

NATIVES = {"DateTime": datetime, "URL": str}
"""Scalars that orjson writes as they are."""


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
            for field in kind.fields.values():
                attach(field, conversion)
        if kind.name in KEPT_BY:
            kind.extensions[KEPT] = KEPT_BY[kind.name]
        if kind.name in NATIVES:
            kind.extensions[NATIVE] = NATIVES[kind.name]
    return built


def sdl() -> str:
    """Return the schema in its definition language, as `schema.graphql` holds it."""
    # the one declaration that Strawberry prints without a description
    return f'"""Exactly one key must be given."""\n{schema().as_str().strip()}\n'
