"""Locates each document in the files of a store, so that it is read from disk when needed and not held in memory.

An extent is one integer: which of the catalog's files (16 bits), the offset in it (48), the length (32). A log is a
table whose ids are growing integers, such as the announced changes: kept in arrays, since there are many.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from store.tiny.disk.files import Files, Handle
from store.tiny.disk.record import Record


class Log:
    """The extents of a log's entries, oldest first."""

    __slots__ = ("_ids", "_lengths", "_starts")

    def __init__(self) -> None:
        self._ids, self._starts, self._lengths = array("Q"), array("Q"), array("I")

    def __len__(self) -> int:
        return len(self._ids)

    def append(self, identifier: str, extent: int) -> None:
        """Add an entry; ValueError where its id is no integer above the last."""
        number = int(identifier)
        if self._ids and number <= self._ids[-1]:
            raise ValueError(f"entry {number} does not follow {self._ids[-1]}")
        self._starts.append(extent >> 32)
        self._lengths.append(extent & 0xFFFFFFFF)
        self._ids.append(number)

    def after(self, number: int) -> int:
        """Return the position of the first entry above *number*."""
        return bisect_right(self._ids, number)

    def first(self) -> int | None:
        """Return the id of the oldest entry."""
        return self._ids[0] if self._ids else None

    def extents(self, start: int, limit: int | None = None) -> list[tuple[int, int]]:
        """Return id and extent of the entries from position *start* on."""
        stop = len(self._ids) if limit is None else min(start + limit, len(self._ids))
        return [(self._ids[at], self._starts[at] << 32 | self._lengths[at]) for at in range(start, stop)]

    def copy(self) -> "Log":
        """Return a log of the same entries."""
        other = Log()
        other._ids, other._starts, other._lengths = self._ids[:], self._starts[:], self._lengths[:]
        return other


class Catalog:
    """The extents of all documents. Changed by one thread at a time; may be read by others meanwhile."""

    def __init__(self, files: Files, logs: Iterable[str]) -> None:
        self._files = files
        self._sources: list[Handle] = []
        self.tables: dict[str, dict[str, int]] = {}
        self.logs = {name: Log() for name in logs}

    def copy(self) -> "Catalog":
        """Return a catalog of the same extents, which later records do not change."""
        other = Catalog(self._files, ())
        other._sources = list(self._sources)
        other.tables = {table: dict(extents) for table, extents in self.tables.items()}
        other.logs = {name: log.copy() for name, log in self.logs.items()}
        return other

    def add_source(self, handle: Handle) -> int:
        """Keep a file open for reading from, and return its number here."""
        self._sources.append(handle)
        return len(self._sources) - 1

    def put(self, table: str, identifier: str, source: int, offset: int, length: int) -> None:
        """Note where a document is."""
        extent = source << 80 | offset << 32 | length
        if table in self.logs:
            self.logs[table].append(identifier, extent)
        else:
            self.tables.setdefault(table, {})[identifier] = extent

    def apply(self, record: Record, source: int, offsets: list[int]) -> None:
        """Note what a record of file *source* changed; *offsets* are where its documents start."""
        for table, identifier in record.drops:
            self.tables.get(table, {}).pop(identifier, None)
        for (table, identifier, document), offset in zip(record.puts, offsets, strict=True):
            self.put(table, identifier, source, offset, len(document))

    def find(self, table: str, identifier: str) -> bytes | None:
        """Return one document, read from disk."""
        extent = self.tables.get(table, {}).get(identifier)
        return None if extent is None else self.read(extent)

    def read(self, extent: int) -> bytes:
        """Return the bytes of an extent."""
        return self._files.read(self._sources[extent >> 80], extent >> 32 & 0xFFFFFFFFFFFF, extent & 0xFFFFFFFF)

    def documents(self, table: str) -> Iterator[tuple[str, bytes]]:
        """Return the documents that a table holds now, read from disk one by one."""
        for identifier, extent in list(self.tables.get(table, {}).items()):
            yield identifier, self.read(extent)

    def latest(self, log: str, count: int) -> Iterator[tuple[str, bytes]]:
        """Return the last *count* entries of a log, oldest first, read from disk one by one."""
        entries = self.logs[log]
        for start in range(max(0, len(entries) - count), len(entries)):
            number, extent = entries.extents(start, 1)[0]
            yield str(number), self.read(extent)
