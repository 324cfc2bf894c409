"""Declares the type Provider and its connection."""

from __future__ import annotations

from typing import Any

import strawberry

from graph.document.cost.selections import Whole
from graph.schema.connection import ArticleConnection, Few, PageInfo, articles_where
from graph.schema.fields import attribute, computed
from graph.schema.image import Image, MinWidth, wide_enough
from graph.schema.node import Node
from store import article as stored
from store.criteria import Is, Op


@strawberry.type(description="Who published; identified by domain, named by its file, else by its most frequent name.")
class Provider(Node):
    domain: str = attribute("Its domain, such as technode.com.")
    name: str = attribute("Its name.")
    aliases: list[str] = attribute("Other names seen.")
    description: str | None = attribute("What it is.")

    @computed("Its pictures, such as a logo in several sizes.", default="images", length=Whole("provider_images"))
    def images(provider: stored.Provider, first: Few = None, min_width: MinWidth = None) -> list[Image]:
        return wide_enough(provider.images, first, min_width)

    articles: ArticleConnection = articles_where(
        lambda provider: Is("provider.domain", Op.EQ, provider.domain, case_sensitive=True), "What it published."
    )

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return isinstance(value, stored.Provider)


@strawberry.type(description="One provider of a page.")
class ProviderEdge:
    cursor: str = attribute("Where it stands: pass it back as `after` or `before`.")
    node: Provider = attribute("The provider.")


@strawberry.type(description="A page of providers, by domain.")
class ProviderConnection:
    edges: list[ProviderEdge] = attribute("The providers with their cursors.")
    nodes: list[Provider] = attribute("The providers alone.")
    page_info: PageInfo = attribute("Where the page lies.")
    total: int = attribute("How many providers match, on all pages.", name="totalCount")
