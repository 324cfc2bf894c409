"""Ingests edits of the served folders, so that they are in a running server's answers within a second.

It writes to the store like any other process beside the server. A file that is broken while it is edited keeps its last
good version, and is reported once for each time that it is saved.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Thread

from watchfiles import watch

from store.errors import StoreError
from store.files.ingest import Report, ingest
from store.files.source import Source
from store.tiny.store import TinyStore
from store.troubles import Troubles, supervise

log = logging.getLogger("broadsheet.watch")

SETTLE_MILLISECONDS = 200
"""How long edits are gathered before they are taken up."""


@contextmanager
def watching(
    path: Path, sources: Sequence[Source], show: Callable[[Report], None], troubles: Troubles
) -> Iterator[None]:
    """Keep the store at *path* up to date with its folders for as long as the context lasts.

    While that does not work it is one of the *troubles*.
    """
    stop = Event()
    work = partial(_watch, path, sources, show, stop, troubles)
    thread = Thread(target=supervise, args=("watch", work, troubles, stop), name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _watch(
    path: Path, sources: Sequence[Source], show: Callable[[Report], None], stop: Event, troubles: Troubles
) -> None:
    folders, whole = [source.folder for source in sources], False
    with TinyStore(path, follow=False) as store:
        troubles.resolve("watch")
        for changes in watch(*folders, stop_event=stop, debounce=SETTLE_MILLISECONDS, rust_timeout=SETTLE_MILLISECONDS):
            touched = None if whole else [Path(name) for _, name in changes]
            try:
                show(asyncio.run(ingest(store, sources, touched=touched)))
                whole = False
                troubles.resolve("watch")
            except StoreError as error:
                whole = True
                if troubles.report("watch", str(error)):
                    log.error("the edits were not taken up: %s", error)
