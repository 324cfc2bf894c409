"""Defines the five queries that are measured, with 2,000 values each, and writes the same data for another server."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from store.article import Article, Summary
from store.base import Store
from store.criteria import Criteria, Page
from store.text import slug
from store.urls import clean

VALUES = 2_000
"""How many distinct values of its variable each query is asked with."""

INNER = "title webUrl publishedDateTime provider { name domain } images { url width height }"
WHOLE = (
    "title excerpt webUrl publishedDateTime topics { name } provider { name domain }"
    f" images {{ url width height }} related {{ {INNER} }}"
)


@dataclass(frozen=True, slots=True)
class Query:
    """One query: its name, its text, and the variable that changes."""

    name: str
    text: str
    variable: str


QUERIES = (
    Query(
        "Q1",
        "query ($v: DateTime!) { articles(first: 20, filter: { publishedDateTime: { gte: $v } })"
        f" {{ nodes {{ {WHOLE} }} }} }}",
        "since",
    ),
    Query("Q2", f"query ($v: URL!) {{ article(by: {{ url: $v }}) {{ {WHOLE} }} }}", "url"),
    Query(
        "Q3",
        "query ($v: String!) { topic(slug: $v) { articles(first: 20) { nodes { title webUrl provider { name } } } } }",
        "slug",
    ),
    Query(
        "Q4",
        "query ($v: URL!) { article(by: { url: $v })"
        " { title related { title related { title related { title provider { name } } } } } }",
        "url",
    ),
    Query("Q5", "query ($v: URL!) { article(by: { url: $v }) { title } }", "url"),
)


async def newest_first(store: Store) -> list[Article]:
    """Return all published articles."""
    found: list[Article] = []
    after = None
    while True:
        (part,) = await store.find([Criteria(page=Page(first=100, after=after))])
        found += part.items
        if not part.has_next:
            return found
        after = part.cursors[-1]


def values(articles: list[Article]) -> dict[str, list[str]]:
    """Return the values of each variable; the same for the same articles."""
    rng = random.Random(7)  # figures must come out the same again
    dated = [each for each in articles if each.published_at and each.web_url]
    picked = rng.sample(dated, min(VALUES, len(dated)))
    slugs = sorted({slug(topic) for each in articles for topic in each.topics})
    return {
        "since": [_instant(each.published_at) for each in picked],
        "url": [clean(str(each.web_url)) for each in picked],
        "slug": rng.choices(slugs, k=VALUES),
    }


async def data(store: Store, articles: list[Article]) -> bytes:
    """Return what a server in another language needs to give the same answers, as JSON."""
    numbers = {article.path: number for number, article in enumerate(articles)}
    names = {each.domain: each.name for each in await _providers(store, articles)}
    entries = []
    for article, related in zip(articles, await store.related(articles), strict=True):
        entry = await _entry(store, article, names)
        entry["related"] = [
            numbers[each.path] if isinstance(each, Article) else await _entry(store, each, names) for each in related
        ]
        entries.append(entry)
    topics: dict[str, list[int]] = {}
    for number, article in enumerate(articles):
        for name in dict.fromkeys(map(slug, article.topics)):
            topics.setdefault(name, []).append(number)
    return orjson.dumps({"articles": entries, "topics": topics})


async def _providers(store: Store, articles: list[Article]) -> list[Any]:
    mentioned = {m.domain for a in articles for m in (a.provider, *(r.provider for r in a.related))}
    return [each for each in await store.providers(sorted(mentioned)) if each]


async def _entry(store: Store, record: Article | Summary, names: dict[str, str]) -> dict[str, Any]:
    topics = await store.topics([slug(name) for name in record.topics]) if isinstance(record, Article) else []
    return {
        "urls": record.urls,
        "title": record.title_text,
        "excerpt": record.excerpt_text,
        "webUrl": record.web_url,
        "publishedDateTime": record.published_at and _instant(record.published_at),
        "topics": [{"name": topic.name} for topic in topics if topic],
        "provider": {"domain": record.provider.domain, "name": names[record.provider.domain]},
        "images": [{"url": each.url, "width": each.width, "height": each.height} for each in record.images],
        "related": [],
    }


def _instant(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z).decode().strip('"')


def lua(query: Query, given: list[str]) -> str:
    """Return wrk's script: the query by POST, with one value after the other."""
    bodies = [orjson.dumps({"query": query.text, "variables": {"v": value}}).decode() for value in given]
    lines = ",\n".join(f"[==[{body}]==]" for body in bodies)
    return f"""local bodies = {{ {lines} }}
local n = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function request()
  n = n % #bodies + 1
  return wrk.format(nil, nil, nil, bodies[n])
end
"""


def write_scripts(folder: Path, given: dict[str, list[str]]) -> None:
    """Write a script for each query."""
    for query in QUERIES:
        (folder / f"{query.name}.lua").write_text(lua(query, given[query.variable]))
