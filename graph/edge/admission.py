"""Admits requests, operations on sockets, streams and sockets, or refuses them with 503 while there is no room.

Everything that carries requests asks here: the ASGI application, the in-place protocol, sockets and event streams.
What is under way as a task holds a place. A request that is answered where its last byte arrives holds none: as many of
them as arrive in one turn of the event loop are counted together with those that do.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import TypeVar, TypeVarTuple

from graph.errors import Refusal
from graph.settings import Settings

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

RETRY_AFTER = (b"retry-after", b"1")
SLOW_SECONDS = 0.002
"""If the last answer took longer than this, start one request per event-loop turn, so that new arrivals can be refused
in between."""


class Places:
    """A fixed number of places. Entering takes one and leaving frees it; entering raises Refusal where none is free."""

    def __init__(self, most: int) -> None:
        self.most, self.taken, self.shed = most, 0, 0

    def __enter__(self) -> None:
        if self.taken >= self.most:
            raise self.refusal()
        self.taken += 1

    def __exit__(self, *_: object) -> None:
        self.taken -= 1

    def refusal(self) -> Refusal:
        """Count one that finds no place, and return why it is refused."""
        self.shed += 1
        return Refusal("OVERLOADED", "The server has as much to do as it can; try again.", 503, (RETRY_AFTER,))


class Admission:
    """Who may start, who waits for a turn, and who is refused, in one process."""

    def __init__(self, settings: Settings) -> None:
        self.requests = Places(settings.concurrency)
        self.streams = Places(settings.sockets)
        self.sockets = Places(settings.sockets)
        self._arrived = 0
        self._turn = asyncio.Lock()
        self._was_slow = False

    @property
    def shed(self) -> int:
        """How many requests, operations on sockets, streams and sockets there was no room for."""
        return self.requests.shed + self.streams.shed + self.sockets.shed

    def admit_now(self, loop: asyncio.AbstractEventLoop) -> None:
        """Admit a request that is answered at once, in this turn of the event loop. Raises Refusal."""
        if not self._arrived:
            loop.call_soon(self._end_turn)
        self._arrived += 1
        if self._arrived + self.requests.taken > self.requests.most:
            raise self.requests.refusal()

    async def run(self, work: Callable[[*Arguments], Awaitable[T]], *arguments: *Arguments) -> T:
        """Return what *work* returns; it holds a place meanwhile, and starts when it is its turn. Raises Refusal."""
        with self.requests:
            if self._was_slow or self._turn.locked():
                async with self._turn:
                    await asyncio.sleep(0)
            started = perf_counter()
            result = await work(*arguments)
            self._was_slow = perf_counter() - started > SLOW_SECONDS
            return result

    def _end_turn(self) -> None:
        """Forget what arrived in this turn: every request of it has its answer or its task by now."""
        self._arrived = 0
