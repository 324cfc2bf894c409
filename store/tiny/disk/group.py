"""Group commit: the first waiting thread writes for all that wait, with one fsync."""

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass

from store.tiny.disk.record import Record
from store.tiny.disk.transaction import Prepare


@dataclass(slots=True, eq=False)
class Call:
    """One thread's request to write, and its outcome."""

    prepare: Prepare
    record: Record | None = None
    error: BaseException | None = None
    done: bool = False


Take = Callable[[], list[Call]]


class GroupCommit:
    """The queue of threads that want to write. One at a time runs *serve*, which takes the calls of all that wait."""

    def __init__(self, serve: Callable[[Take], None]) -> None:
        self._serve = serve
        self._waiting: list[Call] = []
        self._changed = threading.Condition()

    def call(self, prepare: Prepare) -> Record | None:
        """Write what *prepare* asks for and return its record, or raise what *prepare* or *serve* raised."""
        call = Call(prepare)
        with self._changed:
            self._waiting.append(call)
            try:
                self._changed.wait_for(lambda: call.done or self._waiting[0] is call)
            except BaseException:
                self._leave([call])
                raise
        if not call.done:
            self._lead()
        if call.error:
            raise call.error
        return call.record

    def _lead(self) -> None:
        served: list[Call] = []

        def take() -> list[Call]:
            with self._changed:
                served[:] = self._waiting
            return served

        try:
            self._serve(take)
        except BaseException as error:
            for call in served or take():
                call.error = call.error or _same(error)
            if not isinstance(error, Exception):
                raise
        finally:
            with self._changed:
                self._leave(served)

    def _leave(self, calls: list[Call]) -> None:
        for call in calls:
            call.done = True
        self._waiting = [call for call in self._waiting if not call.done]
        self._changed.notify_all()


def _same(error: BaseException) -> BaseException:
    # Each thread raises its own: a raised exception collects the frames it passes.
    other = copy.copy(error)
    other.__cause__ = error.__cause__
    return other
