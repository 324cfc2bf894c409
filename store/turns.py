"""Lets the tasks of one event loop go on in turns, so that no turn of the loop has too much to do."""

import asyncio
from collections import deque
from collections.abc import Callable


def one() -> int:
    """Return how many tasks go on in one turn, if nobody says otherwise."""
    return 1


class Turns:
    """Who waits for a turn of one event loop, whoever has waited longest first."""

    def __init__(self, together: Callable[[], int] = one) -> None:
        """Let as many tasks go on in one turn as *together* says at that time."""
        self._together = together
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_scheduled = False

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waiting)

    async def next(self) -> None:
        """Wait for a turn of the running event loop, which is never this one."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        if not self._is_scheduled:
            self._is_scheduled = True
            loop.call_soon(self._admit, loop)
        await turn

    def _admit(self, loop: asyncio.AbstractEventLoop) -> None:
        left = self._together()
        while self._waiting and left > 0:
            turn = self._waiting.popleft()
            if not turn.done():  # else its task was cancelled
                turn.set_result(None)
                left -= 1
        self._is_scheduled = bool(self._waiting)
        if self._is_scheduled:
            loop.call_soon(self._admit, loop)
