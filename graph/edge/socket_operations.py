"""Runs the operations of one socket: admits each as it arrives, queues what cannot run at once, and sends its answers.

What the messages are, and when a socket is closed, is `graph.edge.websocket`'s to say.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, ExitStack, aclosing
from typing import Any, Protocol

from starlette.websockets import WebSocketDisconnect

from graph.edge.admission import Admission, Places
from graph.edge.endpoint import Endpoint, asked_cost, check_watching, timed_out
from graph.edge.parameters import of_value
from graph.edge.responses import costed
from graph.edge.workload import overloaded
from graph.errors import Failure, Refusal
from graph.execute.context import Context, Subscriber, Viewer
from graph.execute.execution import Answer
from graph.observe.request_record import RequestRecord

AT_ONCE = 8
"""Most queries and mutations of one socket that run at once; the others wait in the order in which they came."""
WAITING_BYTES = 4 * 1024 * 1024
"""Most bytes of the queries and mutations of one socket that run or wait."""


class CloseError(Exception):
    """The socket ends, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class Outlet(Protocol):
    """What sends to the client of a socket."""

    viewer: Viewer

    def record(self) -> RequestRecord:
        """Return the record of an operation that arrives now."""

    async def send_next(self, name: str, answer: bytes) -> None:
        """Send an answer of the operation *name*. Raises CloseError where the client does not read for too long."""

    async def send_complete(self, name: str) -> None:
        """Send that the operation has no more answers. Raises CloseError."""

    async def send_errors(self, name: str, refusal: Refusal) -> None:
        """Send why the operation has no more answers. Raises CloseError."""

    def end(self, close: CloseError) -> None:
        """Close the socket."""


class SocketOperations:
    """The operations of one socket, by the ids that its client gave them."""

    def __init__(self, endpoint: Endpoint, admission: Admission, outlet: Outlet) -> None:
        self.endpoint, self.admission, self.outlet, self.settings = endpoint, admission, outlet, endpoint.settings
        self.running: dict[str, asyncio.Task[None]] = {}
        self.queue = Places(self.settings.socket_operations)
        self.queued_bytes = self.subscriptions = 0
        self._at_once = asyncio.Semaphore(AT_ONCE)

    def start(self, name: str, payload: dict[str, Any], size: int) -> None:
        """Begin an operation of *size* bytes. It holds a place from now on. Raises Refusal where there is none."""
        record = self.outlet.record()
        try:
            place = self._place(size)
        except Refusal as refusal:
            record.code = refusal.code
            self.endpoint.observe(record)
            raise
        task = self.running[name] = asyncio.create_task(self._operate(name, payload, size, record, place))
        task.add_done_callback(lambda _: place.close())  # also of a task that was cancelled before it began

    def complete(self, name: str) -> None:
        """End an operation that its client does not want any longer, if it is there."""
        if task := self.running.pop(name, None):
            task.cancel()

    @property
    def may_be_refused(self) -> bool:
        """Whether what it holds may be thrown away: not once it was accepted."""
        return False

    def make_room(self, refusal: Refusal) -> None:
        """Throw away nothing."""

    async def end(self) -> None:
        """End all operations."""
        for task in self.running.values():
            task.cancel()
        await asyncio.gather(*self.running.values(), return_exceptions=True)

    def _place(self, size: int) -> ExitStack:
        """Take a place on this socket and in the process, until it is closed. Raises Refusal."""
        if self.queue.taken and self.queued_bytes + size > WAITING_BYTES:
            raise overloaded()
        self.admission.buffers.check(size)
        with ExitStack() as stack:
            stack.enter_context(self.queue)
            stack.enter_context(self.admission.requests)
            self._count(size)
            stack.callback(self._count, -size)
            return stack.pop_all()

    def _count(self, size: int) -> None:
        self.queued_bytes += size
        self.admission.buffers.hold(self, self.queued_bytes)

    async def _operate(
        self, name: str, payload: dict[str, Any], size: int, record: RequestRecord, place: AbstractContextManager[Any]
    ) -> None:
        """Send the answers of one operation of *size* bytes."""
        started = self.endpoint.clock()
        try:
            async with aclosing(self._answers(payload, size, record, place)) as answers:
                async for answer in answers:
                    await self.outlet.send_next(name, answer.body)
            self.running.pop(name, None)
            await self.outlet.send_complete(name)
        except Refusal as refusal:
            await self._refused(name, record, refusal)
        except CloseError as close:
            record.code = "TOO_SLOW"
            self.outlet.end(close)
        except (WebSocketDisconnect, OSError):
            pass  # the socket is gone: the task that listens ends it
        except Exception as error:
            await self._refused(name, record, Failure(error, "websocket"))
        finally:
            if record.kind != "subscription":  # which takes as long as somebody watches
                record.seconds = self.endpoint.clock() - started
            self.endpoint.observe(record)

    async def _refused(self, name: str, record: RequestRecord, refusal: Refusal) -> None:
        record.code = refusal.code
        self.running.pop(name, None)
        try:
            await self.outlet.send_errors(name, refusal)
        except CloseError as close:
            self.outlet.end(close)
        except WebSocketDisconnect:
            pass

    async def _answers(
        self, payload: dict[str, Any], size: int, record: RequestRecord, place: AbstractContextManager[Any]
    ) -> AsyncGenerator[Answer, None]:
        """Yield the answers of an operation, which leaves its place when it is answered or watches. Raises Refusal."""
        with place:
            started = await self._started(payload, record)
        if isinstance(started, Answer):
            record.note(started)
            yield started
            return
        check_watching(size)
        if self.subscriptions >= self.settings.subscriptions:
            message = f"One socket has at most {self.settings.subscriptions} subscriptions."
            raise Refusal("TOO_MANY_SUBSCRIPTIONS", message)
        self.subscriptions += 1
        try:
            async with aclosing(started) as answers:
                async for answer in answers:
                    record.note(answer)
                    yield answer
        finally:
            self.subscriptions -= 1

    async def _started(self, payload: dict[str, Any], record: RequestRecord) -> Answer | AsyncGenerator[Answer, None]:
        """Start an operation when it is its turn; its time runs from its arrival. Raises Refusal."""
        try:
            async with asyncio.timeout(self.settings.request_seconds), self._at_once:
                return await self.admission.in_turn(self._execute, payload, record)
        except TimeoutError:
            raise timed_out(self.settings) from None

    async def _execute(self, payload: dict[str, Any], record: RequestRecord) -> Answer | AsyncGenerator[Answer, None]:
        """Return the answer of a query or mutation, or what a subscription's answers come from. Raises Refusal."""
        asked = of_value(payload, self.settings)
        operation, document = self.endpoint.operation(asked)
        record.kind, record.operation = operation.kind, operation.name or ""
        record.cost = operation.cost(asked.variables)
        subscriber = Subscriber(turn=self.admission.event_turn)
        context = Context(self.endpoint.store, self.outlet.viewer, desk=self.endpoint.desk, subscriber=subscriber)
        if operation.kind == "subscription":
            check = self.endpoint.recount(asked, document)
            return self.endpoint.told(self.endpoint.watched(operation, asked.variables, context, check), asked, record)
        answer = await self.endpoint.executed(operation, asked.variables, context)
        return costed(answer, asked_cost(asked, record), self.settings.cost)
