"""Does with plain TinyDB, as its users would, each work that `bench.store` measures, for comparison.

TinyDB reads its whole file to open, scans to find, and rewrites the file to write. It has no full text, so it looks for
the words in titles and excerpts.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import yaml
from tinydb import TinyDB, where
from tinydb.table import Table

from bench import timing
from bench.questions import Questions

PAGE = 20
OPENING = """
import sys
from pathlib import Path
from time import perf_counter
start = perf_counter()
from tinydb import TinyDB
with TinyDB(sys.argv[1]) as opened:
    documents = opened.table("articles").all()
    sorted(documents, key=lambda each: each["publishedDateTime"], reverse=True)[:20]
taken = perf_counter() - start
resident = Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]
print(taken, int(resident) / 1024)
"""


def measured(path: Path, folder: Path, questions: Questions) -> Iterator[tuple[str, float]]:
    """Yield the name of each work and what it takes, with the articles of *folder* in a file at *path*."""
    files = len(list(folder.iterdir()))
    with articles(path) as table:
        yield "ingest, files/s", files / timing.seconds(lambda: ingest(table, folder), 1)
        yield "again unchanged, files/s", files / timing.seconds(lambda: changed(table, folder))
    start, resident = timing.printed(OPENING, str(path))
    yield "start to first answer, s", start
    yield "memory after load, MB", resident
    with articles(path) as table:
        yield "plain page, ms", 1000 * timing.seconds(lambda: newest(table.all()))
        yield "filtered page, count, facets, ms", 1000 * timing.seconds(lambda: filtered(table, questions))
        yield "full-text page, highlights, ms", 1000 * timing.seconds(lambda: found(table, questions))
        yield "durable write, ms", 1000 * timing.seconds(lambda: table.update({"heat": 1}, doc_ids=[1]))


@contextmanager
def articles(path: Path) -> Iterator[Table]:
    """Open the table."""
    with TinyDB(path) as opened:
        yield opened.table("articles")


def ingest(table: Table, folder: Path) -> None:
    """Read every file, and put all of them in at once."""
    documents = []
    for file in sorted(folder.iterdir()):
        raw = file.read_bytes()
        document = yaml.load(raw.split(b"---\n", 2)[1], Loader=yaml.CBaseLoader)  # noqa: S506 - builds text alone
        documents.append({**document, "quality": int(document["quality"]), "digest": digest(raw)})
    table.insert_multiple(documents)


def changed(table: Table, folder: Path) -> list[Path]:
    """Read every file, and return those that the table does not hold as they are."""
    known = {document["digest"] for document in table.all()}
    return [file for file in sorted(folder.iterdir()) if digest(file.read_bytes()) not in known]


def digest(raw: bytes) -> str:
    """Return what identifies a file's content."""
    return blake2b(raw, digest_size=16).hexdigest()


def newest(documents: list[Any]) -> list[Any]:
    """Return the first page."""
    return sorted(documents, key=lambda each: each["publishedDateTime"], reverse=True)[:PAGE]


def filtered(table: Table, questions: Questions) -> None:
    """Find one topic's good articles, a page of them, and count them by what facets count."""
    table.clear_cache()
    wanted = where("topics").any([questions.topic]) & (where("quality") >= 50) & (where("type") == "article")
    matching = table.search(wanted)
    newest(matching)
    Counter(each["provider"]["domain"] for each in matching)
    Counter(topic for each in matching for topic in each["topics"])
    for key in ("type", "category"):
        Counter(each.get(key) for each in matching)
    Counter(each["publishedDateTime"][:7] for each in matching)


def found(table: Table, questions: Questions) -> None:
    """Find the articles that hold all words in their title or excerpt."""
    table.clear_cache()
    table.search(lambda each: all(word in f"{each['title']} {each['excerpt']}".lower() for word in questions.words))
