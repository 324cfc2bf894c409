"""Tests the sweep over connections that have deadlines: what it cannot look at costs nobody else, and it never ends."""

import asyncio
import time
from dataclasses import dataclass, field

import pytest

from graph.edge import deadlines as module
from graph.edge.deadlines import Deadlines
from tests.patience import until

pytestmark = pytest.mark.anyio


@dataclass(eq=False)
class Late:
    """A connection past its deadline; it notes what is done with it, and fails at *failing*."""

    failing: str = ""
    done: list[str] = field(default_factory=list)

    def _note(self, what: str) -> None:
        self.done.append(what)
        if what == self.failing:
            raise ValueError(what)

    def is_late(self, _now: float) -> bool:
        self._note("looked at")
        return True

    def expire(self) -> None:
        self._note("ended")

    def abort(self) -> None:
        self._note("aborted")


@pytest.fixture(autouse=True)
def sweeps_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SWEEP_SECONDS", 0.01)


@pytest.mark.parametrize("failing", ["looked at", "ended"])
async def test_a_connection_that_cannot_be_ended_in_order_is_aborted_and_costs_nobody_else(
    failing: str, caplog: pytest.LogCaptureFixture
) -> None:
    watched, loop = Deadlines(), asyncio.get_running_loop()
    odd, other = Late(failing), Late()
    watched.add(odd, loop)
    watched.add(other, loop)
    await asyncio.to_thread(until, lambda: other.done.count("ended") > 1)
    assert odd.done[-1] == "aborted"
    assert odd.done.count("aborted") == 1
    assert [record.exc_info is not None for record in caplog.records] == [True]
    watched.discard(other)


async def test_after_the_event_loop_was_busy_nobody_is_ended_before_what_was_sent_can_be_read() -> None:
    watched, loop, late = Deadlines(), asyncio.get_running_loop(), Late()
    watched.add(late, loop)
    time.sleep(0.1)  # noqa: ASYNC251 # the loop is busy
    for _ in range(3):
        await asyncio.sleep(0)
    assert not late.done
    await asyncio.to_thread(until, lambda: late.done)
    watched.discard(late)
