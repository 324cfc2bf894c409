"""Checks that documents over a limit are refused by name, before anything expands, and in no more than a moment."""

import tracemalloc

import pytest
from graphql import build_schema, get_introspection_query

from graph.document.limits import Allowance, check_nesting, counted
from graph.document.parse import parsed
from graph.document.validate import validated
from graph.errors import InvalidDocument, Refusal
from graph.settings import Settings
from tests.calls import fewer_calls_than

SCHEMA = build_schema("""
    type Query {
      articles(first: Int = 20, after: String, last: Int, filter: Filter): Connection!
      article(path: String): Article
      nodes(ids: [ID!]!): [Article]!
      changes(first: Int = 200): Page!
    }
    type Page { changes: [Article!]! }
    type Connection { nodes: [Article!]!  edges: [Edge!]!  totalCount: Int! }
    type Edge { node: Article! }
    type Article { title(maxLength: Int, format: [String!]): String!  related(first: Int): [Article!]!
      images: [Image!]!  relatedBy(first: Int = 20): Connection! }
    type Image { url: String }
    input Filter { and: [Filter!]  title: String  heat: Int }
""")
SETTINGS = Settings()


def allowances(document: str, settings: Settings = SETTINGS) -> dict[str | None, Allowance]:
    tree = parsed(document, settings)
    result = counted(tree, SCHEMA, settings)
    validated(tree, SCHEMA, settings)
    return result


def cost(document: str, **variables: object) -> int:
    (allowance,) = allowances(document).values()
    return allowance.check(variables)


def refused(document: str, settings: Settings = SETTINGS) -> Refusal:
    with pytest.raises(Refusal) as caught:
        allowances(document, settings)
    return caught.value


@pytest.mark.parametrize(
    ("document", "variables", "objects"),
    [
        ("{ __typename }", {}, 0),
        ("{ article { title } }", {}, 1),
        ("{ article { images { url } } }", {}, 11),
        ("{ articles { totalCount } }", {}, 1),
        ("{ articles { nodes { title } } }", {}, 21),
        ("{ articles(first: 5) { edges { node { title } } } }", {}, 11),
        ("{ articles(last: 3) { nodes { related(first: 2) { title } } } }", {}, 1 + 3 + 6),
        ("{ changes { changes { title } } }", {}, 201),
        ('{ nodes(ids: ["a", "b", "c"]) { title } }', {}, 3),
        ("query($n: Int) { articles(first: $n) { nodes { title } } }", {"n": 7}, 8),
        ("query($n: Int) { articles(first: $n) { nodes { title } } }", {}, 21),
        ("query($n: Int = 3) { articles(first: $n) { nodes { title } } }", {}, 4),
        ("query($n: Int) { articles(first: $n) { nodes { related(first: $n) { title } } } }", {"n": 7}, 1 + 7 + 49),
        ("query($ids: [ID!]!) { nodes(ids: $ids) { title } }", {"ids": ["a", "b"]}, 2),
        ("{ articles { ...F } } fragment F on Connection { nodes { title } }", {}, 21),
        ("{ a: article { ...F } b: article { ...F } } fragment F on Article { images { url } }", {}, 22),
    ],
)
def test_a_cost_is_the_number_of_objects_asked_for(document: str, variables: dict[str, object], objects: int) -> None:
    assert cost(document, **variables) == objects


NEST = "related(first: 2) { " * 12 + "title" + " }" * 12
BOMB = "{ article { ...F0 } }" + "".join(
    f"fragment F{i} on Article {{ x: related(first: 1) {{ ...F{i + 1} }} y: related(first: 1) {{ ...F{i + 1} }} }}"
    for i in range(10)
)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (f"{{ article {{ {NEST} }} }}", "TOO_DEEP"),
        ("{" * 65, "TOO_DEEP"),
        ("{ articles(first: 100) { nodes { related(first: 100) { related(first: 2) { title } } } } }", "TOO_COSTLY"),
        ("{ articles(first: 101) { totalCount } }", "BAD_USER_INPUT"),
        ("{ articles(first: 99999999999999999999) { totalCount } }", "BAD_USER_INPUT"),
        ("{" + " ".join(f"a{i}: __typename" for i in range(31)) + "}", "TOO_MANY_ALIASES"),
        ("{" + "__typename " * 21 + "}", "TOO_MANY_ROOT_FIELDS"),
        ("{ article {" + "title @include(if: true) " * 51 + "} }", "TOO_MANY_DIRECTIVES"),
        ("{ article {" + "title " * 5000 + "} }", "TOO_MANY_TOKENS"),
        ("{ articles(filter: {and: [" + "{heat: 1} " * 100 + "]}) { totalCount } }", "TOO_MANY_CONDITIONS"),
        ("#" * 65_537, "DOCUMENT_TOO_LARGE"),
        ("é" * 40_000, "DOCUMENT_TOO_LARGE"),
        (BOMB + "fragment F10 on Article { title }", "TOO_MANY_ALIASES"),
        ("{ articles { edges { cursor } } ", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...F } fragment F on Query { ...F }", "GRAPHQL_VALIDATION_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
    ],
)
def test_a_document_over_a_limit_is_refused_by_name(document: str, code: str) -> None:
    assert refused(document).code == code


def test_variables_are_held_to_the_limits_of_the_document() -> None:
    (allowance,) = allowances(
        "query($n: Int) { articles(first: $n) { nodes { related(first: $n) { related(first: $n) { title } } } } }"
    ).values()
    assert allowance.check({"n": 20}) == 1 + 20 + 400 + 8000
    for n, code in ((101, "BAD_USER_INPUT"), (22, "TOO_COSTLY")):
        with pytest.raises(Refusal) as caught:
            allowance.check({"n": n})
        assert caught.value.code == code


def test_a_filter_has_only_so_many_conditions() -> None:
    (allowance,) = allowances("query($f: Filter) { articles(filter: $f) { totalCount } }").values()
    assert allowance.check({"f": {"and": [{"heat": 1}] * 79}}) == 1
    with pytest.raises(Refusal, match="more than 80"):
        allowance.check({"f": {"and": [{"heat": 1}] * 80}})


def test_each_limit_is_a_setting() -> None:
    assert refused("{ article { title } }", Settings(depth=1)).code == "TOO_DEEP"
    assert refused("{ article { title } }", Settings(tokens=3)).code == "TOO_MANY_TOKENS"
    assert refused("{ articles { nodes { title } } }", Settings(cost=20)).code == "TOO_COSTLY"


def test_strings_and_comments_hide_brackets_from_the_count() -> None:
    brackets = "{" * 100
    assert cost(f'{{ article(path: "{brackets}\\"") {{ title }} }} # {brackets}') == 1
    assert cost(f'{{ article(path: """{brackets}\\""" " """) {{ title }} }}') == 1


def test_the_introspection_of_graphiql_passes_and_can_be_turned_off() -> None:
    query = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True,
        one_of=True,
    )  # fmt: skip
    assert cost(query) == 0
    for settings in (Settings(introspection=False), Settings(production=True)):
        assert [error["extensions"]["code"] for error in refused(query, settings).errors] == ["INTROSPECTION_OFF"]


def test_names_leak_in_suggestions_only_where_introspection_is_on() -> None:
    assert "Did you mean" in str(refused("{ artcle { title } }").errors)
    for settings in (Settings(suggestions=False), Settings(introspection=False), Settings(production=True)):
        assert "article" not in str(refused("{ artcle { title } }", settings).errors).replace("artcle", "")


def test_variables_nest_only_so_deep() -> None:
    nested: object = {}
    for _ in range(32):
        nested = {"a": [1], "b": nested}
    check_nesting(nested, 33)
    with pytest.raises(Refusal, match="deeper than 31"):
        check_nesting(nested, 31)


CHAIN = "".join(f"fragment F{i} on Query {{ ...F{i + 1} }} " for i in range(500))
HOSTILE = {
    "comments": "#\n" * 32_000 + "{__typename}",
    "one field over and over": "{ article {" + "title " * 4900 + "} }",
    "one object over and over": "{" + "article { images { url } } " * 19 + "}",
    "objects that merge": "{ article {" + "images { url } " * 1200 + "} }",
    "objects that merge in levels": "{ article {" + "related { images { url } } " * 600 + "} }",
    "fields that conflict": "{ article {" + "".join(f"title(maxLength: {i}) " for i in range(900)) + "} }",
    "conflicts of objects": "{ article {"
    + "".join(f"related(first: {i % 9}) {{ title }} " for i in range(550))
    + "} }",
    "unknown fields": "{ article {" + "".join(f"titl{i} " for i in range(4900)) + "} }",
    "unknown types": "{" + "".join(f"... on Articl{i} {{ a }} " for i in range(900)) + "}",
    "a long list": '{ article(path: "a") { title(format: [' + '"a" ' * 4900 + "]) } }",
    "a long string": '{ article(path: "' + "a" * 65_000 + '") { title } }',
    "a long block string": '{ article(path: """' + "a\n " * 21_000 + '""") { title } }',
    "escapes": '{ article(path: "' + "\\u0041" * 10_800 + '") { title } }',
    "quotes": '{ article(path: "' + '\\"' * 32_000 + '") { title } }',
    "open quotes": '"""\\' * 16_000,
    "empty strings": '""' * 32_000,
    "a long number": "{ articles(first: " + "9" * 65_000 + ") { totalCount } }",
    "a long fraction": "{ article(path: 1." + "9" * 65_000 + ") { title } }",
    "brackets": "[" * 65_000,
    "a chain of fragments": "{ ...F0 }" + CHAIN + "fragment F500 on Query { __typename }",
    "a chain of fragments, last first": "fragment F500 on Query { __typename }"
    + "".join(reversed([each + "} " for each in CHAIN.split("} ") if each]))
    + "{ ...F0 }",
    "a ring of fragments": "{ ...F0 }" + CHAIN + "fragment F500 on Query { ...F0 }",
    "doubling fragments": BOMB.replace("x: ", "").replace("y: ", "") + "fragment F10 on Article { title }",
    "one fragment spread often": "{" + "...F " * 2400 + "} fragment F on Query { __typename }",
    "many fragments spread at once": "{"
    + "".join(f"...F{i} " for i in range(330))
    + "}"
    + "".join(f"fragment F{i} on Query {{ article {{ title }} }}" for i in range(330)),
    "many operations that use many fragments": "".join(f"query Q{i}($v: Int) {{ ...F0 }}" for i in range(170))
    + "".join(f"fragment F{i} on Query {{ articles(first: $v) {{ totalCount }} ...F{i + 1} }}" for i in range(110))
    + "fragment F110 on Query { __typename }",
    "variables": "query(" + "".join(f"$v{i}: Int " for i in range(1200)) + ") { __typename }",
    "variables of many sizes": "query("
    + "".join(f"$v{i}: Int " for i in range(300))
    + ") { article {"
    + "".join(f"related(first: $v{i}) {{ related(first: $v{i + 1}) {{ title }} }}" for i in range(240))
    + "} }",
    "directives": "{ __typename " + "@include(if: true) " * 700 + "}",
    "inline fragments": "{" + "... on Query { __typename } " * 800 + "}",
    "nested inline fragments": "{" + "... {" * 60 + "__typename" + "}" * 61,
    "a nested filter": "{ articles(filter: " + "{and: [" * 30 + "{heat: 1}" + "]}" * 30 + ") { totalCount } }",
    "a wide filter": "{ articles(filter: {and: [" + "{heat: 1} " * 900 + "]}) { totalCount } }",
    "introspection of introspection": "{ __schema { types {" + "fields { type {" * 6 + "name" + "} }" * 6 + "} } }",
    "control characters": "\x00\x01\x7f\ufeff\ud800" * 10_000,
}


CALLS = 1_500_000
"""Most calls that a document may take, ours, graphql-core's and those of C functions: 250 ms at 6 a microsecond."""


@pytest.mark.parametrize("document", HOSTILE.values(), ids=HOSTILE)
def test_no_document_costs_more_than_a_moment(document: str) -> None:
    """A moment counted in calls is the same on every machine; `tests/hostile` measures it in seconds."""
    errors = []
    with fewer_calls_than(CALLS):
        try:
            allowances(document)
        except Refusal as refusal:
            errors = refusal.errors
    assert len(errors) <= SETTINGS.errors


@pytest.mark.parametrize("document", HOSTILE.values(), ids=HOSTILE)
def test_no_document_takes_more_than_20_mib(document: str) -> None:
    tracemalloc.start()
    try:
        allowances(document)
    except Refusal:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 20 * 2**20


def test_a_refusal_is_a_syntax_error_only_where_it_is_one() -> None:
    assert isinstance(refused("{"), InvalidDocument)
    assert not isinstance(refused("{" * 100), InvalidDocument)
