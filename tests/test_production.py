"""Holds docs/production.md to the code, so that it has every setting, error code, metric and close code."""

import ast
import re
from pathlib import Path

import pytest

from graph.settings import SETTINGS, table
from tests.small import ask, post, small_app

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")
CODE = re.compile(r"[A-Z]{3,}(_[A-Z]+)*")
CALLS = {"Refusal", "over_limit", "Refused", "InvalidDocument"}


def strings(tree: ast.AST) -> set[str]:
    """Return every text in a piece of source that reads as a code."""
    found = {each.value for each in ast.walk(tree) if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    return {each for each in found if CODE.fullmatch(each)}


def codes() -> set[str]:
    """Return the codes that errors are made with: what is called so, assigned so, or stands beside the key `code`."""
    found: set[str] = set()
    for path in (*ROOT.glob("graph/**/*.py"), ROOT / "store" / "errors.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in CALLS:
                found |= strings(node)
            elif isinstance(node, ast.Assign) and (
                path.name == "errors.py" or any("code" in ast.unparse(target) for target in node.targets)
            ):
                found |= strings(node.value)
            elif isinstance(node, ast.Dict) and any("code" in ast.unparse(key) for key in node.keys if key):
                found |= strings(node)
            elif isinstance(node, ast.Tuple) and node.elts and path.name == "limits.py":
                found |= strings(node.elts[0])
    return found


def test_every_setting_is_explained() -> None:
    assert PAGE.endswith(table())
    assert len(SETTINGS) > 40


def test_every_code_of_an_error_is_explained() -> None:
    explained = set(re.findall(r"`([A-Z_]{5,})`", PAGE))
    assert {"TOO_DEEP", "TIMEOUT", "INTERNAL", "STORE_LOCKED", "FORBIDDEN"} <= codes()
    assert codes() - explained == set()


def test_every_close_code_of_a_socket_is_explained() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "graph/edge").glob("*.py"))
    assert set(re.findall(r"CloseError\((\d{4})", source)) - set(re.findall(r"\b(\d{4})\b", PAGE)) == set()


@pytest.mark.anyio
async def test_every_metric_of_ours_is_explained() -> None:
    app = small_app()
    await post(app, "{ hello }")
    text = (await ask(app, "GET", path="/metrics")).body.decode()
    names = set(re.findall(r"^# TYPE broadsheet_(\w+)", text, re.M))
    explained = PAGE[PAGE.index("| metric |") : PAGE.index("Standard error has")]
    assert {name for name in names if not re.search(rf"_{name}\b", explained)} == set()
    assert "store_articles" in names
