"""Runs a function in several worker processes until told to stop, and replaces a worker that dies.

The workers share a listening socket, so the kernel spreads connections over them, and a store, whose journal each of
them follows. uvicorn's own supervisor would not do: it restarts without a pause a worker that cannot start, waits for
ever for one that does not stop, does not say how they ended, and leaves them running if it is killed itself.
"""

import logging
import os
import signal
import time
from collections.abc import Callable
from ctypes import c_bool
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from typing import Any

from store.parent import when_parent_is_gone
from store.troubles import Troubles

log = logging.getLogger("broadsheet.workers")

SPAWN = get_context("spawn")
FINE = (0, -signal.SIGTERM)
"""How a worker ends that was told to: by itself, or by the signal where it had not begun to answer yet."""
STEADY_SECONDS = 10.0
"""A worker that lived shorter than this died at once: the one in its place begins after a pause."""
LONGEST_PAUSE_SECONDS = 30.0
TURN_SECONDS = 0.2
"""How often the workers are looked at."""


def end_with_parent() -> None:
    """Stop this worker gracefully as soon as the process that started it is gone, however that ended."""
    when_parent_is_gone(lambda: os.kill(os.getpid(), signal.SIGTERM))


@dataclass(slots=True)
class Place:
    """The place of one worker: its process if there is one, and when the next may begin if there is none.

    `begun` is memory that is shared with the process, without a lock, which a worker that is killed could keep.
    """

    begun: c_bool
    process: SpawnProcess | None = None
    started: float = 0.0
    due: float = 0.0
    deaths: int = 0

    @property
    def serves(self) -> bool:
        """Whether there is a worker that has begun."""
        return self.process is not None and bool(self.begun.value)


class Workers:
    """Processes that all run `target(begun, *arguments)`, and set `begun.value` once they do what they are for."""

    def __init__(self, count: int, troubles: Troubles, target: Callable[..., None], *arguments: Any) -> None:
        """Keep *count* workers; that one of them is missing is one of the *troubles*."""
        self.places = [Place(SPAWN.RawValue(c_bool, False)) for _ in range(count)]
        self.troubles, self.target, self.arguments = troubles, target, arguments
        self.stopping = self.ever_began = False

    def run(
        self,
        stop_seconds: float,
        meanwhile: Callable[[], None] = lambda: None,
        stopped: Callable[[], None] = lambda: None,
    ) -> bool:
        """Keep the workers running until SIGTERM or SIGINT; return whether they ended as they should.

        *meanwhile* is called several times a second, *stopped* once no more workers are started. It ends, too, if all
        workers die before any has begun: what is wrong then will not pass. Those that do not end within *stop_seconds*
        are killed.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())
        while not self.stopping and not self._is_hopeless():
            self._start_those_due()
            wait([each.process.sentinel for each in self.places if each.process], timeout=TURN_SECONDS)
            self._take_out_the_dead()
            meanwhile()
        stopped()
        return self._ended(stop_seconds) and not self._is_hopeless()

    def stop(self) -> None:
        """Have `run` tell every worker to end; a signal may call this while it starts one."""
        self.stopping = True

    def _is_hopeless(self) -> bool:
        return not self.ever_began and all(place.deaths and not place.process for place in self.places)

    def _start_those_due(self) -> None:
        for place in self.places:
            first = not place.deaths
            if not place.process and not self.stopping and (first or self.ever_began) and time.monotonic() >= place.due:
                self._start(place)

    def _start(self, place: Place) -> None:
        place.begun.value, place.started = False, time.monotonic()
        process = SPAWN.Process(target=self.target, args=(place.begun, *self.arguments))
        # A worker inherits this, so that Ctrl-C, which a terminal sends to all, reaches it as our SIGTERM only. The
        # tracker, which the first worker would start, takes the block away again.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
            place.process = process
        except OSError as error:  # no memory, no descriptors
            self._died(place, str(error))
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def _take_out_the_dead(self) -> None:
        self.ever_began = self.ever_began or any(place.serves for place in self.places)
        for place in self.places:
            if place.process and not place.process.is_alive() and not self.stopping:
                process, place.process = place.process, None
                ended = f"worker {process.pid} ended with {process.exitcode}"
                # Who ends a worker by SIGTERM may be ending us all: our signal is on its way then.
                self._died(place, ended, counts=process.exitcode != -signal.SIGTERM)
        if all(place.serves for place in self.places) and self.troubles.resolve("workers"):
            log.info("all workers serve again")

    def _died(self, place: Place, how: str, counts: bool = True) -> None:
        """Note that a worker is missing, and let the next one begin after a pause that grows if that *counts*."""
        now = time.monotonic()
        if place.begun.value and now - place.started > STEADY_SECONDS:
            place.deaths = 0
        pause = min(LONGEST_PAUSE_SECONDS, 2.0**place.deaths)
        place.deaths += counts
        place.due = now + pause
        self.troubles.report("workers", how)
        log.error("%s; the next begins in %g s", how, pause)

    def _ended(self, seconds: float) -> bool:
        """Tell the workers to end, and return whether those that were there did so as they should."""
        processes = [place.process for place in self.places if place.process and place.process.is_alive()]
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + seconds
        for process in processes:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
        return all(process.exitcode in FINE for process in processes)
