"""Tests the pages for browsers: built, under a strict policy, with pictures of served folders and nothing else."""

import asyncio
import gzip
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from graph.edge.auth import Keys
from graph.edge.caller import Callers
from graph.edge.keys_file import add
from graph.edge.pages import INVITATION, Pages
from graph.edge.parameters import Parameters
from graph.edge.persisted import RememberedDocuments, hashed
from graph.settings import Settings
from store.files.ingest import ingest
from store.files.source import Source
from store.tiny.store import TinyStore
from tests.newsrooms import fill, write
from tests.small import small_app

ROOT = Path(__file__).parents[3]
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """Return a folder that looks like a build."""
    web = tmp_path / "web"
    (web / "assets").mkdir(parents=True)
    (web / "reader.html").write_text(f"<title>reader</title>{INVITATION}")
    (web / "assets" / "reader-1a2b.js").write_text("void 0")
    (web / "assets" / "reader-1a2b.js.gz").write_bytes(gzip.compress(b"void 0"))
    return web


@pytest.fixture
def newsroom(tmp_path: Path) -> Path:
    """Return a folder with a picture, an article, and a link that leaves it."""
    folder = tmp_path / "newsroom"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "a.md").write_text("---\ntitle: a\n---\n")
    (tmp_path / "secret.png").write_bytes(b"secret")
    (folder / "images" / "out.png").symlink_to(tmp_path / "secret.png")
    return folder


@pytest.fixture
def client(web: Path, newsroom: Path) -> TestClient:
    """Return a browser's view of both."""
    return browser(Pages([newsroom], web))


def browser(pages: Pages, **given: Any) -> TestClient:
    """Return a browser's view of pages."""
    app, settings = Starlette(routes=pages.routes), Settings(**given)
    app.state.callers = Callers(settings, Keys(settings))
    return TestClient(app)


@pytest.mark.parametrize("path", ["/", "/article/_news/a.md", "/topic/sea-ice", "/provider/a.example", "/search?q=a"])
def test_every_address_of_the_reader_is_the_reader(client: TestClient, path: str) -> None:
    assert "reader" in client.get(path).text


def test_the_reader_leads_to_the_playground_only_where_there_is_one(web: Path) -> None:
    without = TestClient(Starlette(routes=Pages(web=web, playground=False).routes))
    assert INVITATION not in without.get("/").text
    assert INVITATION in TestClient(Starlette(routes=Pages(web=web).routes)).get("/").text
    assert INVITATION in (ROOT / "web" / "reader.html").read_text()


def test_no_page_may_run_inline_scripts_or_evaluate_text_or_ask_another_host(client: TestClient) -> None:
    playground = TestClient(small_app(Settings())).get("/graphql", headers=BROWSER)
    for page in (client.get("/"), playground):
        assert page.headers["content-type"].startswith("text/html")
        policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["connect-src"] == "'self'"


def test_only_the_editor_of_the_playground_may_write_styles(client: TestClient) -> None:
    assert "style-src 'self';" in client.get("/").headers["content-security-policy"]


@pytest.mark.parametrize("settings", [Settings(production=True), Settings(playground=False), Settings(web=False)])
def test_without_a_playground_a_browser_is_told_what_it_may_ask(settings: Settings) -> None:
    answer = TestClient(small_app(settings)).get("/graphql", headers=BROWSER)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"] == "`query` is missing."


def test_assets_are_kept_for_ever_and_sent_gzipped_where_asked(client: TestClient) -> None:
    zipped = client.get("/web/assets/reader-1a2b.js", headers={"accept-encoding": "gzip"})
    plain = client.get("/web/assets/reader-1a2b.js", headers={"accept-encoding": "identity"})
    assert zipped.text == plain.text == "void 0"
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert "immutable" in plain.headers["cache-control"]
    assert plain.headers["content-type"].startswith("text/javascript")


def test_a_picture_of_a_served_folder_is_shown_without_rights(client: TestClient) -> None:
    response = client.get("/pictures/images/a.svg")
    assert response.headers["content-type"] == "image/svg+xml"
    assert "sandbox" in response.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("gzip", "gzip"), ("gzip, deflate, br, zstd", "gzip"), ("*", "gzip"), ("br, gzip;q=0.1", "gzip"),
        ("GZIP", "gzip"), ("", None), ("gzip;q=0", None), ("gzip; q=0.0", None), ("*;q=0", None), ("br, zstd", None),
        ("gzip;q=0, *", None), ("identity, gzip;q=0.5", None), ("x-gzipped", None), ("gzip;q=x", None),
    ],
)  # fmt: skip
def test_assets_are_sent_gzipped_only_where_that_may_be(client: TestClient, accept: str, encoding: str | None) -> None:
    answer = client.get("/web/assets/reader-1a2b.js", headers={"accept-encoding": accept})
    assert (answer.text, answer.headers.get("content-encoding")) == ("void 0", encoding)
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "name",
    [
        "a.md",
        "images/out.png",
        "%2e%2e/secret.png",
        "images/%2e%2e/images/a.svg",
        "%00.png",
        "images/%00/a.svg",
        "a" * 300 + ".png",
        "a" * 300 + "/b.png",
        "/".join(["a"] * 3_000) + ".png",
        "%F0%9F%92%A9" * 100 + ".png",
        "%ff.png",
        "%ed%a0%80.png",
        "%.png",
        "%zz.png",
        "circle/a.png",
        "circle.png",
        "images",
        "folder.png",
        "pipe.png",
        "a.md/a.png",
        "",
        "/etc/a.png",
        ".hidden/a.png",
        ".hidden.png",
        "images/.hidden/a.png",
        ".git/a.png",
        "..data/a.png",
    ],
)
@pytest.mark.parametrize("below", ["/pictures/", "/web/"])
def test_what_is_no_public_picture_of_the_folder_is_not_found(
    client: TestClient, newsroom: Path, web: Path, below: str, name: str
) -> None:
    for folder in (newsroom, web):
        for hidden in (".hidden", "images/.hidden", ".git", "..data", "folder.png"):
            (folder / hidden).mkdir(parents=True)
            (folder / hidden / "a.png").write_bytes(b"secret")
        (folder / ".hidden.png").write_bytes(b"secret")
        (folder / "circle").symlink_to("circle")
        (folder / "circle.png").symlink_to("circle.png")
        os.mkfifo(folder / "pipe.png")
    assert client.get(below + name).status_code == 404


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_picture_that_may_not_be_read_is_not_found(client: TestClient, newsroom: Path) -> None:
    (newsroom / "images" / "a.svg").chmod(0)
    assert client.get("/pictures/images/a.svg").status_code == 404


def test_pictures_of_a_mounted_config_map_are_shown_by_their_public_names(tmp_path: Path) -> None:
    (tmp_path / "..2026_11_26").mkdir()
    (tmp_path / "..2026_11_26" / "a.png").write_bytes(b"picture")
    (tmp_path / "..data").symlink_to("..2026_11_26")
    (tmp_path / "a.png").symlink_to("..data/a.png")
    client = browser(Pages([tmp_path]))
    assert client.get("/pictures/a.png").content == b"picture"
    assert client.get("/pictures/..data/a.png").status_code == 404


def test_pictures_follow_a_folder_that_is_a_link_which_is_moved_on(tmp_path: Path) -> None:
    for release in ("1", "2"):
        (tmp_path / release).mkdir()
        (tmp_path / release / "a.png").write_text(release)
    (tmp_path / "current").symlink_to("1")
    client = browser(Pages([tmp_path / "current"]))
    assert client.get("/pictures/a.png").text == "1"
    (tmp_path / "next").symlink_to("2")
    (tmp_path / "next").rename(tmp_path / "current")
    assert client.get("/pictures/a.png").text == "2"


def test_a_folder_that_became_a_circle_of_links_leaves_the_pictures_of_others(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "site").mkdir()
    (tmp_path / "site/a.png").write_text("picture")
    client = browser(Pages([tmp_path / "round", tmp_path / "site"]))
    assert client.get("/pictures/a.png").text == "picture"
    assert client.get("/pictures/b.png").status_code == 404


DRAFTED = {
    "images/public.png": [True],
    "images/shared.png": [True, False],
    "images/draft.png": [False],
    "images/a b ü.png": [False],
    "images/nobody.png": [],
    "draft.png": [True],
    "_drafts/a.png": [],
    "_news/_drafts/a.png": [True],
}


@pytest.mark.parametrize("base", ["", "url: https://newsroom.example\nbaseurl: /daily\n"])
@pytest.mark.parametrize("written", ["{}", "/{}", "./{}", "/x/../{}", "{}?v=1", "{}#a"])
def test_pictures_that_only_drafts_show_are_for_those_who_may_read_drafts(
    tmp_path: Path, base: str, written: str
) -> None:
    folder = tmp_path / "newsroom"
    for number, (name, published) in enumerate(DRAFTED.items()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
        for each in published:
            head = f"title: a\npublished: {str(each).lower()}\nimages: [{{url: '{written.format(quote(name))}'}}]"
            write(folder, f"_news/{number}{each}.md", f"{head}\nprovider: {{name: A, domain: a.example}}")
    (folder / "_config.yml").write_text(base)
    assert not fill(tmp_path / "store.json", folder).problems
    key = add(tmp_path / "keys", "desk", ["drafts:read"])
    with TinyStore(tmp_path / "store.json", follow=False) as store:
        pages = Pages([folder], store=store)
        client, editor = browser(pages, keys_file=tmp_path / "keys"), {"x-api-key": key}
        for name, published in DRAFTED.items():
            private = "_drafts" in name or published == [False]
            answer = client.get(f"/pictures/{quote(name)}")
            assert answer.status_code == (404 if private else 200), name
            assert (
                client.get(f"/pictures/{quote(name)}", headers={"x-api-key": "guessed"}).status_code
                == answer.status_code
            )
            shown = client.get(f"/pictures/{quote(name)}", headers=editor)
            assert (shown.status_code, shown.text) == (200, name)
            assert shown.headers["cache-control"].startswith("private" if private else "public")
            assert browser(pages, drafts=True).get(f"/pictures/{quote(name)}").status_code == 200


def test_a_picture_becomes_public_with_its_article(tmp_path: Path) -> None:
    folder, head = tmp_path / "newsroom", "provider: {name: A, domain: a.example}\nimages: [{url: a.png}]"
    write(folder, "a.md", f"title: a\npublished: false\n{head}")
    (folder / "a.png").write_text("a")
    fill(tmp_path / "store.json", folder)
    with TinyStore(tmp_path / "store.json") as store, browser(Pages([folder], store=store)) as client:
        assert client.get("/pictures/a.png").status_code == 404
        write(folder, "a.md", f"title: a\n{head}")
        asyncio.run(ingest(store, [Source(folder)], processes=1))
        assert client.get("/pictures/a.png").status_code == 200


def test_without_a_build_the_page_says_how_to_get_one(tmp_path: Path) -> None:
    client = TestClient(Starlette(routes=Pages(web=tmp_path).routes))
    assert "make web" in client.get("/").text


def test_without_npm_the_server_is_made_all_the_same_and_says_how_to_get_the_pages(tmp_path: Path) -> None:
    for tool in ("make", "sh"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or tool)
    environment = {"PATH": str(tmp_path)}
    done = subprocess.run(["make", "web"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)  # noqa: S607
    says = "npm is not installed: the reader and the playground are left out (https://nodejs.org)"
    assert done.stdout.startswith(says)


def test_what_the_reader_asks_is_known_before_it_asks(tmp_path: Path) -> None:
    (tmp_path / "a.graphql").write_text("{ __typename }")
    asked = Parameters(None, None, {}, {}, document_id=hashed("{ __typename }"))
    assert RememberedDocuments(Settings(persisted=0), tmp_path).of(asked) == "{ __typename }"
