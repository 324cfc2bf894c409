"""Waits for what another thread or process will do, so that no test depends on how fast it does it."""

import time
from collections.abc import Callable

PATIENCE = 60.0
"""Seconds after which what has not come is taken never to come; nothing that works takes as long on any machine."""
PAUSE = 0.01


def until(holds: Callable[[], object]) -> None:
    """Return once something holds, and fail where it does not come to hold."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(PAUSE)
