"""Runs a function in several worker processes until told to stop, and replaces a worker that dies.

The workers share a listening socket, so the kernel spreads connections over them, and a store, whose journal each of
them follows. uvicorn's own supervisor would not do: it restarts for ever a worker that cannot start, waits for ever for
one that does not stop, does not say how they ended, and leaves them running if it is killed itself.
"""

import logging
import os
import signal
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import wait
from typing import Any

from store.parent import when_parent_is_gone

log = logging.getLogger("broadsheet.workers")

SPAWN = get_context("spawn")
FINE = (0, -signal.SIGTERM)
"""How a worker ends that was told to: by itself, or by the signal where it had not begun to answer yet."""
SHORTEST_SECONDS = 1.0
"""A worker that lives shorter than this is a defect, not an accident: the others are stopped, too."""


def end_with_parent() -> None:
    """Stop this worker gracefully as soon as the process that started it is gone, however that ended."""
    when_parent_is_gone(lambda: os.kill(os.getpid(), signal.SIGTERM))


class Workers:
    """Processes that all run `target(*arguments)`."""

    def __init__(self, count: int, target: Callable[..., None], *arguments: Any) -> None:
        self.count, self.target, self.arguments = count, target, arguments
        self.processes: dict[Any, float] = {}
        self.stopping = False

    def run(
        self,
        stop_seconds: float,
        meanwhile: Callable[[], None] = lambda: None,
        stopped: Callable[[], None] = lambda: None,
    ) -> bool:
        """Keep the workers running until SIGTERM or SIGINT; return whether they ended as they should.

        *meanwhile* is called several times a second, *stopped* once no more workers are started. Those that do not end
        within *stop_seconds* are killed.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())
        while len(self.processes) < self.count:
            self._start()
        while not self.stopping:
            wait([process.sentinel for process in self.processes], timeout=0.2)
            self._replace()
            meanwhile()
        stopped()
        return self._ended(time.monotonic() + stop_seconds)

    def stop(self) -> None:
        """Tell every worker to end."""
        self.stopping = True
        for process in self.processes:
            process.terminate()

    def _start(self) -> None:
        process = SPAWN.Process(target=self.target, args=self.arguments)
        process.start()
        self.processes[process] = time.monotonic()

    def _replace(self) -> None:
        for process in [each for each in self.processes if not each.is_alive()]:
            if self.stopping:
                return
            lived = time.monotonic() - self.processes.pop(process)
            log.error("worker %s ended with %s", process.pid, process.exitcode)
            if lived < SHORTEST_SECONDS:
                self.stop()
                return
            self._start()

    def _ended(self, deadline: float) -> bool:
        for process in self.processes:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
        return len(self.processes) == self.count and all(process.exitcode in FINE for process in self.processes)
