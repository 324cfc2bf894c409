"""Reads documents from the files of a store, and delivers every new record to listeners.

Records reach listeners in order and one at a time, whoever wrote them: by `poll`, by the thread that `follow` starts,
or by a `commit` of this process. Where a listener cannot take one, no later one is delivered either: the reader is
stale until that record can be taken, or until all documents, as they are on disk by then, can be loaded anew.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NamedTuple, Protocol

from store.errors import StoreStaleError
from store.tiny.disk.files import Files
from store.tiny.disk.following import Follower
from store.tiny.disk.record import Record
from store.tiny.disk.replica import Replica, Step, lengths
from store.tiny.disk.transaction import Transaction
from store.troubles import Troubles

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 60.0
"""After how long what could not be loaded anew is tried again although no file changed."""


class Contents(Protocol):
    """All documents at one moment."""

    @property
    def sequence(self) -> int:
        """The sequence of the newest record in them."""

    @property
    def stamp(self) -> str:
        """The exact state, as text; see `Reader.stamp`."""

    def documents(self, table: str) -> Iterator[tuple[str, bytes]]:
        """Return id and document of everything in a table, in no promised order."""


Take = Callable[[Record], None]
Load = Callable[[Contents], Callable[[], None]]


class Listener(NamedTuple):
    """Something that is derived from the documents; see `Reader.subscribe`."""

    take: Take
    prepare: Take | None
    load: Load | None


class Reader:
    """A store as one process sees it. Safe for threads."""

    def __init__(  # noqa: PLR0913 # they are those of `JournalStorage`
        self,
        files: Files,
        path: Path,
        logs: Mapping[str, int],
        gate: AbstractContextManager[object] | None,
        troubles: Troubles | None,
        *,
        writable: bool,
    ) -> None:
        """Load what is at *path*; see `JournalStorage` for the settings."""
        self._files, self._path, self._logs, self._writable = files, path, logs, writable
        self._gate = gate or nullcontext()
        self._troubles = troubles or Troubles()
        self._following = threading.RLock()
        self._rebasing = threading.Lock()
        self._listeners: list[Listener] = []
        self._follower: Follower | None = None
        self._stuck: str | None = None
        self._torn = False
        self._failed: tuple[float, object] = (0.0, None)
        self._replica = Replica(files, path, logs, writable=writable)
        self._advance()

    @property
    def sequence(self) -> int:
        """The sequence of the newest record that was delivered."""
        return self._replica.sequence

    @property
    def identity(self) -> str:
        """What tells this store from all others."""
        return self._replica.header.store

    @property
    def stale(self) -> str | None:
        """Why what was written is not delivered, in words; None while it is, as far as anybody looked."""
        return self._stuck or (self._follower.trouble if self._follower else None)

    @property
    def stamp(self) -> str:
        """The exact state, as text: equal for equal stores, also across compactions, restarts and processes."""
        with self._following:
            return self._replica.stamp

    def tables(self) -> list[str]:
        """Return the names of the tables, without the logs."""
        return list(self._replica.catalog.tables)

    def document(self, table: str, identifier: str) -> bytes | None:
        """Return one document as JSON, read from disk; None where there is none."""
        return self._replica.catalog.find(table, identifier)

    def documents(self, table: str) -> Iterator[tuple[str, bytes]]:
        """Return id and document of everything in a table, in no promised order."""
        return self._replica.documents(table)

    def entries(self, log: str, after: int = 0, limit: int | None = None) -> list[tuple[int, bytes]]:
        """Return the entries of a log with ids above *after*, oldest first."""
        catalog = self._replica.catalog
        extents = catalog.logs[log].extents(catalog.logs[log].after(after), limit)
        return [(number, catalog.read(extent)) for number, extent in extents]

    def oldest(self, log: str) -> int | None:
        """Return the id of the oldest entry of a log, or None where it is empty."""
        return self._replica.catalog.logs[log].first()

    def transaction(self) -> Transaction:
        """Return what a writer would be given now, without the lock: good for reading only."""
        return Transaction(self._replica.catalog, self._replica.sequence)

    def still(self) -> AbstractContextManager[object]:
        """Deliver no record for as long as the context lasts."""
        return self._following

    def subscribe(self, take: Take, *, prepare: Take | None = None, load: Load | None = None) -> None:
        """Have *take* called with every record from here on, in order, one at a time. It must not write.

        *prepare* is called with the same record before, while it is not in the documents yet: where it raises, the
        record stays undelivered. *load* reads all documents when a record could not be taken, and returns what puts
        the result in place of what the records made; where it raises, nothing has changed.
        """
        with self._following:
            self._listeners.append(Listener(take, prepare, load))

    def poll(self) -> int:
        """Deliver what other processes wrote since, and return the sequence reached. Raises StoreStaleError."""
        try:
            self._advance()
        except StoreStaleError:
            if not self._load_again():
                raise
        if self._replica.has_been_replaced():
            self._rebase()
        return self.sequence

    def follow(self, interval: float = 0.02) -> None:
        """Poll every *interval* seconds, on a thread of its own, until `close`."""
        if self._follower is None:
            self._follower = Follower(self.poll, interval, self._troubles)

    def _advance(self, *, unconfirmed: bool = False) -> None:
        """Deliver what follows. Raises StoreStaleError at the first record that a listener cannot take."""
        with self._following:
            if self._torn:
                raise StoreStaleError(self._stuck)
            for step in self._replica.steps(unconfirmed=unconfirmed):
                self._deliver(step)
            self._stuck = None

    def _deliver(self, step: Step) -> None:
        try:
            for listener in self._listeners:
                if listener.prepare:
                    listener.prepare(step.record)
            with self._gate:
                self._torn = True
                self._replica.apply(step)
                for listener in self._listeners:
                    listener.take(step.record)
                self._torn = False
        except Exception as error:
            reason = str(error) or type(error).__name__
            self._stuck = f"{self._path}: change {step.record.sequence} cannot be taken in: {reason}"
            raise StoreStaleError(self._stuck) from error

    def _load_again(self) -> bool:
        """Go on from all documents as they are on disk now, and return whether that was possible and worth trying."""
        loads = [listener.load for listener in self._listeners if listener.load]
        since, found = self._failed
        seen = lengths(self._files, self._path)
        if len(loads) < len(self._listeners) or (seen == found and time.monotonic() < since + AGAIN_SECONDS):
            return False
        with self._rebasing:
            self._failed = (time.monotonic(), seen)
            try:
                self._replace(loads)
            except Exception as error:
                logger.warning("%s: everything cannot be loaded anew either: %s", self._path, error)
        return self._stuck is None

    def _replace(self, loads: list[Load]) -> None:
        fresh = Replica(self._files, self._path, self._logs, writable=self._writable)
        fresh.catch_up()
        puts = [load(fresh) for load in loads]
        with self._following, self._gate:
            if self._stuck is not None and fresh.sequence >= self._replica.sequence:
                self._replica = fresh
                for put in puts:
                    put()
                self._stuck, self._torn, self._failed = None, False, (0.0, None)

    def _rebase(self) -> None:
        """Go on from the snapshot that is in place now, and let go of the files before it."""
        with self._rebasing:
            if self._replica.is_current():
                return
            fresh = Replica(self._files, self._path, self._logs, writable=self._writable)
            fresh.catch_up()
            with self._following:
                self._advance()
                fresh.catch_up(self._replica.sequence)
                self._replica = fresh
                self._advance()
