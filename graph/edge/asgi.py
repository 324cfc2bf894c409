"""ASGI application: reads a whole request, asks `Endpoint` for the response, sends it.

Who may start is `graph.edge.admission`'s to say. Also routes the paths beside `/graphql`: health, readiness and metrics
to `graph.observe.health`, and the pages to where they come from.
"""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response as StarletteResponse
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from graph.edge import playground, sse, websocket
from graph.edge.addresses import Addresses
from graph.edge.admission import Admission
from graph.edge.auth import Keys
from graph.edge.background import repeating
from graph.edge.caller import presented_key
from graph.edge.endpoint import PATH, Endpoint
from graph.edge.pages import DOCUMENTS
from graph.edge.persisted import documents
from graph.edge.responses import Stream
from graph.errors import Failure, Refusal, masked
from graph.execute.operations import Operations
from graph.message import Headers, Request, Response, header
from graph.observe.health import Probes, json
from graph.observe.line_writer import LineWriter
from graph.observe.log import RequestLog
from graph.observe.metrics import Metrics, Samples
from graph.observe.request_record import RequestRecord
from graph.observe.troubles_of_parent import TroublesOfParent
from graph.settings import Settings
from store.base import Store
from store.files.source import Source
from store.files.write_back import Desk
from store.troubles import Trouble, Troubles

log = logging.getLogger("broadsheet.keys")


class DisconnectedError(Exception):
    """The client went away before its request was whole."""


class App:
    """One server's ASGI application."""

    def __init__(  # noqa: PLR0913 -- it is put together here, of what is handed in by name
        self,
        store: Store,
        operations: Operations,
        settings: Settings,
        routes: Sequence[BaseRoute] = (),
        sources: Sequence[Source] = (),
        *,
        spans: Callable[[RequestRecord], None] | None = None,
        shared_metrics: Path | None = None,
        troubles: Troubles | None = None,
        writer: LineWriter | None = None,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        """Answer from *store*; edits are written to the folders of *sources* too.

        *spans* makes a span of each request; in the folder *shared_metrics* the workers of one server leave their
        metrics for each other; *troubles* are those of this process; *writer* writes the log; *clock* gives
        seconds.
        """
        self.store, self.operations, self.settings = store, operations, settings
        self.addresses = Addresses(settings)
        self.admission = Admission(settings, clock)
        self.metrics = Metrics(shared_metrics)
        self.troubles = troubles or Troubles()
        self.of_parent = TroublesOfParent(shared_metrics) if shared_metrics else None
        desk = Desk(store, sources)
        self.probes = Probes(store, self.metrics, self.samples, self.all_troubles, desk)
        self.log = RequestLog(settings, writer or LineWriter(self.troubles))
        self.observers = [each for each in (self.metrics, self.log, spans) if each is not None]
        self.unobserved = False
        self.endpoint = Endpoint(
            store,
            operations,
            settings,
            keys=Keys(settings, clock),
            documents=documents(settings, DOCUMENTS),
            desk=desk,
            admission=self.admission,
            observe=self.observe,
            page=playground.page,
            clock=clock,
        )
        handlers: Any = {HTTPException: not_found, Exception: failed}
        self.others = Starlette(
            routes=[*self.probes.routes, *routes], exception_handlers=handlers, lifespan=lambda _: self.lifespan()
        )
        self.others.router.redirect_slashes = False  # a redirect would lead wherever the Host header says
        self.others.state.callers = self.endpoint.callers  # what pages know callers by

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection's event scope."""
        if self.addresses.believes and scope["type"] in ("http", "websocket"):
            scope = self.addresses.seen(scope)
        if scope["type"] == "http" and scope["path"] == PATH:
            await self.graphql(scope, receive, send)
        elif scope["type"] == "websocket":
            await websocket.serve(WebSocket(scope, receive, send), self.endpoint, self.admission)
        else:
            await self.others(scope, receive, send)

    def observe(self, record: RequestRecord) -> None:
        """Count, log and trace a request; what fails at that harms no answer, and is told until it works."""
        try:
            for observer in self.observers:
                observer(record)
        except Exception as error:
            self.unobserved = True
            self.troubles.failed("observers", error)
        else:
            if self.unobserved:
                self.unobserved = self.troubles.resolve("observers")

    async def graphql(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Receive a GraphQL request, and send its answer."""
        try:
            request = of_scope(scope, await received(scope["headers"], receive, self.settings.body_bytes))
        except DisconnectedError:
            return
        except Refusal as refusal:
            await sent(self.endpoint.refuse(of_scope(scope), refusal), send)
            return
        answer = await self.answer(request)
        if isinstance(answer, Stream):
            caller, key = self.endpoint.callers.of(request.method, request.headers), presented_key(request.headers)
            place = self.admission.streams.held_by(request.client)
            with place, self.endpoint.key_holders.holding(key, caller.viewer) as holder:
                await sse.send(answer, holder.revoked, receive, send, self.settings.ping_seconds)
        else:
            await sent(answer, send)

    async def answer(self, request: Request) -> Response | Stream:
        """Return the answer of a request, once it is its turn, or the refusal where there is no room.

        What went wrong beside it, such as a log that cannot be written, is refused without another look at it.
        """
        try:
            try:
                if cached := self.endpoint.cached(request, "asgi"):
                    return cached
                return await self.admission.run(self.endpoint.answer, request)
            except Refusal as refusal:
                return self.endpoint.refuse(request, refusal)
        except Exception as error:
            caller = self.endpoint.callers.of(request.method, request.headers)
            return self.endpoint.render.refused(Failure(error, request.path), caller)

    def samples(self) -> Samples:
        """Return what is counted where it happens."""
        counts, admission = self.operations.counts, self.admission
        return Samples(
            counters={
                "shed": (
                    "Requests, operations and messages on sockets, streams and sockets that there was no room for.",
                    admission.shed,
                ),
                "kept_bytes_hits": ("Objects whose encoded bytes were there.", counts.hits),
                "kept_bytes_misses": ("Objects that had to be encoded.", counts.misses),
                "log_dropped": (
                    "Lines of the log that were dropped because standard error took nothing.",
                    self.log.writer.dropped,
                ),
                "plan_calls": ("Calls of linked fields by plans.", counts.calls),
                "plan_defects": ("Plans that failed, so that the interpreter answered.", counts.defects),
            },
            gauges={
                "under_way": ("Requests and operations on sockets under way.", admission.requests.taken),
                "work_seconds": (
                    "Seconds of work that queries under way have left, by estimate.",
                    admission.workload.seconds,
                ),
                "streams": ("Open event streams.", admission.streams.taken),
                "sockets": ("Open WebSockets.", admission.sockets.taken),
                "subscriptions": ("Subscriptions under way.", self.endpoint.subscriptions),
            },
        )

    def all_troubles(self) -> Sequence[Trouble]:
        """Return what does not work now in this process, or in the one that started it: a task once, oldest first."""
        self.log.writer.check()
        found = (*(self.of_parent.now() if self.of_parent else ()), *self.troubles.now())
        return sorted({each.task: each for each in found}.values(), key=lambda trouble: trouble.since)

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Look after what outlives a request: keys that change, lines that wait to be written."""
        work = {"keys": self.refresh_keys, "request log": self.flush_log}
        if self.metrics.shared is not None:
            work["metrics"] = self.publish_metrics
        try:
            with repeating(work, self.troubles), self.probes.serving():
                yield
        finally:
            self.log.flush()

    async def refresh_keys(self) -> None:
        """Take up other keys; what is wrong with their file is said once, and told as long as it lasts."""
        self.endpoint.refresh_keys()
        problem = self.endpoint.keys.problem
        if problem is None:
            if self.troubles.resolve("keys"):
                log.info("the file of keys can be read again")
            return
        last = f"its last good keys are trusted for {self.settings.keys_grace_seconds:g} s"
        reason = f"{problem}; {'its keys are refused' if self.endpoint.keys.expired else last}"
        if self.troubles.report("keys", reason):
            log.error("%s", reason)

    async def flush_log(self) -> None:
        """Write what waits of the log."""
        self.log.flush()
        self.troubles.resolve("request log")

    async def publish_metrics(self) -> None:
        """Let other workers know what this one counted."""
        await self.probes.publish()
        self.troubles.resolve("metrics")


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
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        body += message.get("body", b"")
        if len(body) > most:
            raise too_large(most)
        more = message.get("more_body", False)
    return bytes(body)


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
    code = "NOT_FOUND" if error.status_code == 404 else "METHOD_NOT_ALLOWED"
    refusal = Refusal(code, f"{error.detail}: GraphQL is asked at {PATH}.")
    response = json({"errors": refusal.errors}, error.status_code)
    response.headers.update(error.headers or {})
    return response


async def failed(request: StarletteRequest, error: Exception) -> StarletteResponse:
    """Answer what failed beside `/graphql`."""
    message, extensions = masked(error, request.url.path[:100])
    return json({"errors": [{"message": message, "extensions": extensions}]}, 500)
