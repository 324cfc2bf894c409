"""Measures how long work takes, by medians, so that a busy moment of the machine does not count."""

import asyncio
import statistics
import subprocess
import sys
from collections.abc import Awaitable, Callable
from time import perf_counter

ENOUGH_SECONDS = 2.0
"""Slow work is not repeated any more once it took so long."""


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Return the median of what *work* takes, in seconds, of up to *times*, as many as fit into two seconds."""
    taken: list[float] = []
    while len(taken) < times and sum(taken) < ENOUGH_SECONDS:
        start = perf_counter()
        work()
        taken.append(perf_counter() - start)
    return statistics.median(taken)


def milliseconds(work: Callable[[], Awaitable[object]], times: int) -> float:
    """Return the median of what *work* takes in one event loop, in milliseconds, after a first time."""

    async def run() -> float:
        await work()
        taken = []
        for _ in range(times):
            start = perf_counter()
            await work()
            taken.append(perf_counter() - start)
        return statistics.median(taken) * 1000

    return asyncio.run(run())


def printed(code: str, *arguments: str) -> list[float]:
    """Return the numbers that *code* prints in a process of its own."""
    done = subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True)
    return [float(number) for number in done.stdout.split()]
