"""Ends HTTP connections so that no answer is lost: on refusals, at deadlines, when the server stops.

A connection that is closed while bytes of its client are unread is reset, and a reset destroys answers that the client
has not read yet. So the end is announced (`Connection: close`, then the end of what we send), and what still comes is
read and thrown away for a moment (RFC 9112, section 9.6). A client that only ended what it sends gets its answers.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from math import inf
from typing import Any, cast

import orjson
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from graph.edge.deadlines import SWEEP_SECONDS, Deadlines
from graph.errors import Refusal
from graph.settings import Settings

LINGER_SECONDS = 2.0
"""Time that a client has to close its side, once we closed ours."""
STATUS = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
CLOSE = b"connection: close\r\n"


class Outlet:
    """The transport as the ordinary road sees it: to close it is to end the connection in order."""

    def __init__(self, transport: asyncio.Transport, end: Callable[[], None], is_ending: Callable[[], bool]) -> None:
        self.write, self.close, self.is_closing = transport.write, end, is_ending


class LingeringProtocol(HttpToolsProtocol):
    """One HTTP connection, as far as its deadlines and its end go."""

    def __init__(self, *, settings: Settings, deadlines: Deadlines, **given: Any) -> None:
        """Take the time that clients have from *settings*; the rest of what is *given* is uvicorn's."""
        super().__init__(**given)
        self.settings, self.deadlines = settings, deadlines
        self.deadline = self.unread_deadline = inf
        self.in_message = False  # part of a request has come
        self.is_ending = self.is_deaf = self.is_half_closed = self.stopping = False
        self.running: RequestResponseCycle | None = None
        """The request that the ordinary road answers; `cycle` is the last of those that wait behind it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin to wait for a request."""
        super().connection_made(transport)
        self.outlet = cast("asyncio.Transport", Outlet(transport, self.end, self.is_closing))
        self.deadline = self.loop.time() + self.settings.header_seconds
        self.deadlines.add(self, self.loop)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting for anything."""
        self.deadlines.discard(self)
        super().connection_lost(exc)

    @property
    def is_answering(self) -> bool:
        """Whether a request is under way on the ordinary road."""
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def may_be_executed(self) -> bool:
        """Whether the application may have begun with the request that it was given."""
        running = self.running
        if running is None or running.response_complete:
            return False
        return running is not self.cycle or not (self.in_message or running.body)

    def is_closing(self) -> bool:
        """Whether nothing more can be written."""
        return self.is_ending or self.transport.is_closing()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self.running = cycle
        cycle.transport = self.outlet
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Begin with the next request of the ordinary road, unless this was the last."""
        if self.is_ending:
            self.server_state.total_requests += 1
        else:
            super().on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Have the next sweep end an idle connection, before which is read what came in time."""
        self.deadline = self.loop.time()

    def turn_away(self, refusal: Refusal) -> None:
        """Refuse what is being received, and end. A request that is under way before it is answered nevertheless."""
        if self.is_closing():
            return
        if self.may_be_executed:
            self.ignore_rest()
            return
        self.refuse(refusal)
        self.end()

    def refuse(self, refusal: Refusal) -> None:
        """Write the refusal of what is being received."""
        self.transport.write(refused(refusal))

    def ignore_rest(self) -> None:
        """Answer the request that is under way, and nothing that came after it."""
        self.is_deaf, self.in_message, self.deadline = True, False, inf
        self.pipeline.clear()
        if self.running is not None:
            self.cycle = self.running
            self.cycle.keep_alive = False

    def end(self) -> None:
        """Close once everything is sent, and read until then, and until the client closes, what it still sends."""
        if self.is_closing():
            return
        self.is_ending = self.is_deaf = True
        self._unset_keepalive_if_required()
        self.pipeline.clear()
        if self.is_answering:
            self.cycle.disconnected = True
            self.cycle.body = bytearray()
            self.cycle.message_event.set()
        if self.is_half_closed:
            self.left()
            self.transport.close()
            return
        self.deadline = self.loop.time() + LINGER_SECONDS
        self.flow.resume_reading()
        self.transport.write_eof()

    def eof_received(self) -> bool:  # type: ignore[override] # asyncio asks whether to keep the transport open
        """Take note that the client sends no more. Where an answer is owed, it is sent first.

        A stream would go on for ever: its client has left.
        """
        self.is_half_closed = True
        running = self.running
        if self.is_ending or running is None or running.response_complete:
            return self.left()
        if running.more_body or running.chunked_encoding:
            return self.left()
        if self.in_message:
            self.ignore_rest()
        return True

    def left(self) -> bool:
        """Have the transport close once what was written is read, if the client takes it in time."""
        self.is_ending = self.is_deaf = True
        self.deadline = self.loop.time() + self.settings.write_seconds
        return False

    def shutdown(self) -> None:
        """Answer what has come, say so with the last answer, and end: the server stops.

        Idle connections end in a moment, for the sake of requests that are on their way.
        """
        self.stopping = True
        if self.is_answering:
            self.cycle.keep_alive = False
        elif not self.in_message:
            self.deadline = min(self.deadline, self.loop.time() + SWEEP_SECONDS)

    def pause_writing(self) -> None:
        """Give the client some time to read."""
        super().pause_writing()
        self.unread_deadline = self.loop.time() + self.settings.write_seconds

    def resume_writing(self) -> None:
        """Forgive a client that reads again."""
        super().resume_writing()
        self.unread_deadline = inf

    def is_late(self, now: float) -> bool:
        """Whether the client owes us something for too long."""
        return self.deadline < now or self.unread_deadline < now

    def expire(self) -> None:
        """End a connection that is past a deadline."""
        self.deadline, unread, self.unread_deadline = inf, self.unread_deadline, inf
        if unread < inf and self.flow.write_paused:
            self.abort()
        elif self.is_ending and not self.transport.is_closing() and self.transport.get_write_buffer_size():
            self.left()
            self.transport.close()
        elif self.is_ending:
            self.abort()
        elif self.in_message:
            self.turn_away(Refusal("REQUEST_TIMEOUT", "The request did not arrive in time.", 408))
        else:
            self.transport.close()

    def abort(self) -> None:
        """End the connection at once, whatever is unsent."""
        self.transport.abort()


def refused(refusal: Refusal) -> bytes:
    """Return the answer of a request that is refused before it is one, the last of its connection."""
    body = orjson.dumps({"errors": refusal.errors})
    lines = [STATUS[refusal.status], b"content-type: application/json; charset=utf-8\r\n"]
    lines += [b"%b: %b\r\n" % header for header in refusal.headers]
    lines += [b"content-length: %d\r\n" % len(body), CLOSE, b"\r\n", body]
    return b"".join(lines)
