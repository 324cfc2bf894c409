"""Counts the work that was admitted and is not finished, in seconds, and refuses more of it than a setting allows.

A number of requests says little: one may take a thousand times as long as another. So each query is admitted with an
estimate: what queries like it took, or else what its conditions would take if no index helped. The estimate is
corrected while the query runs: by the time that it has held the event loop for, not by the time that it has waited.
"""

from collections.abc import Awaitable, Callable, Generator, Hashable
from time import perf_counter
from typing import Any, Generic, TypeVar

from cachetools import LRUCache

from graph.errors import Refusal

T = TypeVar("T")

RETRY_AFTER = (b"retry-after", b"1")
LOOK_SECONDS = 1e-6
"""What it takes to look for a few letters in the excerpt of one article, before anything was measured."""
MANY_LOOKS = 100_000
"""With so many, what a query took is what its looks took: so slow is this machine at the moment."""
BRIEF_SECONDS = 0.02
"""What is estimated to take less is always begun: refusing it would save little."""
QUERIES = 4_096
"""Queries whose seconds are remembered."""
LEARNS = 0.2
"""How much one measured query moves what is expected of others like it, downwards; upwards it counts in full."""


def overloaded() -> Refusal:
    """Return the refusal of what there is no room for."""
    return Refusal("OVERLOADED", "The server has as much to do as it can; try again.", 503, (RETRY_AFTER,))


class Ticket:
    """One admitted query: the seconds that it is expected to take, and those that it took so far."""

    __slots__ = ("expected", "spent")

    def __init__(self, expected: float) -> None:
        self.expected, self.spent = expected, 0.0

    def add(self, seconds: float) -> None:
        """Count what it took; one that takes longer than expected is expected to be at its half."""
        self.spent += seconds
        if self.spent > self.expected:
            self.expected = 2 * self.spent


class LateTicket(Ticket):
    """What was not foreseen: it is among *tickets* once it turns out not to be brief."""

    __slots__ = ("rests", "tickets")

    def __init__(self, tickets: set[Ticket]) -> None:
        super().__init__(0.0)
        self.tickets, self.rests = tickets, False

    def add(self, seconds: float) -> None:
        """Count what it took, unless it is over and waits for something to do."""
        super().add(seconds)
        if self.rests:
            self.rests = False
            self.end()
        elif self.spent > BRIEF_SECONDS:
            self.tickets.add(self)

    def rest(self) -> None:
        """Note that it is about to wait for something to do."""
        self.rests = True

    def end(self) -> None:
        """Count nothing of it any more."""
        self.tickets.discard(self)
        self.expected = self.spent = 0.0


class Workload:
    """The queries that were admitted and are not finished."""

    def __init__(self, most_seconds: float, clock: Callable[[], float] = perf_counter) -> None:
        """Admit up to *most_seconds* of work, and one query beside nothing however long it takes."""
        self.most, self.clock, self.shed = most_seconds, clock, 0
        self.tickets: set[Ticket] = set()
        self._known: LRUCache[Hashable, float] = LRUCache(QUERIES)
        self._look_seconds, self._unread_seconds = LOOK_SECONDS, 0.0

    @property
    def is_busy(self) -> bool:
        """Whether a query that was admitted is not finished."""
        return bool(self.tickets)

    @property
    def seconds(self) -> float:
        """The seconds of work that are left of what was admitted, by estimate."""
        return sum(ticket.expected - ticket.spent for ticket in self.tickets)

    def expected(self, query: Hashable, looks: int) -> float:
        """Return the seconds that *query* takes; unknown, it compares articles with conditions *looks* times."""
        known = self._known.get(query)
        return looks * self._look_seconds if known is None else known

    def check(self, expected: float = 0.0) -> None:
        """Count a refusal and raise it, where *expected* seconds are too many beside the work that is left."""
        if self._is_too_much(expected):
            self.shed += 1
            raise overloaded()

    @property
    def is_full(self) -> bool:
        """Whether a query that is not read yet is too much, if it is like the last."""
        return self._is_too_much(self._unread_seconds)

    def check_unread(self) -> None:
        """Raise Refusal, as `check` does, where a query that is not read yet is too much, if it is like the last."""
        self.check(self._unread_seconds)

    def begins_at_once(self, query: Hashable, looks: int) -> bool:
        """Whether *query* may run without a ticket: it is brief, or alone. Raises Refusal as `run` does."""
        if not self.tickets:
            return True
        return self._checked(query, looks) <= BRIEF_SECONDS

    async def run(self, query: Hashable, looks: int, work: Callable[[], Awaitable[T]]) -> T:
        """Return what *work* returns, counted meanwhile. Raises Refusal where it is too much beside the others."""
        ticket = Ticket(self._checked(query, looks))
        self.tickets.add(ticket)
        try:
            result = await Timed(work(), ticket, self.clock)
        finally:
            self.tickets.discard(ticket)
            self._learn(query, ticket.spent, ends=False)
        self._learn(query, ticket.spent, ends=True)
        if looks >= MANY_LOOKS:
            measured = max(ticket.spent / looks, LOOK_SECONDS)  # less only says that an index helped
            self._look_seconds += (measured - self._look_seconds) * LEARNS
        return result

    def late_ticket(self) -> LateTicket:
        """Return the ticket of what nobody can foresee, such as the events of a subscription."""
        return LateTicket(self.tickets)

    async def follow(self, work: Awaitable[T], ticket: LateTicket) -> T:
        """Return what *work* returns, which is never refused, and counted on *ticket* if it is long."""
        try:
            return await Timed(work, ticket, self.clock)
        finally:
            ticket.end()

    def _is_too_much(self, expected: float) -> bool:
        return bool(self.tickets) and expected + self.seconds >= self.most

    def _checked(self, query: Hashable, looks: int) -> float:
        """Return the seconds that *query* is expected to take. Raises Refusal where it is too much."""
        expected = self.expected(query, looks)
        if query not in self._known:
            self._unread_seconds += (expected - self._unread_seconds) * LEARNS
        if expected > BRIEF_SECONDS:
            self.check(expected)
        return expected

    def _learn(self, query: Hashable, seconds: float, ends: bool) -> None:
        """Remember what *query* took: at least that if it was cancelled, no more than that if it came to its end."""
        known = self._known.get(query)
        if known is None:
            if ends or seconds > BRIEF_SECONDS:
                self._known[query] = seconds
        elif seconds > known:
            self._known[query] = seconds
        elif ends:
            self._known[query] = known + (seconds - known) * LEARNS


class Timed(Generic[T]):
    """Awaits *work*, and adds to a ticket the seconds in which it ran."""

    def __init__(self, work: Awaitable[T], ticket: Ticket, clock: Callable[[], float]) -> None:
        self._work, self._ticket, self._clock = work, ticket, clock

    def __await__(self) -> Generator[Any, Any, T]:
        """Hand on what *work* waits for, and what is raised meanwhile, such as its cancellation."""
        steps: Any = self._work.__await__()
        raised: BaseException | None = None
        while True:
            started = self._clock()
            try:
                waits_for = steps.send(None) if raised is None else steps.throw(raised)
            except StopIteration as end:
                result: T = end.value
                return result
            finally:
                self._ticket.add(self._clock() - started)
            raised = None
            try:
                yield waits_for
            except BaseException as error:
                raised = error
