"""Makes any number of articles, as files or as a store, for all that is measured: by the corpus tool, or its own.

Both have the shape of real articles (topics, pictures, three related entries or so), and the same number always gives
the same bytes.
"""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from store.files.front_matter import render
from store.files.ingest import ingest
from store.files.source import Source
from store.tiny.store import TinyStore

TOOL = Path(__file__).parents[2] / "shared" / "tools" / "make_corpus.py"
"""Called as `make_corpus.py FOLDER --articles N`; no part of this project."""
TOPICS = (
    *("robot", "law", "market", "school", "energy", "climate", "vision", "engine", "model", "doctor"),
    *("train", "paper", "court", "city", "water", "data"),
)
VOCABULARY = [first + second for first in TOPICS for second in TOPICS]


def write(folder: Path, size: int, tool: Path | None) -> None:
    """Write *size* files below *folder*."""
    if tool:
        subprocess.run([sys.executable, tool, folder, "--articles", str(size)], check=True, stdout=subprocess.DEVNULL)
        return
    folder.mkdir(parents=True)
    for number in range(size):
        path = f"{number}.md"
        (folder / path).write_text(render(article(Random(number), number), path=path), encoding="utf-8")


def stored(folder: Path, size: int, tool: Path | None) -> Path:
    """Return a store of *size* articles, made below *folder*."""
    write(folder / "files", size, tool)
    with TinyStore(folder / "news.json", follow=False) as store:
        asyncio.run(ingest(store, [Source(folder / "files")]))
    return folder / "news.json"


def article(draw: Random, number: int) -> dict[str, Any]:
    """Return the front matter of an article with topics, a picture and three related entries."""
    return {
        **summary(number),
        "type": "video" if number % 17 == 0 else "article",
        "category": "news",
        "quality": draw.randrange(160),
        "heat": draw.randrange(-1, 200),
        "topics": draw.sample(TOPICS, k=2),
        "related": [summary(draw.randrange(2 * (number + 1))) for _ in range(3)],
    }


def summary(number: int) -> dict[str, Any]:
    """Return what an article says of another, or of itself."""
    site = f"paper{number % 97}.org"
    words = Random(number)
    return {
        "title": " ".join(words.choices(VOCABULARY, k=8)),
        "excerpt": " ".join(words.choices(VOCABULARY, k=28)),
        "publishedDateTime": f"{datetime.fromtimestamp(1_577_836_800 + number * 911, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "webUrl": f"https://www.{site}/news/{number}/",
        "provider": {"name": f"Paper {number % 97}", "domain": site},
        "images": [{"url": f"https://www.{site}/images/{number}.jpg", "width": 1280, "height": 720}],
    }
