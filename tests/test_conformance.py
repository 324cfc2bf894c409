"""Real clients of npm against the served endpoint: the audits of graphql-http, and four clients people use."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.serving import serving

NODE = Path(__file__).parent / "node"
node = shutil.which("node")
pytestmark = pytest.mark.skipif(node is None, reason="node is not installed")


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    if not (NODE / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=NODE, check=True)  # noqa: S607 - found by PATH


def run(script: str, address: tuple[str, int]) -> list[str]:
    command = [str(node), script, f"http://{address[0]}:{address[1]}/graphql"]
    done = subprocess.run(command, cwd=NODE, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("mode", ["in-place", "plain"])
def test_all_audits_of_graphql_over_http_pass_without_a_warning(mode: str) -> None:
    with serving(http=mode) as address:
        assert run("audit.js", address) == ["61 of 61"]


def test_four_clients_are_answered() -> None:
    with serving() as address:
        assert run("clients.js", address) == [
            "graphql-ws [0,1,2]", "graphql-sse [0,1,2]", "apollo world", "urql world",
        ]  # fmt: skip
