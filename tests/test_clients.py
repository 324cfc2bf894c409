"""Follows docs/clients.md by section: writes its snippets to their files, runs its commands on a real server."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from tests.patience import PATIENCE, until

ROOT = Path(__file__).parent.parent
CLIENTS = Path(__file__).parent / "clients"
DOCUMENTED = "http://127.0.0.1:8000"
SNIPPET = re.compile(r'^```(?P<language>\w+)(?: title="(?P<file>[^"]+)")?\n(?P<text>.*?)^```$', re.M | re.S)

ANY = re.compile(r"[:<|,] *any\b")
HOLDER = "__meta__?: Record<string, any> | undefined"
"""What the tool itself says of the metadata that a document carries: no type of ours."""

pytestmark = pytest.mark.skipif(
    not (CLIENTS / "node_modules").is_dir() or not (CLIENTS / ".venv").is_dir(),
    reason="`make clients` installs what the snippets are compiled with",
)


@dataclass(frozen=True)
class Section:
    """One client of the page: files to write, then command lines to run, both in the page's order."""

    title: str
    files: tuple[tuple[str, str], ...]
    commands: tuple[str, ...]


def sections() -> list[Section]:
    """Read the page."""
    _, *parts = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8").split("\n## ")
    return [section(part) for part in parts]


def section(part: str) -> Section:
    """Read one section; what it installs is there already."""
    snippets = list(SNIPPET.finditer(part))
    files = tuple((str(each["file"]), each["text"]) for each in snippets if each["file"])
    lines = (line for each in snippets if each["language"] == "sh" for line in each["text"].splitlines())
    installs = ("npm install", "pip install")
    return Section(part.splitlines()[0], files, tuple(line for line in lines if not line.startswith(installs)))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the example newsroom, and return where."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    store = tmp_path_factory.mktemp("store") / "store.json"
    command = (Path(sys.executable).with_name("broadsheet"), "serve", ROOT / "examples" / "newsroom")
    with subprocess.Popen((*command, "--store", store, "--port", str(port))) as server:
        address = f"http://127.0.0.1:{port}"
        try:
            answers(f"{address}/graphql", server)
            yield address
        finally:
            server.terminate()


def answers(endpoint: str, server: "subprocess.Popen[bytes]") -> None:
    """Return once *endpoint* answers."""
    ask = Request(endpoint, b'{"query": "{ __typename }"}', {"Content-Type": "application/json"})  # noqa: S310 - ours

    def answered() -> bool:
        assert server.poll() is None, "the server did not come up"
        try:
            urlopen(ask, timeout=PATIENCE).close()  # noqa: S310 - loopback
        except (URLError, ConnectionError):
            return False
        return True

    until(answered)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Return a folder as somebody has it who follows the page: the schema, and the packages."""
    shutil.copy(ROOT / "schema.graphql", tmp_path)
    (tmp_path / "node_modules").symlink_to(CLIENTS / "node_modules")
    (tmp_path / "package.json").write_text('{ "type": "module" }')
    return tmp_path


def run(command: str, desk: Path) -> str:
    """Run one line of the page in *desk*, and return what it printed."""
    path = os.pathsep.join([str(CLIENTS / ".venv" / "bin"), str(desk / "node_modules" / ".bin"), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "NO_COLOR": "1"}
    done = subprocess.run(["sh", "-c", command], cwd=desk, env=environment, capture_output=True, text=True, check=False)  # noqa: S607
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def follow(title: str, desk: Path, url: str) -> str:
    """Do what a section says, and return what its last command printed."""
    here = next(each for each in sections() if each.title == title)
    for name, text in here.files:
        file = desk / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text.replace(DOCUMENTED, url), encoding="utf-8")
    return [run(command.replace(DOCUMENTED, url), desk) for command in here.commands][-1]


def test_the_client_preset_gives_strict_types_without_any(desk: Path, url: str) -> None:
    printed = follow("TypeScript, with the client preset", desk, url)
    assert printed.startswith("2026-11-22  A fleet of floats learns to share the deep (Northern Float), 6 related\n")
    generated = (desk / "src" / "gql" / "graphql.ts").read_text(encoding="utf-8")
    assert "FrontPageQuery" in generated
    assert ANY.search(generated.replace(HOLDER, "")) is None


def test_tools_that_introspect_by_url_read_the_answer_in_every_encoding_that_they_offer(desk: Path, url: str) -> None:
    assert "No breaking changes detected" in follow("By URL, with graphql-codegen and graphql-inspector", desk, url)
    types = (desk / "src" / "gql" / "graphql.ts").read_text(encoding="utf-8")
    assert "LatestQuery" in types
    run(f"graphql-inspector introspect {url}/graphql --write introspected.graphql", desk)
    assert (desk / "introspected.graphql").read_text(encoding="utf-8").count("\ntype ") > 10


def test_relay_compiles_a_page_of_a_connection(desk: Path, url: str) -> None:
    follow("Relay", desk, url)
    artifacts = [path.read_text(encoding="utf-8") for path in desk.glob("relay/__generated__/*.ts")]
    types = "".join(text.split("const node", 1)[0] for text in artifacts if "export type" in text)
    assert "latest_query$data" in types
    assert ANY.search(types) is None


def test_ariadne_codegen_gives_a_typed_client(desk: Path, url: str) -> None:
    assert re.match(r"Oceans: \d+ articles\n  2026-", follow("Python, with ariadne-codegen", desk, url))


def test_gql_sends_what_the_schema_allows(desk: Path, url: str) -> None:
    assert re.match(r"[1-9]\d* found\n  \d+\.\d\d  ", follow("Python, with gql", desk, url))


def test_sgqlc_composes_operations(desk: Path, url: str) -> None:
    assert re.match(r"( +\d+  .+\n){5}", follow("Python, with sgqlc", desk, url))


def test_a_browser_needs_no_library(desk: Path, url: str) -> None:
    printed = follow("A browser, without a library", desk, url)
    assert re.fullmatch(r':\n\nevent: next\nid: \d+-\w+\ndata: {"data":{"changes":{"kind":"ADDED"}}}\n', printed)
