"""Admits requests, operations on sockets, event streams and sockets, or refuses them while there is no room.

The ASGI application, the in-place protocol and sockets all ask here; how a refusal reaches the client is theirs to say.
What is under way as a task holds a place. What the in-place protocol answers at once is no task: it is counted for the
turn of the event loop in which it arrives, together with the places that are taken. What queries cost is counted
besides (`graph.edge.workload`), and so is what is held of unfinished requests (`graph.edge.buffers`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, TypeVar, TypeVarTuple

from graph.edge.addresses import share
from graph.edge.buffers import Buffers
from graph.edge.workload import RETRY_AFTER, Workload, overloaded
from graph.errors import Refusal
from graph.settings import Settings
from store.turns import Turns

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

SLOW_SECONDS = 0.002
"""If the last answer took longer than this, start one request per event-loop turn, so that new arrivals can be refused
in between."""

TURN_SECONDS = 0.008
"""How long one turn of the event loop may take before what else arrived in it is left to later turns."""

REFUSED_TOGETHER = 8
"""How many requests start in one turn of the event loop while there is too much to do: most of them are refused."""


class Places:
    """A fixed number of places. Entering takes one, leaving frees it; entering raises Refusal where none is free."""

    def __init__(self, most: int) -> None:
        self.most, self.taken, self.shed = most, 0, 0

    def __enter__(self) -> None:
        self.check()
        self.taken += 1

    def __exit__(self, *_: object) -> None:
        self.taken -= 1

    def check(self, arrived: int = 1) -> None:
        """Count a refusal and raise it, unless as many as *arrived* find a place each."""
        if self.taken + arrived > self.most:
            self.shed += 1
            raise overloaded()

    def keep(self, task: asyncio.Future[Any]) -> None:
        """Take a place for a task that nobody waits for any longer, until it is done."""
        self.taken += 1
        task.add_done_callback(self._free)

    def _free(self, _: object) -> None:
        self.taken -= 1


class PlacesPerAddress(Places):
    """Places of which one client address takes some at most, so that there are others for the next.

    Who has no address, as behind a Unix socket, has no such limit: nobody could tell those clients apart.
    """

    def __init__(self, most: int, per_address: int, what: str) -> None:
        """Of *most* places let one address have *per_address*; *what* is held there is named to whom is refused."""
        super().__init__(most)
        self.per_address, self.what = per_address, what
        self.held: dict[str, int] = {}
        """How many places each address has that has any."""

    def check_for(self, client: str | None) -> None:
        """Count a refusal and raise it, unless there is a place for this client."""
        self.check()
        if client is not None and self.held.get(share(client), 0) >= self.per_address:
            self.shed += 1
            raise self._refusal()

    @contextmanager
    def held_by(self, client: str | None) -> Iterator[None]:
        """Hold a place for a client. Raises Refusal where there is none."""
        self.check_for(client)
        address = None if client is None else share(client)
        with self:
            if address is not None:
                self.held[address] = self.held.get(address, 0) + 1
            try:
                yield
            finally:
                if address is not None:
                    self._give_back(address)

    def _give_back(self, address: str) -> None:
        self.held[address] -= 1
        if not self.held[address]:
            del self.held[address]

    def _refusal(self) -> Refusal:
        message = (
            f"One address has at most {self.per_address} {self.what}: end one, or start the server with a higher "
            "`--sockets-per-address`; if a proxy stands in front of it, name it in `--forwarded-allow-ips`."
        )
        return Refusal("OVERLOADED", message, 503, (RETRY_AFTER,))


class Admission:
    """Who may start, who waits for a turn, and who is refused, in one process."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = perf_counter) -> None:
        """Take the numbers of places from *settings*; *clock* gives seconds."""
        self.clock = clock
        self.buffers = Buffers(settings.bodies_bytes)
        self.requests = Places(settings.concurrency)
        self.workload = Workload(settings.work_seconds, clock)
        self.streams = PlacesPerAddress(settings.sockets, settings.sockets_per_address, "event streams")
        self.sockets = PlacesPerAddress(settings.sockets, settings.sockets_per_address, "WebSockets")
        self._arrived, self._turn_began = 0, 0.0
        self._turns, self._event_turn = Turns(self._start_together), asyncio.Lock()
        self._was_slow = False

    @property
    def shed(self) -> int:
        """How many requests, whole or not, operations and messages on sockets, streams and sockets had no room."""
        return sum(each.shed for each in (self.buffers, self.requests, self.workload, self.streams, self.sockets))

    def admit_now(self, loop: asyncio.AbstractEventLoop) -> None:
        """Admit a request that is answered at once, in this turn of the event loop. Raises Refusal."""
        if not self._arrived:
            self._turn_began = self.clock()
            loop.call_soon(self._end_turn)
        self._arrived += 1
        self.requests.check(self._arrived)

    def gives_way(self) -> bool:
        """Whether answers of this turn of the event loop have taken so long that others should start in later ones."""
        is_long = self.clock() - self._turn_began > TURN_SECONDS
        self._was_slow |= is_long
        return is_long

    async def run(self, work: Callable[[*Arguments], Awaitable[T]], *arguments: *Arguments) -> T:
        """Return what *work* returns; it holds a place meanwhile, and starts when it is its turn. Raises Refusal."""
        with self.requests:
            return await self.in_turn(work, *arguments)

    async def in_turn(self, work: Callable[[*Arguments], Awaitable[T]], *arguments: *Arguments) -> T:
        """Return what *work* returns, which has its place already and starts when it is its turn."""
        if self._was_slow or self._turns:
            await self._turns.next()
        started = self.clock()
        result = await work(*arguments)
        self._was_slow = self.clock() - started > SLOW_SECONDS
        return result

    async def event_turn(self) -> None:
        """Wait until a subscription may make one more event, or look through one more page of changes.

        Of all subscriptions together one at a time waits for its turn among the requests, so that thousands of changes
        for each of many clients take as much from the others as one more request. Nothing is held while an event is
        sent, because that may wait for a client that does not read.
        """
        async with self._event_turn:
            await self._turns.next()

    def _start_together(self) -> int:
        """Return how many start in one turn of the event loop: one, unless nearly all of them are refused."""
        return REFUSED_TOGETHER if self.workload.is_full else 1

    def _end_turn(self) -> None:
        """Forget what arrived in this turn: every request of it has its answer or its task by now."""
        self._arrived = 0
