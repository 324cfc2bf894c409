"""Lets long work go on in slices, one in each turn of the event loop, so that everybody else is answered in between.

Work is a generator that yields every few hundred articles and returns what it found. All tasks of a loop that have
further slices to run take turns, whoever waits longest first: so a turn is never longer than one slice, and short work
is not kept waiting until long work ends.
"""

import asyncio
from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager
from time import perf_counter
from typing import TypeVar
from weakref import WeakKeyDictionary

from store.turns import Turns

T = TypeVar("T")
Work = Generator[None, None, T]
"""Work that can be interrupted wherever it yields."""

SLICE_SECONDS = 0.004
"""How long work goes on before others have a turn."""
PORTION = 256
"""Articles that are looked at between two questions whether the slice is over, some fifty microseconds."""


def in_turn(several: Iterable[Work[T]]) -> Work[list[T]]:
    """Return what each of *several* returns, worked one after the other."""
    results: list[T] = []
    for work in several:
        results.append((yield from work))
        yield
    return results


class Pace:
    """The turns of each event loop's tasks."""

    def __init__(self, slice_seconds: float = SLICE_SECONDS) -> None:
        """Let work go on for *slice_seconds* at a time."""
        self.slice_seconds = slice_seconds
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, Turns] = WeakKeyDictionary()

    async def run(self, work: Work[T], still: AbstractContextManager[object]) -> T:
        """Return what *work* returns; *still* is held within each slice, and by nobody in between."""
        while True:
            with still:
                until = perf_counter() + self.slice_seconds
                try:
                    next(work)
                    while perf_counter() < until:
                        next(work)
                except StopIteration as end:
                    result: T = end.value
                    return result
            await self._turn()

    async def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        turns = self._turns.get(loop)
        if turns is None:
            turns = self._turns[loop] = Turns()
        await turns.next()
