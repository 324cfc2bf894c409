"""Declares the type Image, and how a list of images is narrowed by width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import strawberry

from graph.schema.connection import ArticleConnection, articles_where, at_most
from graph.schema.fields import attribute, computed
from graph.schema.scalars import URL
from store import article as stored
from store.criteria import Is, Op, Some

MinWidth = Annotated[int | None, strawberry.argument(description="Only those at least this many pixels wide.")]


@strawberry.type(description="A picture.")
class Image:
    url: URL = attribute("Where it is; absolute where the folder's base URL is known.")
    raw_url: str = attribute("As written in the file.")
    width: int | None = attribute("In pixels.")
    height: int | None = attribute("In pixels.")
    is_cached: bool | None = attribute("Whether its source keeps a copy.")
    title: str | None = attribute("What it shows.")
    attribution: str | None = attribute("Whom to credit.")

    @computed("Width over height.")
    def aspect_ratio(image: stored.Image) -> float | None:
        return image.width / image.height if image.width and image.height else None

    articles: ArticleConnection = articles_where(
        lambda image: Some("images", Is("url", Op.EQ, image.url, case_sensitive=True)),
        "Articles that show this picture.",
    )


def wide_enough(images: Sequence[stored.Image], first: int | None, min_width: int | None) -> Sequence[stored.Image]:
    """Return the first of the images that are at least *min_width* pixels wide."""
    wide = [image for image in images if min_width is None or (image.width or 0) >= min_width]
    return wide[: at_most(first)]
