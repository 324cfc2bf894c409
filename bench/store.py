"""Sizes in, a table out: what the store takes for each bar, beside plain TinyDB doing the same work in the same run.

    python -m bench.store [1000 25000 100000]

Milliseconds are medians. TinyDB reads its whole file to open, scans to find, and rewrites the file to write; it has no
full text, so there it scans titles and excerpts for the words.
"""

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import count
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from msgspec.structs import replace
from rich.console import Console
from rich.table import Table
from tinydb import TinyDB, where

from store.base import DateUnit, Document, Facet, Kind, Put
from store.criteria import AllOf, Criteria, Is, Op, Order, Search, Some
from store.tiny.tinystore import TinyStore

SIZES = (1_000, 25_000, 100_000)
BARS = {
    "start to first answer, s": 1.5,
    "memory after load, MB": 300,
    "plain page, ms": 0.2,
    "filtered page, count, facets, ms": 3,
    "full-text page, highlights, ms": 5,
    "durable write, ms": 5,
}
"""At 25,000 articles, from the design's section 5."""
TOPICS = (
    *("robot", "law", "market", "school", "energy", "climate", "vision", "engine", "model", "doctor"),
    *("train", "paper", "court", "city", "water", "data"),
)
VOCABULARY = [first + second for first in TOPICS for second in TOPICS]
FILTER = AllOf((Some("topics", Is("slug", Op.EQ, "robot")), Is("quality", Op.GTE, 50), Is("type", Op.EQ, "article")))
OPENING = """
import asyncio
from pathlib import Path
from time import perf_counter
start = perf_counter()
import graph.app, graph.schema
from store.criteria import Criteria
from store.tiny.tinystore import TinyStore
store = TinyStore({path!r})
asyncio.run(store.find([Criteria()]))
taken = perf_counter() - start
resident = Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]
print(taken, int(resident) / 1024)
store.close()
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the table."""

    name: str
    ours: float
    theirs: float | None


def main(sizes: list[int]) -> None:
    """Measure and print."""
    console = Console(width=110)
    plain: dict[str, float] = {}
    for size in sizes:
        table = Table(
            "", "Broadsheet", "plain TinyDB", "TinyDB ÷ ours", "÷ smallest size", "bar", title=f"{size:,} articles"
        )
        for line in measured(size):
            first = plain.setdefault(line.name, line.ours)
            bar = BARS.get(line.name)
            verdict = "" if bar is None or size != 25_000 else f"≤ {bar} {'holds' if line.ours <= bar else 'MISSED'}"
            theirs = "" if line.theirs is None else f"{line.theirs:,.3f}"
            ratio = "" if line.theirs is None else f"{line.theirs / line.ours:,.1f}×"
            table.add_row(line.name, f"{line.ours:,.3f}", theirs, ratio, f"{line.ours / first:.2f}×", verdict)
        console.print(table)


def measured(size: int) -> Iterator[Measured]:
    """Fill both stores with the same *size* articles, and yield what each work takes."""
    folder = Path(tempfile.mkdtemp(prefix="broadsheet-bench-"))
    try:
        documents = [document(Random(number), number) for number in range(size)]
        with TinyStore(folder / "ours.json", follow=False) as store:
            for start in range(0, size, 1000):
                asyncio.run(store.apply([Put(each) for each in documents[start : start + 1000]]))
            store.compact()
        with TinyDB(folder / "theirs.json") as theirs:
            theirs.table("articles").insert_multiple({**each.metadata, "path": each.path} for each in documents)
        yield from opened(folder)
        with TinyStore(folder / "ours.json", follow=False) as store, TinyDB(folder / "theirs.json") as theirs:
            yield from read(store, theirs.table("articles"))
            yield from written(store, theirs.table("articles"), documents)
    finally:
        shutil.rmtree(folder)


def document(draw: Random, number: int) -> Document:
    """Return an article with topics, a picture and three related entries."""

    def summary(target: int) -> dict[str, Any]:
        site = f"paper{target % 97}.org"
        words = Random(target)
        return {
            "title": " ".join(words.choices(VOCABULARY, k=8)),
            "excerpt": " ".join(words.choices(VOCABULARY, k=28)),
            "publishedDateTime": f"{datetime.fromtimestamp(1_577_836_800 + target * 911, UTC):%Y-%m-%dT%H:%M:%SZ}",
            "webUrl": f"https://www.{site}/news/{target}/",
            "provider": {"name": f"Paper {target % 97}", "domain": site},
            "images": [{"url": f"https://www.{site}/images/{target}.jpg", "width": 1280, "height": 720}],
        }

    metadata = {
        **summary(number),
        "type": "video" if number % 17 == 0 else "article",
        "category": "news",
        "quality": draw.randrange(160),
        "heat": draw.randrange(-1, 200),
        "topics": draw.sample(TOPICS, k=2),
        "related": [summary(draw.randrange(2 * (number + 1))) for _ in range(3)],
    }
    digest = blake2b(str(number).encode(), digest_size=16).hexdigest()
    return Document(f"{number}.md", "bench", Kind.ARTICLE, digest, datetime(2021, 1, 1, tzinfo=UTC), metadata)


def opened(folder: Path) -> Iterator[Measured]:
    """Measure a start in a process of its own, with everything that a server imports."""
    code = OPENING.format(path=str(folder / "ours.json"))
    runs = [run_python(code) for _ in range(3)]
    start = perf_counter()
    with TinyDB(folder / "theirs.json") as theirs:
        theirs.table("articles").all()
    loaded = perf_counter() - start
    yield Measured("start to first answer, s", statistics.median(run[0] for run in runs), loaded)
    yield Measured("memory after load, MB", runs[0][1], None)


def run_python(code: str) -> list[float]:
    """Return the numbers that *code* prints."""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # our own code
    return [float(number) for number in done.stdout.split()]


def read(store: TinyStore, table: Any) -> Iterator[Measured]:
    """Measure pages."""
    newest = Criteria()
    filtered = Criteria(FILTER)
    search = Search("robotlaw marketwater")
    found = Criteria(search=search, order=(Order("relevance"),))

    async def page() -> None:
        await store.find([newest])

    async def facets() -> None:
        store.forget()
        await store.find([filtered])
        await store.count([filtered])
        for name in ("providers", "topics", "types", "categories"):
            await store.facets([filtered], Facet(name, 10))
        await store.facets([filtered], Facet("histogram", unit=DateUnit.MONTH))

    async def text() -> None:
        store.forget()
        part = (await store.find([found]))[0]
        await store.highlights([article.path for article in part.items], search)

    def their_page() -> None:
        sorted(table.all(), key=lambda each: each["publishedDateTime"], reverse=True)[:20]

    def their_facets() -> None:
        table.clear_cache()
        matching = table.search(
            where("topics").any(["robot"]) & (where("quality") >= 50) & (where("type") == "article")
        )
        sorted(matching, key=lambda each: each["publishedDateTime"], reverse=True)[:20]
        for key in ("type", "category", "publishedDateTime"):
            Counter(each[key] for each in matching)

    def their_text() -> None:
        table.clear_cache()
        table.search(where("title").search("robotlaw") & where("title").search("marketwater"))

    yield Measured("plain page, ms", milliseconds(page, 200), timed(their_page))
    yield Measured("filtered page, count, facets, ms", milliseconds(facets, 50), timed(their_facets))
    yield Measured("full-text page, highlights, ms", milliseconds(text, 50), timed(their_text))


def written(store: TinyStore, table: Any, documents: list[Document]) -> Iterator[Measured]:
    """Measure one durable write, with the indexes that reading made."""
    numbers = count()

    async def write() -> None:
        number = next(numbers)
        old = documents[number % len(documents)]
        await store.apply([Put(replace(old, digest=f"new {number}", metadata={**old.metadata, "heat": number}))])

    os.sync()  # what was written before is not this write's to wait for
    yield Measured("durable write, ms", milliseconds(write, 100), timed(lambda: table.update({"heat": 1}, doc_ids=[1])))


def milliseconds(work: Callable[[], Awaitable[None]], times: int) -> float:
    """Return the median of what *work* takes in one event loop, after a first time."""

    async def run() -> float:
        await work()
        taken = []
        for _ in range(times):
            start = perf_counter()
            await work()
            taken.append(perf_counter() - start)
        return statistics.median(taken) * 1000

    return asyncio.run(run())


def timed(work: Callable[[], object]) -> float:
    """Return how many milliseconds *work* takes, the median of three."""
    taken = []
    for _ in range(3):
        start = perf_counter()
        work()
        taken.append(perf_counter() - start)
    return statistics.median(taken) * 1000


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
