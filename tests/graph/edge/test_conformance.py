"""Runs real clients of npm against a served endpoint: the audits of graphql-http, and four clients people use."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.graph.command.test_cli import asked
from tests.graph.command.test_cli import serving as serving_folder
from tests.graph.serve.test_served import KEY, KEYS
from tests.newsrooms import NEWSROOM, write
from tests.patience import PATIENCE
from tests.serving import serving

LATEST = "{ articles(first: 30) { nodes { title path } } }"
NODE = Path(__file__).parents[2] / "node"
node = shutil.which("node")
pytestmark = pytest.mark.skipif(node is None, reason="node is not installed")


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    if not (NODE / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=NODE, check=True)  # noqa: S607 - found by PATH


def run(script: str, address: tuple[str, int]) -> list[str]:
    command = [str(node), script, f"http://{address[0]}:{address[1]}/graphql"]
    done = subprocess.run(command, cwd=NODE, check=False, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("mode", ["in-place", "plain"])
def test_all_audits_of_graphql_over_http_pass_without_a_warning(mode: str) -> None:
    with serving(http=mode) as address:
        assert run("audit.js", address) == ["61 of 61"]


def test_four_clients_are_answered() -> None:
    with serving() as address:
        assert run("clients.js", address) == [
            "graphql-ws [0,1,2]", "graphql-ws at once 45 10", "graphql-sse [0,1,2]", "apollo world", "urql world",
        ]  # fmt: skip


def test_the_clients_ask_write_and_watch_in_a_served_newsroom(tmp_path: Path) -> None:
    folder, title = tmp_path / "newsroom", "A fleet of floats learns to share the deep"
    shutil.copytree(NEWSROOM, folder)
    with serving_folder(folder, "--watch", *KEYS) as (url, _):
        (path,) = (node["path"] for node in asked(url, LATEST)["articles"]["nodes"] if node["title"] == title)
        command = [str(node), "newsroom.js", url, path, KEY]
        with subprocess.Popen(command, cwd=NODE, stdout=subprocess.PIPE, text=True) as clients:
            assert clients.stdout is not None
            told = []
            while (line := clients.stdout.readline().strip()) not in ("watching", ""):
                told.append(line)
            write(folder, "_news/late.md", "title: Late\nprovider: {name: A, domain: a.example}")
            seen = clients.stdout.read().splitlines()
    found = f'{{"article":{{"title":"{title}","provider":{{"name":"Northern Float"}}}}}}'
    late = '{"kind":"ADDED","title":"Late"}'
    assert told == [
        f"graphql-ws: {found}",
        f"graphql-sse: {found}",
        f'apollo: {{"title":"{title}","requests":["GET","POST"]}}',  # the hash alone, then with the text
        f'apollo: {{"title":"{title}","requests":["GET"]}}',
        'apollo: {"created":true}',
        f"urql: {found}",
    ]
    assert seen == [
        f"{who}: {late}" for who in ("graphql-ws", "graphql-sse", "apollo", "urql over SSE", "urql over a socket")
    ]
    assert clients.returncode == 0
