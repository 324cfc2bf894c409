"""Holds pyproject.toml to the code: what is imported is declared, and the Pythons that are supported are tried."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
SERVED = [*PROJECT["dependencies"], *EXTRAS["compression"], *EXTRAS["otel"]]
PYTHON = "Programming Language :: Python :: "


def name(requirement: str) -> str:
    """Return the package of a requirement, as packages are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=;\[ ]", requirement)[0]).lower()


def imported() -> set[str]:
    """Return the top-level modules that graph and store import and that are neither ours nor Python's."""
    found: set[str] = set()
    for path in (*ROOT.glob("graph/**/*.py"), *ROOT.glob("store/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    return found - sys.stdlib_module_names - {"graph", "store"}


def test_every_package_that_is_imported_is_declared() -> None:
    declared, packages = {name(each) for each in SERVED}, packages_distributions()
    assert {module for module in imported() if not declared & {name(each) for each in packages[module]}} == set()


def test_every_dependency_has_a_lower_bound_and_the_tools_that_judge_are_pinned() -> None:
    assert [each for each in SERVED if ">=" not in each] == []
    assert {name(each) for each in EXTRAS["dev"] if "==" in each} == {"coverage", "mypy", "ruff"}


def test_the_oldest_python_is_the_first_of_those_that_are_tried() -> None:
    versions = [each.removeprefix(PYTHON) for each in PROJECT["classifiers"] if each.startswith(PYTHON)]
    assert versions == sorted(versions, key=lambda version: [int(part) for part in version.split(".")])
    assert PROJECT["requires-python"] == f">={versions[0]}"
