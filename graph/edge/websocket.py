"""Answers operations on a WebSocket: the graphql-transport-ws protocol with its close codes, and no other.

https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverWebSocket.md
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from graph.edge.admission import Admission
from graph.edge.caller import presented_key
from graph.edge.endpoint import PATH, Endpoint
from graph.edge.origin import check_site
from graph.edge.parameters import of_value
from graph.errors import Failure, Refusal
from graph.execute.context import Context, Viewer
from graph.execute.execution import Answer
from graph.message import Headers
from graph.observe.request_record import RequestRecord

SUBPROTOCOL = "graphql-transport-ws"
NAME = 100
"""Longest id of an operation that is repeated in the reason of a close."""


class CloseError(Exception):
    """The socket ends, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class Socket:
    """One connection, from its handshake to its close."""

    def __init__(self, socket: WebSocket, endpoint: Endpoint, admission: Admission) -> None:
        self.socket, self.endpoint, self.admission, self.settings = socket, endpoint, admission, endpoint.settings
        self.viewer = Viewer(drafts=self.settings.drafts)
        self.acknowledged = False
        self.running: dict[str, asyncio.Task[None]] = {}
        self.ended: asyncio.Future[CloseError] = asyncio.get_running_loop().create_future()

    async def serve(self) -> None:
        """Speak the protocol until either side closes."""
        headers: Headers = self.socket.headers.raw
        try:
            check_site(headers, self.settings)
            self.viewer = self.rights(presented_key(headers)) or self.viewer
        except Refusal:
            await self.socket.close()  # before it is accepted, this is HTTP 403
            return
        spoken = SUBPROTOCOL in self.socket.scope["subprotocols"]
        await self.socket.accept(SUBPROTOCOL if spoken else None)
        try:
            if not spoken:
                raise CloseError(4406, "Subprotocol not acceptable")
            await self.converse()
        except CloseError as close:
            with suppress(RuntimeError, OSError, WebSocketDisconnect):
                await self.socket.close(close.code, close.reason)
        except WebSocketDisconnect:
            pass
        finally:
            for task in self.running.values():
                task.cancel()
            await asyncio.gather(*self.running.values(), return_exceptions=True)

    def rights(self, key: bytes) -> Viewer | None:
        """Return the rights of a key, None without one. Raises Refusal."""
        return self.endpoint.callers.rights(key) if key else None

    async def converse(self) -> None:
        """Take messages, until one of them or an operation ends the socket. Raises CloseError."""
        listening = asyncio.create_task(self.listen())
        try:
            await asyncio.wait((listening, self.ended), return_when=asyncio.FIRST_COMPLETED)
            if self.ended.done():
                raise self.ended.result()
            await listening
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError, CloseError, WebSocketDisconnect):
                await listening

    async def listen(self) -> None:
        """Take `connection_init` in the time that it has, then whatever comes. Raises CloseError."""
        try:
            async with asyncio.timeout(self.settings.init_seconds):
                while not self.acknowledged:
                    await self.take(await self.message())
        except TimeoutError:
            raise CloseError(4408, "Connection initialisation timeout") from None
        while True:
            await self.take(await self.message())

    async def message(self) -> dict[str, Any]:
        """Return the next message. Raises CloseError for what is none."""
        received = await self.socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1005))
        try:
            value = orjson.loads(received.get("text") or b"")
        except orjson.JSONDecodeError:
            raise CloseError(4400, "Invalid message: it is not JSON") from None
        if not isinstance(value, dict) or not isinstance(value.get("type"), str):
            raise CloseError(4400, "Invalid message: it has no type")
        return value

    async def take(self, message: dict[str, Any]) -> None:
        """Do what a message asks for. Raises CloseError."""
        kind, payload = message["type"], message.get("payload")
        if kind not in ("subscribe",) and payload is not None and not isinstance(payload, dict):
            raise CloseError(4400, "Invalid message: the payload is no object")
        if kind == "connection_init":
            await self.initialise(payload or {})
        elif kind == "ping":
            await self.send({"type": "pong", **({"payload": payload} if payload is not None else {})})
        elif kind == "pong":
            pass
        elif kind == "subscribe":
            await self.subscribe(message.get("id"), payload)
        elif kind == "complete" and isinstance(message.get("id"), str):
            if task := self.running.pop(message["id"], None):
                task.cancel()
        else:
            raise CloseError(4400, "Invalid message")

    async def initialise(self, payload: dict[str, Any]) -> None:
        """Acknowledge the connection, with the rights of the key in the payload if there is one. Raises CloseError."""
        if self.acknowledged:
            raise CloseError(4429, "Too many initialisation requests")
        lowered = [(name.lower().encode(), value.encode()) for name, value in payload.items() if isinstance(value, str)]
        try:
            self.viewer = self.rights(presented_key(lowered)) or self.viewer
        except Refusal:
            raise CloseError(4403, "Forbidden") from None
        self.acknowledged = True
        await self.send({"type": "connection_ack"})

    async def subscribe(self, name: Any, payload: Any) -> None:
        """Start an operation. Raises CloseError."""
        if not isinstance(name, str) or not name or not isinstance(payload, dict):
            raise CloseError(4400, "Invalid message: `subscribe` has an id and a payload")
        if not self.acknowledged:
            raise CloseError(4401, "Unauthorized")
        if name in self.running:
            raise CloseError(4409, f"Subscriber for {name.encode()[:NAME].decode(errors='ignore')} already exists")
        if len(self.running) >= self.settings.subscriptions:
            message = f"One socket has at most {self.settings.subscriptions} operations under way."
            await self.refuse(name, Refusal("TOO_MANY_SUBSCRIPTIONS", message))
            return
        self.running[name] = asyncio.create_task(self.operate(name, payload))

    async def operate(self, name: str, payload: dict[str, Any]) -> None:
        """Send the answers of one operation."""
        client = self.socket.client
        record = RequestRecord("SUBSCRIBE", PATH, client.host if client else None, "websocket")
        record.headers = self.socket.headers.raw
        started = self.endpoint.clock()
        try:
            async with aclosing(self.answers(payload, record)) as answers:
                async for answer in answers:
                    await self.send_raw(b'{"id":%b,"type":"next","payload":%b}' % (orjson.dumps(name), answer.body))
            self.running.pop(name, None)
            await self.send({"id": name, "type": "complete"})
        except Refusal as refusal:
            record.code = refusal.code
            self.running.pop(name, None)
            await self.refuse(name, refusal)
        except CloseError as close:
            record.code = "TOO_SLOW"
            if not self.ended.done():
                self.ended.set_result(close)
        except (WebSocketDisconnect, RuntimeError, OSError):
            pass  # the socket is gone: the task that listens ends it
        except Exception as error:
            failure = Failure(error, "websocket")
            record.code = failure.code
            self.running.pop(name, None)
            await self.refuse(name, failure)
        finally:
            if record.kind != "subscription":  # which takes as long as somebody watches
                record.seconds = self.endpoint.clock() - started
            self.endpoint.observe(record)

    async def answers(self, payload: dict[str, Any], record: RequestRecord) -> AsyncGenerator[Answer, None]:
        """Yield the answers of an operation. Raises Refusal."""
        started = await self.admission.run(self.start, payload, record)
        if isinstance(started, Answer):
            record.note(started)
            yield started
            return
        async with aclosing(started) as answers:
            async for answer in answers:
                record.note(answer)
                yield answer

    async def start(self, payload: dict[str, Any], record: RequestRecord) -> Answer | AsyncGenerator[Answer, None]:
        """Return the answer of a query or mutation, or what a subscription's answers come from. Raises Refusal."""
        asked = of_value(payload, self.settings)
        operation, _ = self.endpoint.operation(asked)
        record.kind, record.operation = operation.kind, operation.name or ""
        record.cost = operation.cost(asked.variables)
        context = Context(self.endpoint.store, self.viewer, desk=self.endpoint.desk)
        if operation.kind == "subscription":
            return self.endpoint.watched(operation, asked.variables, context)
        return await self.endpoint.executed(operation, asked.variables, context)

    async def refuse(self, name: str, refusal: Refusal) -> None:
        """Say why an operation is not executed."""
        await self.send({"id": name, "type": "error", "payload": refusal.errors})

    async def send(self, message: dict[str, Any]) -> None:
        """Send one message."""
        await self.send_raw(orjson.dumps(message))

    async def send_raw(self, text: bytes) -> None:
        """Send an encoded message. Raises CloseError where the client does not read for too long."""
        try:
            async with asyncio.timeout(self.settings.write_seconds):
                await self.socket.send_text(text.decode())
        except TimeoutError:
            raise CloseError(4410, "Too slow") from None
