"""Folders of articles in, stores out: what the tests of the graph read from."""

import asyncio
from pathlib import Path
from typing import Any

import orjson

from graph.execute.context import ANYBODY, Viewer
from graph.serve.site import answered
from store.files.ingest import Report, ingest
from store.files.source import Source
from store.tiny.store import TinyStore

ROOT = Path(__file__).parent.parent
NEWSROOM = ROOT / "examples" / "newsroom"
CORPUS = ROOT.parent / "shared" / "corpus"
MISSING = f"{CORPUS.parent.name}/{CORPUS.name} is not here: its real articles are no part of this project"


def fill(path: Path, *folders: Path) -> Report:
    """Ingest folders into the store at *path*, in this process."""
    with TinyStore(path, follow=False) as store:
        return asyncio.run(ingest(store, [Source(folder) for folder in folders], processes=1))


def write(folder: Path, name: str, front_matter: str, body: str = "") -> None:
    """Write one article's file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\n{front_matter.strip()}\n---\n{body}", encoding="utf-8")


async def ask(
    store: TinyStore, query: str, variables: dict[str, Any] | None = None, viewer: Viewer = ANYBODY
) -> dict[str, Any]:
    """Return the whole answer of an operation, as the server would give it."""
    answer = await answered(store, query, None, variables or {}, viewer)
    body: dict[str, Any] = orjson.loads(answer.body)
    return body
