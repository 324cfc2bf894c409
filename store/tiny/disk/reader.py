"""Reads documents from the files of a store, and delivers every new record to listeners.

Records reach listeners in order and one at a time, whoever wrote them: by `poll`, by the thread that `follow` starts,
or by a `commit` of this process.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from store.tiny.disk.files import Files
from store.tiny.disk.following import Follower
from store.tiny.disk.record import Record
from store.tiny.disk.replica import Replica
from store.tiny.disk.transaction import Transaction
from store.troubles import Troubles

Listener = Callable[[Record], None]


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
        """Why writes of other processes are not delivered, in words; None while they are, and without `follow`."""
        return self._follower.trouble if self._follower else None

    @property
    def stamp(self) -> str:
        """The exact state, as text: equal for equal stores, also across compactions, restarts and processes."""
        with self._following:
            return f"{self._replica.header.store}.{self._replica.sequence}.{self._replica.chain:08x}"

    def tables(self) -> list[str]:
        """Return the names of the tables, without the logs."""
        return list(self._replica.catalog.tables)

    def document(self, table: str, identifier: str) -> bytes | None:
        """Return one document as JSON, read from disk; None where there is none."""
        return self._replica.catalog.find(table, identifier)

    def documents(self, table: str) -> Iterator[tuple[str, bytes]]:
        """Return id and document of everything in a table, in no promised order."""
        return self._replica.catalog.documents(table)

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

    def subscribe(self, listener: Listener) -> None:
        """Have *listener* called with every record from here on, in order, one at a time. It must not write."""
        with self._following:
            self._listeners.append(listener)

    def poll(self) -> int:
        """Deliver what other processes wrote since, and return the sequence reached."""
        self._advance()
        if self._replica.has_been_replaced():
            self._rebase()
        return self.sequence

    def follow(self, interval: float = 0.02) -> None:
        """Poll every *interval* seconds, on a thread of its own, until `close`."""
        if self._follower is None:
            self._follower = Follower(self.poll, interval, self._troubles)

    def _advance(self, *, unconfirmed: bool = False) -> None:
        with self._following:
            for step in self._replica.steps(unconfirmed=unconfirmed):
                with self._gate:
                    self._replica.apply(step)
                    for listener in self._listeners:
                        listener(step.record)

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
