"""Calls a function again and again on a thread, so that a process notices what others write."""

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Follower:
    """Calls *poll* every *interval* seconds until stopped; an error is logged once for each different one.

    `trouble` is what the last call raised, in words; None where it went well.
    """

    def __init__(self, poll: Callable[[], object], interval: float) -> None:
        self._poll, self._interval = poll, interval
        self.trouble: str | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-follower", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop, and return once the last call did."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._interval):
            try:
                self._poll()
            except Exception as error:
                if str(error) != self.trouble:
                    logger.exception("the store cannot be followed")
                self.trouble = str(error)
            else:
                self.trouble = None
