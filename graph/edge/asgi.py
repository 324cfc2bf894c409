"""The ASGI road: a server's events in, requests whole; responses out, events again. It decides nothing.

Also the routes beside `/graphql`: health, readiness, metrics, and the pages of `graph.edge.pages`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from time import perf_counter
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response as StarletteResponse
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from graph.edge import playground, sse
from graph.edge.endpoint import RETRY_AFTER, Endpoint
from graph.edge.responses import Stream
from graph.edge.websocket import Socket
from graph.errors import Refusal, masked
from graph.execute.execution import Operations
from graph.message import Headers, Request, Response, header
from graph.observe.health import Probes, json
from graph.observe.log import RequestLog
from graph.observe.metrics import Measured, Metrics
from graph.observe.request_record import Record
from graph.settings import Settings
from store.base import Store
from store.files.source import Source
from store.files.write_back import Desk

PATH = "/graphql"
REFRESH_SECONDS = 0.5
"""How often the file of keys is looked at."""

DEAR_SECONDS = 0.002
"""After an answer that took longer, requests start one a turn of the loop."""


class DisconnectedError(Exception):
    """The client went away before its request was whole."""


class App:
    """One server's ASGI application."""

    def __init__(
        self,
        store: Store,
        operations: Operations,
        settings: Settings,
        routes: Sequence[BaseRoute] = (),
        sources: Sequence[Source] = (),
    ) -> None:
        """Answer from *store*; edits are written to the folders of *sources* too."""
        self.store, self.operations, self.settings = store, operations, settings
        self.metrics = Metrics()
        self.probes = Probes(store, self.metrics, self.measured)
        self.log = RequestLog(settings)
        self.traced: Callable[[Record], None] | None = None
        self.endpoint = Endpoint(store, operations, settings, self.observe, playground.page)
        self.endpoint.desk = Desk(store, sources)
        self.under_way = self.burst = self.shed = self.streams = self.sockets = 0
        self.sweeping = False
        self.starting, self.dear = asyncio.Lock(), False
        handlers: Any = {HTTPException: not_found, Exception: failed}
        self.others: ASGIApp = Starlette(
            routes=[*self.probes.routes, *routes], exception_handlers=handlers, lifespan=lambda _: self.lifespan()
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection's event scope."""
        if scope["type"] == "http" and scope["path"] == PATH:
            await self.graphql(scope, receive, send)
        elif scope["type"] == "websocket":
            await self.socket(WebSocket(scope, receive, send))
        else:
            await self.others(scope, receive, send)

    def observe(self, record: Record) -> None:
        """Count and log a request."""
        self.metrics(record)
        self.log(record)
        if self.traced is not None:
            self.traced(record)

    async def graphql(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Receive a GraphQL request, and send its answer."""
        try:
            request = of_scope(scope, await received(scope["headers"], receive, self.settings.body_bytes))
        except DisconnectedError:
            return
        except Refusal as refusal:
            await sent(self.endpoint.refuse(of_scope(scope), refusal), send)
            return
        known = self.endpoint.known(request, "asgi")
        if known is not None:
            await sent(known, send)
            return
        if self.under_way >= self.settings.concurrency:
            await sent(self.overloaded(request), send)
            return
        self.under_way += 1
        try:
            answer = await self.answer(request)
        finally:
            self.under_way -= 1
        if isinstance(answer, Stream):
            await self.streamed(answer, request, receive, send)
        else:
            await sent(answer, send)

    async def answer(self, request: Request) -> Response | Stream:
        """Return the answer; where answers are dear, requests that arrive are looked at, perhaps shed, between two."""
        if self.dear or self.starting.locked():
            async with self.starting:
                await asyncio.sleep(0)
        started = perf_counter()
        answer = await self.endpoint.answer(request)
        self.dear = perf_counter() - started > DEAR_SECONDS
        return answer

    def end_burst(self) -> None:
        """Forget how many requests arrived in one turn of the loop: each has its answer or its task."""
        self.burst = 0

    def overloaded(self, request: Request, road: str = "asgi") -> Response:
        """Return the refusal of a request that there is no room for."""
        self.shed += 1
        refusal = Refusal("OVERLOADED", "The server has as much to do as it can; try again.", 503, (RETRY_AFTER,))
        return self.endpoint.refuse(request, refusal, road)

    async def streamed(self, stream: Stream, request: Request, receive: Receive, send: Send) -> None:
        """Send a stream's answers until it or the client ends."""
        if self.streams >= self.settings.sockets:
            await sent(self.overloaded(request), send)
            return
        self.streams += 1
        try:
            await sse.send(stream, receive, send, self.settings.ping_seconds)
        finally:
            self.streams -= 1

    async def socket(self, socket: WebSocket) -> None:
        """Serve a WebSocket on `/graphql`, up to the number that there is room for; others are HTTP 403."""
        full = self.sockets >= self.settings.sockets
        if full or socket.scope["path"] != PATH:
            self.shed += full
            await socket.close()
            return
        self.sockets += 1
        try:
            await Socket(socket, self.endpoint).serve()
        finally:
            self.sockets -= 1

    def measured(self) -> Measured:
        """Return what is counted where it happens."""
        counts = self.operations.counts
        return Measured(
            counters={
                "shed": ("Requests, streams and sockets that there was no room for.", self.shed),
                "kept_bytes_hits": ("Objects whose encoded bytes were there.", counts.hits),
                "kept_bytes_misses": ("Objects that had to be encoded.", counts.misses),
                "plan_calls": ("Calls of linked fields by plans.", counts.calls),
                "plan_defects": ("Plans that failed, so that the interpreter answered.", counts.defects),
            },
            gauges={
                "under_way": ("Requests under way.", self.under_way),
                "streams": ("Open event streams.", self.streams),
                "sockets": ("Open WebSockets.", self.sockets),
                "subscriptions": ("Subscriptions under way.", self.endpoint.subscriptions),
            },
        )

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Look after what outlives a request: keys that change, lines that wait to be written."""
        async with AsyncExitStack() as stack:
            task = asyncio.create_task(self.refreshed())
            stack.callback(self.log.flush)
            stack.callback(task.cancel)
            self.probes.serving = True
            yield
            self.probes.serving = False

    async def refreshed(self) -> None:
        """Keep keys, the log, and what other workers know of this one up to date."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            self.log.flush()
            try:
                if self.endpoint.keys.refresh():
                    self.endpoint.callers.forget()
                if self.metrics.gathered is not None:
                    await self.probes.publish()
            except (OSError, ValueError) as error:
                masked(error, "keys or metrics")


def of_scope(scope: Scope, body: bytes = b"") -> Request:
    """Return the request of an ASGI scope."""
    client = scope.get("client")
    return Request(
        scope["method"], scope["path"], scope["query_string"], scope["headers"], body, client[0] if client else None
    )


async def received(headers: Headers, receive: Receive, most: int) -> bytes:
    """Return a request's body. Raises Refusal as soon as it is too large, DisconnectedError where it never ends."""
    announced = header(headers, b"content-length")
    if announced.isdigit() and int(announced[:20]) > most:
        raise too_large(most)
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > most:
            raise too_large(most)
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def too_large(most: int) -> Refusal:
    """Return the refusal of a body; the connection ends with it, so that nobody has to read the rest."""
    return Refusal("BODY_TOO_LARGE", f"The body is larger than {most} bytes.", 413, ((b"connection", b"close"),))


async def sent(response: Response, send: Send) -> None:
    """Send a whole response."""
    headers = [*response.headers]
    if response.status not in (204, 304):
        headers.append((b"content-length", b"%d" % len(response.body)))
    try:
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})
    except OSError:
        pass  # the client is gone


async def not_found(_: StarletteRequest, error: HTTPException) -> StarletteResponse:
    """Answer what is not here, as GraphQL clients read it."""
    refusal = Refusal("NOT_FOUND" if error.status_code == 404 else "METHOD_NOT_ALLOWED", error.detail)
    response = json({"errors": refusal.errors}, error.status_code)
    response.headers.update(error.headers or {})
    return response


async def failed(request: StarletteRequest, error: Exception) -> StarletteResponse:
    """Answer what failed beside `/graphql`."""
    message, extensions = masked(error, request.url.path[:100])
    return json({"errors": [{"message": message, "extensions": extensions}]}, 500)
