"""The house's rules that the import statements show: one direction, no cycles, nothing of one world in the other."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted([*ROOT.glob("store/**/*.py"), *ROOT.glob("graph/**/*.py")])


def module(path: Path) -> str:
    """Return the dotted name of a file of ours."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(path): path for path in FILES}


def imports(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports when it is itself imported."""
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            pending.extend(ast.iter_child_nodes(node))


def test_no_import_goes_round_in_a_circle() -> None:
    TopologicalSorter({name: set(imports(path)) & set(MODULES) for name, path in MODULES.items()}).prepare()


@pytest.mark.parametrize(
    ("below", "forbidden"),
    [
        ("store", {"graph", "graphql", "strawberry", "starlette", "uvicorn"}),
        ("graph.execute.plan", {"store", "strawberry", "starlette", "uvicorn"}),
    ],
)
def test_a_room_does_not_know_what_it_has_no_business_with(below: str, forbidden: set[str]) -> None:
    rooms = [path for name, path in MODULES.items() if name == below or name.startswith(f"{below}.")]
    found = {(path.name, name) for path in rooms for name in imports(path) if name.split(".")[0] in forbidden}
    assert rooms
    assert found == set()


def test_the_plan_knows_nothing_of_the_rest_of_the_graph() -> None:
    rooms = [path for name, path in MODULES.items() if name.startswith("graph.execute.plan")]
    own = {name for path in rooms for name in imports(path) if name.split(".")[0] == "graph"}
    assert {name for name in own if not name.startswith("graph.execute.plan")} == set()


@pytest.mark.parametrize("path", FILES, ids=module)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
