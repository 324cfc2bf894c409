"""Enters `reading` once a search has nothing to wait for: if it waited inside, so would writers, and then everybody."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType

LOOK_SECONDS = 0.01
"""How often a search that waits looks whether the full text is indexed."""


class Searching:
    """A reader's turn in which searches are answered."""

    def __init__(self, reading: AbstractAsyncContextManager[None], is_ready: Callable[[], bool]) -> None:
        """Enter *reading* as soon as *is_ready*, which is asked inside: outside, writers may hold up who asks."""
        self._reading, self._is_ready = reading, is_ready

    async def __aenter__(self) -> None:
        while not await self._is_entered():  # noqa: ASYNC110 # a thread indexes, for the tasks of any event loop
            await asyncio.sleep(LOOK_SECONDS)

    async def _is_entered(self) -> bool:
        await self._reading.__aenter__()
        ready = False
        try:
            ready = self._is_ready()
        finally:
            if not ready:
                await self._reading.__aexit__(None, None, None)
        return ready

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._reading.__aexit__(kind, error, trace)
