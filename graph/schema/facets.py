"""Declares the type Facets: how many of the articles that match there are of each provider, topic, type and so on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from graph.document.cost.selections import Whole
from graph.execute.context import Context
from graph.schema.connection import MOST, at_most
from graph.schema.fields import attribute, batched
from graph.schema.provider import Provider
from graph.schema.topic import Topic
from store.base import Bucket, DateUnit, Facet
from store.criteria import Criteria
from store.errors import CriteriaError

Most = Annotated[int, strawberry.argument(description=f"How many, the most frequent first; up to {MOST}.")]
Unit = Annotated[DateUnit, strawberry.argument(description="The width of a bar.")]

COUNTING = 4
"""Conditions that a facet counts as: the store goes through all articles that match."""
BARS = 5_000
"""Most bars of a histogram."""


@strawberry.type(description="A provider and how many of the articles are its.")
class ProviderCount:
    @batched("The provider.")
    async def provider(buckets: list[Bucket], context: Context) -> list[Provider]:
        return await context.store.providers([str(b.value) for b in buckets], context.viewer.drafts)

    count: int = attribute("How many.")


@strawberry.type(description="A topic and how many of the articles are about it.")
class TopicCount:
    @batched("The topic.")
    async def topic(buckets: list[Bucket], context: Context) -> list[Topic]:
        return await context.store.topics([str(b.value) for b in buckets], context.viewer.drafts)

    count: int = attribute("How many.")


@strawberry.type(description="A value and how many of the articles have it.")
class ValueCount:
    value: str = attribute("The value as in the files.")
    count: int = attribute("How many.")


@strawberry.type(description="One bar of a histogram by publication date.")
class DateCount:
    value: datetime = attribute("Where the bar starts.", name="start")
    end: datetime = attribute("Where it ends: the first instant after it.")
    count: int = attribute("How many.")


@strawberry.type(description="How many articles there are of each value, under the filter and the search.")
class Facets:
    @batched("By provider.", conditions=COUNTING)
    async def providers(found: list[Criteria], context: Context, first: Most = 10) -> list[list[ProviderCount]]:
        return await context.store.facets(found, Facet("providers", at_most(first)))

    @batched("By topic.", conditions=COUNTING)
    async def topics(found: list[Criteria], context: Context, first: Most = 10) -> list[list[TopicCount]]:
        return await context.store.facets(found, Facet("topics", at_most(first)))

    @batched("By type.", conditions=COUNTING, length=Whole("types"))
    async def types(found: list[Criteria], context: Context) -> list[list[ValueCount]]:
        return await context.store.facets(found, Facet("types"))

    @batched("By category.", conditions=COUNTING, length=Whole("categories"))
    async def categories(found: list[Criteria], context: Context) -> list[list[ValueCount]]:
        return await context.store.facets(found, Facet("categories"))

    @batched(
        f"By publication date, oldest bar first, without empty bars; up to {BARS}.",
        conditions=COUNTING,
        length=Whole("histogram", most=BARS),
    )
    async def histogram(found: list[Criteria], context: Context, unit: Unit) -> list[list[DateCount]]:
        histograms = await context.store.facets(found, Facet("histogram", unit=unit))
        longest = max(map(len, histograms), default=0)
        if longest > BARS:
            raise CriteriaError(
                f"histogram: {longest} bars, more than {BARS}: narrow the filter to less time, or take a wider unit"
            )
        return histograms
