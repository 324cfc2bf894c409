"""Ingests edits of the served folders, so that they are in a running server's answers within a second.

It writes to the store like any other process beside the server. Each folder has a thread of its own, so that one that
fails, or a disk that hangs, keeps no other from being read. What does not work is the trouble `folder NAME` until it
works again. A file that is broken while it is edited keeps its last good version, and is reported once for each time
that it is saved.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Lock, Thread

from graph.serve.folder_events import FolderEvents, Touched
from store.errors import Problem, StoreError
from store.files.ingest import Report, ingest
from store.files.source import Source
from store.tiny.store import TinyStore
from store.troubles import Troubles, supervise

log = logging.getLogger("broadsheet.watch")

PAUSE_SECONDS = 1.0
"""How long a folder rests whose edits could not be taken up, before all of it is looked at again."""
PATIENCE_SECONDS = 5.0
"""How long the end waits for an ingest under way; one that a disk holds up ends with the process."""


@contextmanager
def watching(
    path: Path, sources: Sequence[Source], show: Callable[[Report], None], troubles: Troubles, known: Report
) -> Iterator[None]:
    """Keep the store at *path* up to date with its folders for as long as the context lasts.

    *known* is the report of the ingest before, whose problems are not shown again. What fails is in *troubles*.
    """
    stop = Event()
    events = [FolderEvents(source, stop) for source in sources]
    store = _SharedStore(path, troubles)
    folders = [_Folder(store, each, events, show, troubles) for each in events]
    for folder in folders:
        folder.known = frozenset(known.problems)
    threads = [Thread(target=folder.watch, args=(stop,), name="watch", daemon=True) for folder in folders]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
        store.close()


def task(source: Source) -> str:
    """Return the name under which a folder's troubles are kept."""
    return f"folder {source.name or source.folder}"


class _SharedStore:
    """The store that all folders are read into, so that its articles are in memory once; opened when it is needed."""

    def __init__(self, path: Path, troubles: Troubles) -> None:
        self._path, self._troubles, self._lock = path, troubles, Lock()
        self._store: TinyStore | None = None

    def current(self) -> TinyStore:
        """Return the store as it is now, opened anew if it took no more writes. Raises StoreError, OSError."""
        with self._lock:
            if self._store is not None and self._store.failure is not None:
                self._close()
            self._store = self._store or TinyStore(self._path, follow=False, troubles=self._troubles)
            self._store.catch_up()
            return self._store

    def close(self) -> None:
        """Close the store."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


class _Folder:
    """Keeps the store up to date with one folder."""

    def __init__(
        self,
        store: _SharedStore,
        events: FolderEvents,
        all_events: Sequence[FolderEvents],
        show: Callable[[Report], None],
        troubles: Troubles,
    ) -> None:
        self._store, self._source, self._events, self._all_events = store, events.source, events, all_events
        self._show, self._troubles = show, troubles
        self._task = task(events.source)
        self.known: frozenset[Problem] = frozenset()

    def watch(self, stop: Event) -> None:
        """Take up edits until told to stop, whatever fails."""
        supervise(self._task, lambda: self._watch(stop), self._troubles, stop)

    def _watch(self, stop: Event) -> None:
        while not stop.is_set():
            try:
                with closing(iter(self._events)) as looks:
                    for touched in looks:
                        self._take_up(touched)
            except (StoreError, OSError) as error:  # the next look is at everything
                self._tell(f"its edits were not taken up: {error}")
                stop.wait(PAUSE_SECONDS)

    def _take_up(self, touched: Touched) -> None:
        others = [events.source for events in self._all_events]
        store = self._store.current()
        report = asyncio.run(ingest(store, [self._source], touched=touched, beside=others, waits=self._tell))
        if report.removed:  # another folder may have a file at such a path, which can be served now
            for events in self._all_events:
                if events is not self._events:
                    events.look_again()
        self._tell_people(report, touched)
        reasons = [self._events.unwatched, *(each.reason for each in report.held)]
        self._tell("; ".join(filter(None, reasons)) or None)

    def _tell_people(self, report: Report, touched: Touched) -> None:
        """Show an ingest that changed something, or met a problem that was not shown before."""
        now = frozenset(report.problems)
        news = [each for each in report.problems if each not in self.known or self._is_saved_again(each, touched)]
        self.known = now
        if report.added or report.updated or report.removed or news:
            report.problems = news
            report.failed = len({problem.path for problem in news if problem.code != "path.alike"})
            self._show(report)

    def _is_saved_again(self, problem: Problem, touched: Touched) -> bool:
        inner = problem.path.removeprefix(self._source.prefix)
        return touched is not None and Path(os.path.realpath(self._source.location / inner)) in touched

    def _tell(self, reason: str | None) -> None:
        """Report or resolve the folder's trouble; the log has each reason once, and the end."""
        if reason is None:
            if self._troubles.resolve(self._task):
                log.warning("%s: works again", self._task)
        elif self._troubles.report(self._task, reason):
            log.error("%s: %s", self._task, reason)
