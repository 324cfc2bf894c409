"""Writes batches to the files of a store, each durable when `commit` returns, and compacts the files.

Every process that opens the store sees the records of all processes, in one order. The lock is held for one write only;
threads that write at the same time share one sync.
"""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
from tinydb.storages import Storage

from store.errors import StoreDamagedError, StoreError, StoreReadOnlyError, StoreStaleError
from store.tiny.disk import compaction, journal, snapshot
from store.tiny.disk.catalog import Catalog
from store.tiny.disk.damage import previous, snapshot_damaged
from store.tiny.disk.files import Files
from store.tiny.disk.group import GroupCommit, Take
from store.tiny.disk.journal import Dropped, Journal, OutcomeUnknownError, Title
from store.tiny.disk.layout import LOGS
from store.tiny.disk.lock import WriteLock
from store.tiny.disk.reader import Reader
from store.tiny.disk.record import Record, line, payload
from store.tiny.disk.replica import generations
from store.tiny.disk.transaction import Prepare, Transaction
from store.tiny.disk.witness import Witness
from store.troubles import Troubles

logger = logging.getLogger(__name__)

COMPACT_AFTER = 128 << 20
COMPACTION = "compaction"
LOSS = "store"


class JournalStorage(Reader, Storage):
    """The durable layer, and a TinyDB storage. Safe for threads; a child process opens its own.

    *logs* names the tables whose ids are growing integers, and how many entries of each a compaction retains. *gate* is
    entered around each record, so that a reader inside it finds documents and what listeners derive from them to agree.
    `dropped` is what opening cut off the journal: torn by a crash, never acknowledged.
    """

    def __init__(  # noqa: PLR0913 # each is a setting of its own, and all but one have a default
        self,
        path: str | Path,
        *,
        logs: Mapping[str, int] = LOGS,
        read_only: bool = False,
        patience: float = 10.0,
        compact_after: int = COMPACT_AFTER,
        gate: AbstractContextManager[object] | None = None,
        files: Files | None = None,
        troubles: Troubles | None = None,
    ) -> None:
        """Open the store at *path*, and create it where nothing is.

        *patience* is how many seconds a write waits for other writers. Compaction starts by itself once the journal is
        larger than the snapshot and than *compact_after* bytes. *troubles* is told what following and compaction meet.
        Raises StoreDamagedError, StoreLockedError, and
        StoreReadOnlyError where the folder cannot be written to.
        """
        self._files, self._path = files or Files(), Path(path).absolute()
        self._read_only, self._compact_after = read_only, compact_after
        self._lock = WriteLock(self._files, self._path.with_name(self._path.name + ".lock"), patience)
        self._group = GroupCommit(self._write)
        self._failure: str | None = None
        self._compacting: threading.Thread | None = None
        self.dropped: Dropped | None = None
        if not read_only and self._files.find(self._path) is None:
            with self._writing():
                self._create()
        known = self._lock.noted()  # before anything is read: what is noted later may be of records after that
        super().__init__(self._files, self._path, logs, gate, troubles, writable=not read_only)
        lacking = self._replica.lacks_journal()
        if read_only:
            self._lock.if_free(lambda: self._look(known, lacking))
        else:
            with self._writing():
                self._settle()
                self._replica.refuse_gaps()
            self._tell_loss(known, lacking)

    def _look(self, known: Witness | None, lacking: bool) -> None:
        self._advance(unconfirmed=True)
        self._tell_loss(known, lacking)

    def _tell_loss(self, known: Witness | None, lacking: bool) -> None:
        """Tell where the files hold less than was acknowledged, as far as that can be *known*."""
        if known is not None and known.store == self.identity:
            if known.sequence <= self.sequence:
                return
            reason = f"though change {known.sequence} was acknowledged: its last journal was cut, or is missing or old"
        elif lacking:
            reason = "and the journal that follows is missing: what was written since is lost"
        else:
            return
        reason = f"{self._path}: opened as of change {self.sequence}, {reason}. Put the files back, or ingest again"
        if self._troubles.report(LOSS, reason):
            logger.warning("%s", reason)

    @property
    def failure(self) -> str | None:
        """Why the store takes no more writes, in words; None while it takes them."""
        return self._failure

    # What is written

    def commit(self, prepare: Prepare) -> Record | None:
        """Call *prepare* under the lock and write what it returns; on disk, and delivered, when this returns.

        Raises what *prepare* raises, StoreLockedError, and StoreReadOnlyError from the first failed write on.
        """
        return self._group.call(prepare)

    def _write(self, take: Take) -> None:
        with self._writing():
            end, replica = self._settle(), self._replica
            transaction, chain = Transaction(replica.catalog, replica.sequence), replica.chain
            lines = []
            for call in take():
                try:
                    batch = call.prepare(transaction)
                    call.record = transaction.add(batch) if batch else None
                except Exception as error:
                    call.error = error
                    continue
                if call.record:
                    text, chain = line(b"+", payload(call.record), chain)
                    lines.append(text)
            if lines:
                end.append(b"".join(lines), chain)
                self._lock.note(Witness(replica.header.store, transaction.sequence))
        try:
            self._advance()
        except (OSError, StoreStaleError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise StoreError(f"{self._path}: written, but reading it back failed ({reason})") from error
        self._compact_if_due()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the lock. After an OSError inside, refuse all writes: what a failed sync left is settled on opening."""
        self._refuse_if_read_only()
        try:
            with self._lock.held():
                yield
        except OSError as error:
            known = not isinstance(error, OutcomeUnknownError)
            outcome = "is not kept" if known else "may be found, or not, when the store is opened again"
            self._failure = f"{self._path}: writing failed ({error.strerror}); no writes until it is opened again"
            raise StoreReadOnlyError(f"{self._failure}. What was being written {outcome}") from error

    def _refuse_if_read_only(self) -> None:
        if self._read_only:
            raise StoreReadOnlyError(f"{self._path}: opened for reading only")
        if self._failure:
            raise StoreReadOnlyError(self._failure)

    def _settle(self) -> Journal:
        """Read to the end, and repair what a crash left there. Only under the lock."""
        self._advance()
        if self._replica.journal is None:
            header = self._replica.header
            title = Title(header.store, header.generation, header.sequence, header.chain)
            journal.create(self._files, journal.path_of(self._path, header.generation), title)
            self._advance()
        while (end := self._replica.journal) and not end.is_whole():
            dropped = end.recover()
            if dropped:
                self.dropped = dropped
                logger.warning("%s: cut off %d torn bytes at byte %d, never acknowledged", *_words(dropped))
            self._advance()
        if end is None:
            raise StoreDamagedError(f"{self._path}: replaced while the store was open; open it again")
        return end

    def _create(self) -> None:
        if self._files.find(self._path) is not None:
            return
        if self._files.find(previous(self._path)) or generations(self._files, self._path):
            raise snapshot_damaged(self._files, self._path, "the file is missing, and its journal is there")
        header = snapshot.Header(snapshot.FORMAT, uuid4().hex, 1, 0, 0, datetime.now(UTC))
        with self._files.replacing(self._path, self._path.with_name(self._path.name + ".next")) as handle:
            snapshot.written(self._files, handle, header, ())

    # What TinyDB asks of a storage

    def read(self) -> dict[str, dict[str, Any]] | None:
        """Return every table as new mappings, or None where there are none; for TinyDB, whose queries scan."""
        names = [*self.tables(), *(log for log in self._logs if self.oldest(log) is not None)]
        return {name: self._parsed(name) for name in names} or None

    def _parsed(self, table: str) -> dict[str, Any]:
        if table in self._logs:
            return {str(number): orjson.loads(entry) for number, entry in self.entries(table)}
        return {identifier: orjson.loads(document) for identifier, document in self.documents(table)}

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        """Commit what differs between the tables and *data*; logs are left as they are."""

        def wanted() -> Iterator[tuple[str, str, bytes | None]]:
            for table, held in self._replica.catalog.tables.items():
                documents = data.get(table, {})
                yield from ((table, identifier, None) for identifier in held if identifier not in documents)
            for table, documents in data.items():
                if table not in self._logs:
                    yield from ((table, identifier, orjson.dumps(each)) for identifier, each in documents.items())

        self.commit(lambda transaction: transaction.difference(wanted()))

    # What keeps it small

    def compact(self) -> bool:
        """Write a snapshot of everything; false where there was nothing to do, or another process is doing it.

        Reads go on, and writes too but for a moment. Raises StoreError; what was written is as safe as before.
        """
        running = self._compacting
        if running and running is not threading.current_thread():
            running.join()
        try:
            with compaction.alone(self._files, self._path) as mine:
                state = self._at_rest() if mine else None
                if state is None:
                    return False
                compaction.replace(self._files, self._path, state[0], self._logs, state[1])
            self._rebase()
        except OSError as error:
            raise StoreError(f"{self._path}: compaction failed ({error.strerror}); nothing was lost") from error
        return True

    def _at_rest(self) -> tuple[Catalog, Title] | None:
        """Begin a new journal, and return the catalog of all before it; None if the snapshot has all that already."""
        with self._writing():
            end = self._settle()
            if end.end > end.start:
                replica = self._replica
                following = end.title.generation + 1
                title = Title(end.title.store, following, replica.sequence, replica.chain)
                journal.create(self._files, journal.path_of(self._path, following), title)
                end.append(line(b"!", b"{}", end.chain)[0], end.chain)
                self._advance()
            elif compaction.generation_of(self._files, self._path) == end.title.generation:
                return None
            else:
                title = end.title
            return self._replica.catalog.copy(), title

    def _is_due(self) -> bool:
        return self._replica.behind > max(self._replica.header.size, self._compact_after)

    def _compact_if_due(self) -> None:
        busy = self._compacting is not None and self._compacting.is_alive()
        if not busy and self._is_due():
            self._compacting = threading.Thread(
                target=self._compact_quietly, kwargs={"if_due": True}, name="store-compaction", daemon=True
            )
            self._compacting.start()

    def _compact_quietly(self, *, if_due: bool = False) -> None:
        try:
            if if_due and self._replica.has_been_replaced():
                self.poll()
            if not if_due or self._is_due():
                self.compact()
        except (StoreError, OSError) as error:
            self._compact_after = 2 * self._replica.behind
            if self._troubles.report(COMPACTION, str(error)):
                logger.warning("%s", error)
        except Exception as error:  # whatever it is, the next writes try again
            self._compact_after = 2 * self._replica.behind
            self._troubles.failed(COMPACTION, error)
        else:
            self._troubles.resolve(COMPACTION)

    def close(self) -> None:
        """Stop following; the last to close leaves everything in the snapshot, for TinyDB itself to open."""
        if self._follower:
            self._follower.stop()
            self._follower = None
        if self._compacting:
            self._compacting.join()
            self._compacting = None
        if not self._read_only and not self._failure and self._replica.is_lone():
            self._compact_quietly()
        self._replica.leave()


def _words(dropped: Dropped) -> tuple[Path, int, int]:
    return dropped.path, dropped.size, dropped.offset
