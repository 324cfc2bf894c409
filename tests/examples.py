"""Reads the queries that Markdown pages show, with their variables and answers, so that tests can ask them.

An example is a fence ` ```graphql `, perhaps one ` ```json variables `, and one ` ```json answer `. Run this module to
write the answers of the small newsroom anew into README.md, docs/queries.md and tests/queries; read the difference
before you commit it.
"""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from graphql import GraphQLSchema

from graph.errors import Refusal
from graph.execute.context import Context
from graph.execute.operations import Operations, planned_operations
from graph.schema.build import schema
from graph.settings import Settings
from store.tiny.store import TinyStore
from tests.newsrooms import NEWSROOM, fill

ROOT = Path(__file__).parent.parent
FILES = [ROOT / "README.md", ROOT / "docs" / "queries.md", *sorted((ROOT / "tests" / "queries").glob("*.md"))]
WIDTH = 110
Road = Callable[[GraphQLSchema, Settings], Operations]
_FENCE = re.compile(r"^```(graphql|json variables|json answer)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """One query of a Markdown file; `line` is where it starts, from 1."""

    file: str
    line: int
    query: str
    variables: dict[str, Any] | None
    answer: Any

    @property
    def name(self) -> str:
        """Where to find it."""
        return f"{self.file}:{self.line}"


def read(path: Path) -> list[Example]:
    """Return the examples of a file, in its order.

    Raises ValueError, naming the file and the line, for a query without an answer and for an answer without a query.
    """
    text, found = path.read_text(encoding="utf-8"), []
    query: dict[str, Any] | None = None
    for fence in _FENCE.finditer(text):
        (kind, content), line = fence.groups(), text.count("\n", 0, fence.start()) + 1
        if kind == "graphql":
            _refuse_unanswered(path, query)
            query = {"line": line, "query": content, "variables": None}
        elif query is None:
            raise ValueError(f"{path}:{line}: {kind} without a query")
        elif kind == "json variables":
            query["variables"] = orjson.loads(content)
        else:
            found.append(Example(path.name, **query, answer=orjson.loads(content)))
            query = None
    _refuse_unanswered(path, query)
    return found


def _refuse_unanswered(path: Path, query: dict[str, Any] | None) -> None:
    if query is not None:
        raise ValueError(f"{path}:{query['line']}: a query without an answer")


EXAMPLES = [example for path in FILES for example in read(path)]


def folded(value: Any, indent: str = "") -> str:
    """Return JSON for readers: on one line where that is short, else a line for each member."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= WIDTH or not isinstance(value, dict | list):
        return line
    deeper = f"{indent}  "
    if isinstance(value, dict):
        members = [f"{json.dumps(key)}: {folded(inner, deeper)}" for key, inner in value.items()]
    else:
        members = [folded(inner, deeper) for inner in value]
    first, last = "{}" if isinstance(value, dict) else "[]"
    return f"{first}\n" + ",\n".join(deeper + member for member in members) + f"\n{indent}{last}"


def rewritten(path: Path, answers: list[Any]) -> str:
    """Return a file's text with these answers in place of its own."""
    left = iter(answers)

    def fence(match: re.Match[str]) -> str:
        if match[1] != "json answer":
            return match[0]
        return f"```json answer\n{folded(next(left))}\n```"

    return _FENCE.sub(fence, path.read_text(encoding="utf-8"))


async def answered(example: Example, store: TinyStore, road: Road = planned_operations) -> Any:
    """Return what a store answers to an example by one of the two roads, refusals too."""
    try:
        operation = road(schema()._schema, Settings()).prepare(example.query, None)
        operation.cost(example.variables or {})
    except Refusal as refusal:
        return {"errors": refusal.errors}
    return orjson.loads((await operation.execute(example.variables or {}, Context(store))).body)


async def answers(path: Path, store: TinyStore) -> list[Any]:
    """Return what the small newsroom answers to a file's examples."""
    return [await answered(example, store) for example in read(path)]


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        fill(Path(folder) / "news.json", NEWSROOM)
        with TinyStore(Path(folder) / "news.json") as newsroom:
            for file in FILES:
                file.write_text(rewritten(file, asyncio.run(answers(file, newsroom))), encoding="utf-8")
