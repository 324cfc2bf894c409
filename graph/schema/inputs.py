"""Declares the inputs: the filters, orders, searches and keys that arguments may hold.

`graph.schema.filters` turns them into the store's criteria. A key that is left out or null narrows nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types.base import has_object_definition

from graph.execute.plan.resolver import FLEETING
from graph.schema.enums import ArticleOrderField, Direction, Nulls
from graph.schema.extensions import counts_as
from graph.schema.scalars import URL
from store.criteria import SearchField


def option(description: str, name: str | None = None, timely: bool = False) -> Any:
    """Declare a key that may be left out; answers to requests that give a *timely* one depend on the time."""
    metadata = {FLEETING: True} if timely else {}
    return strawberry.field(name=name, description=description, default=strawberry.UNSET, metadata=metadata)


@strawberry.input(description="Compares text, without case unless `caseSensitive` says otherwise. All keys must hold.")
class StringFilter:
    eq: str | None = option("Equal to this.")
    ne: str | None = option("Not equal to this; a missing value is not equal.")
    in_: list[str] | None = option("Equal to one of these.", name="in")
    not_in: list[str] | None = option("Equal to none of these; a missing value is equal to none.")
    contains: str | None = option("Has this somewhere in it.")
    starts_with: str | None = option("Begins with this.")
    ends_with: str | None = option("Ends with this.")
    case_sensitive: bool = strawberry.field(description="Compare case too.", default=False)
    is_null: bool | None = option("True: there is no value. False: there is one.")


@strawberry.input(
    description="Compares a whole number; a missing one is neither smaller nor larger. All keys must hold."
)
class IntFilter:
    eq: int | None = option("Equal to this.")
    ne: int | None = option("Not equal to this; a missing value is not equal.")
    in_: list[int] | None = option("Equal to one of these.", name="in")
    gt: int | None = option("Greater than this.")
    gte: int | None = option("Greater than or equal to this.")
    lt: int | None = option("Less than this.")
    lte: int | None = option("Less than or equal to this.")
    is_null: bool | None = option("True: there is no value. False: there is one.")


@strawberry.input(description="Compares an instant; a missing one is neither before nor after. All keys must hold.")
class DateTimeFilter:
    gt: datetime | None = option("After this.")
    gte: datetime | None = option("At this instant or after it.")
    lt: datetime | None = option("Before this.")
    lte: datetime | None = option("At this instant or before it.")
    within: str | None = option("ISO 8601 duration such as P7D or PT12H: newer than now minus this.", timely=True)
    is_null: bool | None = option("True: there is no value. False: there is one.")


@strawberry.input(description="Narrows providers. All keys must hold.")
class ProviderFilter:
    domain: StringFilter | None = option("The domain, such as technode.com.")
    name: StringFilter | None = option("The name; of an article's provider, as that article writes it.")


@strawberry.input(description="Narrows topics. All keys must hold.")
class TopicFilter:
    name: StringFilter | None = option("The name.")
    slug: StringFilter | None = option("The name as it stands in an address.")


@strawberry.input(description="Narrows articles by their topics. All keys must hold.")
class TopicsFilter:
    some: TopicFilter | None = option("At least one topic matches.")
    every: TopicFilter | None = option("Every topic matches, as is so where there is none.")
    none: TopicFilter | None = option("No topic matches.")
    count: IntFilter | None = option("How many topics there are.")


@strawberry.input(description="Narrows images. All keys must hold.")
class ImageFilter:
    url: StringFilter | None = option("The absolute address.")
    width: IntFilter | None = option("The width in pixels.")
    height: IntFilter | None = option("The height in pixels.")
    is_cached: bool | None = option("Whether a copy is kept by the source.")


@strawberry.input(description="Narrows articles by their images. All keys must hold.")
class ImagesFilter:
    some: ImageFilter | None = option("At least one image matches.")
    none: ImageFilter | None = option("No image matches.")
    count: IntFilter | None = option("How many images there are.")


@strawberry.input(
    description="Narrows articles by the ingested articles that they name as related. All keys must hold."
)
class RelatedFilter:
    some: ArticleFilter | None = option("At least one ingested related article matches.")
    none: ArticleFilter | None = option("No ingested related article matches.")
    count: IntFilter | None = option("How many related entries there are, ingested or not.")


@strawberry.input(description="Narrows articles. Sibling keys are ANDed; `and`, `or` and `not` may stand beside them.")
class ArticleFilter:
    and_: list[ArticleFilter] | None = option("All of these hold.", name="and")
    or_: list[ArticleFilter] | None = option("At least one of these holds.", name="or")
    not_: ArticleFilter | None = option("This does not hold.", name="not")
    path: StringFilter | None = option("The path of the file below its source folder.")
    slug: StringFilter | None = option("The name of the file without date and ending.")
    title: StringFilter | None = option("The title in text form.")
    excerpt: StringFilter | None = option("The excerpt in text form.")
    category: StringFilter | None = option("The category.")
    type: StringFilter | None = option("The type: article, video, …")
    original_url: StringFilter | None = option("The original URL as in the file.")
    web_url: StringFilter | None = option("The web URL as in the file.")
    amp_web_url: StringFilter | None = option("The AMP URL as in the file.")
    cdn_amp_web_url: StringFilter | None = option("The CDN's AMP URL as in the file.")
    published_date_time: DateTimeFilter | None = option("When it was published.")
    quality: IntFilter | None = option("The quality.")
    heat: IntFilter | None = option("The heat.")
    published: bool | None = option("Whether it is published; unpublished ones are seen only with the right to.")
    provider: ProviderFilter | None = option("Who published it.")
    topics: TopicsFilter | None = option("What it is about.")
    images: ImagesFilter | None = option("Its pictures.")
    related: RelatedFilter | None = option("What it names as related.")


@counts_as(conditions=5)  # the store sorts what it found
@strawberry.input(description="One term of an order; later terms break the ties of earlier ones.")
class ArticleOrder:
    field: ArticleOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(description="Which end comes first.", default=Direction.DESC)
    nulls: Nulls = strawberry.field(description="Where missing values stand.", default=Nulls.LAST)


@counts_as(conditions=10)  # the store looks up each word, and scores what it found
@strawberry.input(description='Words, "phrases", -not, prefix*: all must match. The first 32 words count.')
class Search:
    query: str = strawberry.field(description='What to look for, e.g. `"facial recognition" court -china`.')
    fields: list[SearchField] | None = option("Where to look; everywhere if left out.")


@strawberry.input(description="Names one article.", one_of=True)
class ArticleKey:
    id: strawberry.ID | None = option("Its global id.")
    path: str | None = option("The path of its file below its source folder.")
    url: URL | None = option("Any of its four URLs; it is cleaned first.")


@strawberry.input(description="An article as its file would be.")
class SaveArticleInput:
    path: str = strawberry.field(description="Path below the source folder, such as _news/2026-11-20-ferry.md.")
    text: str = strawberry.field(description="Front matter and body, exactly as they would stand in the file.")


TIMELY = tuple(
    StrawberryConfig().name_converter.from_field(field)
    for kind in list(globals().values())
    if has_object_definition(kind)
    for field in kind.__strawberry_definition__.fields
    if FLEETING in field.metadata
)
"""The GraphQL names of the timely keys of all inputs, which all stand in this module."""
