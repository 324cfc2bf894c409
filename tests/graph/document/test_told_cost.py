"""Compares what operations are told to cost with the objects of their answers: never fewer than there are.

Operations are drawn over the whole schema from a seed, with the pages of their lists said in every way there is.
Whoever draws one reckons meanwhile what it comes to if each list is as long as it may be: the told cost is just that.
`BROADSHEET_TEST_SCALE=large` draws ten times as many.
"""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import orjson
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLNonNull,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_leaf_type,
    is_list_type,
)

from graph.errors import Refusal
from graph.execute.context import Context
from graph.execute.operations import Operations, planned_operations
from graph.schema.build import schema
from graph.schema.ids import global_id
from graph.settings import Settings
from store.base import DateUnit, Kind, Put
from store.tiny.store import TinyStore
from tests.newsroom import START, document
from tests.scale import scaled

SCHEMA = schema()._schema
GENEROUS = Settings(
    cost=10**9, values=10**9, depth=30, aliases=10**4, root_fields=10**4, conditions=10**6, tokens=10**6, kept_bytes=0
)
ARTICLES, LONG = 60, 23
MOST_OBJECTS = 800
"""What drawn operations are reckoned to come to at most, so that two thousand of them take no minutes."""
PAGES = {"Query.topics": 50, "Query.changes": 200}
WHOLE = {
    "Article.images": "images", "ArticleStub.images": "images", "ArticleSummary.images": "images",
    "Article.related": "related", "ArticleStub.related": "related", "ArticleSummary.related": "related",
    "Article.topics": "topics", "Provider.images": "provider_images", "Topic.children": "children",
    "Facets.types": "types", "Facets.categories": "categories",
}  # fmt: skip
GIVEN = {
    "by": '{path: "news/7.md"}', "domain": '"one.org"', "slug": '"topic-1"',
    "id": f'"{global_id("Article", "news/7.md")}"',
}  # fmt: skip
KEYS = [global_id("Article", f"news/{number}.md") for number in range(30)] + [global_id("Topic", "topic-0"), "none"]


def written(number: int) -> dict[str, Any]:
    """Return an article whose lists are up to LONG entries long."""
    pictures = [{"url": f"https://one.org/{number}-{each}.jpg"} for each in range(number % 14)]
    related = [
        {
            "title": f"Entry {each}",
            "webUrl": f"https://one.org/{each}" if each % 2 else f"https://two.org/{each}",
            "provider": {"domain": "two.org"},
            "images": pictures[:3],
        }
        for each in range(number % 13)
    ]
    return {
        "title": f"News {number}",
        "provider": {"domain": f"{('one', 'two', 'three')[number % 3]}.org", "images": pictures},
        "webUrl": f"https://one.org/{number}",
        "publishedDateTime": f"{START + timedelta(hours=31 * number):%Y-%m-%dT%H:%M:%SZ}",
        "type": f"type {number % 12}",
        "category": f"category {number % 15}",
        "topics": [f"Topic {each}" for each in range(number % (LONG + 1))],
        "images": pictures,
        "related": related,
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyStore]:
    """Open a store whose lists are longer than any is assumed to be."""
    put = [Put(document(f"news/{number}.md", written(number), "News of news.")) for number in range(ARTICLES)]
    topics = [{"taxonomy": "topic", "name": f"Topic {each}", "parent": "Topic 1"} for each in range(2, 14)]
    put += [Put(document(f"topics/{number}.md", each, kind=Kind.TOPIC)) for number, each in enumerate(topics)]
    logos = [{"url": f"https://one.org/logo{each}.png"} for each in range(17)]
    organization = {"taxonomy": "organization", "domain": "one.org", "name": "One", "images": logos}
    put.append(Put(document("one.md", organization, kind=Kind.ORGANIZATION)))
    with TinyStore(tmp_path_factory.mktemp("told") / "store.json", follow=False) as opened:
        asyncio.run(opened.apply(put))
        yield opened


class Said(NamedTuple):
    """What is written of a page, and how many entries it has."""

    text: str
    size: int


class Draw:
    """Draws one operation, its variables as JSON, and what it is reckoned to cost."""

    def __init__(self, random: Random, lengths: dict[str, int]) -> None:
        self.random, self.lengths = random, lengths
        self.definitions: list[str] = []
        self.variables: list[str] = []

    def operation(self) -> tuple[str, str, int]:
        """Return a document, its variables and its cost."""
        query = SCHEMA.query_type
        assert query is not None
        text, cost = self.selections(query, None, self.random.randint(2, 6))
        head = f"query({', '.join(self.definitions)}) " if self.definitions else ""
        return head + text, "{" + ", ".join(self.variables) + "}", cost

    def selections(self, kind: Any, page: int | None, depth: int) -> tuple[str, int]:
        """Return a selection set on a type whose lists inherit a page, and the objects below it."""
        below = [(name, field) for name, field in kind.fields.items() if is_composite_type(get_named_type(field.type))]
        leaves = [name for name, field in kind.fields.items() if is_leaf(field)]
        parts, cost = [self.random.choice(leaves or ["__typename"])], 0
        if depth > 0 and below:
            chosen = self.random.sample(below, min(len(below), self.random.randint(1, 2)))
            for number, (name, field) in enumerate(chosen):
                text, more = self.field(kind, name, field, page, depth)
                parts.append(f"f{number}: {text}")
                cost += more
        return "{ " + " ".join(parts) + " }", cost

    def field(self, kind: Any, name: str, field: GraphQLField, page: int | None, depth: int) -> tuple[str, int]:
        """Return one field with a selection set, and its objects with all that are below it."""
        is_list = is_list_type(get_nullable_type(field.type))
        said = self.said(f"{kind.name}.{name}", field)
        inherited = None if is_list or said is None else said.size
        text, cost = self.selections(get_named_type(field.type), inherited, depth - 1)
        times = 1 if not is_list else said.size if said else page if page is not None else GENEROUS.list_size
        given = [f"{key}: {GIVEN[key]}" for key in field.args if key in GIVEN]
        if "search" in field.args and self.random.random() < 0.3:
            given.append('search: {query: "news"}')
        given += [said.text] if said and said.text else []
        return f"{name}{'(' + ', '.join(given) + ')' if given else ''} {text}", (cost + 1) * times

    def said(self, coordinate: str, field: GraphQLField) -> Said | None:
        """Return what is said of a field's page or length, None where nothing can be."""
        if "ids" in field.args:
            return self.ids()
        if "unit" in field.args:
            return self.unit(field.args["unit"].type)
        whole = max(self.lengths[WHOLE[coordinate]], GENEROUS.list_size) if coordinate in WHOLE else None
        if "first" not in field.args:
            return None if whole is None else Said("", whole)
        if isinstance(field.args["first"].type, GraphQLNonNull):
            default = PAGES.get(coordinate, 10)
            return self.given("first", default, "Int!") if self.random.random() < 0.5 else Said("", default)
        return self.connection(whole or PAGES.get(coordinate, 20), "last" in field.args)

    def connection(self, default: int, has_last: bool) -> Said:
        """Return what is said where `first` may be null or left out."""
        match self.random.randrange(5 if has_last else 3):
            case 0:
                return Said("", default)
            case 1:
                return Said("first: null", default)
            case 2:
                return self.given("first", default)
            case 3:
                return self.given("last", default)
            case _:
                return self.both(default)

    def both(self, default: int) -> Said:
        """Return a page of both arguments, as clients write it that page both ways: at most one is no null."""
        one, other = self.random.sample(["first", "last"], 2)
        given = self.given(one, default)
        way = self.random.randrange(3)
        null = "null" if way == 0 else self.variable("Int", "null" if way == 1 else None)
        return Said(f"{given.text} {other}: {null}", given.size)

    def given(self, argument: str, default: int, kind: str = "Int") -> Said:
        """Return a page of some size: literal or by a variable, in one of the spellings of JSON, by default or null."""
        size = self.random.choice([0, 1, 2, 3, 5, 10, 20, 25])
        match self.random.randrange(4 if kind == "Int!" else 6):
            case 0:
                value = str(size)
            case 1:
                value = self.variable(kind, self.number(size))
            case 2:
                value = self.variable(f"{kind} = {size}", None)
            case 3:
                value = self.variable(f"{kind} = 7", self.number(size))
            case way:
                value, size = self.variable(kind, "null" if way == 4 else None), default
        return Said(f"{argument}: {value}", size)

    def number(self, size: int) -> str:
        """Return a whole number as JSON may have it."""
        return self.random.choice([f"{size}", f"{size}.0", f"{size}e0", f"{size * 10}e-1", f"{size}.000E+0"])

    def variable(self, kind: str, value: str | None) -> str:
        """Define a variable, which is left out if it has no value."""
        name = f"v{len(self.definitions)}"
        self.definitions.append(f"${name}: {kind}")
        if value is not None:
            self.variables.append(f'"{name}": {value}')
        return f"${name}"

    def ids(self) -> Said:
        """Return the argument of `nodes`: a list or one id, literal or by variables in several places."""
        keys = self.random.choices(KEYS, k=self.random.randint(0, 15))
        one = orjson.dumps(keys[0] if keys else "none").decode()
        whole = orjson.dumps(keys).decode()
        match self.random.randrange(7):
            case 0:
                value, size = whole, len(keys)
            case 1:
                value, size = one, 1
            case 2:
                value, size = self.variable("[ID!]!", whole), len(keys)
            case 3:
                value, size = self.variable("[ID!]!", one), 1
            case 4:
                value, size = self.variable(f"[ID!]! = {whole}", None), len(keys)
            case 5:
                value, size = self.variable(f"[ID!]! = {one}", None), 1
            case _:
                value, size = f"[{self.variable('ID!', one)}, {one}]", 2
        return Said(f"ids: {value}", size)

    def unit(self, kind: Any) -> Said:
        """Return a unit with the most bars that a histogram of it has; by a variable it may be any."""
        units = get_named_type(kind)
        assert isinstance(units, GraphQLEnumType)
        name = self.random.choice(list(units.values))
        if self.random.random() < 0.5:
            return Said(f"unit: {name}", max(self.lengths[f"histogram.{name}"], GENEROUS.list_size))
        longest = max(self.lengths[f"histogram.{each.name}"] for each in DateUnit)
        return Said(f"unit: {self.variable('DateUnit!', orjson.dumps(name).decode())}", longest)


def is_leaf(field: GraphQLField) -> bool:
    """Whether a field is a leaf, and no JSON, whose objects are none of ours."""
    kind = get_named_type(field.type)
    return is_leaf_type(kind) and kind.name != "JSON"


def objects(value: Any) -> int:
    """Return how many objects there are below a value, itself included if it is one."""
    if isinstance(value, list):
        return sum(map(objects, value))
    return 1 + sum(map(objects, value.values())) if isinstance(value, dict) else 0


def compared(operations: Operations, store: TinyStore, seed: int) -> tuple[int, int] | None:
    """Return the told cost of a drawn operation, and the objects of its answer; None for one that is too large."""
    text, variables, reckoned = Draw(Random(seed), dict(operations.lengths)).operation()  # no secret
    if reckoned > MOST_OBJECTS:
        return None
    values = orjson.loads(variables)
    operation = operations.prepare(text, None)
    told = operation.cost(values)
    answer = asyncio.run(operation.execute(values, Context(store)))
    body = orjson.loads(answer.body)
    assert not [each for each in body.get("errors", []) if "INTERNAL" in str(each)], (text, body)
    assert told == reckoned, (text, variables)
    return told, objects(body["data"]) - 1 if body.get("data") else 0


def test_no_operation_is_told_to_cost_less_than_the_objects_of_its_answer(store: TinyStore) -> None:
    operations = planned_operations(SCHEMA, GENEROUS, lambda: store.longest)
    asked = answered = seed = 0
    while asked < scaled(2_000, 20_000):
        seed += 1
        if (found := compared(operations, store, seed)) is not None:
            told, there = found
            assert there <= told, f"seed {seed}"
            asked, answered = asked + 1, answered + (there > 0)
    assert answered > asked * 0.6


def test_no_list_is_longer_than_twice_what_is_assumed_of_it_needs(store: TinyStore) -> None:
    operations = planned_operations(SCHEMA, GENEROUS, lambda: store.longest)
    for name, longest in store.longest.items():
        assert longest <= operations.lengths[name] <= max(10, 2 * longest)


@pytest.mark.parametrize("growing", ["images", "related", "topics"])
def test_a_list_that_grows_while_a_document_is_kept_is_counted_by_its_new_length(growing: str, tmp_path: Path) -> None:
    text = f"{{ articles(first: 1) {{ nodes {{ {growing} {{ id: __typename }} }} }} }}"
    with TinyStore(tmp_path / "store.json", follow=False) as store:
        operations = planned_operations(SCHEMA, GENEROUS, lambda: store.longest)
        told = []
        for number in (3, 13, 23, 3):
            metadata = {**written(0), growing: written(number)[growing]}
            asyncio.run(store.apply([Put(document("a.md", metadata))]))
            told.append(operations.prepare(text, None).cost({}))
    lengths = {"images": (10, 20, 20, 20), "related": (10, 10, 10, 10), "topics": (10, 20, 40, 40)}[growing]
    assert told == [2 + length for length in lengths]


async def told(query: str, variables: dict[str, Any], store: TinyStore, **limits: int) -> int | str:
    """Return what an operation is told to cost, or the words of its refusal."""
    operations = planned_operations(SCHEMA, Settings(**limits), lambda: store.longest)  # type: ignore[arg-type] # numbers
    try:
        return operations.prepare(query, None).cost(variables)
    except Refusal as refusal:
        return refusal.message


NESTED = "query($n: Int) { articles(first: $n) { nodes { provider { articles(first: $n) { nodes { id } } } } } }"


@pytest.mark.anyio
@pytest.mark.parametrize("number", ["100", "100.0", "1e2", "1000e-1", "1E+2", "100.00"])
async def test_a_page_is_counted_however_its_number_is_written(number: str, store: TinyStore) -> None:
    refused = await told(NESTED, orjson.loads(f'{{"n": {number}}}'), store)
    assert refused == (
        "The operation asks for up to 10301 objects; 10000 are allowed."
        " 10000 of them are at `articles.nodes.provider.articles.nodes`: ask for less there."
    )


@pytest.mark.anyio
async def test_more_bars_than_a_histogram_has_are_refused_with_the_way_out(
    store: TinyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.schema.facets.BARS", 50)
    text = "{ articles { facets { histogram(unit: HOUR) { count } } } }"
    operation = planned_operations(SCHEMA, GENEROUS).prepare(text, None)
    (error,) = orjson.loads((await operation.execute({}, Context(store))).body)["errors"]
    assert error["message"] == (
        "histogram: 60 bars, more than 50: narrow the filter to less time, or take a wider unit"
    )
