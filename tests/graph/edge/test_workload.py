"""Checks that work is admitted by the seconds that it takes: estimated at first, then measured, waiting left out."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

import pytest

from graph.edge.workload import BRIEF_SECONDS, LOOK_SECONDS, Workload
from graph.errors import Refusal

LONG = int(1 / LOOK_SECONDS)
"""Looks that are estimated to take a second."""


def ticking() -> Callable[[], float]:
    """Return a clock on which a second passes between two questions."""
    ticks = count()
    return lambda: float(next(ticks))


async def begun(workload: Workload, name: str, looks: int, work: Callable[[], Awaitable[bool]]) -> asyncio.Task[bool]:
    task = asyncio.create_task(workload.run(name, looks, work))
    await asyncio.sleep(0)
    return task


@pytest.mark.anyio
async def test_more_work_than_is_allowed_is_refused_and_none_if_it_is_brief() -> None:
    workload, event = Workload(2.0), asyncio.Event()
    first = await begun(workload, "a", LONG, event.wait)
    assert 0.9 < workload.seconds <= 1.0
    with pytest.raises(Refusal) as refused:
        await workload.run("b", LONG + LONG // 10, event.wait)
    assert (refused.value.code, refused.value.status) == ("OVERLOADED", 503)
    second = await begun(workload, "c", LONG - LONG // 10, event.wait)
    brief = await begun(workload, "d", int(BRIEF_SECONDS / LOOK_SECONDS), event.wait)
    event.set()
    assert all(await asyncio.gather(first, second, brief))
    assert (workload.shed, workload.seconds, workload.is_busy) == (1, 0, False)


@pytest.mark.anyio
async def test_a_query_beside_nothing_is_admitted_however_long_it_takes() -> None:
    workload, event = Workload(0.0), asyncio.Event()
    event.set()
    assert await workload.run("a", 1000 * LONG, event.wait)


@pytest.mark.anyio
async def test_what_queries_took_is_expected_of_them_and_more_of_it_at_once() -> None:
    workload, event = Workload(100.0, ticking()), asyncio.Event()
    event.set()
    assert workload.expected("a", LONG) == pytest.approx(1, abs=0.001)
    await workload.run("a", LONG, event.wait)
    assert workload.expected("a", 1000 * LONG) == 1.0

    async def three() -> bool:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return True

    await workload.run("a", LONG, three)
    assert workload.expected("a", 0) == 3.0
    await workload.run("a", LONG, event.wait)
    assert 1.0 < workload.expected("a", 0) < 3.0


@pytest.mark.anyio
async def test_work_that_takes_longer_than_expected_counts_as_half_done() -> None:
    workload, event = Workload(100.0, ticking()), asyncio.Event()
    task = await begun(workload, "a", 0, event.wait)
    assert workload.seconds == 1.0  # of two, one of which is spent
    event.set()
    await task


@pytest.mark.anyio
async def test_work_that_is_cancelled_leaves_its_place_and_what_it_took_is_remembered() -> None:
    workload, event = Workload(100.0, ticking()), asyncio.Event()
    task = await begun(workload, "a", LONG, event.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not workload.is_busy
    assert workload.expected("a", 0) == 2.0  # until it waited, and when it was cancelled


@pytest.mark.anyio
async def test_of_a_burst_of_costly_queries_the_last_are_refused_before_they_are_read() -> None:
    workload, event = Workload(2.0), asyncio.Event()
    first = await begun(workload, "first", LONG, event.wait)
    workload.check_unread()
    for number in range(10):
        with pytest.raises(Refusal):
            await workload.run(number, 2 * LONG, event.wait)
    with pytest.raises(Refusal):
        workload.check_unread()
    event.set()
    await first
    workload.check_unread()


@pytest.mark.anyio
async def test_on_a_slow_machine_looks_are_expected_to_take_longer() -> None:
    workload, event = Workload(2.0, ticking()), asyncio.Event()
    event.set()
    before = workload.expected("other", LONG)
    for number in range(9):
        await workload.run(number, LONG // 10, event.wait)
    assert 5 * before < workload.expected("other", LONG) < 10 * before
