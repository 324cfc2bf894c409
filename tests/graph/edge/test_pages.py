"""Tests the pages for browsers: built, under a strict policy, with pictures of served folders and nothing else."""

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from graph.edge.pages import INVITATION, Pages
from graph.edge.parameters import Parameters
from graph.edge.persisted import RememberedDocuments, hashed
from graph.settings import Settings
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
    return TestClient(Starlette(routes=Pages([newsroom], web).routes))


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
    "path",
    [
        "/pictures/a.md",
        "/pictures/images/out.png",
        "/pictures/%2e%2e/secret.png",
        "/pictures/%00.png",
        "/web/%2e%2e/secret.png",
    ],
)
def test_what_is_no_picture_of_the_folder_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


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
