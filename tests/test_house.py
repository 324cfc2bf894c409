"""Holds every import to the rooms of the house and to the arrows between them, wherever in a file it stands.

A room is a folder, or the modules that lie beside the folders; an arrow says which rooms may be imported from. What
an import means at run time makes no difference here: those below TYPE_CHECKING, those inside functions, and the names
of modules in `strawberry.lazy` count too.
"""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted([*ROOT.glob("store/**/*.py"), *ROOT.glob("graph/**/*.py")])

FLOORS = {
    "graph": [
        ["graph.__main__"],
        ["graph.command"],
        ["graph.serve"],
        ["graph.edge"],
        ["graph.schema", "graph.observe"],
        ["graph.execute"],
        ["graph.execute.plan"],
        ["graph.document"],
        ["graph.document.cost"],
        ["graph"],
    ],
    "store": [
        ["store.tiny"],
        ["store.tiny.memory"],
        ["store.tiny.search", "store.tiny.disk"],
        ["store.files"],
        ["store"],
    ],
}
"""The rooms of each package, from the roof to the ground; a package's own name is its ground.

A room may import from those of the floors below it, and from all of the packages below its own.
"""

STRANGERS = {
    "store": {"graph", "graphql", "strawberry", "starlette", "uvicorn", "httptools", "websockets", "prometheus_client"},
    "graph.document": {"store", "strawberry", "starlette", "uvicorn"},
    "graph.execute.plan": {"graph", "store", "strawberry", "starlette", "uvicorn"},
    "graph.execute": {"strawberry", "starlette", "uvicorn"},
    "graph.schema": {"starlette", "uvicorn"},
    "graph.observe": {"strawberry", "uvicorn"},
    "graph.edge": {"strawberry", "click", "rich"},
    "graph.serve": {"click", "rich"},
}
"""What a room has no business with: other packages, or libraries of another world."""


def module(path: Path) -> str:
    """Return the dotted name of a file of ours."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(path): path for path in FILES}
ROOMS = {
    room: (package, floor) for package, floors in FLOORS.items() for floor, own in enumerate(floors) for room in own
}


def room_of(name: str) -> str:
    """Return the room of a module: the innermost that its name begins with."""
    parts = name.split(".")
    folders = parts if MODULES[name].name == "__init__.py" or name in ROOMS else parts[:-1]
    return next(".".join(folders[:end]) for end in range(len(folders), 0, -1) if ".".join(folders[:end]) in ROOMS)


def imports(source: str) -> Iterator[str]:
    """Yield the modules that a source imports, of ours by their whole name, wherever the import stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "lazy":
            yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))


IMPORTS = {name: set(imports(path.read_text(encoding="utf-8"))) for name, path in MODULES.items()}


def may(room: str, other: str) -> bool:
    """Whether a room may import from another."""
    (package, floor), (other_package, other_floor) = ROOMS[room], ROOMS[other]
    if package != other_package:
        return (package, other_package) == ("graph", "store")
    return room == other or other_floor > floor


def against(name: str, imported: set[str]) -> set[str]:
    """Return those of the *imported* modules that the module *name* may not import."""
    room = room_of(name)
    return {other for other in imported & MODULES.keys() if not may(room, room_of(other))}


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_down_only(name: str) -> None:
    assert against(name, IMPORTS[name]) == set()


@pytest.mark.parametrize("name", MODULES)
def test_a_room_does_not_know_what_it_has_no_business_with(name: str) -> None:
    strangers = STRANGERS.get(room_of(name), set()) | (STRANGERS["store"] if name.startswith("store") else set())
    foreign = {other for other in IMPORTS[name] if other.split(".")[0] in strangers}
    assert {other for other in foreign if other not in MODULES or room_of(other) != room_of(name)} == set()


def test_no_import_goes_round_in_a_circle() -> None:
    TopologicalSorter({name: own & MODULES.keys() for name, own in IMPORTS.items()}).prepare()


@pytest.mark.parametrize(
    "source",
    [
        "from graph.serve.site import run",
        "import graph.serve.site",
        "from graph.serve import site",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from graph.serve.site import run",
        "def late():\n    from graph.serve.site import run",
        "import strawberry\nLate = strawberry.lazy('graph.serve.site')",
    ],
)
def test_an_import_upwards_is_found_in_every_form(source: str) -> None:
    assert against("graph.execute.context", set(imports(source))) == {"graph.serve.site"}


def test_every_folder_of_the_packages_is_a_room() -> None:
    folders = {module(path.parent / "__init__.py") for path in FILES}
    assert folders == ROOMS.keys() - {"graph.__main__"}


@pytest.mark.parametrize("path", FILES, ids=module)
def test_the_first_line_of_a_module_says_what_it_does(path: Path) -> None:
    first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n")[0]
    assert first.endswith((".", ":"))
    assert not re.search(r"\bin[,:;].* out\b", first)
