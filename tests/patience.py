"""How long tests wait for what comes of itself: until it is there, and only where it never comes, to the end."""

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
