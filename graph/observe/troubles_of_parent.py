"""Hands the troubles of the process that started the workers to each of them, so that any worker's `/ready` lists them.

The parent looks after the folders and after the workers, but answers nobody; it keeps one small file in the folder that
they share.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from store.troubles import Trouble, Troubles

log = logging.getLogger("broadsheet.troubles")

FILE = "parent.troubles"


class Entry(msgspec.Struct, frozen=True):
    """A trouble as it is written."""

    task: str
    since: datetime
    reason: str


class TroublesOfParent:
    """The file in *folder* that tells the troubles of one process to others."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.failure: str | None = None

    def publish(self, troubles: Troubles) -> None:
        """Write the file where it does not say what is true now. What goes wrong is logged once, and tried again."""
        written = msgspec.json.encode([Entry(each.task, each.since, each.reason) for each in troubles.now()])
        try:
            if not self.path.exists() or self.path.read_bytes() != written:
                unfinished = self.path.with_suffix(".unfinished")
                unfinished.write_bytes(written)
                unfinished.replace(self.path)
            self.failure = None
        except OSError as error:
            if self.failure is None:
                log.error("workers cannot be told of troubles: %s", error)
            self.failure = str(error)

    def now(self) -> Sequence[Trouble]:
        """Return the troubles that were last published, none before the first time."""
        try:
            entries = msgspec.json.decode(self.path.read_bytes(), type=list[Entry])
        except FileNotFoundError:
            return ()
        return [Trouble(each.task, each.since, each.reason) for each in entries]
