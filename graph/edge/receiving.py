"""Receives HTTP requests: parses what comes in small pieces, holds to RFC 9112, and bounds what is buffered.

Bounded is what has come, not what is complete: a line without an end, a chunk's extension and a trailer count from
their first byte. Requests behind one that is being answered stay unparsed bytes, which take less than requests do.
"""

import re
from asyncio import Protocol
from typing import Any, cast

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser

from graph.edge.buffers import Buffers
from graph.edge.lingering import LingeringProtocol
from graph.errors import Failure, Refusal

HEADER_BYTES = 64 * 1024
"""Most bytes of a request that are not its body: its line, headers, chunks' extensions and trailers."""
FRAMING = 16
"""Bytes of chunks' lengths and line ends that may come for each byte of a body, besides."""
PIECE = 8 * 1024
"""Most bytes that are parsed at once."""
REQUEST_BYTES = 4 * 1024
"""What a request that is being answered takes, besides its headers and its body."""
HEADER_OBJECTS = 160
"""What a header takes, besides the bytes that were sent."""
WATCHED = frozenset({b"host", b"expect", b"transfer-encoding"})
"""Headers that say how to read the request."""
HOST = re.compile(rb"[\w.~!$&'()*+;=%\[\]:-]*", re.ASCII)
"""RFC 3986, section 3.2.2, without what nobody can mean by it anyway."""


class DeafError(Exception):
    """Raised to the parser, so that it stops: no more requests are taken on this connection."""


class ReceivingProtocol(LingeringProtocol):
    """One HTTP connection, as far as requests are received."""

    def __init__(self, *, buffers: Buffers, **given: Any) -> None:
        """Count in *buffers* what is held; the rest of what is *given* is for `LingeringProtocol`."""
        super().__init__(**given)
        self.buffers = buffers
        self.unparsed: bytes | memoryview = b""
        self.in_head = self.passes_over = False
        self.wire = self.hosts = self.body_size = self.owed = self.owed_before = 0
        self.holds = False
        self.host: bytes | None = None
        self.codings: list[bytes] = []

    def connection_lost(self, exc: Exception | None) -> None:
        """Give back what was held."""
        self.let_go()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes."""
        self._unset_keepalive_if_required()
        if self.is_deaf:
            return
        self.unparsed = bytes(self.unparsed) + data if self.unparsed else data
        self.parse()

    def parse(self) -> None:
        """Parse what has come, as far as it is not behind a request that waits for the one before it."""
        while self.unparsed and not self.pipeline:
            piece = self.unparsed
            if len(piece) > PIECE:
                piece, self.unparsed = memoryview(piece)[:PIECE], memoryview(piece)[PIECE:]
            else:
                self.unparsed = b""
            self.feed(piece)
        if self.unparsed:
            self.flow.pause_reading()
        if self.in_message or self.holds or self.owed or self.unparsed:
            self.account()
        if self.stopping and self.is_answering and not self.in_message and not self.unparsed:
            self.cycle.keep_alive = False

    def feed(self, piece: bytes | memoryview) -> None:
        """Parse one piece. The parser stops at a head that asks for an upgrade; one that is passed over goes on."""
        rest = piece
        try:
            while rest:
                try:
                    self.parser.feed_data(rest)
                    break
                except HttpParserUpgrade as upgrade:
                    if not self.passes_over:
                        self.switch(bytes(memoryview(rest)[upgrade.args[0] :]))
                        return
                    head = self.head_without_upgrade()
                    if not self.parser.should_keep_alive():  # `Connection: close` was in the head that is passed over
                        self.parser = HttpRequestParser(self)
                        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's
                    self.parser.feed_data(head)
                    rest = memoryview(rest)[upgrade.args[0] :]
        except HttpParserCallbackError as error:
            self.fail(error.__context__ or error)
        except HttpParserError:
            self.turn_away(Refusal("BAD_REQUEST", "Invalid HTTP request received.", 400))
        if self.in_message:
            self.wire += len(piece)
            if self.wire - FRAMING * self.body_size >= HEADER_BYTES:
                message = f"The headers are larger than {HEADER_BYTES} bytes."
                self.turn_away(Refusal("HEADERS_TOO_LARGE", message, 431))

    def fail(self, error: BaseException) -> None:
        """Refuse a request that a callback of the parser raised for; what nobody foresaw is logged, and is a 500."""
        if not isinstance(error, DeafError):
            self.turn_away(error if isinstance(error, Refusal) else Failure(error, "a request"))

    def on_response_complete(self) -> None:
        """Go on with what came behind the request, or end where nothing more may come."""
        super().on_response_complete()
        if self.is_closing():
            return
        if not self.is_answering:
            self.owed = 0
        self.parse()
        is_last = self.is_deaf or self.is_half_closed or (self.stopping and not self.in_message)
        if is_last and not self.is_answering:
            self.end()

    def account(self) -> None:
        """Count what is held: bytes, and what was made of them."""
        size = self.owed + len(self.unparsed)
        if self.in_head:
            size += self.wire + HEADER_OBJECTS * len(self.headers)
        self.holds = size > 0
        self.buffers.hold(self, size)

    def let_go(self) -> None:
        """Hold nothing any more."""
        self.unparsed, self.owed, self.holds = b"", 0, False
        self.buffers.hold(self, 0)

    @property
    def may_be_refused(self) -> bool:
        """Whether there is something that was not given to the application yet."""
        return bool(self.in_message or self.unparsed or self.pipeline or (self.is_answering and self.cycle.body))

    def make_room(self, refusal: Refusal) -> None:
        """Throw away what was not given to the application."""
        self.turn_away(refusal)

    def ignore_rest(self) -> None:
        """Forget what came after the request that is under way, which itself is held until it is answered."""
        if self.pipeline or self.in_message:
            self.owed = self.owed_before
        super().ignore_rest()
        self.unparsed = b""
        self.account()

    def end(self) -> None:
        """Hold nothing, since nothing more is answered."""
        super().end()
        self.in_message = False
        self.let_go()

    def switch(self, behind: bytes) -> None:
        """Go on as a WebSocket, if that is what was asked for, with what has come *behind* the handshake already."""
        self.in_message = False
        if self._should_upgrade():
            self.deadlines.discard(self)
            behind += self.unparsed
            self.let_go()
            self.handle_websocket_upgrade()
            if behind:
                cast("Protocol", self.transport.get_protocol()).data_received(behind)

    def head_without_upgrade(self) -> bytes:
        """Return the line and the headers of the request, as if it asked for no upgrade."""
        line = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        return b"".join([line, *(b"%b: %b\r\n" % each for each in self.headers if each[0] != b"upgrade"), b"\r\n"])

    def _should_upgrade(self) -> bool:
        """Whether a WebSocket is asked for, by a whole handshake (RFC 6455, section 4.1); uvicorn asks it too."""
        has_key = any(name == b"sec-websocket-key" for name, _ in self.headers)
        return has_key and self.parser.get_method() == b"GET" and super()._should_upgrade()

    def on_message_begin(self) -> None:
        """Begin a request. Raises DeafError where none is taken any more."""
        if self.is_deaf:
            raise DeafError
        if self.is_answering and not self.pipeline:
            self.owed_before = self.owed
        self.in_message = self.in_head = True
        self.wire = self.hosts = self.body_size = 0
        if self.codings:
            self.codings = []
        self.deadline = self.loop.time() + self.settings.header_seconds

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header. Those behind a body are read and thrown away: who obeys them is led by the body's sender."""
        if not self.in_head:
            return
        name = name.lower()
        if name in WATCHED:
            self.watch(name, value)
        self.headers.append((name, value))

    def watch(self, name: bytes, value: bytes) -> None:
        """Take note of a header that says how to read the request. Raises Refusal."""
        if name == b"host":
            self.hosts += 1
            if value != self.host:
                if not HOST.fullmatch(value):
                    raise Refusal("BAD_REQUEST", "The Host header is not the name of a host.", 400)
                self.host = value
        elif name == b"transfer-encoding":
            self.codings += [each.strip().lower() for each in value.split(b",")]
        elif value.lower() == b"100-continue":
            self.expect_100_continue = True

    def begin_scope(self) -> None:
        """Begin a request as uvicorn does, which empties what is known of its head."""
        super().on_message_begin()

    def check_head(self) -> None:
        """Hold the head to RFC 9112, sections 3.2 and 6.1, as far as the parser does not. Raises Refusal."""
        self.in_head = False
        if self.hosts != 1 and (self.hosts or self.parser.get_http_version() != "1.0"):
            raise Refusal("BAD_REQUEST", "A request has one Host header, no more and no less.", 400)
        if b"" in self.codings:  # a parser of httptools before 0.9 lets it pass
            raise Refusal("BAD_REQUEST", "Transfer-Encoding names no coding.", 400)
        if self.codings and self.codings != [b"chunked"]:
            raise Refusal("NOT_IMPLEMENTED", "The only transfer coding that is understood is `chunked`.", 501)
        if self.codings and self.parser.get_http_version() == "1.0":
            raise Refusal("BAD_REQUEST", "HTTP/1.0 has no transfer codings.", 400)
