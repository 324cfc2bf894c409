"""Wakes tasks, of any event loop, as soon as the store is past the sequence that they wait for."""

import asyncio
from collections.abc import Callable
from threading import Lock


class Waiting:
    """Tasks of any event loop, in any thread, each waiting for the store to get past a sequence."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tasks: set[tuple[int, asyncio.AbstractEventLoop, asyncio.Future[None]]] = set()

    async def past(self, since: int, reached: Callable[[], int]) -> int:
        """Return what *reached* gives as soon as it is past *since*."""
        loop = asyncio.get_running_loop()
        while (now := reached()) <= since:
            task = since, loop, loop.create_future()
            with self._lock:
                self._tasks.add(task)
            try:
                if reached() <= since:  # else it was reached between the look and the entry
                    await task[2]
            finally:
                with self._lock:
                    self._tasks.discard(task)
        return now

    def reached(self, sequence: int) -> None:
        """Wake those who wait for no more than *sequence*."""
        with self._lock:
            due = [task for task in self._tasks if task[0] < sequence]
            self._tasks.difference_update(due)
        for _, loop, turn in due:
            try:
                loop.call_soon_threadsafe(_resolve, turn)
            except RuntimeError:
                continue  # the loop has ended, and the task with it


def _resolve(turn: "asyncio.Future[None]") -> None:
    if not turn.done():
        turn.set_result(None)
