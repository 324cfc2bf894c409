"""Tests what a subscription's filter lets through, as time goes by while it is open."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from graph.execute.context import Context
from graph.serve.site import operations
from graph.settings import Settings
from store.base import Put
from store.errors import CriteriaError
from store.tiny.store import TinyStore
from tests.newsroom import news
from tests.patience import PATIENCE, until

pytestmark = pytest.mark.anyio
FILTERS = {
    "plain": ("{publishedDateTime: {within: $length}}", False),
    "and": ("{and: [{publishedDateTime: {within: $length}}]}", False),
    "or": ('{or: [{publishedDateTime: {within: $length}}, {title: {eq: "Marker"}}]}', False),
    "not": ("{not: {publishedDateTime: {within: $length}}}", True),
    "related": ('{or: [{related: {some: {publishedDateTime: {within: $length}}}}, {title: {eq: "Marker"}}]}', False),
    "no related": ("{related: {none: {publishedDateTime: {within: $length}}}}", True),
}
"""Filters, and whether they let an article through that was new when the subscription began and is not any more."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TinyStore]:
    with TinyStore(tmp_path / "news.json") as opened:
        yield opened


async def events(store: TinyStore, given: str) -> AsyncIterator[str]:
    """Yield the titles of the changed articles that a subscription with this filter sends."""
    query = f"subscription($length: String) {{ changes(filter: {given}) {{ article {{ title }} }} }}"
    prepared = operations(Settings()).prepare(query, None)
    async for answer in prepared.subscribe({"length": "PT1S"}, Context(store)):
        yield orjson.loads(answer.body)["data"]["changes"]["article"]["title"]


async def test_within_is_measured_when_a_change_comes(store: TinyStore) -> None:
    began = datetime.now(UTC)
    coming = {name: asyncio.ensure_future(anext(events(store, given))) for name, (given, _) in FILTERS.items()}
    await asyncio.to_thread(until, lambda: datetime.now(UTC) - timedelta(seconds=1) > began)
    aged = {"title": "Aged", "publishedDateTime": f"{began:%Y-%m-%dT%H:%M:%S.%fZ}"}
    related = [{**aged, "provider": {"name": "One", "domain": "one.org"}}]
    await store.apply([Put(news("aged.md", **aged, related=related))])
    tomorrow = f"{began + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    await store.apply([Put(news("marker.md", "Marker", publishedDateTime=tomorrow))])
    async with asyncio.timeout(PATIENCE):
        assert {name: await first for name, first in coming.items()} == {
            name: "Aged" if passes else "Marker" for name, (_, passes) in FILTERS.items()
        }


@pytest.mark.parametrize("within", ["", "P", "7 days", "-PT1S"])
async def test_a_duration_that_cannot_be_read_is_refused_at_once(store: TinyStore, within: str) -> None:
    query = "subscription($length: String) { changes(filter: {publishedDateTime: {within: $length}}) { seq } }"
    prepared = operations(Settings()).prepare(query, None)
    with pytest.raises(CriteriaError, match="write a duration"):
        async with asyncio.timeout(PATIENCE):
            await anext(aiter(prepared.subscribe({"length": within}, Context(store))))
