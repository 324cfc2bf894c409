"""Answers GraphQL requests: one function decides and answers, whichever road carries the bytes.

GraphQL over HTTP, https://graphql.github.io/graphql-over-http/draft/. Every refusal is a GraphQL error in JSON. Bytes
are read and written by `graph.edge.asgi` and `graph.edge.in_place`.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Hashable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from graph.edge import etag, events
from graph.edge.admission import Admission
from graph.edge.answer_cache import AnswerCache, CachedAnswer
from graph.edge.auth import Keys
from graph.edge.caller import Caller, Callers
from graph.edge.key_holders import KeyHolders
from graph.edge.negotiation import EVENT_STREAM, HTML
from graph.edge.parameters import Parameters, of_body, of_query
from graph.edge.persisted import Documents, identifier
from graph.edge.responses import NO_STORE, Renderer, Stream, all_costed, costed
from graph.edge.workload import RETRY_AFTER
from graph.errors import Interrupted, Refusal
from graph.execute.context import Context, Subscriber
from graph.execute.execution import KEPT, PLANNED, Answer, Operation
from graph.execute.operations import Operations
from graph.message import READS, Request, Response, header
from graph.observe.log import NAME
from graph.observe.request_record import RequestRecord
from graph.settings import Settings
from store.base import Store
from store.criteria import Criteria
from store.files.write_back import Desk

log = logging.getLogger("broadsheet.mutations")

PATH = "/graphql"
WATCHING_BYTES = 64 * 1024
"""Most bytes of a request that subscribes: they are kept for as long as somebody watches."""


class MustWaitError(Exception):
    """The request cannot be answered on the spot; nothing of it was executed."""


@dataclass(slots=True)
class Exchange:
    """One request on its way to its response, and what is known of it so far."""

    request: Request
    caller: Caller
    record: RequestRecord
    waits: bool
    asked: Parameters = field(init=False)
    document: str = field(init=False)
    operation: Operation = field(init=False)

    @property
    def reads(self) -> bool:
        """Whether the method may only read."""
        return self.request.method in READS


class Endpoint:
    """GraphQL over HTTP for one store, one schema and one set of settings."""

    def __init__(  # noqa: PLR0913 -- each part is handed in by name
        self,
        store: Store,
        operations: Operations,
        settings: Settings,
        *,
        keys: Keys,
        documents: Documents,
        desk: Desk,
        admission: Admission,
        observe: Callable[[RequestRecord], None],
        page: Callable[[], Response],
        clock: Callable[[], float],
    ) -> None:
        """Answer from *store*, and save by way of *desk*.

        *observe* takes the record of each request, timed by *clock* in seconds; *page* gives the playground.
        """
        self.store, self.operations, self.settings = store, operations, settings
        self.keys, self.documents, self.desk, self.admission = keys, documents, desk, admission
        self.observe, self.page, self.clock = observe, page, clock
        self.callers = Callers(settings, keys)
        self.key_holders = KeyHolders(self.callers.rights)
        self.render = Renderer(settings)
        self.answer_cache = AnswerCache(settings.answer_cache_bytes)
        self.subscriptions = 0
        self.outliving: set[asyncio.Future[Answer]] = set()
        """Mutations for which nobody waits any longer; the event loop alone would not keep them."""

    def refresh_keys(self) -> None:
        """Look at the keys' file again, and forget the callers whose keys may have other rights now; never raises."""
        if self.keys.refresh():
            self.callers.forget()
            self.key_holders.check()

    async def answer(self, request: Request) -> Response | Stream:
        """Return the answer to a request that is not `cached`, within the time that it has."""
        caller = self.callers.of(request.method, request.headers)
        answered = self._at_once(request, caller, "asgi")
        return answered if answered is not None else await self._answer(request, caller, "asgi", waits=True)

    def answer_now(self, request: Request) -> Response | None:
        """Return the answer if nothing has to be waited for; else None, and nothing was executed or observed."""
        cached = self.cached(request, "in-place")
        if cached is not None:
            return cached
        return self._at_once(request, self.callers.of(request.method, request.headers), "in-place")

    def _at_once(self, request: Request, caller: Caller, road: str) -> Response | None:
        steps = self._answer(request, caller, road, waits=False)
        try:
            steps.send(None)
        except StopIteration as end:
            response: Response = end.value
            return response
        except MustWaitError:
            return None
        steps.close()
        return None

    def refuse(self, request: Request, refusal: Refusal, road: str = "asgi") -> Response:
        """Return the answer to a request that its road could not receive or has no room for."""
        record = RequestRecord(request.method, request.path, request.client, road, refusal.status, refusal.code)
        record.headers = request.headers
        response = self.render.refused(refusal, self.callers.of(request.method, request.headers))
        record.status = response.status
        self.observe(record)
        return response

    def cached(self, request: Request, road: str) -> Response | None:
        """Return the answer that the same request had before, if the store has not changed since."""
        started = self.clock()
        cached = self.answer_cache.get(request, self.callers.of(request.method, request.headers), self.store.sequence)
        if cached is None:
            return None
        response = cached.response
        record = RequestRecord(request.method, request.path, request.client, road, response.status, kind=cached.kind)
        record.operation, record.cost, record.how, record.headers = cached.operation, cached.cost, KEPT, request.headers
        record.bytes, record.seconds = len(response.body), self.clock() - started
        self.observe(record)
        return response

    async def _answer(self, request: Request, caller: Caller, road: str, waits: bool) -> Response | Stream:
        started = self.clock()
        record = RequestRecord(request.method, request.path, request.client, road, headers=request.headers)
        response: Response | Stream
        try:
            if caller.refusal is not None:
                raise caller.refusal
            response = await self._permitted(Exchange(request, caller, record, waits))
        except Refusal as refusal:
            record.code = refusal.code
            response = self.render.refused(refusal, caller)
        except MustWaitError:
            raise
        except Exception as error:
            response = self.render.failed(error, caller, record)
        head = response.head if isinstance(response, Stream) else response
        record.status, record.bytes, record.seconds = head.status, len(head.body), self.clock() - started
        self.observe(record)
        return response

    async def _permitted(self, exchange: Exchange) -> Response | Stream:
        """Answer a request whose headers are in order."""
        request, caller = exchange.request, exchange.caller
        if request.method == "OPTIONS":
            return self.render.options(caller)
        if caller.media == HTML:
            return self.page()
        self._prepare(exchange)
        operation, asked = exchange.operation, exchange.asked
        if not exchange.waits and (not operation.planned or caller.media == EVENT_STREAM):
            raise MustWaitError
        if caller.media == EVENT_STREAM:
            return await self._events(exchange)
        if operation.kind == "subscription":
            raise Refusal("STREAM_NEEDED", f"A subscription is answered as {EVENT_STREAM} or over a WebSocket.", 406)
        sequence = self.store.sequence
        if exchange.reads:
            response = await self._read(exchange)
        else:
            cost = asked_cost(asked, exchange.record)
            response = self.render.answer(await self._execute(exchange), caller, cost)
        if self.store.sequence == sequence and _is_lasting(exchange):
            record = exchange.record
            cached = CachedAnswer(response, record.kind, record.operation, record.cost)
            self.answer_cache.put(request, caller, sequence, cached)
        return response

    def _prepare(self, exchange: Exchange) -> None:
        """Find the operation that is asked for. Raises Refusal where it may not be executed."""
        request, record = exchange.request, exchange.record
        read = of_query(request.query, self.settings) if exchange.reads else of_body(request.body, self.settings)
        exchange.asked = asked = read
        exchange.operation, exchange.document = operation, _ = self.operation(asked)
        record.kind, record.operation = operation.kind, operation.name or ""
        if exchange.reads and operation.kind != "query":
            check_read(operation.kind, exchange)
        record.cost = operation.cost(asked.variables)

    def operation(self, asked: Parameters) -> tuple[Operation, str]:
        """Return the operation that is asked for, and its document. Raises Refusal where it may not be executed."""
        document = self.documents.of(asked)
        if not self.operations.knows(document):
            self.admission.workload.check_unread()  # it takes less to refuse it than to read it
        operation = self.operations.prepare(document, asked.operation_name)
        self.documents.executable(asked, document)
        return operation, document

    async def _read(self, exchange: Exchange) -> Response:
        """Answer a GET, or say that the answer did not change."""
        caller, sequence = exchange.caller, self.store.sequence
        tag = etag.tag((self.store.identity, sequence), exchange.document, exchange.asked, caller.viewer)
        if tag and caller.if_none_match and (unchanged := self.render.not_modified(caller, tag)):
            return unchanged
        answer = await self._execute(exchange)
        cost = asked_cost(exchange.asked, exchange.record)
        if answer.codes:
            return self.render.answer(answer, caller, cost, headers=(NO_STORE,))
        seen = tag if self.store.sequence == sequence else ""
        response = self.render.answer(answer, caller, cost, seen, (self.render.cache_control(caller),))
        return etag.unchanged(response) if seen and caller.if_none_match.strip() == etag.ANY else response

    async def _execute(self, exchange: Exchange) -> Answer:
        operation, variables = exchange.operation, exchange.asked.variables
        context = Context(self.store, exchange.caller.viewer, desk=self.desk)
        if not exchange.waits:
            if self.admission.workload.is_busy:
                await self._check_begins(operation, variables)
            answer = await operation.execute(variables, context)
        else:
            answer = await self.executed(operation, variables, context)
        exchange.record.note(answer)
        return answer

    async def executed(self, operation: Operation, variables: Mapping[str, Any], context: Context) -> Answer:
        """Return the answer of a query or mutation in the time that it has. Raises Refusal."""
        try:
            async with asyncio.timeout(self.settings.request_seconds):
                query, looks = await self._looks(operation, variables)
                counted = self.admission.workload.run(query, looks, partial(operation.execute, variables, context))
                return await (self._finished(operation, counted) if operation.kind == "mutation" else counted)
        except TimeoutError:
            raise timed_out(self.settings) from None

    async def _check_begins(self, operation: Operation, variables: Mapping[str, Any]) -> None:
        """Raise Refusal where there is too much to do already, MustWaitError where the operation may take long."""
        if not self.admission.workload.begins_at_once(*await self._looks(operation, variables)):
            raise MustWaitError

    async def _looks(self, operation: Operation, variables: Mapping[str, Any]) -> tuple[Hashable, int]:
        """Return what tells queries that take equally long, and how often one compares an article at most."""
        conditions = operation.conditions(variables)
        (articles,) = await self.store.count([Criteria(drafts=True)])
        return (id(operation), conditions), conditions * articles

    async def _finished(self, operation: Operation, mutation: Coroutine[Any, Any, Answer]) -> Answer:
        """Return a mutation's answer.

        Accepted, it is finished though nobody waits any longer: it holds a place, and what becomes of it is logged.
        """
        started, task = self.clock(), asyncio.ensure_future(mutation)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done():
                self.admission.requests.keep(task)
                self.outliving.add(task)
                task.add_done_callback(partial(self._outlived, operation.name or "without a name", started))
            raise

    def _outlived(self, name: str, started: float, task: asyncio.Future[Answer]) -> None:
        """Log what became of a mutation whose client was told that it takes too long, or went away."""
        self.outliving.discard(task)
        told = f"the mutation {name[:NAME]!r}, for which nobody waited any longer,"
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("%s failed after %.3f s", told, self.clock() - started, exc_info=error)
        else:
            ended = "was cancelled" if task.cancelled() else f"ended with {', '.join(task.result().codes) or 'success'}"
            log.warning("%s %s after %.3f s", told, ended, self.clock() - started)

    async def _events(self, exchange: Exchange) -> Response | Stream:
        """Return the event stream of a subscription, or that of any other operation, which is whole. Raises Refusal."""
        operation, variables, caller = exchange.operation, exchange.asked.variables, exchange.caller
        if operation.kind == "subscription":
            check_watching(len(exchange.request.body))
            self.admission.streams.check_for(exchange.request.client)
            last = header(exchange.request.headers, b"last-event-id").decode("latin-1")
            subscriber = Subscriber(resumes=last, turn=self.admission.event_turn)
            context = Context(self.store, caller.viewer, desk=self.desk, subscriber=subscriber)
            answers = self.watched(operation, variables, context, self.recount(exchange.asked, exchange.document))
            return self.render.stream(caller, self.told(answers, exchange.asked, exchange.record), subscriber)
        answer = await self._execute(exchange)
        cost = asked_cost(exchange.asked, exchange.record)
        return self.render.events(caller, events.whole(costed(answer, cost, self.settings.cost).body))

    def told(
        self, answers: AsyncGenerator[Answer, None], asked: Parameters, record: RequestRecord
    ) -> AsyncGenerator[Answer, None]:
        """Return the answers of a subscription, with its cost where the request asks for it."""
        cost = asked_cost(asked, record)
        return answers if cost is None else all_costed(answers, cost, self.settings.cost)

    def recount(self, asked: Parameters, document: str) -> Callable[[], None]:
        """Return what raises Refusal once a list has grown so long that the operation costs too much."""
        counted = self.operations.lengths_now()

        def check() -> None:
            nonlocal counted
            if (lengths := self.operations.lengths_now()) is not counted:
                counted = lengths
                self.operations.prepare(document, asked.operation_name).cost(asked.variables)

        return check

    async def watched(
        self,
        operation: Operation,
        variables: Mapping[str, Any],
        context: Context,
        check: Callable[[], None] = lambda: None,
    ) -> AsyncGenerator[Answer, None]:
        """Yield the answers of a subscription, which counts as open until it ends. Raises Refusal.

        *check* is called before each of them, and may raise one too.
        """
        self.subscriptions += 1
        workload = self.admission.workload
        ticket = workload.late_ticket()
        if context.subscriber is not None:
            context.subscriber.rest = ticket.rest
            context.subscriber.turn = checked(context.subscriber.turn, check)
        try:
            source = cast("AsyncGenerator[Answer, None]", operation.subscribe(variables, context))
            async with aclosing(source) as answers:
                while answer := await workload.follow(anext(answers, None), ticket):
                    yield answer
        except Refusal:
            raise
        except Exception as error:
            raise Interrupted(error) from error
        finally:
            self.subscriptions -= 1


def checked(turn: Callable[[], Awaitable[None]], check: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    """Return a wait for one's turn, with a check when it has come."""

    async def both() -> None:
        await turn()
        check()

    return both


def asked_cost(asked: Parameters, record: RequestRecord) -> int | None:
    """Return the cost where the request asks for it."""
    return record.cost if asked.extensions and asked.extensions.get("cost") is True else None


def check_watching(size: int) -> None:
    """Refuse a subscription that is asked for with too many bytes. Raises Refusal."""
    if size > WATCHING_BYTES:
        raise Refusal("BODY_TOO_LARGE", f"A subscription is asked for with at most {WATCHING_BYTES} bytes.", 413)


def timed_out(settings: Settings) -> Refusal:
    """Return the refusal of what took longer than it may."""
    message = f"The operation took longer than {settings.request_seconds:g} s."
    return Refusal("TIMEOUT", message, 503, (RETRY_AFTER,))


def check_read(kind: str, exchange: Exchange) -> None:
    """Refuse what is no query, unless a browser's `EventSource` subscribes, which can only GET. Raises Refusal."""
    if kind == "subscription" and exchange.request.method == "GET" and exchange.caller.media == EVENT_STREAM:
        return
    ways = f"POST, or by GET as {EVENT_STREAM}" if kind == "subscription" else "POST"
    raise Refusal("METHOD_NOT_ALLOWED", f"A {kind} is asked by {ways}.", 405, ((b"allow", b"POST"),))


def _is_lasting(exchange: Exchange) -> bool:
    """Whether the same request has the same answer, and does nothing else, for as long as the store does not change.

    One whose caller is not kept is never the same again.
    """
    record, asked = exchange.record, exchange.asked
    if record.how != PLANNED or record.code or not exchange.caller.kept:
        return False
    remembers = asked.query is not None and bool(identifier(asked))
    return not remembers and not etag.is_timely(exchange.document, asked.variables)
