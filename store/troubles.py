"""Keeps what does not work at the moment, since when and why, and begins failed background work again.

Whoever finds a trouble reports it under the name of its task, and resolves it once the task works again. To show it is
left to others: `/ready`, the metrics and the log.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Lock

log = logging.getLogger("broadsheet.tasks")

PAUSE_SECONDS = 1.0
"""How long work that failed rests before it is begun again."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A task that does not work: its name, since when in UTC, and why in words."""

    task: str
    since: datetime
    reason: str


class Troubles:
    """The troubles of one process, by task; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_task: dict[str, Trouble] = {}

    def report(self, task: str, reason: str) -> bool:
        """Note that *task* does not work, and return whether that is news: not known yet, or for another reason."""
        with self._lock:
            known = self._by_task.get(task)
            since = known.since if known else datetime.now(UTC)
            self._by_task[task] = Trouble(task, since, reason)
            return known is None or known.reason != reason

    def resolve(self, task: str) -> bool:
        """Note that *task* works, and return whether it did not before."""
        with self._lock:
            return self._by_task.pop(task, None) is not None

    def now(self) -> tuple[Trouble, ...]:
        """Return the troubles that there are, the oldest first."""
        with self._lock:
            return tuple(sorted(self._by_task.values(), key=lambda trouble: trouble.since))

    def failed(self, task: str, error: Exception) -> None:
        """Report that *task* ended with *error*; each different error is logged once, with its traceback."""
        if self.report(task, f"{type(error).__name__}: {error}"):
            log.error("%s failed, and is begun again", task, exc_info=error)


async def supervised(task: str, work: Callable[[], Awaitable[None]], troubles: Troubles) -> None:
    """Run *work* until it returns; begin it again, after a pause, whenever it ends with an error.

    The trouble stays until *work* resolves it or returns.
    """
    while True:
        try:
            await work()
        except Exception as error:
            troubles.failed(task, error)
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            troubles.resolve(task)
            return


def supervise(task: str, work: Callable[[], None], troubles: Troubles, stop: Event) -> None:
    """Run *work* on this thread as `supervised` does, but not again once *stop* is set."""
    while not stop.is_set():
        try:
            work()
        except Exception as error:
            troubles.failed(task, error)
            stop.wait(PAUSE_SECONDS)
        else:
            troubles.resolve(task)
            return
