"""Builds the executable schema from its three root types, and prints it in the schema definition language."""

from functools import cache

import strawberry
from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType
from strawberry.schema.config import StrawberryConfig

from graph.schema.article import Article, ArticleStub
from graph.schema.conversion import Conversion
from graph.schema.extensions import carry_over
from graph.schema.fields import attach
from graph.schema.mutation import Mutation
from graph.schema.provider import Provider
from graph.schema.query import Query
from graph.schema.scalars import SCALARS
from graph.schema.subscription import Subscription
from graph.schema.topic import Topic


@cache
def schema() -> strawberry.Schema:
    """Return the schema that is served; built once."""
    config = StrawberryConfig(scalar_map=SCALARS)
    built = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Article, ArticleStub, Provider, Topic],
        config=config,
    )
    conversion = Conversion(config, built.schema_converter.scalar_registry)
    for kind in built._schema.type_map.values():
        carry_over(kind)
        if isinstance(kind, GraphQLInputObjectType):
            # Strawberry says so in the printed schema alone; validation looks at the built type
            kind.is_one_of = kind.extensions["strawberry-definition"].is_one_of
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field in kind.fields.values():
                attach(field, conversion)
    return built


def sdl() -> str:
    """Return the schema in its definition language, as `schema.graphql` holds it."""
    # the one declaration that Strawberry prints without a description
    return f'"""Exactly one key must be given."""\n{schema().as_str().strip()}\n'
