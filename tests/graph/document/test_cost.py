"""Checks that conditions and values are counted before an operation runs, variables and their defaults included."""

import pytest

from graph.document.limits import counted
from graph.document.parse import parsed
from graph.document.validate import validated
from graph.errors import Refusal
from graph.schema.build import schema
from graph.settings import Settings

SCHEMA = schema()._schema


def refusal(document: str, variables: dict[str, object], **limits: int) -> str:
    """Return the code that an operation is refused with, empty where it is allowed."""
    settings = Settings(**limits)  # type: ignore[arg-type] # all of them are whole numbers
    tree = parsed(document, settings)
    validated(tree, SCHEMA, settings)
    try:
        (allowance,) = counted(tree, SCHEMA, settings).values()
        allowance.check(variables)
    except Refusal as refused:
        return refused.code
    return ""


FILTERED = "query($f: ArticleFilter = {heat: {gt: 1}}) { articles(filter: $f) { totalCount } }"
ASKED: dict[str, tuple[str, dict[str, object], int]] = {
    "a field of a filter": ("{ articles(filter: {heat: {gt: 1}}) { totalCount } }", {}, 2),
    "a filter in a variable": (FILTERED, {"f": {"heat": {"gt": 1, "lt": 3}}}, 3),
    "the default of a variable": (FILTERED, {}, 2),
    "a variable in two places": (
        "query($f: ArticleFilter) { articles(filter: $f) { totalCount } b: articles(filter: {not: $f}) { totalCount }}",
        {"f": {"heat": {"gt": 1}}},
        5,
    ),
    "a variable in a fragment that is spread twice": (
        "query($f: ArticleFilter) { ...F ...F } fragment F on Query { articles(filter: $f) { totalCount } }",
        {"f": {"heat": {"gt": 1}}},
        4,
    ),
    "an order": ("{ articles(orderBy: [{field: HEAT}, {field: TITLE, direction: ASC}]) { totalCount } }", {}, 13),
    "a search of three words": ('{ articles(search: {query: "a b -c"}) { totalCount } }', {}, 14),
    "the words of a variable": (
        "query($q: String!) { articles(search: {query: $q}) { totalCount } }",
        {"q": "a " * 1_000},
        11 + 32,
    ),
    "words between which there is no space": (
        '{ articles(search: {query: "a.b.c -d_e \\"f/g h\\" 中文"}) { totalCount } }',
        {},
        11 + 10,
    ),
    "a search in a variable": (
        "query($s: Search!) { articles(search: $s) { totalCount } }",
        {"s": {"query": "a b", "fields": ["TITLE"]}},
        10 + 2 + 2 + 1,
    ),
    "a facet": ("{ articles { facets { types { count } topics { count } } } }", {}, 8),
    "a list": (
        "query($p: [String!]) { articles(filter: {path: {in: $p}}) { totalCount } }",
        {"p": ["a"] * 1_000},
        2 + 10,
    ),
    "conditions within a list": (
        "{ topics { nodes { articles(filter: {heat: {gt: 1}}) { totalCount } } } }",
        {},
        4,
    ),
    "what is no condition": ("query($p: String!) { article(by: {path: $p}) { title } }", {"p": "a b c"}, 1),
}


@pytest.mark.parametrize(("document", "variables", "conditions"), ASKED.values(), ids=ASKED)
def test_conditions_are_counted(document: str, variables: dict[str, object], conditions: int) -> None:
    assert refusal(document, variables, conditions=conditions) == ""
    assert refusal(document, variables, conditions=conditions - 1) == "TOO_MANY_CONDITIONS"


VALUES: dict[str, tuple[str, int]] = {
    "fields of a page": ("{ articles(first: 10) { nodes { title slug } } }", 1 + 10 * (1 + 2)),
    "bodies": ("{ articles(first: 10) { nodes { body } } }", 1 + 10 * (1 + 50)),
    "highlights": ('{ articles(first: 2, search: {query: "a"}) { edges { highlights { snippet } } } }', 1 + 2 * 311),
    "aliases": ("{ articles(first: 10) { nodes { a: title b: title c: title } } }", 1 + 10 * (1 + 3)),
    "what has no plan": ("{ __schema { queryType { name } } articles(first: 10) { nodes { title } } }", 4 * 21),
    "a name beside data": ("{ __typename articles(first: 10) { nodes { title } } }", 1 + 21),
}


@pytest.mark.parametrize(("document", "values"), VALUES.values(), ids=VALUES)
def test_values_are_counted(document: str, values: int) -> None:
    assert refusal(document, {}, values=values) == ""
    assert refusal(document, {}, values=values - 1) == "TOO_COSTLY"


def test_values_are_counted_with_the_variables() -> None:
    document = "query($n: Int) { articles(first: $n) { nodes { title slug } } }"
    assert refusal(document, {"n": 10}, values=31) == ""
    assert refusal(document, {"n": 11}, values=31) == "TOO_COSTLY"
