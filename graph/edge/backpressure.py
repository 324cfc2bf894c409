"""Bounds what a WebSocket client can make us hold: uvicorn's WebSocket protocol with back-pressure in both directions.

Nothing is read from a client that does not read, since pongs would pile up, nor from one whose messages wait. A send or
a close waits until the client reads, and only the transport can end a connection whose client never does.
"""

import logging
from asyncio import TimerHandle
from collections.abc import Callable
from typing import Any

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request

from graph.edge.buffers import Buffers
from graph.edge.lingering import refused
from graph.errors import Refusal
from graph.observe.request_record import RequestRecord

log = logging.getLogger("broadsheet.sockets")
log.setLevel(logging.WARNING)  # below, uvicorn has lines for every handshake, with the query string

GRACE = 2
"""How many times `write_seconds` a client has to read before its connection is aborted. After the first it is closed
with 4410, which a client sees that reads again."""
PIECE = 2 * 1024
"""Most bytes that are parsed at once: objects are made of all messages in them."""
TAKEN = 3
"""Bytes of memory for each byte of a message: its buffer grows, and the room that it leaves behind is too small for the
next, so that it stays with the process."""
NOT_UTF8, TRY_AGAIN_LATER = 1007, 1013


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket connection."""

    def __init__(
        self, *, write_seconds: float, buffers: Buffers, observe: Callable[[RequestRecord], None], **given: Any
    ) -> None:
        """Give a client *write_seconds* to read, and count in *buffers* what is held; what is *given* is uvicorn's.

        *observe* takes the record of what is refused before the application knows of it.
        """
        super().__init__(**given)
        self.logger = self.conn.logger = log
        self.write_seconds, self.buffers, self.observe = write_seconds, buffers, observe
        self.unread: TimerHandle | None = None
        self.unparsed: bytes | memoryview = b""
        self.frames: list[bytes | bytearray] = []  # type: ignore[assignment] # uvicorn decodes either
        self.owed = 0
        """Bytes of whole messages that the application has not taken, or not finished with."""

    def data_received(self, data: bytes) -> None:
        """Take bytes."""
        self.unparsed = bytes(self.unparsed) + data if self.unparsed else data
        self.parse()

    def parse(self) -> None:
        """Parse what has come, as far as no message waits and the client reads; read on if that was all.

        What comes behind a handshake waits for its answer, since a pong must not be sent before it.
        """
        while self.unparsed and not (
            self.read_paused or self.unread or self.handshake_waits or self.transport.is_closing()
        ):
            left = memoryview(self.unparsed)  # slices of bytes would copy all that is left for each piece
            piece, self.unparsed = bytes(left[:PIECE]), left[PIECE:]
            super().data_received(piece)
            if self.conn.handshake_exc is not None and not self.close_sent:
                self.refuse_handshake(f"The handshake cannot be read: {self.conn.handshake_exc}.")
        if self.transport.is_closing():
            self.let_go()
            self.buffers.hold(self, 0)
            return
        self.account()
        if self.unparsed or self.unread:
            self.transport.pause_reading()
        elif not self.read_paused:
            self.transport.resume_reading()

    def account(self) -> None:
        """Count what is held."""
        unfinished = len(self.conn.reader.buffer) + sum(map(len, self.frames))
        self.buffers.hold(self, TAKEN * (self.owed + len(self.unparsed) + unfinished))

    @property
    def handshake_waits(self) -> bool:
        """Whether a handshake was taken and not answered yet."""
        return self.handshake_initiated and not self.handshake_complete

    def handle_connect(self, event: Request) -> None:
        """Take a handshake, or note that it was none."""
        super().handle_connect(event)
        if self.close_sent:
            self.note(self.response.status_code, "BAD_REQUEST", event.path.partition("?")[0])

    def refuse_handshake(self, reason: str) -> None:
        """Answer what uvicorn would leave without an answer, and open for ever."""
        refusal = Refusal("BAD_REQUEST", reason, 400)
        self.note(refusal.status, refusal.code)
        self.transport.write(refused(refusal))
        self.handshake_complete = self.close_sent = True
        self.transport.close()

    def note(self, status: int, code: str, path: str = "") -> None:
        """Have a refusal counted and logged."""
        method = "GET" if status else "SUBSCRIBE"
        self.observe(RequestRecord(method, path, self.client[0] if self.client else None, "websocket", status, code))

    async def send(self, message: ASGISendEvent) -> None:
        """Send what the application says; go on with what came behind a handshake once that is answered.

        A refused one is complete, which uvicorn misses.
        """
        waited = self.handshake_waits
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True
        if waited and self.handshake_complete:
            self.parse()

    def handle_cont(self, event: Frame) -> None:
        """Take a part of a message. Parts are joined at once: many small ones take more than their bytes."""
        if len(self.frames) != 1 or not isinstance(self.frames[0], bytearray):
            self.frames = [bytearray(b"".join(self.frames))]
        self.frames[0] += event.data
        if event.fin:
            self.send_receive_event_to_app()

    def send_receive_event_to_app(self) -> None:
        """Pass a whole message on. A text that is not UTF-8 ends the connection (RFC 6455, section 8.1)."""
        if self.curr_msg_data_type == "text" and not is_utf8(self.frames):
            self.end(NOT_UTF8, "a text is not UTF-8")
        else:
            self.owed += sum(map(len, self.frames))
            super().send_receive_event_to_app()

    async def receive(self) -> ASGIReceiveEvent:
        """Return the next message; if it was the last that waited, parse on in a later turn of the event loop.

        A client that always has more to say would have this turn never end.
        """
        if self.owed and self.queue.empty():
            self.owed = 0
            self.account()
        message = await super().receive()
        if not self.read_paused and not self.disconnected:
            if self.unparsed:
                self.transport.pause_reading()
                self.loop.call_soon(self.parse)
            else:
                self.parse()
        return message

    @property
    def may_be_refused(self) -> bool:
        """Whether anything can be thrown away: always, for a message that is held was not executed."""
        return True

    def make_room(self, refusal: Refusal) -> None:
        """End the connection, for what it holds is too much."""
        self.note(0, refusal.code, self.scope["path"])
        for event in [self.queue.get_nowait() for _ in range(self.queue.qsize())]:
            if event["type"] != "websocket.receive":
                self.queue.put_nowait(event)
        self.end(TRY_AGAIN_LATER, refusal.message)

    def end(self, code: int, reason: str) -> None:
        """Close the connection without waiting for its client."""
        self.let_go()
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.fail(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()

    def pause_writing(self) -> None:
        """Read nothing from a client that does not read, and give it some time."""
        super().pause_writing()
        self.unread = self.loop.call_later(GRACE * self.write_seconds, self.transport.abort)
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on with a client that reads again."""
        super().resume_writing()
        self.forgive()
        self.parse()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting for it, and hold nothing."""
        super().connection_lost(exc)
        self.forgive()
        self.let_go()
        self.buffers.hold(self, 0)

    def let_go(self) -> None:
        """Hold nothing any more, however long somebody still refers to the connection."""
        self.frames, self.unparsed = [], b""
        self.conn.reader.buffer.clear()

    def forgive(self) -> None:
        """Let the connection be."""
        if self.unread is not None:
            self.unread.cancel()
            self.unread = None


def is_utf8(parts: list[bytes | bytearray]) -> bool:
    """Whether a text can be read."""
    try:
        b"".join(parts).decode()
    except UnicodeDecodeError:
        return False
    return True
