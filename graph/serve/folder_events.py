"""Yields what changed in a folder, as the system notifies of it, and everything where notifications may be missing.

The directories that are watched are those that an ingest lists and those that links lead through, whatever they are
called; one that may not be read costs itself alone. A watch lasts a minute at most. It begins again when a directory or
a link is touched, when the folder is another one (recreated, mounted, re-pointed), when a name is no UTF-8, and when
very many paths come at once. Each time that one has begun every file is suspect, so nothing is lost in between.
"""

import logging
import os
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from threading import Event

from watchfiles import watch

from store.errors import StoreError
from store.files.listing import listed
from store.files.source import Source

log = logging.getLogger("broadsheet.watch")

SETTLE_MILLISECONDS = 200
"""How long edits are gathered before they are taken up, and how often the folder itself is looked at."""
WHOLE_SECONDS = 60.0
"""How often everything is looked at, since notifications get lost: a full queue, a file system over the network."""
MANY = 1000
"""Of more paths at once some may have been lost: the system's queue holds 16,384 events, several for each file."""
POLL_SECONDS = 2.0
"""How often everything is looked at where there are no notifications; more rarely if looking takes long."""
BUSY = 0.1
"""The most of the time that is spent looking at everything where there are no notifications."""

Touched = frozenset[Path] | None
"""The paths that were touched; None where every file is suspect."""


class FolderEvents:
    """The changes of one folder; `unwatched` says in words why the system does not tell them, None while it does."""

    def __init__(self, source: Source, stop: Event) -> None:
        self.source, self._stop = source, stop
        self._again = Event()
        self.unwatched: str | None = None

    def look_again(self) -> None:
        """Suspect every file soon, whatever the system tells; may be called from any thread."""
        self._again.set()

    def __iter__(self) -> Generator[Touched]:
        """Yield until told to stop; what comes first is None."""
        while not self._stop.is_set():
            self._again.clear()
            root = self._root()
            try:
                yield from self._watched(root)
            except (OSError, RuntimeError, UnicodeError, StoreError) as error:
                words = f"it cannot be watched, only looked at every few seconds: {error}"
                self.unwatched = None if isinstance(error, StoreError) else words  # an ingest says what it cannot open
                began = time.monotonic()
                yield None
                self._rest(root, max(POLL_SECONDS, (time.monotonic() - began) / BUSY))

    def _watched(self, root: object) -> Generator[Touched]:
        """Yield changes for as long as the watch misses none. Raises what opening or watching a folder raises."""
        places, until = self._places(), time.monotonic() + WHOLE_SECONDS
        notifications = watch(
            *places,
            watch_filter=None,
            recursive=False,
            debounce=SETTLE_MILLISECONDS,
            rust_timeout=SETTLE_MILLISECONDS,
            yield_on_timeout=True,
            stop_event=self._stop,
        )
        with closing(notifications):
            try:
                next(notifications, None)
            except OSError:
                if self._places() == places:
                    raise
                return  # one went away before it could be watched
            self.unwatched = None
            yield None
            if self._places() != places:  # one was made before it could be watched
                return
            try:
                for changes in notifications:
                    touched = frozenset(Path(name) for _, name in changes)
                    if len(touched) > MANY or any(map(_leads_on, touched)):
                        return
                    if touched:
                        yield touched
                    if self._again.is_set() or time.monotonic() > until or self._root() != root:
                        return
            except RuntimeError as error:  # a name that is no UTF-8, above all
                log.warning("%s: everything is looked at again: %s", self.source.shown, error)
                self._stop.wait(POLL_SECONDS)

    def _places(self) -> set[str]:
        with self.source.open() as folder:
            return {place for place in listed(folder).places if os.access(place, os.R_OK)}

    def _root(self) -> object:
        """Return what tells the folder from another one at its path, now; None where there is none."""
        try:
            state = self.source.location.stat()
        except OSError:
            return None
        return state.st_dev, state.st_ino, self.source.real

    def _rest(self, root: object, seconds: float) -> None:
        """Wait until it is time to look again, or until the folder is another one."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._root() == root and not self._again.is_set():
            if self._stop.wait(SETTLE_MILLISECONDS / 1000):
                return


def _leads_on(path: Path) -> bool:
    """Tell whether more than the path itself may be another than before: it is a directory or a link."""
    return os.path.islink(path) or os.path.isdir(path)  # noqa: PTH112, PTH114 -- Path's raise where one may not look
