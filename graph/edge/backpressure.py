"""Ends WebSocket connections whose client does not read: uvicorn's WebSocket protocol with back-pressure that ends.

A send or a close waits until the client reads, and only the transport can end a connection whose client never does.
"""

from asyncio import TimerHandle
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

GRACE = 2
"""How many times `write_seconds` a client has to read before its connection is aborted. After the first it is closed
with 4410, which a client sees that reads again."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket connection."""

    def __init__(self, *, write_seconds: float, **given: Any) -> None:
        """Give a client *write_seconds* to read; the rest of what is *given* is uvicorn's."""
        super().__init__(**given)
        self.write_seconds = write_seconds
        self.unread: TimerHandle | None = None

    def pause_writing(self) -> None:
        """Give the client some time to read."""
        super().pause_writing()
        self.unread = self.loop.call_later(GRACE * self.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Forgive a client that reads again."""
        super().resume_writing()
        self.forgive()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting for it."""
        super().connection_lost(exc)
        self.forgive()

    def forgive(self) -> None:
        """Let the connection be."""
        if self.unread is not None:
            self.unread.cancel()
            self.unread = None
