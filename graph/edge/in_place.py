"""Answers planned requests where their last byte arrives, without a task for them: uvicorn's HTTP protocol, shortened.

What cannot be answered on the spot (other paths, WebSockets, operations that wait, requests behind an unfinished one,
clients that do not read) takes uvicorn's ordinary road to the ASGI application untouched. On both roads each connection
has a deadline for what its client owes (`graph.edge.deadlines`), and an upgrade to what is not spoken here is passed
over, such as HTTP/2, which clients offer with ordinary requests (RFC 9110, section 7.8).
"""

import asyncio
from functools import lru_cache
from http import HTTPStatus
from math import inf
from typing import Any

import orjson
from httptools import HttpParserError, HttpParserUpgrade
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from graph.edge.admission import Admission
from graph.edge.deadlines import Deadlines
from graph.edge.endpoint import PATH, Endpoint
from graph.errors import Refusal
from graph.message import Headers, Request, Response

HEADER_BYTES = 64 * 1024
"""Most bytes of a request's line and headers."""
HEADS = 1_000
"""Most sets of headers whose encoding is cached."""
COPIED = 4 * 1024
"""Bytes of a body that are copied behind their head, which takes less than a second buffer would."""
TARGET = PATH.encode()
STATUS = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
CLOSE = b"connection: close\r\n"


class HeadersTooLargeError(ValueError):
    """Raised to the parser, so that it stops."""


class InPlaceProtocol(HttpToolsProtocol):
    """One HTTP connection."""

    def __init__(self, *, endpoint: Endpoint, admission: Admission, deadlines: Deadlines, **given: Any) -> None:
        """Answer from *endpoint* what *admission* admits; the rest of what is *given* is uvicorn's."""
        super().__init__(**given)
        self.endpoint, self.admission, self.deadlines = endpoint, admission, deadlines
        self.settings = endpoint.settings
        self.answers_in_place = self.settings.http == "in-place"
        self.deadline = self.unread_deadline = inf
        self.asked = self.passes_over = False
        self.target = b""
        self.body: list[bytes] | None = None
        self.size = self.header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin to wait for a request."""
        super().connection_made(transport)
        self.deadline = self.loop.time() + self.settings.header_seconds
        self.deadlines.add(self, self.loop)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting for anything."""
        self.deadlines.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes. The parser stops at a head that asks for an upgrade; one that is passed over is read without."""
        self._unset_keepalive_if_required()
        rest: bytes | memoryview = data
        try:
            while rest:
                try:
                    self.parser.feed_data(rest)
                    return
                except HttpParserUpgrade as upgrade:
                    if not self.passes_over:
                        self.switch()
                        return
                    self.parser.feed_data(self.head_without_upgrade())
                    rest = memoryview(rest)[upgrade.args[0] :]
        except HttpParserError:
            message = "Invalid HTTP request received."
            self.logger.warning(message)
            self.send_400_response(message)

    def switch(self) -> None:
        """Go on as a WebSocket, if that is what was asked for."""
        if self._should_upgrade():
            self.deadlines.discard(self)
            self.handle_websocket_upgrade()

    def head_without_upgrade(self) -> bytes:
        """Return the line and the headers of the request, as if it asked for no upgrade."""
        line = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        return b"".join([line, *(b"%b: %b\r\n" % each for each in self.headers if each[0] != b"upgrade"), b"\r\n"])

    def _should_upgrade(self) -> bool:
        """Whether a WebSocket is asked for, by a whole handshake (RFC 6455, section 4.1); uvicorn asks it too."""
        has_key = any(name == b"sec-websocket-key" for name, _ in self.headers)
        return has_key and self.parser.get_method() == b"GET" and super()._should_upgrade()

    def on_message_begin(self) -> None:
        """Begin a request; what the ordinary road needs besides is made when it is known to be taken."""
        if self.answers_in_place:
            self.url, self.headers, self.expect_100_continue = b"", [], False
        else:
            super().on_message_begin()
        self.asked, self.header_bytes, self.body = True, 0, None
        self.deadline = self.loop.time() + self.settings.header_seconds

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self.url += url
        self.header_bytes += len(url)
        if self.header_bytes > HEADER_BYTES:
            raise HeadersTooLargeError

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header."""
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))
        self.header_bytes += len(name) + len(value)
        if self.header_bytes > HEADER_BYTES:
            raise HeadersTooLargeError

    def on_headers_complete(self) -> None:
        """Choose the road."""
        self.deadline = self.loop.time() + self.settings.body_seconds
        upgrades = self.parser.should_upgrade()
        self.passes_over = upgrades and self.parser.get_method() != b"CONNECT" and not self._should_upgrade()
        if self.passes_over:
            return
        if not self.answers_in_place:
            super().on_headers_complete()
            return
        idle = self.cycle is None or self.cycle.response_complete
        if idle and not upgrades and not self.expect_100_continue and self.is_graphql():
            self.body, self.size = [], 0
        else:
            self.take_ordinary_road()

    def take_ordinary_road(self) -> None:
        """Begin the request as uvicorn does, with what was received of it."""
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        super().on_headers_complete()

    def is_graphql(self) -> bool:
        """Whether the request is for `/graphql`, as plainly as it can be written."""
        path, _, self.target = self.url.partition(b"?")
        return path == TARGET and b"#" not in self.target and not self.flow.write_paused and not self.root_path

    def on_body(self, body: bytes) -> None:
        """Take a part of the body; one that is too large is for the other road to refuse."""
        if self.body is None:
            super().on_body(body)
            return
        self.body.append(body)
        self.size += len(body)
        if self.size > self.settings.body_bytes:
            self.hand_over()

    def hand_over(self) -> None:
        """Go on along the ordinary road, with what was received so far."""
        received, self.body = b"".join(self.body or ()), None
        self.take_ordinary_road()
        if received:
            super().on_body(received)

    def on_message_complete(self) -> None:
        """Answer, here and now or as a task."""
        if self.passes_over:
            return
        self.deadline = inf
        if self.body is not None:
            request = self.request(b"".join(self.body))
            response = self.response(request)
            if response is not None:
                self.body = None
                self.respond(response, request.method)
                return
            self.hand_over()
        super().on_message_complete()

    def request(self, body: bytes = b"") -> Request:
        """Return the request that was received."""
        method = self.parser.get_method().decode("latin-1")
        client = self.client[0] if self.client else None
        return Request(method, PATH, self.target, self.headers, body, client)

    def response(self, request: Request) -> Response | None:
        """Return the answer that can be given at once, a refusal where too many ask; else None."""
        try:
            self.admission.admit_now(self.loop)
        except Refusal as refusal:
            return self.endpoint.refuse(request, refusal, "in-place")
        return self.endpoint.answer_now(request)

    def respond(self, response: Response, method: str) -> None:
        """Write a whole response."""
        keep = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        self.server_state.total_requests += 1
        parts = [STATUS[response.status]]
        for name, value in self.server_state.default_headers:
            parts += (name, b": ", value, b"\r\n")
        parts.append(head(tuple(response.headers)))
        has_body = response.status not in (204, 304)
        if has_body:
            parts.append(b"content-length: %d\r\n" % len(response.body))
        parts.append(b"\r\n" if keep else b"connection: close\r\n\r\n")
        if not has_body or method == "HEAD":
            self.transport.write(b"".join(parts))
        elif len(response.body) < COPIED:
            parts.append(response.body)
            self.transport.write(b"".join(parts))
        else:
            self.transport.writelines((b"".join(parts), response.body))
        if keep:
            self.asked, self.deadline = False, self.loop.time() + self.settings.keep_alive_seconds
        else:
            self.transport.close()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request of the ordinary road; uvicorn's own timer ends idle connections there."""
        self.asked = False
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, or has headers beyond measure, and close."""
        if self.header_bytes > HEADER_BYTES:
            self.turn_away(Refusal("HEADERS_TOO_LARGE", f"The headers are larger than {HEADER_BYTES} bytes.", 431))
        else:
            self.turn_away(Refusal("BAD_REQUEST", msg, 400))

    def turn_away(self, refusal: Refusal) -> None:
        """Write a refusal unless an answer has begun, and close."""
        begun = self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        if not begun and not self.transport.is_closing():
            body = orjson.dumps({"errors": refusal.errors})
            size = b"content-length: %d\r\n" % len(body)
            kind = b"content-type: application/json; charset=utf-8\r\n"
            self.transport.write(b"".join((STATUS[refusal.status], kind, size, CLOSE, b"\r\n", body)))
        self.transport.close()

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
            self.transport.abort()
        elif self.asked:
            self.turn_away(Refusal("REQUEST_TIMEOUT", "The request did not arrive in time.", 408))
        else:
            self.transport.close()


@lru_cache(HEADS)
def head(headers: Headers) -> bytes:
    """Return headers as they are written; answers have few different sets of them."""
    return b"".join(b"%b: %b\r\n" % pair for pair in headers)
