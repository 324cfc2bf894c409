"""Declares the interface Node, and which global id each of the store's objects has."""

from __future__ import annotations

from typing import Any

import strawberry

from graph.schema.fields import computed
from graph.schema.ids import global_id
from store import article as stored


@strawberry.interface(description="Anything that can be fetched again by its global id.")
class Node:
    @computed("The global id: opaque, and the same for ever.")
    def id(parent: Any) -> strawberry.ID:
        return global_id_of(parent)


def global_id_of(found: Any) -> strawberry.ID:
    """Return an object's id, made of an article's path, a stub's key, a provider's domain or a topic's slug."""
    match found:
        case stored.Article():
            return strawberry.ID(global_id("Article", found.path))
        case stored.Summary():
            return strawberry.ID(global_id("ArticleStub", found.key))
        case stored.Provider():
            return strawberry.ID(global_id("Provider", found.domain))
        case _:
            return strawberry.ID(global_id("Topic", found.slug))
