"""Tests that articles saved through the graph are checked as files are, durable, and seen by who watches."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import build_schema

from graph.edge.asgi import App
from graph.execute.context import Context, Viewer
from graph.schema.build import sdl
from graph.serve.site import operations
from graph.settings import Settings
from store.tiny.store import TinyStore
from tests.newsrooms import ask
from tests.small import post

pytestmark = pytest.mark.anyio
WRITER = Viewer(write=True)
SAVE = """mutation($path: String!, $text: String!) { saveArticle(input: {path: $path, text: $text}) {
    __typename
    ... on ArticleSaved { created article { path title } }
    ... on InvalidArticle { code problems { path line code } }
    ... on NotAllowed { code scope } } }"""
REMOVE = """mutation($by: ArticleKey!) { removeArticle(by: $by) {
    __typename ... on ArticleRemoved { id } ... on Error { code } } }"""


def text(title: str) -> str:
    return f"---\ntitle: {title}\nprovider: {{name: A, domain: a.example}}\n---\nThe body.\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TinyStore]:
    with TinyStore(tmp_path / "news.json") as opened:
        yield opened


async def saved(store: TinyStore, path: str, content: str, viewer: Viewer = WRITER) -> Any:
    return (await ask(store, SAVE, {"path": path, "text": content}, viewer))["data"]["saveArticle"]


async def test_a_saved_article_is_in_the_next_answer_and_on_disk(store: TinyStore, tmp_path: Path) -> None:
    article = {"path": "a.md", "title": "One"}
    assert await saved(store, "a.md", text("One")) == {
        "__typename": "ArticleSaved",
        "created": True,
        "article": article,
    }
    assert (await saved(store, "a.md", text("Two")))["created"] is False
    assert (await ask(store, "{ articles { nodes { title } } }"))["data"] == {"articles": {"nodes": [{"title": "Two"}]}}
    with TinyStore(tmp_path / "news.json", read_only=True, follow=False) as again:
        assert [article and article.title for article in await again.articles(["a.md"])] == ["Two"]


@pytest.mark.parametrize(
    ("path", "content", "line", "code"),
    [
        ("a.md", "---\ntitle: [\n---\n", 3, "yaml.syntax"),
        ("a.md", "---\ntitle: A\nheat: hot\nprovider: {name: A, domain: a.example}\n---\n", 3, "value.type"),
        ("a.md", "no front matter", 1, "yaml.fence"),
        ("a.md", "---\ntaxonomy: topic\nname: A\n---\n", 1, "yaml.fence"),
        ("../a.md", text("A"), None, "path.invalid"),
        ("/etc/a.md", text("A"), None, "path.invalid"),
        ("a.exe", text("A"), None, "path.invalid"),
        ("a\n.md", text("A"), None, "path.invalid"),
    ],
)
async def test_what_no_file_may_be_is_not_saved(
    store: TinyStore, path: str, content: str, line: int | None, code: str
) -> None:
    found = await saved(store, path, content)
    problem = {"path": path, "line": line, "code": code}
    assert found == {"__typename": "InvalidArticle", "code": "INVALID_ARTICLE", "problems": [problem]}
    assert store.sequence == 0


async def test_a_removed_article_is_gone(store: TinyStore) -> None:
    await saved(store, "a.md", text("One"))
    removed = (await ask(store, REMOVE, {"by": {"path": "a.md"}}, WRITER))["data"]["removeArticle"]
    assert removed["__typename"] == "ArticleRemoved"
    again = (await ask(store, REMOVE, {"by": {"id": removed["id"]}}, WRITER))["data"]["removeArticle"]
    assert again == {"__typename": "NotFound", "code": "NOT_FOUND"}
    assert (await ask(store, "{ articles { totalCount } }"))["data"]["articles"]["totalCount"] == 0


async def test_nothing_is_written_without_the_scope(store: TinyStore) -> None:
    refused = {"__typename": "NotAllowed", "code": "FORBIDDEN", "scope": "articles:write"}
    assert await saved(store, "a.md", text("One"), Viewer(drafts=True, secured=True)) == refused
    answer = await ask(store, REMOVE, {"by": {"path": "a.md"}})
    assert answer["data"]["removeArticle"] == {"__typename": "NotAllowed", "code": "FORBIDDEN"}
    assert store.sequence == 0


async def events(store: TinyStore, query: str) -> AsyncIterator[Any]:
    """Yield the changes that a subscription sends."""
    prepared = operations(Settings()).prepare(query, None)
    async for answer in prepared.subscribe({}, Context(store)):
        yield orjson.loads(answer.body)["data"]["changes"]


async def test_a_subscription_goes_on_from_since_and_then_sends_what_happens(store: TinyStore) -> None:
    await saved(store, "a.md", text("One"))
    await saved(store, "b.md", text("Two"))
    watched = events(store, 'subscription { changes(since: "0") { seq kind changedKeys article { title } } }')
    first, second = await anext(watched), await anext(watched)
    assert [first["article"], second["article"]] == [{"title": "One"}, {"title": "Two"}]
    later = asyncio.ensure_future(anext(watched))
    await saved(store, "a.md", text("Three"))
    third = await later
    assert (third["kind"], third["changedKeys"], third["article"]) == ("UPDATED", ["title"], {"title": "Three"})
    await ask(store, REMOVE, {"by": {"path": "b.md"}}, WRITER)
    fourth = await anext(watched)
    assert (fourth["kind"], fourth["article"]) == ("REMOVED", None)
    sequence = [int(change["seq"].split("-")[0]) for change in (first, second, third, fourth)]
    assert sequence == sorted(set(sequence))


async def test_a_token_of_another_store_means_reload_everything(store: TinyStore, tmp_path: Path) -> None:
    page = "query($since: String) { changes(since: $since) { next reset changes { seq } } }"
    await saved(store, "a.md", text("One"))
    token = (await ask(store, page))["data"]["changes"]["next"]
    assert (await ask(store, page, {"since": token}))["data"]["changes"] == {
        "next": token,
        "reset": False,
        "changes": [],
    }
    with TinyStore(tmp_path / "anew.json", follow=False) as anew:  # made of the same articles, and as many
        await saved(anew, "a.md", text("One"))
        found = (await ask(anew, page, {"since": token}))["data"]["changes"]
        assert (found["reset"], found["changes"], found["next"] != token) == (True, [], True)
        assert await ended(anew, token) == "RESET"


async def ended(store: TinyStore, since: str) -> str:
    """Return the code of the only event of a subscription that cannot go on."""
    settings = Settings(request_log=False)
    query = "subscription($since: String) { changes(since: $since) { seq } }"
    app = App(store, operations(settings), settings)
    reply = await post(app, query, accept="text/event-stream", variables={"since": since})
    assert reply.body.count(b"event: next") == reply.body.count(b"event: complete") == 1
    return reply.code


async def test_a_page_of_some_kinds_has_as_many_changes_as_were_asked_for(store: TinyStore) -> None:
    for title in ("One", "Two", "Three"):
        for path in ("a.md", "b.md"):
            await saved(store, path, text(title))
    page = "{ changes(first: 3, kinds: [UPDATED]) { hasMore changes { seq kind } } }"
    found = (await ask(store, page))["data"]["changes"]
    assert [change["seq"].partition("-")[0] for change in found["changes"]] == ["3", "4", "5"]
    assert found["hasMore"] is True


def test_since_says_of_each_root_what_it_means_to_leave_it_out() -> None:
    def said(kind: str) -> str:
        return str(build_schema(sdl()).type_map[kind].fields["changes"].args["since"].description)  # type: ignore[attr-defined]

    assert "from now on if left out" in said("Subscription")
    assert "from the oldest kept if left out" in said("Query")


@pytest.mark.parametrize("since", ["-1", "1-", "1.5", "x", "9" * 19, "1-XYZ", "1-a b"])
async def test_what_is_no_token_of_changes_is_refused(store: TinyStore, since: str) -> None:
    answer = await ask(store, "query($since: String) { changes(since: $since) { next } }", {"since": since})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert await ended(store, since) == "BAD_USER_INPUT"


async def test_a_subscription_sends_only_what_it_is_asked_for(store: TinyStore) -> None:
    for title in ("One", "Two"):
        await saved(store, f"{title}.md", text(title))
    await ask(store, REMOVE, {"by": {"path": "One.md"}}, WRITER)
    watched = events(
        store,
        """subscription { changes(since: "0", kinds: [ADDED, REMOVED], filter: {title: {eq: "two"}}) {
            kind articleId article { title } } }""",
    )
    found = [await anext(watched), await anext(watched)]
    assert [(change["kind"], change["article"]) for change in found] == [("ADDED", {"title": "Two"}), ("REMOVED", None)]
