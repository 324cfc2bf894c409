"""Calls a function again and again on a thread, so that a process notices what others write."""

import threading
from collections.abc import Callable

from store.troubles import Troubles, supervise

TASK = "follower"


class Follower:
    """Calls *poll* every *interval* seconds until stopped; after an error, once a second until it goes well again.

    `trouble` is what the last call raised, in words; None where it went well. *troubles* is told the same.
    """

    def __init__(self, poll: Callable[[], object], interval: float, troubles: Troubles | None = None) -> None:
        self._poll, self._interval, self._troubles = poll, interval, troubles or Troubles()
        self.trouble: str | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=supervise,
            args=(TASK, self._follow, self._troubles, self._stopped),
            name="store-follower",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop, and return once the last call did."""
        self._stopped.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._stopped.wait(self._interval):
            try:
                self._poll()
            except Exception as error:
                self.trouble = str(error) or type(error).__name__
                raise
            if self.trouble is not None:
                self.trouble = None
                self._troubles.resolve(TASK)
