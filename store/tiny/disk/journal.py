"""Appends records to the journal, a write-ahead log, and reads those that a mark after them confirms.

The lines: `# …` says which journal this is; `+ …` is a record; `= CHECKSUM` is a mark, written once all before it was
synced; `! …` is the end, the next generation follows. Readers stop at the last mark, so they never see what may yet be
taken back. After a crash the marks of the last records may be missing: `recover` decides, under the lock.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

import msgspec
from msgspec import Struct

from store.errors import StoreDamagedError
from store.tiny.disk.damage import journal_damaged
from store.tiny.disk.files import Files, Handle
from store.tiny.disk.record import Record, line, mark, read

CHUNK = 1 << 18
SETTLED = 1.0
"""Trust (size, mtime) as a change test only if mtime is this many seconds old; a younger file may change within one
clock tick."""
_HEAD = re.compile(rb"([#+!]) ([0-9a-f]{8}) ([0-9]{1,15}) ")
_MARK = re.compile(rb"^= [0-9a-f]{8}\n", re.MULTILINE)


class Title(Struct, frozen=True):
    """The first line: `sequence` and `chain` (a checksum) are what the records go on from."""

    store: str
    generation: int
    sequence: int
    chain: int


@dataclass(slots=True)
class Group:
    """Lines up to a mark: the records, each with its checksum and where its documents start; and where they end."""

    chain: int
    end: int
    records: list[tuple[Record, int, list[int]]] = field(default_factory=list)
    sealed: bool = False
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Dropped:
    """What `recover` cut off a journal: never acknowledged, torn by a crash."""

    path: Path
    offset: int
    size: int


class OutcomeUnknownError(OSError):
    """Writing failed, and so did taking it back: the records may or may not be found on the next opening."""


@dataclass(frozen=True, slots=True)
class _Line:
    kind: bytes
    data: bytes
    start: int
    end: int
    checksum: int


def path_of(path: Path, generation: int) -> Path:
    """Return the name of a store's journal."""
    return path.with_name(f"{path.name}.journal.{generation}")


def create(files: Files, path: Path, title: Title) -> None:
    """Make a journal without records; it is on disk when this returns."""
    data = line(b"#", msgspec.json.encode(title), 0)[0] + mark(title.chain)
    with files.replacing(path, path.with_name(path.name + ".new")) as handle:
        files.write(handle, 0, data)


class Journal:
    """One open journal: records begin at `start`; `end` is past the last mark read, `chain` the checksum there."""

    def __init__(self, files: Files, handle: Handle, source: int) -> None:
        self._files, self.handle, self.source = files, handle, source
        self._window, self._window_start = b"", 0
        self._seen: tuple[int, int] | None = None
        self.title, self.end = self._read_title()
        self.start, self.chain, self.sealed = self.end, self.title.chain, False

    def groups(self, *, unconfirmed: bool = False) -> Iterator[Group]:
        """Return the groups after `end` that are confirmed; each counts as read once the next is asked for.

        With *unconfirmed* also what a crash left whole without its mark: only where nobody can be writing.
        """
        status = self._files.status(self.handle)
        seen = (status.st_size, status.st_mtime_ns)
        if status.st_size == self.end or seen == self._seen:
            return
        self._window = b""
        while (group := self._group(status.st_size)).confirmed or (unconfirmed and group.end > self.end):
            yield group
            self.end, self.chain, self.sealed = group.end, group.chain, group.sealed
        settled = time.time() - status.st_mtime > SETTLED
        self._seen = seen if settled else None

    def append(self, data: bytes, chain: int) -> None:
        """Write records after `end`, sync, confirm. What fails is taken back, so that nobody builds upon it.

        The mark before them, synced by nobody yet, is written again: a sync that failed elsewhere may have lost it.

        Raises OSError; OutcomeUnknownError where taking back failed too. Only under the lock, all of the file read.
        """
        again = mark(self.chain)
        try:
            self._files.write(self.handle, self.end - len(again), again + data)
            self._files.sync(self.handle)
            self._files.write(self.handle, self.end + len(data), mark(chain))
        except OSError as error:
            try:
                self._files.truncate(self.handle, self.end)
                self._files.sync(self.handle)
            except OSError:
                raise OutcomeUnknownError(error.errno, error.strerror) from error
            raise

    def is_whole(self) -> bool:
        """Tell whether all of the file was read, up to a mark that ends it; StoreDamagedError where it was removed."""
        status = self._files.status(self.handle)
        if not status.st_nlink:
            raise StoreDamagedError(f"{self.handle.path}: removed while the store was open; open it again")
        return status.st_size == self.end

    def recover(self) -> Dropped | None:
        """Confirm whole records that a crash left without their mark, cut off what is torn, and return what that was.

        Whole records are written again in place before they are trusted: after a failed sync, what reads well may not
        be on disk. Raises StoreDamagedError where a mark follows what is torn: that was no crash. Only under the lock.
        """
        size = self._files.status(self.handle).st_size
        self._window = b""
        group = self._group(size)
        rest = self._files.read(self.handle, group.end, max(size - group.end, 0))
        if size < self.end or _MARK.search(rest):
            raise journal_damaged(self.handle.path, group.end, "a confirmed record is damaged")
        whole = self._files.read(self.handle, self.end, group.end - self.end)
        again = mark(self.chain)
        self._files.write(self.handle, self.end - len(again), again + whole)
        self._files.truncate(self.handle, group.end)
        self._files.sync(self.handle)
        if whole:
            self._files.write(self.handle, group.end, mark(group.chain))
        return Dropped(self.handle.path, group.end, len(rest)) if rest else None

    def _read_title(self) -> tuple[Title, int]:
        found = self._line(0, 0, self._files.status(self.handle).st_size)
        if found is None or found.kind != b"#":
            raise journal_damaged(self.handle.path, 0, "the first line cannot be read")
        title = msgspec.json.decode(found.data, type=Title)
        return title, found.end + len(mark(title.chain))

    def _group(self, size: int) -> Group:
        """Return the lines from `end` to the next mark, or to the first that is not whole."""
        group = Group(chain=self.chain, end=self.end)
        while not group.confirmed:
            text = mark(group.chain)
            if self._bytes(group.end, len(text)) == text:
                group.end, group.confirmed = group.end + len(text), True
                break
            found = None if group.sealed else self._line(group.end, group.chain, size)
            if found is None:
                break
            if found.kind == b"+":
                record, offsets = read(found.data)
                group.chain = found.checksum
                group.records.append((record, group.chain, [found.start + offset for offset in offsets]))
            group.sealed = found.kind == b"!"
            group.end = found.end
        return group

    def _line(self, offset: int, chain: int, size: int) -> _Line | None:
        """Return the line at *offset*, or None where none is whole in a file of *size* bytes."""
        head = _HEAD.match(self._bytes(offset, 32))
        if head is None:
            return None
        start = offset + head.end()
        end = start + int(head[3]) + 1
        if end > size:
            return None
        text = self._bytes(start, end - start)
        data = text[:-1]
        checksum = crc32(data, crc32(head[1], chain))
        if text[-1:] != b"\n" or checksum != int(head[2], 16):
            return None
        return _Line(head[1], data, start, end, checksum)

    def _bytes(self, offset: int, size: int) -> bytes:
        begin = offset - self._window_start
        if begin < 0 or begin + size > len(self._window):
            self._window = self._files.read(self.handle, offset, max(size, CHUNK))
            self._window_start, begin = offset, 0
        return self._window[begin : begin + size]
