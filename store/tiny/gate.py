"""Lets many readers in at once, or one writer alone, so that nobody reads half of a batch.

A readers-writer lock for tasks: readers belong to any event loop in any thread and hold the gate while they await; the
writer is a thread that may block. A waiting writer goes before readers that come later, and the readers that waited for
it before the next writer, so neither starves the other.
"""

import asyncio
from contextvars import ContextVar
from threading import Condition
from types import TracebackType

_reads: ContextVar[bool] = ContextVar("reads", default=False)


class Gate:
    """The lock: who reads or writes now, and who waits."""

    def __init__(self) -> None:
        self._turn = Condition()
        self._readers = 0
        self._writers = 0
        self._writing = False
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    @property
    def is_reading(self) -> bool:
        """Whether the running task is inside `reading`, so that nothing is written while it awaits."""
        return _reads.get()

    def reading(self) -> "Reading":
        """Return a context that holds writers off; entering it suspends only while one writes or waits to."""
        return Reading(self)

    @property
    def writing(self) -> "Writing":
        """Return a context, good for any number of turns, that holds readers off once those inside have left."""
        return Writing(self)

    def close(self) -> None:
        """Wait until nobody reads or writes, and keep readers off."""
        with self._turn:
            self._writers += 1
            self._turn.wait_for(lambda: not self._readers and not self._writing)
            self._writing = True

    def open(self) -> None:
        """Let in those who waited."""
        with self._turn:
            self._writing = False
            self._writers -= 1
            self._admit()
            self._turn.notify_all()

    async def enter(self) -> None:
        """Count a reader in."""
        with self._turn:
            if not self._writers:
                self._readers += 1
                return
            loop = asyncio.get_running_loop()
            turn: asyncio.Future[None] = loop.create_future()
            self._waiting.append((loop, turn))
        try:
            await turn
        except BaseException:  # cancelled, or closed by a caller who only wanted what need not wait
            self._give_up(loop, turn)
            raise

    def leave(self) -> None:
        """Count a reader out."""
        with self._turn:
            self._readers -= 1
            if not self._readers:
                self._turn.notify_all()

    def _admit(self) -> None:
        """Let in all who wait: they are readers from now on, whenever their loop comes to it."""
        for loop, turn in self._waiting:
            self._readers += 1
            try:
                loop.call_soon_threadsafe(_resolve, turn)
            except RuntimeError:
                self._readers -= 1  # its loop has ended, and the reader with it
        self._waiting.clear()

    def _give_up(self, loop: asyncio.AbstractEventLoop, turn: "asyncio.Future[None]") -> None:
        with self._turn:
            if (loop, turn) in self._waiting:
                self._waiting.remove((loop, turn))
                return
        self.leave()


class Reading:
    """One reader's turn."""

    __slots__ = ("_gate",)

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def __aenter__(self) -> None:
        await self._gate.enter()
        _reads.set(True)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _reads.set(False)
        self._gate.leave()


class Writing:
    """The writer's turn."""

    __slots__ = ("_gate",)

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def __enter__(self) -> None:
        self._gate.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gate.open()


def _resolve(turn: "asyncio.Future[None]") -> None:
    if not turn.done():
        turn.set_result(None)
