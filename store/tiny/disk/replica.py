"""Follows the files of a store to its newest confirmed state: the snapshot, then its journals as they grow."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from store.tiny.disk.catalog import Catalog
from store.tiny.disk.damage import journal_damaged, previous, snapshot_damaged
from store.tiny.disk.files import Files, Handle
from store.tiny.disk.journal import Journal, path_of
from store.tiny.disk.record import Record
from store.tiny.disk.snapshot import Header, load

ATTEMPTS = 20
PAUSE = 0.001


@dataclass(frozen=True, slots=True)
class Step:
    """One record, not yet in the catalog, and where its documents are."""

    record: Record
    chain: int
    source: int
    offsets: list[int]


def generations(files: Files, path: Path) -> list[int]:
    """Return the numbers of the journals beside a snapshot, in order."""
    prefix = f"{path.name}.journal."
    names = [name.removeprefix(prefix) for name in files.names(path.parent) if name.startswith(prefix)]
    return sorted(int(name) for name in names if name.isdigit())


def lengths(files: Files, path: Path) -> list[tuple[int, int]]:
    """Return number and size of each journal beside a snapshot: equal as long as nothing was written."""
    found = ((number, files.find(path_of(path, number))) for number in generations(files, path))
    return [(number, status.st_size) for number, status in found if status]


class Replica:
    """One reader's position in the files, and the catalog of the documents there."""

    def __init__(self, files: Files, path: Path, logs: Mapping[str, int], *, writable: bool) -> None:
        """Load the snapshot at *path* and enter its journal; raises StoreDamagedError."""
        self._files, self._path, self._logs, self._writable = files, path, logs, writable
        self.journal: Journal | None = None
        self._passed = 0
        for _ in range(ATTEMPTS):
            self.catalog = Catalog(files, logs)
            self.header, self._snapshot = self._load()
            self.sequence, self.chain = self.header.sequence, self.header.chain
            self._enter(self.header.generation)
            if self.journal or self.is_current():
                break

    def steps(self, *, unconfirmed: bool = False) -> Iterator[Step]:
        """Return the confirmed records that follow; each has to be applied before the next is asked for.

        For *unconfirmed* see `Journal.groups`.
        """
        while journal := self.journal or self._enter(self.header.generation):
            for group in journal.groups(unconfirmed=unconfirmed):
                for record, chain, offsets in group.records:
                    if record.sequence > self.sequence:
                        yield Step(record, chain, journal.source, offsets)
            if not journal.sealed:
                return
            following = journal.title.generation + 1
            if not self._enter(following):
                raise snapshot_damaged(self._files, self._path, f"{path_of(self._path, following)} is missing")

    def apply(self, step: Step) -> None:
        """Take one record into the catalog."""
        self.catalog.apply(step.record, step.source, step.offsets)
        self.sequence, self.chain = step.record.sequence, step.chain

    def catch_up(self, limit: int | None = None) -> None:
        """Apply what follows, up to the record of sequence *limit*."""
        for step in self.steps() if limit is None or self.sequence < limit else ():
            self.apply(step)
            if step.record.sequence == limit:
                break

    @property
    def stamp(self) -> str:
        """The exact state, as text; see `Reader.stamp`."""
        return f"{self.header.store}.{self.sequence}.{self.chain:08x}"

    def documents(self, table: str) -> Iterator[tuple[str, bytes]]:
        """Return id and document of everything in a table, in no promised order."""
        return self.catalog.documents(table)

    @property
    def behind(self) -> int:
        """How many bytes of journals the snapshot is behind."""
        return self._passed + (self.journal.end if self.journal else 0)

    def has_been_replaced(self) -> bool:
        """Tell, at little cost, whether a compaction was finished that another snapshot came of."""
        rotated = self.journal is not None and self.journal.title.generation > self.header.generation
        return rotated and not self.is_current()

    def lacks_journal(self) -> bool:
        """Tell whether the snapshot's journal is missing, which was there before the snapshot.

        The first snapshot has none for a moment, and a copy of the snapshot alone has none: nothing stands beside it.
        """
        if self.journal is not None or self.header.generation == 1:
            return False
        return self._files.find(previous(self._path)) is not None or bool(generations(self._files, self._path))

    def is_lone(self) -> bool:
        """Tell whether no other replica reads the same journal."""
        if self.journal is None:
            return False
        alone = self._files.lock(self.journal.handle)
        self._files.lock(self.journal.handle, shared=True)
        return alone

    def leave(self) -> None:
        """Give up the hold on the journal, so that it may be removed; what was read stays readable."""
        if self.journal:
            self._files.unlock(self.journal.handle)

    def is_current(self) -> bool:
        """Tell whether the snapshot is still the one that was loaded."""
        found = self._files.find(self._path)
        return found is not None and found.st_ino == self._files.status(self._snapshot).st_ino

    def refuse_gaps(self) -> None:
        """Raise StoreDamagedError where records follow that cannot be reached. Only under the lock."""
        last = self.journal.title.generation if self.journal else self.header.generation - 1
        for generation in generations(self._files, self._path):
            path = path_of(self._path, generation)
            if generation > last + 1 or (generation == last + 1 and _has_records(self._files, path)):
                reason = f"{path} does not go on from what is there: a journal is missing, or was cut"
                raise snapshot_damaged(self._files, self._path, reason)

    def _load(self) -> tuple[Header, Handle]:
        found = self._files.find(self._path)
        try:
            if found is None or not S_ISREG(found.st_mode):
                raise snapshot_damaged(
                    self._files, self._path, "the store is no file" if found else "the file is missing"
                )
            handle = self._files.open(self._path)
            return load(self._files, handle, self.catalog), handle
        except OSError as error:
            raise snapshot_damaged(self._files, self._path, f"the file cannot be read: {error.strerror}") from error

    def _enter(self, generation: int) -> Journal | None:
        """Go on with this journal, if it is there; it is not removed while somebody reads it."""
        try:
            handle = self._files.open(path_of(self._path, generation), write=self._writable)
        except FileNotFoundError:
            return None
        while not self._files.lock(handle, shared=True):
            time.sleep(PAUSE)
        if not self._files.status(handle).st_nlink:
            return None
        journal = Journal(self._files, handle, self.catalog.add_source(handle))
        title = journal.title
        if (title.store, title.sequence, title.chain) != (self.header.store, self.sequence, self.chain):
            raise journal_damaged(handle.path, 0, f"it does not go on from {self._path}")
        if self.journal:
            self._files.unlock(self.journal.handle)
            self._passed += self.journal.end
        self.journal = journal
        return journal


def _has_records(files: Files, path: Path) -> bool:
    return next(Journal(files, files.open(path), 0).groups(), None) is not None
