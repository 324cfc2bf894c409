"""Lets one writer in at a time, among all threads and processes, by a lock file that names its holder.

`PATH.lock` is locked during a write. Every writer first takes `PATH.turn`, and holds it while it waits for `PATH.lock`:
one that writes without pause so lets the others in.
"""

import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import orjson
from msgspec import Struct

from store.errors import StoreLockedError
from store.tiny.disk.files import Files, Handle
from store.tiny.disk.witness import OFFSET, Witness, note, noted

PAUSE = 0.0005
HOLDER_SIZE = OFFSET


class Holder(Struct, frozen=True):
    """The process that has, or last had, the lock."""

    pid: int
    host: str
    command: str
    since: datetime

    def __str__(self) -> str:
        return f"process {self.pid} (`{self.command}`) on {self.host}, since {self.since:%Y-%m-%dT%H:%M:%SZ}"


def _command() -> str:
    # The subcommand, and nothing after it: arguments may be secrets.
    return " ".join([Path(sys.argv[0] or "python").name, *(word for word in sys.argv[1:2] if word.isalpha())])


class WriteLock:
    """The lock of one store, to be held for one write. Waits *patience* seconds, then raises StoreLockedError."""

    def __init__(self, files: Files, path: Path, patience: float) -> None:
        self._files, self._path, self._patience = files, path, patience
        self._turn_path = path.with_name(path.stem + ".turn")
        self._thread = threading.Lock()
        self._handle: Handle | None = None
        self._turn: Handle | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock."""
        until = time.monotonic() + self._patience
        if not self._thread.acquire(timeout=self._patience):
            raise StoreLockedError(f"{self._path}: another thread of this process has been writing for too long")
        try:
            self._turn = self._locked(self._turn_path, self._turn, until)
            try:
                self._handle = self._locked(self._path, self._handle, until)
            finally:
                self._files.unlock(self._turn)
            try:
                self._sign(self._handle)
                yield
            finally:
                self._files.unlock(self._handle)
        finally:
            self._thread.release()

    def note(self, seen: Witness) -> None:
        """Write *seen* beside the holder's name; only while the lock is held."""
        if self._handle:
            note(self._files, self._handle, seen)

    def noted(self) -> Witness | None:
        """Return what was noted last, None where that is not known."""
        return noted(self._files, self._path)

    def if_free(self, work: Callable[[], None]) -> None:
        """Do *work* with writers locked out, or nothing if one is writing; needs no permission to write."""
        if self._files.find(self._path) is None:
            work()
            return
        handle = self._files.open(self._path)
        if self._files.lock(handle, shared=True):
            work()

    def _locked(self, path: Path, handle: Handle | None, until: float) -> Handle:
        while True:
            handle = handle or self._files.open(path, write=True, create=True)
            if self._files.lock(handle):
                found = self._files.find(path)
                if found and found.st_ino == self._files.status(handle).st_ino:
                    return handle
                handle = None  # somebody removed the file: a lock on it excludes nobody
            elif time.monotonic() > until:
                raise StoreLockedError(self._refusal())
            else:
                time.sleep(PAUSE)

    def _sign(self, handle: Handle) -> None:
        holder = Holder(os.getpid(), socket.gethostname(), _command(), datetime.now(UTC))
        self._files.write(handle, 0, orjson.dumps(msgspec.to_builtins(holder)).ljust(HOLDER_SIZE - 1) + b"\n")

    def _refusal(self) -> str:
        try:
            text = self._files.read(self._files.open(self._path), 0, HOLDER_SIZE)
            holder = str(msgspec.json.decode(text, type=Holder))
        except (OSError, msgspec.DecodeError):
            holder = "another process"
        store = self._path.with_suffix("")
        return f"{store}: being written to by {holder}; waited {self._patience:g} s. Nothing was changed"
