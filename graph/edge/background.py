"""Repeats the work that outlives requests, each piece in a task of its own that is begun again if it fails."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from store.troubles import Troubles, supervised

REPEAT_SECONDS = 0.5


@contextmanager
def repeating(work: Mapping[str, Callable[[], Awaitable[None]]], troubles: Troubles) -> Iterator[None]:
    """Do all *work* again and again while the context lasts; what fails is one of the *troubles*, by its name."""
    tasks = [
        asyncio.create_task(supervised(name, partial(repeated, each), troubles), name=name)
        for name, each in work.items()
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


async def repeated(work: Callable[[], Awaitable[None]]) -> None:
    """Do *work* until it fails."""
    while True:
        await asyncio.sleep(REPEAT_SECONDS)
        await work()
