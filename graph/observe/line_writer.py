"""Writes the log to standard error on a thread of its own, so that no request waits for a disk or for a pipe's reader.

Lines that cannot be written wait, up to a bound; past it they are dropped and counted. A full disk, a closed pipe and a
reader that stopped reading thus cost lines of the log, and nothing else. Once writing works again, a line says how many
are missing.
"""

import atexit
import io
import logging
import os
import select
import sys
import time
from contextlib import suppress
from threading import Condition, Event, Thread

from store.troubles import Troubles, supervise

TASK = "log"
MOST_BYTES = 1024 * 1024
"""Most bytes of lines that wait to be written."""
RETRY_SECONDS = 1.0
STUCK_SECONDS = 2.0
"""A write that takes longer is told as a trouble: whoever reads the pipe has stopped."""
LAST_SECONDS = 2.0
"""How long a process that ends waits for its last lines to be written."""
STUCK = "standard error takes nothing: whoever reads it has stopped reading"

log = logging.getLogger("broadsheet.log")


class LineWriter:
    """Lines for one file descriptor; `write` may be called from any thread, returns at once and never raises."""

    def __init__(self, troubles: Troubles, descriptor: int = 2) -> None:
        """Write to *descriptor*; while that does not work it is one of the *troubles*."""
        self.troubles, self.descriptor = troubles, descriptor
        self.dropped = 0
        """How many lines there was no room for."""
        self._changed = Condition()  # on a lock that a signal handler or a finalizer may take once more
        self._waiting: list[bytes] = []
        self._size = self._missing = 0
        self._failing = False
        self._writing_since: float | None = None
        self._thread: Thread | None = None

    def write(self, lines: bytes) -> None:
        """Have whole lines written, or drop them if too much waits already."""
        with self._changed:
            if self._size + len(lines) > MOST_BYTES:
                count = lines.count(b"\n")
                self.dropped += count
                self._missing += count
                return
            self._waiting.append(lines)
            self._size += len(lines)
            self._changed.notify_all()
            if self._thread is None:
                with suppress(RuntimeError):  # there may be no more threads for the moment: the next line tries again
                    self._start()

    def check(self) -> None:
        """Report a write that does not return; one that fails is reported when it does."""
        with self._changed:
            since = self._writing_since
            if since is not None and time.monotonic() - since > STUCK_SECONDS:
                self.troubles.report(TASK, STUCK)

    def flush(self, seconds: float = LAST_SECONDS) -> bool:
        """Wait until everything is written, at most for some *seconds* or until writing fails; return whether it is."""
        with self._changed:
            self._changed.wait_for(lambda: not self._size or self._failing, seconds)
            return not self._size

    def _start(self) -> None:
        thread = Thread(target=supervise, args=(TASK, self._write_all, self.troubles, Event()), name="log", daemon=True)
        thread.start()
        self._thread = thread

    def _write_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                lines, self._waiting = b"".join(self._waiting), []
            try:
                self._put(lines)
            finally:
                with self._changed:
                    self._size -= len(lines)
                    missing, self._missing = self._missing, 0
                    self._changed.notify_all()
            if missing:
                log.warning("%d lines of the log were dropped, because standard error took nothing", missing)

    def _put(self, lines: bytes) -> None:
        """Write *lines*, however long it takes: what was written of them is not written again."""
        left = memoryview(lines)
        while left:
            with self._changed:
                self._writing_since = self._writing_since or time.monotonic()
            try:
                left = left[os.write(self.descriptor, left) :]
            except BlockingIOError:  # a pipe that somebody made non-blocking, and that is full
                self._wait_for_room()
            except OSError as error:
                self._fail(error)
            else:
                self._succeed()

    def _wait_for_room(self) -> None:
        poll = select.poll()
        poll.register(self.descriptor, select.POLLOUT)
        if not poll.poll(RETRY_SECONDS * 1000):
            self.check()

    def _fail(self, error: OSError) -> None:
        with self._changed:
            self._writing_since, self._failing = None, True
            self.troubles.report(TASK, f"standard error cannot be written: {error.strerror}")
            self._changed.notify_all()
        time.sleep(RETRY_SECONDS)

    def _succeed(self) -> None:
        with self._changed:
            self._writing_since, self._failing = None, False
            self.troubles.resolve(TASK)


class Stream(io.RawIOBase):
    """A stream whose bytes a `LineWriter` writes."""

    def __init__(self, writer: LineWriter) -> None:
        super().__init__()
        self._writer = writer

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, data: "io._WriteableBuffer") -> int:  # type: ignore[name-defined] # a buffer, as typeshed has it
        """Have *data* written, and return how many bytes that are."""
        lines = bytes(data)
        self._writer.write(lines)
        return len(lines)

    def fileno(self) -> int:
        """Return the descriptor that is written to."""
        return self._writer.descriptor

    def isatty(self) -> bool:
        """Whether somebody sits before it."""
        return os.isatty(self._writer.descriptor)


def replace_standard_error(troubles: Troubles) -> LineWriter:
    """Have everything that this process says on standard error written by the writer that is returned.

    What libraries print there, warnings and the tracebacks of threads thus neither wait nor raise either. When the
    process ends, its last lines are waited for.
    """
    descriptor = sys.__stderr__.fileno() if sys.__stderr__ is not None else os.open(os.devnull, os.O_WRONLY)
    writer = LineWriter(troubles, descriptor)
    buffer = io.BufferedWriter(Stream(writer))
    sys.stderr = io.TextIOWrapper(buffer, "utf-8", "backslashreplace", line_buffering=True)
    atexit.register(writer.flush)
    return writer
