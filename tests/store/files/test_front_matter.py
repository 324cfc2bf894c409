"""Parses front matter within its bounds, each refusal with its line, and renders metadata that parses to itself."""

from datetime import datetime
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from store.base import Kind
from store.errors import ArticleError
from store.files import quick_yaml
from store.files.front_matter import LARGEST, parse, render
from store.files.keys import typed
from store.files.scalars import Unresolved
from store.files.yaml_nodes import Passage, read_yaml
from tests.calls import fewer_calls_than
from tests.drawn import AWKWARD, articles, bodies, scalars, texts, trees
from tests.scale import scaled

CALLS = 1_000_000
"""Most calls to refuse a text, whatever it is made to cost."""


def read(text: str, path: str = "a.md") -> dict[str, Any]:
    parsed = parse(text, path)
    assert parsed is not None
    return parsed.tree


def refusal(text: str, path: str = "a.md") -> str:
    with fewer_calls_than(CALLS), pytest.raises(ArticleError) as caught:
        parse(text, path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "tree", "body"),
    [
        ("---\ntitle: A\n---\n", {"title": "A"}, None),
        ("---\ntitle: A\n---", {"title": "A"}, None),
        ("---  \ntitle: A\n---\t\n\n\nOne\n\n  Two\n\n", {"title": "A"}, "One\n\n  Two"),
        ("\ufeff---\r\ntitle: A\r\nb: |\r\n  c\r\n  d\r\n---\r\nOne\r\nTwo", {"title": "A", "b": "c\nd\n"}, "One\nTwo"),
        ("---\rtitle: A\r---\rOne\r", {"title": "A"}, "One"),
        ("---\ntitle: A\n...\nOne", {"title": "A"}, "One"),
        ("---\n---\nOne", {}, "One"),
        ("---\n# nothing\n---\n    code\n", {}, "    code"),
        ("---\ntitle: A --- B\nb: '---'\n---\n---\n", {"title": "A --- B", "b": "---"}, "---"),
    ],
)
def test_front_matter_stands_between_two_fences(text: str, tree: dict[str, Any], body: str | None) -> None:
    parsed = parse(text)
    assert parsed is not None
    assert (parsed.tree, parsed.body) == (tree, body)


@pytest.mark.parametrize(
    "text", ["", "One\n---\ntitle: A\n---\n", "\n---\ntitle: A\n---\n", "----\na: b\n----\n", "--- a\n"]
)
def test_a_file_without_a_fence_on_its_first_line_has_no_front_matter(text: str) -> None:
    assert parse(text, "a.md") is None


@pytest.mark.parametrize(
    ("text", "path", "tree"),
    [
        ("title: A\n", "a.yaml", {"title": "A"}),
        ("---\ntitle: A\n", "a.yml", {"title": "A"}),
        ("title: A\n---\n", "a.yaml", {"title": "A"}),
        ("---\ntitle: A\n---\n---\n", "a.YAML", {"title": "A"}),
        ("\ufeff---\r\ntitle: A\r\n...\r\n", "a.yaml", {"title": "A"}),
        ('{"title": "A", "n": 1, "f": 1.5, "t": true, "z": null, "l": [{}]}', "a.json",
         {"title": "A", "n": 1, "f": 1.5, "t": True, "z": None, "l": [{}]}),
        ('\ufeff{"a\\u00e9\\ud83d\\ude00": "\\n"}', "a.JSON", {"aé😀": "\n"}),
    ],
)  # fmt: skip
def test_a_data_file_is_read_whole(text: str, path: str, tree: dict[str, Any]) -> None:
    assert read(text, path) == tree


@pytest.mark.parametrize("path", ["a.yaml", "a.yml", "a.json"])
def test_a_data_file_of_nothing_is_no_document(path: str) -> None:
    assert parse(" \n\n", path) is None


@pytest.mark.parametrize("text", AWKWARD[1:40])
def test_a_scalar_stays_the_text_that_was_written(text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    assert read(f"---\ntitle: {quoted}\n---\n")["title"] == text


@pytest.mark.parametrize("written", ["NO", "2026-11-01", "1e3", "null", "~", "12:30:45", "017", "1_000", "yes", ".inf"])
def test_an_unquoted_title_stays_text_too(written: str) -> None:
    tree = read(f"---\ntitle: {written}\nprovider: {{domain: example.org}}\n---\n")
    assert typed(tree, Kind.ARTICLE)[0]["title"] == written


@pytest.mark.parametrize(
    ("head", "where"),
    [
        ("title: a: b", "2: yaml.syntax: mapping values are not allowed"),
        ("title: A\nb: 'c", "4: yaml.syntax: found unexpected end of stream"),
        ("title: A\n\tb: c", "3: yaml.syntax: "),
        ("title: A\nb: [c, d", "4: yaml.syntax: "),
        ("title: A\nb: \x07", "3: yaml.syntax: control characters are not allowed"),
        ("a: b\nc: d\na: e", "4: yaml.duplicate_key: the key 'a' stands here a second time"),
        ("a: b\n'a': c", "3: yaml.duplicate_key: "),
        ("a: {b: c, b: d}", "2: yaml.duplicate_key: "),
        ("a: &x b", "2: yaml.anchor: "),
        ("a: b\nc: *x", "3: yaml.anchor: "),
        ("a: &a [*a]", "2: yaml.anchor: "),
        ("a: &x {b: c}\n<<: *x", "2: yaml.anchor: "),
        ("a: !!int b", "2: yaml.tag: "),
        ("a: b\nc: !!timestamp x", "3: yaml.tag: "),
        ("a: !python/object:os.system [x]", "2: yaml.tag: "),
        ("a: !!set {b}", "2: yaml.tag: "),
        ("? [a]\n: b", "2: yaml.key: "),
        ('a: "\\ud800"', "2: text.surrogate: "),
        ("- a\n- b", "2: value.type: expected a mapping of keys to values"),
        ("just words", "2: value.type: expected a mapping"),
        ("a: b\n" + "c: " + "[" * 50_000 + "]" * 50_000, "3: yaml.depth: "),
        ("[" * 50_000, "2: yaml.depth: "),
        ("{a: " * 50_000, "2: yaml.depth: "),
        ("- " * 50_000, "2: yaml.depth: "),
        ("\n".join(" " * n + f"k{n}:" for n in range(40)), "34: yaml.depth: "),
    ],
)  # fmt: skip
def test_a_refusal_names_its_line(head: str, where: str) -> None:
    assert refusal(f"---\n{head}\n---\n").startswith(f"a.md:{where}")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('{"a": 1,\n "a": 2}', "2: yaml.duplicate_key: "),
        ('{"a":\n\n x}', "3: json.syntax: "),
        ('{"a": "\\ud800"}', "1: text.surrogate: "),
        ('{"a": 123456789012345678901234567890}', "1: value.range: "),
        ('{"a": ' + "9" * 10_000 + "}", "1: value.range: "),
        ('{"a": 1e999}', "1: value.range: "),
        ('{"a": NaN}', "1: json.syntax: "),
        ("[" * 100_000, "1: yaml.depth: "),
        ("[" * 50 + "]" * 50, "1: yaml.depth: "),
        ("[]", "1: value.type: "),
        ("null", "1: value.type: "),
        ('{"a": 1}{"b": 2}', "1: json.syntax: "),
        ("{'a': 1}", "1: json.syntax: "),
    ],
)
def test_a_refused_json_file_names_its_line(text: str, where: str) -> None:
    assert refusal(text, "a.json").startswith(f"a.json:{where}")


def test_a_second_document_is_refused_where_it_begins() -> None:
    assert refusal("title: A\n---\ntitle: B\n", "a.yaml").startswith("a.yaml:3: yaml.documents: ")


def test_a_fence_that_is_never_closed_is_named() -> None:
    assert refusal("---\ntitle: A\n") == "a.md:1: yaml.fence: no closing line of three dashes"


def test_more_than_a_mebibyte_is_refused_before_it_is_read() -> None:
    assert refusal("---\na: b\nc: " + "é" * (LARGEST // 2) + "\n---\n").startswith("a.md:3: yaml.size: ")
    assert len(read("---\na: " + "b" * (LARGEST - 10) + "\n---\n" + "body " * LARGEST)["a"]) == LARGEST - 10


def test_thirty_two_levels_are_read() -> None:
    assert read("---\na: " + "[" * 31 + "]" * 31 + "\n---\n")
    assert refusal("---\na: " + "[" * 32 + "]" * 32 + "\n---\n").startswith("a.md:2: yaml.depth: ")


def same(one: Any, other: Any) -> bool:
    """Compare trees with the order of their keys, and Unresolved scalars apart from text."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


@settings(max_examples=scaled(200, 10_000))
@given(articles, bodies)
def test_what_is_rendered_parses_back_unchanged(metadata: dict[str, Any], body: str | None) -> None:
    parsed = parse(render(metadata, body))
    assert parsed is not None
    again, faults = typed(parsed.tree, Kind.ARTICLE)
    assert faults == []
    assert same(again, metadata)
    assert parsed.body == body


@settings(max_examples=scaled(200, 10_000))
@given(articles)
@pytest.mark.parametrize("path", ["a.yaml", "a.json"])
def test_a_rendered_data_file_parses_back_unchanged(path: str, metadata: dict[str, Any]) -> None:
    assert same(typed(read(render(metadata, None, path), path), Kind.ARTICLE)[0], metadata)


@settings(max_examples=scaled(200, 10_000))
@given(st.dictionaries(texts, trees, min_size=1, max_size=4))
def test_another_yaml_reader_sees_the_same_text(metadata: dict[str, Any]) -> None:
    def agree(ours: Any, theirs: Any) -> bool:
        if isinstance(ours, dict):
            return list(ours) == list(theirs) and all(agree(ours[key], theirs[key]) for key in ours)
        if isinstance(ours, list):
            return len(ours) == len(theirs) and all(map(agree, ours, theirs))
        return not isinstance(ours, str) or bool(ours == theirs) or isinstance(theirs, datetime)

    assert agree(metadata, yaml.safe_load(render(metadata, None, "a.yaml")))


def test_rendered_files_look_as_an_editor_would_write_them() -> None:
    text = render(
        {
            "category": "news",
            "title": "Claims: a study",
            "publishedDateTime": "2021-07-29T11:09:00Z",
            "published": True,
            "provider": {"name": "TechNode", "domain": "technode.com"},
            "topics": ["Computer Vision", "AI"],
            "images": [{"url": "https://example.org/a.jpg", "width": 50}, {"url": "/b.jpg"}],
            "answer": "no",
            "nothing": None,
            "empty": [],
        },
        "The body.",
    )
    assert text == (
        '---\ncategory: news\ntitle: "Claims: a study"\npublishedDateTime: 2021-07-29T11:09:00Z\npublished: true\n\n'
        "provider:\n  name: TechNode\n  domain: technode.com\n\ntopics:\n  - Computer Vision\n  - AI\n\n"
        'images:\n  - url: "https://example.org/a.jpg"\n    width: 50\n  - url: "/b.jpg"\n\n'
        'answer: "no"\nnothing:\nempty: []\n---\n\nThe body.\n'
    )


lines = st.lists(
    st.builds(
        "".join,
        st.tuples(
            st.sampled_from(["", "", "  ", "    ", "      ", " ", "\t"]),
            st.sampled_from(["", "", "- ", "-", "-  ", "- - "]),
            st.sampled_from(["", "a:", "b: ", "c: ", "d-e: ", "f:  ", "a b: ", "é: ", '"a": ', "# ", "null: "]),
            st.sampled_from(
                [
                    *AWKWARD,
                    '"a"',
                    '"a\\"b"',
                    '"\\\\"',
                    '"\\n"',
                    "'a'",
                    "a",
                    "a b",
                    "http://x",
                    "a#b",
                    "-1",
                    "- 1",
                    '"a" # b',
                ]
            ),
        ),
    ),
    max_size=6,
).map("\n".join)


@settings(max_examples=scaled(500, 50_000))
@given(lines)
def test_the_reader_of_plain_yaml_agrees_with_the_full_one(text: str) -> None:
    tree = quick_yaml.read(text)
    if tree is not None:
        assert same(tree, read_yaml(Passage("a.md", text)))


@settings(max_examples=scaled(100, 5_000))
@given(articles)
def test_the_reader_of_plain_yaml_agrees_on_rendered_files(metadata: dict[str, Any]) -> None:
    text = render(metadata, None, "a.yaml")
    tree = quick_yaml.read(text)
    assert tree is None or same(tree, read_yaml(Passage("a.md", text)))


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("017", 17), ("0o17", 15), ("0x1F", 31), ("-1", -1), ("+5", 5), ("1_000", "1_000"), ("1e3", 1000.0),
        (".5", 0.5), ("3.10", 3.1), ("1.", 1.0), ("12:30:45", "12:30:45"), ("NO", "NO"), ("yes", "yes"), ("on", "on"),
        ("True", True), ("FALSE", False), ("tRUE", "tRUE"), ("null", None), ("~", None), ("", None), (".inf", ".inf"),
        ("-.INF", "-.INF"), (".nan", ".nan"), ("1e999", "1e999"), ("2026-11-01", "2026-11-01"), ("<<", "<<"),
        ("18446744073709551615", 2**64 - 1), ("-9223372036854775808", -(2**63)), ("=", "="),
    ],
)  # fmt: skip
def test_unknown_keys_follow_the_core_rules_of_yaml_1_2(written: str, value: Any) -> None:
    tree = {"x": read(f"---\na: {written}\n---\n")["a"], **ENOUGH}
    assert same(typed(tree, Kind.ARTICLE)[0]["x"], value)


ENOUGH = {"title": "A", "provider": {"domain": "example.org"}}


@given(scalars)
def test_only_what_is_not_text_is_marked_plain(value: Any) -> None:
    tree = read(render({"a": value}))
    assert isinstance(tree["a"], Unresolved) is not isinstance(value, str)
