"""Ends connections whose client owes something for too long: a request, a body, or reading its answer.

One timer looks at all connections of a server, for as long as there are any.
"""

import asyncio
import logging
from math import inf
from typing import Protocol

log = logging.getLogger("broadsheet.edge")

SWEEP_SECONDS = 0.25


class Connection(Protocol):
    """A connection that knows what its client owes."""

    def is_late(self, now: float) -> bool:
        """Whether its client is past a deadline; *now* is the event loop's time."""

    def expire(self) -> None:
        """End it."""

    def abort(self) -> None:
        """End it at once, whatever is unsent."""


class Deadlines:
    """The connections of one server that have deadlines."""

    def __init__(self) -> None:
        self._connections: set[Connection] = set()
        self._sweeping = False
        self._due = 0.0

    def add(self, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        """Watch over a connection until it is discarded."""
        self._connections.add(connection)
        if not self._sweeping:
            self._sweeping = True
            self._wait(loop)

    def discard(self, connection: Connection) -> None:
        """Leave a connection alone, if it was watched."""
        self._connections.discard(connection)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look at each connection; one that cannot be looked at costs itself alone, and never the next sweep."""
        now = loop.time()
        if now - self._due > SWEEP_SECONDS:
            # The loop was busy: what clients sent in time may be unread yet, and is read before the next sweep.
            self._wait(loop)
            self._due = inf
            return
        for connection in tuple(self._connections):
            try:
                if connection.is_late(now):
                    connection.expire()
            except Exception:
                log.exception("a connection past its deadline could not be ended in order")
                self.discard(connection)
                connection.abort()
        self._sweeping = bool(self._connections)
        if self._sweeping:
            self._wait(loop)

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = loop.time() + SWEEP_SECONDS
        loop.call_later(SWEEP_SECONDS, self._sweep, loop)
