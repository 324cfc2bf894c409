"""Tests what queries over a folder of files answer: what a viewer sees, what fields resolve to, what is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graph.errors import Refusal
from graph.execute.context import ANYBODY, Viewer
from graph.schema.article import shorten
from graph.schema.ids import global_id
from store.tiny.store import TinyStore
from tests.newsrooms import ask, fill, write

pytestmark = pytest.mark.anyio
EDITOR = Viewer(drafts=True)
CREDITED = {"a.md": "Ann Films", "b.md": "Ben & Co", "c.md": "Ann Films", "d.md": None}
"""Paths of articles of one domain, and the provider's name in each file, if it has one."""


def article(name: str, date: str, more: str = "") -> str:
    return f"""
title: "{name} &amp; co"
publishedDateTime: 2026-11-{date}T08:00:00Z
webUrl: https://www.one.example/{name}/
provider:
  name: One
  domain: one.example
{more}"""


RELATED = """
related:
  - title: Hidden, as A names it
    webUrl: https://www.one.example/hidden/amp/?utm_source=a
    provider: {name: One, domain: one.example}
  - title: B
    webUrl: https://www.one.example/b/
  - title: Elsewhere
    webUrl: https://two.example/else
topics: [Sea, Ice]
images:
  - {url: /small.jpg, width: 10, height: 5}
  - {url: /large.jpg, width: 900}
  - {url: /middle.jpg, width: 100}
secured: c2VjcmV0;aXY=
price: Free
heat: -1
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyStore]:
    folder = tmp_path_factory.mktemp("folder")
    write(folder, "news/2026-11-03-a.md", article("a", "03", RELATED), "The body.\n")
    write(folder, "news/b.md", article("b", "02", "topics: [Sea]"))
    write(folder, "news/hidden.md", article("hidden", "04", "published: false\ntopics: [Secret, Sea]"))
    write(folder, "topics/ice.md", "taxonomy: topic\nname: Ice\nparent: Sea\nkeywords: [floe]\nhashtags: ['#ice']")
    path = tmp_path_factory.mktemp("store") / "news.json"
    report = fill(path, folder)
    assert (report.added, report.failed) == (4, 0)
    with TinyStore(path) as opened:
        yield opened


async def data(store: TinyStore, query: str, viewer: Viewer = ANYBODY, **variables: Any) -> Any:
    answer = await ask(store, query, variables, viewer)
    assert "errors" not in answer
    return answer["data"]


async def test_an_article_has_what_its_file_says(store: TinyStore) -> None:
    query = """{ article(by: {path: "news/2026-11-03-a.md"}) {
        title raw: title(format: RAW) slug type published heat body extra publishedDateTime canonicalUrl
        provider { domain name } topics { slug name }
        image(width: 50) { rawUrl width aspectRatio } widest: image(width: 2000) { rawUrl }
        images(first: 1, minWidth: 50) { rawUrl } } }"""
    assert (await data(store, query))["article"] == {
        "title": "a & co",
        "raw": "a &amp; co",
        "slug": "a",
        "type": "article",
        "published": True,
        "heat": -1,
        "body": "The body.",
        "extra": {"price": "Free"},
        "publishedDateTime": "2026-11-03T08:00:00Z",
        "canonicalUrl": "https://www.one.example/a/",
        "provider": {"domain": "one.example", "name": "One"},
        "topics": [{"slug": "sea", "name": "Sea"}, {"slug": "ice", "name": "Ice"}],
        "image": {"rawUrl": "/middle.jpg", "width": 100, "aspectRatio": None},
        "widest": {"rawUrl": "/large.jpg"},
        "images": [{"rawUrl": "/large.jpg"}],
    }


@pytest.mark.parametrize(
    "key",
    [
        {"path": "news/b.md"},
        {"id": global_id("Article", "news/b.md")},
        {"url": "HTTPS://WWW.ONE.EXAMPLE:443/b/?utm_campaign=x#top"},
        {"url": "https://www-one-example.cdn.ampproject.org/c/s/www.one.example/b/amp/"},
    ],
)
async def test_an_article_is_found_by_each_of_its_names(store: TinyStore, key: dict[str, str]) -> None:
    found = await data(store, "query($by: ArticleKey!) { article(by: $by) { title } }", by=key)
    assert found == {"article": {"title": "b & co"}}


async def test_what_is_unpublished_is_seen_nowhere(store: TinyStore) -> None:
    query = """query($id: ID!) {
        articles { totalCount nodes { slug } }
        article(by: {path: "news/hidden.md"}) { slug }
        byUrl: article(by: {url: "https://www.one.example/hidden/"}) { slug }
        node(id: $id) { id }
        topic(slug: "secret") { name }
        sea: topic(slug: "sea") { articles { totalCount } coTopics { topic { name } sharedCount jaccard } }
        a: article(by: {path: "news/2026-11-03-a.md"}) { related { __typename title } } }"""
    assert await data(store, query, id=global_id("Article", "news/hidden.md")) == {
        "articles": {"totalCount": 2, "nodes": [{"slug": "a"}, {"slug": "b"}]},
        "article": None,
        "byUrl": None,
        "node": None,
        "topic": None,
        "sea": {
            "articles": {"totalCount": 2},
            "coTopics": [{"topic": {"name": "Ice"}, "sharedCount": 1, "jaccard": 0.5}],
        },
        "a": {
            "related": [
                {"__typename": "ArticleStub", "title": "Hidden, as A names it"},
                {"__typename": "Article", "title": "b & co"},
                {"__typename": "ArticleStub", "title": "Elsewhere"},
            ]
        },
    }


async def test_with_the_right_to_drafts_it_is_seen(store: TinyStore) -> None:
    query = """{ articles { totalCount } topic(slug: "secret") { name }
        article(by: {path: "news/2026-11-03-a.md"}) { related(first: 1) { __typename title } } }"""
    assert await data(store, query, EDITOR) == {
        "articles": {"totalCount": 3},
        "topic": {"name": "Secret"},
        "article": {"related": [{"__typename": "Article", "title": "hidden & co"}]},
    }


async def test_related_is_found_from_the_other_side_too(store: TinyStore) -> None:
    query = """{ article(by: {path: "news/2026-11-03-a.md"}) {
        related { title provider { domain } related { title } relatedBy { totalCount nodes { slug } } } } }"""
    found = (await data(store, query))["article"]["related"]
    assert [entry["relatedBy"] for entry in found] == [{"totalCount": 1, "nodes": [{"slug": "a"}]}] * 3
    assert [entry["related"] for entry in found] == [[], [], []]
    assert [entry["provider"]["domain"] for entry in found] == ["one.example", "one.example", "two.example"]


async def test_every_object_can_be_fetched_again_by_its_id(store: TinyStore) -> None:
    query = """{ article(by: {path: "news/2026-11-03-a.md"}) { id provider { id } topics { id } related { id } } }"""
    found = (await data(store, query))["article"]
    ids = [found["id"], found["provider"]["id"], *(each["id"] for each in found["topics"] + found["related"])]
    again = await data(store, "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=[*ids, "?", ids[0]])
    assert [node and node["id"] for node in again["nodes"]] == [*ids, None, ids[0]]
    assert [node["__typename"] for node in again["nodes"][:4]] == ["Article", "Provider", "Topic", "Topic"]


async def test_topics_have_a_parent_and_children(store: TinyStore) -> None:
    query = '{ topic(slug: "ice") { keywords hashtags parent { name children { name parent { slug } } } } }'
    assert (await data(store, query))["topic"] == {
        "keywords": ["floe"],
        "hashtags": ["#ice"],
        "parent": {"name": "Sea", "children": [{"name": "Ice", "parent": {"slug": "sea"}}]},
    }


async def test_pages_follow_each_other_in_both_directions(store: TinyStore) -> None:
    query = """query($first: Int, $after: String, $last: Int, $before: String) {
        articles(first: $first, after: $after, last: $last, before: $before) {
            edges { cursor node { slug } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    first = (await data(store, query, first=1))["articles"]
    second = (await data(store, query, first=1, after=first["pageInfo"]["endCursor"]))["articles"]
    back = (await data(store, query, last=1, before=second["pageInfo"]["startCursor"]))["articles"]
    assert [edge["node"]["slug"] for page in (first, second, back) for edge in page["edges"]] == ["a", "b", "a"]
    assert [(page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["hasNextPage"]) for page in (first, second)] == [
        (False, True),
        (True, False),
    ]


async def test_secured_is_null_with_one_error_unless_the_viewer_may_see_it(store: TinyStore) -> None:
    query = '{ article(by: {path: "news/2026-11-03-a.md"}) { slug secured } }'
    answer = await ask(store, query)
    assert answer["data"] == {"article": {"slug": "a", "secured": None}}
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["article", "secured"], "FORBIDDEN")
    assert (await data(store, query, Viewer(secured=True)))["article"]["secured"] == "c2VjcmV0;aXY="


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("first: -1", "first must be from 0 to 100"),
        ("last: -1", "last must be from 0 to 100"),
        ("first: 1, last: 1", "not both"),
        ('after: "bm9uc2Vuc2U"', "cursor"),
        ('first: 1, filter: {publishedDateTime: {within: "soon"}}', "within"),
        ('first: 1, filter: {publishedDateTime: {within: "P1000000D"}}', "within"),
    ],
)
async def test_bad_arguments_are_errors_with_a_code_and_the_path(store: TinyStore, arguments: str, says: str) -> None:
    answer = await ask(store, f"{{ articles({arguments}) {{ totalCount }} }}")
    (error,) = answer["errors"]
    assert says in error["message"]
    assert (answer["data"], error["path"], error["extensions"]["code"]) == (None, ["articles"], "BAD_USER_INPUT")


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ articles { nodes { related(first: 101) { title } } } }", {}),
        ("query($n: Int) { articles { nodes { related(first: $n) { title } } } }", {"n": 101}),
        (
            "{ ...A } fragment A on Query { articles { nodes { ... on Article { related(first: 101) { title } } } } }",
            {},
        ),
    ],
)
async def test_a_page_of_101_names_its_field(store: TinyStore, query: str, variables: dict[str, Any]) -> None:
    try:
        (error, *_) = (await ask(store, query, variables))["errors"]
    except Refusal as refusal:
        (error,) = refusal.errors
    assert [key for key in error["path"] if isinstance(key, str)] == ["articles", "nodes", "related"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["reason"] in ("PAGE_TOO_LARGE", "BAD_CRITERIA")


@pytest.mark.parametrize(
    ("query", "variables", "says"),
    [
        ('{ articles(filter: {publishedDateTime: {gte: "soon"}}) { totalCount } }', {}, "write 2021-07-29T11:09:00Z"),
        ("query($u: URL!) { article(by: {url: $u}) { id } }", {"u": "x"}, "must be an absolute address"),
        ("{ article(by: {url: 3}) { id } }", {}, "must be an absolute address"),
    ],
)
async def test_a_scalar_that_cannot_be_read_says_how_to_write_it(
    store: TinyStore, query: str, variables: dict[str, Any], says: str
) -> None:
    try:
        (error,) = (await ask(store, query, variables))["errors"]
    except Refusal as refusal:
        (error,) = refusal.errors
    assert says in error["message"]
    assert error["extensions"]["code"] in ("BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED")


async def test_a_cursor_of_another_order_is_refused(store: TinyStore) -> None:
    page = await data(store, "{ articles(first: 1) { pageInfo { endCursor } } }")
    query = "query($after: String) { articles(after: $after, orderBy: [{field: HEAT}]) { totalCount } }"
    answer = await ask(store, query, {"after": page["articles"]["pageInfo"]["endCursor"]})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_filters_reach_into_lists_and_related_articles(store: TinyStore) -> None:
    query = """{
        a: articles(filter: {related: {some: {slug: {eq: "b"}}}}) { nodes { slug } }
        b: articles(filter: {topics: {none: {slug: {eq: "ice"}}}}) { nodes { slug } }
        c: articles(filter: {images: {some: {width: {gte: 900}}}, heat: {lt: 0}}) { nodes { slug } }
        d: articles(filter: {or: [{slug: {in: ["a"]}}, {not: {heat: {isNull: true}}}]}) { nodes { slug } } }"""
    slugs = {name: [node["slug"] for node in page["nodes"]] for name, page in (await data(store, query)).items()}
    assert slugs == {"a": ["a"], "b": ["b"], "c": ["a"], "d": ["a"]}


async def test_providers_and_topics_are_lists_with_filters_too(store: TinyStore) -> None:
    query = """{ providers(filter: {domain: {startsWith: "one"}}) { totalCount nodes { name articles { totalCount } } }
        topics(first: 1) { totalCount edges { node { slug } } pageInfo { hasNextPage } } }"""
    assert await data(store, query) == {
        "providers": {"totalCount": 1, "nodes": [{"name": "One", "articles": {"totalCount": 2}}]},
        "topics": {"totalCount": 2, "edges": [{"node": {"slug": "ice"}}], "pageInfo": {"hasNextPage": True}},
    }


@pytest.fixture
def shared_domain(tmp_path: Path) -> Iterator[TinyStore]:
    """Hold four articles of one domain, by two publishers and by one that their file does not name."""
    for path, name in CREDITED.items():
        named = f'  name: "{name}"\n' if name else ""
        provider = f"provider:\n{named}  domain: films.example"
        related = "related:\n  - {title: E, url: https://films.example/e, provider: {name: Eve, domain: f.example}}"
        write(
            tmp_path / "folder", path, f"title: T\nwebUrl: https://films.example/{path}\n{provider}\n{related}", "Text."
        )
    fill(tmp_path / "store.json", tmp_path / "folder")
    with TinyStore(tmp_path / "store.json") as opened:
        yield opened


async def test_each_publisher_of_a_domain_is_named_as_its_own_files_name_it(shared_domain: TinyStore) -> None:
    credited = "nodes { path byline { provider } provider { name } related { byline { provider } } }"
    asked = f"""{{ listed: articles {{ {credited} }} searched: articles(search: {{query: "text"}}) {{ {credited} }}
        narrowed: articles(filter: {{provider: {{name: {{eq: "Ben & Co"}}}}}}) {{ nodes {{ path }} }} }}"""
    data = (await ask(shared_domain, asked))["data"]
    assert data["narrowed"]["nodes"] == [{"path": "b.md"}]
    for way in ("listed", "searched"):
        nodes = data[way]["nodes"]
        assert {n["path"]: n["byline"]["provider"] for n in nodes} == CREDITED
        assert {n["provider"]["name"] for n in nodes} == {"Ann Films"}
        assert [r["byline"] for n in nodes for r in n["related"]] == [{"provider": "Eve"}] * 4


async def test_an_image_knows_the_articles_that_show_it(store: TinyStore) -> None:
    query = '{ article(by: {path: "news/2026-11-03-a.md"}) { images(first: 1) { articles { nodes { slug } } } } }'
    assert (await data(store, query))["article"]["images"] == [{"articles": {"nodes": [{"slug": "a"}]}}]


@pytest.mark.parametrize(
    ("length", "cut"),
    [(0, ""), (3, "Th…"), (12, "The quick…"), (16, "The quick brown…"), (19, "The quick brown fox")],
)
def test_an_excerpt_is_cut_between_words(length: int, cut: str) -> None:
    assert shorten("The quick brown fox", length) == cut
