"""Bounds what is buffered of unfinished requests and messages in one process, whichever connections they come on.

Each connection says how much it holds whenever that changes. Past the bound the one that holds most is refused, so that
few large or slow senders cannot keep small requests out. What is whole and waits for its turn is held too.
"""

from typing import Protocol

from graph.edge.workload import RETRY_AFTER
from graph.errors import Refusal

LARGE = 64 * 1024
"""Operations of more bytes have to find room; others need not, for there are few places, so that they take little."""


class Holder(Protocol):
    """A connection that buffers what its client sends."""

    @property
    def may_be_refused(self) -> bool:
        """Whether what it holds may be thrown away, since nothing of it was executed."""

    def make_room(self, refusal: Refusal) -> None:
        """Throw away what it holds, and say why."""


class Buffers:
    """What the connections of one process hold, in bytes."""

    def __init__(self, most: int) -> None:
        self.most, self.total, self.shed = most, 0, 0
        self._held: dict[Holder, int] = {}
        self._makes_room = False

    def hold(self, holder: Holder, size: int) -> None:
        """Note that *holder* holds *size* bytes; while there are too many altogether, refuse who holds most."""
        self.total += size - self._held.pop(holder, 0)
        if size:
            self._held[holder] = size
        if self._makes_room:  # a holder that makes room says what is left; the loop that asked it goes on
            return
        self._makes_room = True
        try:
            self._make_room()
        finally:
            self._makes_room = False

    def _make_room(self) -> None:
        while self.total > self.most:
            refusable = [each for each in self._held if each.may_be_refused]
            if not refusable:
                return
            largest = max(refusable, key=self._held.__getitem__)
            self.total -= self._held.pop(largest)
            self.shed += 1
            largest.make_room(no_room())

    def check(self, size: int) -> None:
        """Count a refusal and raise it, where an operation of *size* bytes is large and has no room beside the rest."""
        if size > LARGE and self.total + size > self.most:
            self.shed += 1
            raise no_room()


def no_room() -> Refusal:
    """Return the refusal of what is too large to be held at the moment."""
    return Refusal("OVERLOADED", "The server receives as much as it can hold; try again.", 503, (RETRY_AFTER,))
