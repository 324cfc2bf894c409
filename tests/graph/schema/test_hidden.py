"""Compares a store that has drafts with one that never had any: without the right to drafts their answers are equal."""

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.execute.context import Context
from graph.execute.operations import interpreted_operations, planned_operations
from graph.schema.build import schema
from graph.schema.ids import global_id
from graph.settings import Settings
from store.base import Document, Put, Remove
from store.criteria import Criteria, Search
from store.text import slug
from store.tiny.store import TinyStore
from tests import newsroom
from tests.newsroom import news
from tests.scale import scaled

SCHEMA = schema()._schema
GENEROUS = Settings(cost=10**9, aliases=10**6, root_fields=10**6, depth=50, kept_bytes=0)
"""Nothing is kept, since two stores are asked that count alike."""
SCORE_ERROR = 1e-6
"""By how much of itself a score may differ: its last bits follow the order in which Tantivy happens to add."""
ARTICLE = """
fragment Whole on Article {
  id path slug title excerpt category type quality heat topics { slug name } provider { ...Named } byline { provider }
  images { url articles { totalCount } }
  related { __typename title provider { name aliases } ... on Article { path } }
  relatedBy { totalCount nodes { path } }
}
fragment Named on Provider { id domain name aliases images { url } articles { totalCount nodes { path } } }
fragment Tag on Topic {
  id slug name articles { totalCount } parent { slug } children { slug }
  coTopics { sharedCount jaccard topic { slug name } }
}
"""
EVERYTHING = """
query ($words: String!, $path: String!, $url: URL!, $domain: String!, $slug: String!, $ids: [ID!]!) {
  articles { totalCount nodes { ...Whole } pageInfo { hasNextPage endCursor } facets { ...Counts } }
  contains: articles(filter: {related: {some: {title: {contains: $words}}}}) { totalCount nodes { path } }
  titled: articles(filter: {title: {contains: $words}}, orderBy: [{field: TITLE}]) { edges { cursor node { path } } }
  shown: articles(filter: {published: false}) { totalCount nodes { path } }
  found: articles(search: {query: $words}) {
    totalCount edges { cursor score node { path } highlights { field snippet ranges { start end } } }
    facets { ...Counts }
  }
  begun: articles(search: {query: "ro* -absent"}) { edges { cursor score node { path } } }
  byPath: article(by: {path: $path}) { ...Whole }
  byUrl: article(by: {url: $url}) { ...Whole }
  node(id: "x") { id }
  nodes(ids: $ids) { __typename id ...Whole ...Named ...Tag }
  provider(domain: $domain) { ...Named }
  providers { totalCount nodes { ...Named } pageInfo { endCursor } }
  topic(slug: $slug) { ...Tag }
  topics { totalCount nodes { ...Tag } pageInfo { endCursor } }
  changes(since: "0") { hasMore reset changes { kind articleId changedKeys article { path } } }
}
fragment Counts on Facets {
  providers { count provider { ...Named } } topics { count topic { slug name } }
  types { value count } categories { value count } histogram(unit: DAY) { start end count }
}
"""
ROADS = (planned_operations(SCHEMA, GENEROUS), interpreted_operations(SCHEMA, GENEROUS))
Step = Document | str
"""An article that is put, or the path of one that is removed."""
steps = st.lists(newsroom.articles | st.sampled_from(newsroom.PATHS), min_size=1, max_size=14)


def asked(words: str, path: str, url: str, domain: str, topic: str) -> dict[str, Any]:
    ids = [*(global_id("Article", each) for each in newsroom.PATHS), global_id("Provider", domain)]
    ids += [global_id("Topic", slug(topic)), global_id("Article", path)]
    return {"words": words, "path": path, "url": url, "domain": domain, "slug": slug(topic), "ids": ids}


questions = st.builds(
    asked,
    st.sampled_from(["robots", "news", "zürich", "éclair", "body robots"]),
    st.sampled_from(newsroom.PATHS),
    st.sampled_from(newsroom.URLS),
    st.sampled_from(newsroom.DOMAINS),
    st.sampled_from(["AI", "Robots", "C++"]),
)


async def take(store: TinyStore, step: Step, hides: bool) -> None:
    """Take one step; a store that *hides* nothing removes what becomes a draft."""
    if isinstance(step, str):
        await store.apply([Remove(step)])
    elif hides or step.metadata.get("published", True):
        await store.apply([Put(step)])
    else:
        await store.apply([Remove(step.path)])


async def answers(store: TinyStore, question: dict[str, Any]) -> list[Any]:
    """Return what both ways of execution answer to somebody without rights."""
    operations = [each.prepare(ARTICLE + EVERYTHING, None) for each in ROADS]
    found = [orjson.loads((await each.execute(question, Context(store))).body) for each in operations]
    assert not any("errors" in each for each in found), found
    return found


def read(cursor: str) -> Any:
    """Return what a cursor holds, the score among it, without its checksum."""
    return orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[4:])


def near(found: list[Any]) -> list[Any]:
    """Return answers that are equal to those whose scores differ by no more than they may."""

    def about(value: Any) -> Any:
        return pytest.approx(value, rel=SCORE_ERROR) if isinstance(value, float) else value

    for edge in ranked(found):
        edge["score"], edge["cursor"] = about(edge["score"]), [about(value) for value in edge["cursor"]]
    return found


def ranked(found: list[Any]) -> list[dict[str, Any]]:
    """Return the articles that were found by a search."""
    return [edge for each in found for name in ("found", "begun") for edge in each["data"][name]["edges"]]


async def compare(taken: Sequence[Step], question: dict[str, Any], folder: Path) -> None:
    with (
        TinyStore(folder / "hiding.json", follow=False) as hiding,
        TinyStore(folder / "open.json", follow=False) as opened,
    ):
        for step in taken:
            await take(hiding, step, hides=True)
            await take(opened, step, hides=False)
            await hiding.count([Criteria(search=Search("robots"), drafts=True)])
        hidden, never_there = await answers(hiding, question), await answers(opened, question)
        for edge in (*ranked(hidden), *ranked(never_there)):
            edge["cursor"] = read(edge["cursor"])
        assert hidden == near(never_there)


@settings(max_examples=scaled(60, 2000), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps, questions)
def test_drafts_change_no_answer_of_those_who_may_not_see_them(taken: list[Step], question: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(compare(taken, question, Path(folder)))


DRAFT = {
    "published": False,
    "topics": ["Hidden", "ai"],
    "images": [{"url": "https://one.org/b.jpg"}],
    "webUrl": newsroom.URLS[0],
    "related": [{"title": "Told by a draft", "excerpt": "x", "provider": {"domain": "two.org", "name": "Spelt so"}}],
}


@pytest.mark.parametrize(
    "taken",
    [
        [news(newsroom.PATHS[0], "Robots", topics=["AI"])]
        + [news(f"d{n}.md", "Robots", body="robots", **DRAFT) for n in range(20)],
        [news("d.md", "Robots", **DRAFT), "d.md", news(newsroom.PATHS[0], "Robots")],
        [news(newsroom.PATHS[0], "Robots", **DRAFT), news(newsroom.PATHS[0], "Robots", topics=["AI"])],
        [news(newsroom.PATHS[0], "Robots", topics=["AI"]), news(newsroom.PATHS[0], "Robots", **DRAFT)],
    ],
    ids=["drafts beside an article", "a draft that went", "a draft that was published", "an article withdrawn"],
)
def test_a_draft_leaves_no_trace(taken: list[Step], tmp_path: Path) -> None:
    question = asked("robots", newsroom.PATHS[0], newsroom.URLS[0], "two.org", "Hidden")
    asyncio.run(compare(taken, question, tmp_path))
