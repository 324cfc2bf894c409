"""Tries that troubles are kept until they are resolved, and that background work which fails is begun again."""

import asyncio
import logging
from threading import Event

import pytest

from store import troubles as module
from store.troubles import Troubles, supervise, supervised


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.0)


class Flaky:
    """Work that fails as often as it has errors left."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.begun = list(errors), 0

    def __call__(self) -> None:
        self.begun += 1
        if self.errors:
            raise self.errors.pop(0)

    async def later(self) -> None:
        self()


def test_a_trouble_is_news_once_for_each_reason_and_keeps_its_first_time() -> None:
    troubles = Troubles()
    assert troubles.report("watch", "no folder")
    (first,) = troubles.now()
    assert not troubles.report("watch", "no folder")
    assert troubles.report("watch", "not readable")
    (second,) = troubles.now()
    assert (second.since, second.reason) == (first.since, "not readable")
    assert troubles.resolve("watch")
    assert not troubles.resolve("watch")
    assert troubles.now() == ()


def test_work_that_fails_is_begun_again_and_each_error_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    work, troubles = Flaky(OSError("full"), OSError("full"), ValueError("odd")), Troubles()
    with caplog.at_level(logging.ERROR):
        supervise("log", work, troubles, Event())
    assert work.begun == 4
    assert troubles.now() == ()
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["full", "odd"]


@pytest.mark.anyio
async def test_a_coroutine_that_fails_is_begun_again() -> None:
    work, troubles = Flaky(OSError("full")), Troubles()
    await supervised("keys", work.later, troubles)
    assert work.begun == 2
    assert troubles.now() == ()


@pytest.mark.anyio
async def test_a_coroutine_that_is_cancelled_is_not_begun_again() -> None:
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        await asyncio.Event().wait()

    task = asyncio.ensure_future(supervised("keys", work, Troubles()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert begun == 1


def test_work_that_fails_while_it_is_stopped_is_left_alone() -> None:
    stop = Event()
    stop.set()
    work = Flaky()
    supervise("watch", work, Troubles(), stop)
    assert work.begun == 0
