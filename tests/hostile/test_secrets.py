"""Looks for secrets in what a server says and logs, and for odd texts that it would not give back exactly."""

import asyncio
import json
import random
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.base import Put
from store.tiny.store import TinyStore
from tests.hostile.conftest import KEY, SECRET
from tests.hostile.served import JSON, Served, serving
from tests.newsroom import document
from tests.scale import scaled

TITLES = scaled(300, 1_000)
MISSPELT = [
    "{ articls { totalCount } }",
    "{ articles { nodes { titl } } }",
    "{ articles { node { title } } }",
    "{ articles(filer: {}) { totalCount } }",
    "{ articles(filter: {titel: {}}) { totalCount } }",
    "{ articles(filter: {title: {contain: 1}}) { totalCount } }",
    "{ articles(orderBy: {field: HEET}) { totalCount } }",
    "{ articles(orderBy: {feld: HEAT}) { totalCount } }",
    "{ articles { ... on Artikel { title } } }",
    "{ articles { nodes { ... on Articl { title } } } }",
    "fragment F on Articel { title } { articles { nodes { ...F } } }",
    "query($f: ArticleFiltr) { articles(filter: $f) { totalCount } }",
    "{ __typename @inclde(if: true) }",
    "{ article(by: {pth: 1}) { title } }",
    "mutation { saveArticl(input: {}) { __typename } }",
    "mutation { saveArticle(input: {pat: 1}) { __typename } }",
    "subscription { change { next } }",
]


@pytest.fixture(scope="module")
def production(newsroom: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("log") / "log", "--store", newsroom, "--production") as server:
        yield server


@pytest.mark.parametrize("query", MISSPELT)
def test_production_names_nothing_that_was_not_named(production: Served, query: str) -> None:
    reply = production.post(query)
    assert reply.codes
    for error in reply.json["errors"]:
        assert "Did you mean" not in error["message"]


@pytest.mark.parametrize(
    "query",
    ["{ __schema { types { name } } }", '{ __type(name: "Article") { name } }',
     "{ ...F } fragment F on Query { __schema { types { name } } }",
     'query($n: String!) { a: __type(name: $n) { name } }'],
)  # fmt: skip
def test_production_answers_no_introspection(production: Served, query: str) -> None:
    reply = production.post(query, {"n": "Article"} if "$n" in query else None)
    assert set(reply.codes) == {"INTROSPECTION_OFF"}
    assert "data" not in reply.json


def test_production_has_no_playground(production: Served) -> None:
    reply = production.ask("GET", "/graphql", headers={"accept": "text/html"})
    assert reply.status in (400, 406)
    assert reply.headers["content-type"].startswith("application/")


ODD = "\r\n\x1b[31mred\x1b[0m\x00\u2028\x85"


def test_a_log_line_is_one_line_and_holds_no_secret(newsroom: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "log", "--store", newsroom, BROADSHEET_KEYS=KEY, BROADSHEET_SLOW_SECONDS="0") as server:
        bearer = {"authorization": f"Bearer {SECRET}"}
        server.post(
            "query Named($p: String!) { article(by: {path: $p}) { title } }", {"p": f"hidden variable{ODD}"}, bearer
        )
        server.post(f"query {ODD} {{ hidden_document }}", None, bearer)
        server.post("{ __typename }", None, {"x-api-key": "hidden-key"})
        server.ask("GET", "/graphql?query=%7Bhidden_get%7D&operationName=a%0D%0Ab%1B")
        server.ask("GET", "/%0D%0A%1B[31mpath")
        server.ask("POST", "/graphql", b"hidden body\r\n\x1b", JSON)
        server.post("{ __typename }", None, None, operationName=f"name{ODD}")
    raw = (tmp_path / "log").read_bytes()
    lines = raw.splitlines()
    assert len(lines) >= 6
    for line in lines:
        json.loads(line)
    assert not set(raw) & {0x1B, 0x0D, 0x00}
    for secret in (SECRET, "hidden"):
        assert secret.encode() not in raw


def odd_title(dice: random.Random) -> str:
    """Return a text of any characters that a title may hold."""
    kinds = [(0x20, 0x7E), (0xA0, 0x2FF), (0x300, 0x36F), (0x590, 0x6FF), (0x2000, 0x206F), (0xE000, 0xF8FF),
             (0xFDD0, 0xFDEF), (0x1F300, 0x1FAFF), (0xE0000, 0xE007F), (0x10FFF0, 0x10FFFF), (0x0, 0x1F)]  # fmt: skip
    return "".join(chr(dice.randint(*dice.choice(kinds))) for _ in range(dice.randint(1, 60)))


def test_odd_titles_come_back_as_utf_8_json(tmp_path: Path) -> None:
    dice = random.Random(5)
    titles = {f"{number}.md": odd_title(dice) for number in range(TITLES)}
    provider = {"name": "A", "domain": "a.example"}
    puts = [Put(document(path, {"title": title, "provider": provider})) for path, title in titles.items()]
    with TinyStore(tmp_path / "news.json", follow=False) as store:
        asyncio.run(store.apply(puts))
    query = """query($after: String) { articles(first: 100, after: $after) {
        nodes { path title(format: RAW) text: title } pageInfo { endCursor hasNextPage } } }"""
    found: dict[str, str] = {}
    with serving(tmp_path / "log", "--store", tmp_path / "news.json") as server:
        after, more = None, True
        while more:
            reply = server.post(query, {"after": after})
            assert (reply.status, reply.codes) == (200, [])
            page = json.loads(reply.body.decode("utf-8", "strict"))["data"]["articles"]
            found |= {node["path"]: node["title"] for node in page["nodes"]}
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert found == titles
    assert len({unicodedata.category(letter) for title in titles.values() for letter in title}) > 20
