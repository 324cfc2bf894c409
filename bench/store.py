"""Measures what the store takes for each of its works, beside plain TinyDB in the same run, and prints a table.

    python -m bench.store [1000 25000 100000] [--make-corpus TOOL]

Each cell is ours · plain TinyDB's · how many times better ours is. Milliseconds are medians, in process; what the store
keeps of earlier answers is dropped before each. An ingest is the function that `broadsheet ingest` calls, with two
processes, the new ones' start in it.
"""

import argparse
import asyncio
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median

import rich.box
from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from bench import articles, timing, tinydb
from bench.questions import Questions, questions
from store.base import DateUnit, Document, Facet, Put
from store.criteria import AllOf, Criteria, Is, Op, Order, Page, Search, Some
from store.files.ingest import ingest
from store.files.report import Report
from store.files.source import Source
from store.text import slug
from store.tiny.store import TinyStore

SIZES = (1_000, 25_000, 100_000)
PROCESSES = 2
RUNS = 3
SAMPLE = 500
"""Articles that are written to, in turn."""
OPENING = """
import asyncio, sys
from pathlib import Path
from time import perf_counter
start = perf_counter()
import graph.edge.asgi, graph.schema.build
from store.criteria import Criteria
from store.tiny.store import TinyStore
store = TinyStore(sys.argv[1])
asyncio.run(store.find([Criteria()]))
taken = perf_counter() - start
resident = Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]
print(taken, int(resident) / 1024)
store.close()
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """What is promised of a figure: of 25,000 articles, or of one size over that of the smallest."""

    limit: float
    size: int = 25_000
    at_least: bool = False

    def verdict(self, figure: float) -> str:
        """Say whether the figure keeps it."""
        sign, holds = ("≥", figure >= self.limit) if self.at_least else ("≤", figure <= self.limit)
        return f"{sign} {self.limit:,} {'holds' if holds else 'MISSED'}"


BARS = {
    "ingest, files/s": Bar(5_000, at_least=True),
    "again unchanged, files/s": Bar(50_000, at_least=True),
    "start to first answer, s": Bar(1.5),
    "memory after load, MB": Bar(300),
    "plain page, ms": Bar(0.2),
    "filtered page, count, facets, ms": Bar(3),
    "full-text page, highlights, ms": Bar(5),
    "durable write, ms": Bar(5),
}
GROWTH = {"plain page, ms": Bar(1.3, 100_000), "durable write, ms": Bar(1.5)}
"""Bars of a figure over that of the smallest size."""


def main(sizes: list[int], tool: Path | None) -> None:
    """Measure and print."""
    figures: dict[tuple[str, int, str], float] = {}
    progress = Console(stderr=True)
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="broadsheet-bench-") as folder:
            for whose, name, figure in measured(Path(folder), size, tool):
                figures[whose, size, name] = figure
                progress.print(f"{size:>7,} articles: {name}: {shown(figure)} ({whose})", highlight=False)
    Console(width=150).print(table(sizes, figures))


def measured(folder: Path, size: int, tool: Path | None) -> Iterator[tuple[str, str, float]]:
    """Yield whose figure, of what, and the figure, one by one."""
    files, path = folder / "files", folder / "0.json"
    articles.write(files, size, tool)
    yield "ours", "ingest, files/s", size / median(filled(folder / f"{run}.json", files) for run in range(RUNS))
    with TinyStore(path, follow=False) as store:
        yield "ours", "again unchanged, files/s", size / timing.seconds(lambda: ingested(store, files))
    runs = [timing.printed(OPENING, str(path)) for _ in range(RUNS)]
    yield "ours", "start to first answer, s", median(run[0] for run in runs)
    yield "ours", "memory after load, MB", median(run[1] for run in runs)
    with TinyStore(path, follow=False) as store:
        documents = asyncio.run(newest(store))
        asked = questions(documents[0])
        for name, figure in (*read(store, asked), *written(store, documents)):
            yield "ours", name, figure
    for name, figure in tinydb.measured(folder / "theirs.json", files, asked):
        yield "theirs", name, figure


def table(sizes: list[int], figures: dict[tuple[str, int, str], float]) -> Table:
    """Return all figures, in Markdown."""
    made = Table("", *(f"{size:,} articles" for size in sizes), "bar", box=rich.box.MARKDOWN)
    for name, bar in BARS.items():
        cells = [cell(figures["ours", size, name], figures["theirs", size, name], bar.at_least) for size in sizes]
        made.add_row(name, *cells, bar.verdict(figures["ours", bar.size, name]) if bar.size in sizes else "")
    for name, bar in GROWTH.items():
        grown = {size: figures["ours", size, name] / figures["ours", sizes[0], name] for size in sizes}
        title = f"{name.rpartition(',')[0]} over that at {sizes[0]:,}"
        verdict = bar.verdict(grown[bar.size]) if bar.size in sizes else ""
        made.add_row(title, *(f"{grown[size]:.2f}×" for size in sizes), verdict)
    return made


def cell(ours: float, theirs: float, at_least: bool) -> str:
    """Return a figure, plain TinyDB's, and how many times better ours is."""
    better = ours / theirs if at_least else theirs / ours
    return f"{shown(ours)} · {shown(theirs)} · {shown(better)}×"


def shown(figure: float) -> str:
    """Return a figure with its first three digits or so."""
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"


def filled(path: Path, files: Path) -> float:
    """Make a store at *path*, and return the seconds that its first ingest takes."""
    with TinyStore(path, follow=False) as store:
        return timing.seconds(lambda: ingested(store, files), 1)


def ingested(store: TinyStore, folder: Path) -> Report:
    """Bring *store* up to date with *folder*."""
    return asyncio.run(ingest(store, [Source(folder)], processes=PROCESSES))


async def newest(store: TinyStore) -> list[Document]:
    """Return the latest documents."""
    (found,) = await store.find([Criteria(page=Page(SAMPLE))])
    return [document for document in await store.documents([each.path for each in found.items]) if document]


def read(store: TinyStore, asked: Questions) -> Iterator[tuple[str, float]]:
    """Measure pages."""
    everything = Criteria()
    good = (Some("topics", Is("slug", Op.EQ, slug(asked.topic))), Is("quality", Op.GTE, 50))
    filtered = Criteria(AllOf((*good, Is("type", Op.EQ, "article"))))
    search = Search(" ".join(asked.words))
    found = Criteria(search=search, order=(Order("relevance"),))

    async def page() -> None:
        store.forget()
        await store.find([everything])

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

    yield "plain page, ms", timing.milliseconds(page, 500)
    yield "filtered page, count, facets, ms", timing.milliseconds(facets, 50)
    yield "full-text page, highlights, ms", timing.milliseconds(text, 50)


def written(store: TinyStore, documents: list[Document]) -> Iterator[tuple[str, float]]:
    """Measure one durable write, with the indexes that reading made."""
    numbers = count()

    async def write() -> None:
        number = next(numbers)
        old = documents[number % len(documents)]
        await store.apply([Put(replace(old, digest=f"new {number}", metadata={**old.metadata, "heat": number}))])

    os.sync()  # what was written before is not this write's to wait for
    yield "durable write, ms", timing.milliseconds(write, 200)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.store", description=__doc__.partition("\n")[0])
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--make-corpus", type=Path, default=articles.TOOL if articles.TOOL.exists() else None)
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    main(list(given.sizes), given.make_corpus)
