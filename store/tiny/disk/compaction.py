"""Replaces the snapshot by one of all documents, and removes the journals that nobody needs any more.

Killed at any point, it leaves the old or the new snapshot whole, with the journals that follow it. The old one stays as
`PATH.previous`, and its journals stay too: together they are complete.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from store.tiny.disk import snapshot
from store.tiny.disk.catalog import Catalog
from store.tiny.disk.damage import previous
from store.tiny.disk.files import Files
from store.tiny.disk.journal import Title, path_of
from store.tiny.disk.replica import generations


@contextmanager
def alone(files: Files, path: Path) -> Iterator[bool]:
    """Lock out other compactions of this store for the context; yield false if one is running."""
    handle = files.open(path.with_name(path.name + ".compacting"), write=True, create=True)
    mine = files.lock(handle)
    try:
        yield mine
    finally:
        if mine:
            files.unlock(handle)


def generation_of(files: Files, path: Path) -> int:
    """Return the generation of the snapshot that is in place now."""
    return snapshot.read_header(files, files.open(path)).generation


def replace(files: Files, path: Path, catalog: Catalog, logs: Mapping[str, int], title: Title) -> None:
    """Write the catalog's documents as the snapshot that the journal of this title goes on from.

    *logs* says how many entries of each log are retained. Raises OSError, with the old snapshot in place.
    """
    before = generation_of(files, path)
    header = snapshot.Header(
        snapshot.FORMAT, title.store, title.generation, title.sequence, title.chain, datetime.now(UTC)
    )
    tables = [(table, catalog.documents(table)) for table in catalog.tables]
    entries = [(log, catalog.latest(log, count)) for log, count in logs.items()]
    with files.replacing(path, path.with_name(path.name + ".next")) as handle:
        snapshot.written(files, handle, header, [*tables, *entries])
        files.sync(handle)
        _link_previous(files, path)
    _clear(files, path, before)


def _link_previous(files: Files, path: Path) -> None:
    second = path.with_name(path.name + ".previous.new")
    files.remove(second)
    files.link(path, second)
    files.rename(second, previous(path))


def _clear(files: Files, path: Path, before: int) -> None:
    """Remove the journals below a generation, oldest first, up to one that somebody still reads."""
    for generation in generations(files, path):
        old = path_of(path, generation)
        if generation >= before or not files.lock(files.open(old)):
            return
        files.remove(old)
