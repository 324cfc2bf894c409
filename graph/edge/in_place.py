"""Answers planned requests where their last byte arrives, without a task for them: uvicorn's HTTP protocol, shortened.

What cannot be answered on the spot (other paths, WebSockets, operations that wait, requests behind an unfinished one,
clients that do not read) takes uvicorn's ordinary road to the ASGI application. On both roads requests are received by
`graph.edge.receiving` and connections ended by `graph.edge.lingering`; an upgrade to what is not spoken here is passed
over, such as HTTP/2, which clients offer with ordinary requests (RFC 9110, section 7.8).
"""

from functools import lru_cache
from math import inf
from typing import Any

from graph.edge.addresses import Addresses
from graph.edge.admission import Admission
from graph.edge.endpoint import PATH, Endpoint
from graph.edge.lingering import STATUS
from graph.edge.receiving import HEADER_OBJECTS, REQUEST_BYTES, ReceivingProtocol
from graph.errors import Refusal
from graph.message import Headers, Request, Response
from graph.observe.request_record import RequestRecord

HEADS = 1_000
"""Most sets of headers whose encoding is cached."""
COPIED = 4 * 1024
"""Bytes of a body that are copied behind their head, which takes less than a second buffer would."""
TARGET = PATH.encode()


class InPlaceProtocol(ReceivingProtocol):
    """One HTTP connection."""

    def __init__(self, *, endpoint: Endpoint, admission: Admission, addresses: Addresses, **given: Any) -> None:
        """Answer from *endpoint* what *admission* admits, and to whom *addresses* says.

        The rest of what is *given* is for `ReceivingProtocol`.
        """
        super().__init__(settings=endpoint.settings, **given)
        self.endpoint, self.admission, self.addresses = endpoint, admission, addresses
        self.answers_in_place = self.settings.http == "in-place"
        self.target = b""
        self.body: bytes | bytearray | None = None
        self.last: tuple[Response, str] | None = None
        """While the server stops, the answer that may be the last: it says so, if it is."""

    def on_message_begin(self) -> None:
        """Begin a request; what the ordinary road needs besides is made when it is known to be taken."""
        super().on_message_begin()
        self.url, self.headers, self.expect_100_continue, self.body = b"", [], False, None

    def on_headers_complete(self) -> None:
        """Choose the road."""
        self.check_head()
        self.deadline = self.loop.time() + self.settings.body_seconds
        upgrades = self.parser.should_upgrade()
        self.passes_over = upgrades and self.parser.get_method() != b"CONNECT" and not self._should_upgrade()
        if self.passes_over:
            return
        elsewhere = upgrades or self.is_answering or self.expect_100_continue or not self.answers_in_place
        if not elsewhere and self.is_graphql():
            self.body = b""
        else:
            self.take_ordinary_road()

    def take_ordinary_road(self) -> None:
        """Begin the request as uvicorn does, with what was received of it."""
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        self.begin_scope()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        self.owed += REQUEST_BYTES + self.wire + HEADER_OBJECTS * len(headers)
        super().on_headers_complete()

    def is_graphql(self) -> bool:
        """Whether the request is for `/graphql`, as plainly as it can be written."""
        path, _, self.target = self.url.partition(b"?")
        return path == TARGET and b"#" not in self.target and not self.flow.write_paused and not self.root_path

    def on_body(self, body: bytes) -> None:
        """Take a part of the body; one that is too large is for the other road to refuse."""
        self.body_size += len(body)
        if self.body is None:
            self.owed += len(body) if self.is_answering else 0  # after the answer it is thrown away
            super().on_body(body)
            return
        self.owed += len(body)
        if not self.body:
            self.body = body
        elif isinstance(self.body, bytearray):
            self.body += body
        else:
            self.body = bytearray(self.body) + body
        if self.body_size > self.settings.body_bytes:
            self.hand_over()

    def hand_over(self) -> None:
        """Go on along the ordinary road, with what was received so far."""
        received, self.body = bytes(self.body or b""), None
        self.owed -= len(received)  # which is part of what came over the wire
        self.take_ordinary_road()
        if received:
            super().on_body(received)

    def on_message_complete(self) -> None:
        """Answer, here and now or as a task."""
        if self.passes_over:
            return
        self.in_message, self.deadline = False, inf
        if self.body is not None:
            request = self.request(bytes(self.body))
            response = self.response(request)
            if response is not None:
                self.body, self.owed = None, 0
                self.respond(response, request.method)
                return
            self.hand_over()
        super().on_message_complete()

    def request(self, body: bytes = b"") -> Request:
        """Return the request that was received."""
        method = self.parser.get_method().decode("latin-1")
        client = self.client[0] if self.client else None
        if self.addresses.believes:
            client = self.addresses.of(client, self.headers)
        return Request(method, PATH, self.target, self.headers, body, client)

    def response(self, request: Request) -> Response | None:
        """Return the answer that can be given at once, a refusal where too many ask; else None."""
        try:
            self.admission.admit_now(self.loop)
        except Refusal as refusal:
            return self.endpoint.refuse(request, refusal, "in-place")
        if self.admission.gives_way():
            return self.endpoint.cached(request, "in-place")
        return self.endpoint.answer_now(request)

    def respond(self, response: Response, method: str) -> None:
        """Answer, or while the server stops wait with it until it is known whether another request has come."""
        keep = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        if not self.stopping:
            self.write(response, method, keep)
            return
        self.write_last(keep=True)
        self.last = response, method
        if not keep:
            self.write_last(keep=False)

    def write_last(self, keep: bool) -> None:
        """Write the answer that waited, if any does."""
        if self.last is not None:
            (response, method), self.last = self.last, None
            self.write(response, method, keep)

    def parse(self) -> None:
        """Answer what has come."""
        super().parse()
        if self.last is not None:
            self.write_last(keep=self.in_message or self.is_answering or bool(self.unparsed))

    def let_go(self) -> None:
        """Hold nothing any more."""
        super().let_go()
        self.body, self.headers = None, []

    def turn_away(self, refusal: Refusal) -> None:
        """Refuse what is being received, behind what was received before."""
        self.write_last(keep=True)
        super().turn_away(refusal)

    def refuse(self, refusal: Refusal) -> None:
        """Refuse what is being received, and have it counted and logged with what is known of it."""
        self.endpoint.observe(self.record(refusal))
        super().refuse(refusal)

    def record(self, refusal: Refusal) -> RequestRecord:
        """Return the record of what is refused. Only a whole head says who asks, and only a URL which method it is."""
        record = RequestRecord("", "", self.client[0] if self.client else None, "receiving")
        record.status, record.code = refusal.status, refusal.code
        if self.url and (self.in_message or self.is_answering or self.body is not None):
            record.method = self.parser.get_method().decode("latin-1")
            record.path = self.url.partition(b"?")[0].decode("latin-1")
            if not self.in_head:
                record.headers = self.headers
                record.client = self.addresses.of(record.client, self.headers)
        return record

    def write(self, response: Response, method: str, keep: bool) -> None:
        """Write a whole response."""
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
            self.deadline = self.loop.time() + self.settings.keep_alive_seconds
        else:
            self.end()


@lru_cache(HEADS)
def head(headers: Headers) -> bytes:
    """Return headers as they are written; answers have few different sets of them."""
    return b"".join(b"%b: %b\r\n" % pair for pair in headers)
