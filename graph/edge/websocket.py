"""Speaks the graphql-transport-ws protocol on a WebSocket, with its close codes, and no other.

https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverWebSocket.md
"""

import asyncio
from contextlib import suppress
from typing import Any

import orjson
from starlette.responses import Response as StarletteResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from graph.edge.admission import Admission
from graph.edge.caller import presented_key
from graph.edge.endpoint import PATH, Endpoint
from graph.edge.origin import check_site
from graph.edge.socket_operations import CloseError, SocketOperations
from graph.errors import Refusal
from graph.execute.context import Viewer
from graph.message import Headers, Request
from graph.observe.request_record import RequestRecord

SUBPROTOCOL = "graphql-transport-ws"
NAME = 100
"""Longest id of an operation that is repeated in the reason of a close."""
VALUE = 64
"""Bytes that a value takes in memory, as an empty list does of which a client sends three."""
INVALID = object()
"""What a text says that is not JSON."""
SHAPES = {"query": str, "operationName": str, "documentId": str, "variables": dict, "extensions": dict}
"""What the payload of `subscribe` may hold, none of which it need hold if it names a persisted document."""


async def serve(socket: WebSocket, endpoint: Endpoint, admission: Admission) -> None:
    """Serve a WebSocket on `/graphql`, while there is room for it and for its address."""
    client = address(socket)
    try:
        if socket.scope["path"] != PATH:
            raise Refusal("NOT_FOUND", f"Not Found: GraphQL is asked at {PATH}.", 404)
        admission.sockets.check_for(client)
    except Refusal as refusal:
        await deny(socket, endpoint, refusal)
        return
    with admission.sockets.held_by(client):
        await Socket(socket, endpoint, admission).serve()


async def deny(socket: WebSocket, endpoint: Endpoint, refusal: Refusal) -> None:
    """Answer a handshake as a request would be refused, or where the server cannot, by HTTP 403 without a word."""
    client = address(socket)
    headers = [pair for pair in socket.headers.raw if pair[0] != b"accept"]  # it is no stream that a refusal goes to
    request = Request("GET", socket.scope["path"], headers=headers, client=client)
    response = endpoint.refuse(request, refusal, "websocket")
    with suppress(OSError, WebSocketDisconnect):
        if "websocket.http.response" not in socket.scope.get("extensions", {}):
            await socket.close()
            return
        denial = StarletteResponse(response.body, response.status)
        denial.raw_headers += response.headers
        await socket.send_denial_response(denial)


def address(socket: WebSocket) -> str | None:
    """Return the address of a socket's client."""
    return socket.client.host if socket.client else None


class Socket:
    """One connection, from its handshake to its close."""

    def __init__(self, socket: WebSocket, endpoint: Endpoint, admission: Admission) -> None:
        self.socket, self.endpoint, self.settings = socket, endpoint, endpoint.settings
        self.viewer = Viewer(drafts=self.settings.drafts)
        self.acknowledged = False
        self.operations = SocketOperations(endpoint, admission, self)
        self.ended: asyncio.Future[CloseError] = asyncio.get_running_loop().create_future()

    async def serve(self) -> None:
        """Speak the protocol until either side closes."""
        headers: Headers = self.socket.headers.raw
        key = presented_key(headers)
        try:
            check_site(headers, self.settings)
            self.viewer = self.rights(key) or self.viewer
        except Refusal as refusal:
            await deny(self.socket, self.endpoint, refusal)
            return
        with self.endpoint.key_holders.holding(key, self.viewer) as self.holder:
            await self.speak()

    async def speak(self) -> None:
        """Accept the connection, and speak the protocol until either side closes."""
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

    def rights(self, key: bytes) -> Viewer | None:
        """Return the rights of a key, None without one. Raises Refusal."""
        return self.endpoint.callers.rights(key) if key else None

    async def converse(self) -> None:
        """Take messages, until one of them or an operation ends the socket. Raises CloseError."""
        listening = asyncio.create_task(self.listen())
        try:
            await asyncio.wait((listening, self.ended, self.holder.revoked), return_when=asyncio.FIRST_COMPLETED)
            if self.holder.revoked.done():
                raise CloseError(4403, "Forbidden")
            if self.ended.done():
                raise self.ended.result()
            await listening
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError, CloseError, WebSocketDisconnect):
                await listening
            await self.operations.end()
            del listening  # what it raised leads here, and would hold the last message until garbage is collected

    async def listen(self) -> None:
        """Take `connection_init` in the time that it has, then whatever comes. Raises CloseError."""
        try:
            async with asyncio.timeout(self.settings.init_seconds):
                while not self.acknowledged:
                    await self.take(*await self.message())
        except TimeoutError:
            raise CloseError(4408, "Connection initialisation timeout") from None
        while True:
            await self.take(*await self.message())

    async def message(self) -> tuple[dict[str, Any], int]:
        """Return the next message, and how many bytes it takes at least. Raises CloseError for what is none."""
        received = await self.socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1005))
        text = received.get("text") or ""
        value = parsed(text)
        if value is INVALID:
            raise invalid("it is not JSON")
        if not isinstance(value, dict) or not isinstance(value.get("type"), str):
            raise invalid("it has no type")
        return value, len(text) + VALUE * text.count(",")

    async def take(self, message: dict[str, Any], size: int) -> None:
        """Do what a message asks for. Raises CloseError."""
        kind, payload = message["type"], message.get("payload")
        if kind not in ("subscribe",) and payload is not None and not isinstance(payload, dict):
            raise invalid("the payload is no object")
        if kind == "connection_init":
            await self.initialise(payload or {})
        elif kind == "ping":
            await self.send({"type": "pong", **({"payload": payload} if payload is not None else {})})
        elif kind == "pong":
            pass
        elif kind == "subscribe":
            await self.subscribe(message.get("id"), payload, size)
        elif kind == "complete":
            name = message.get("id")
            if not isinstance(name, str) or not name:
                raise invalid("`complete` has an id")
            self.operations.complete(name)
        else:
            raise invalid("its type is none that clients send")

    async def initialise(self, payload: dict[str, Any]) -> None:
        """Acknowledge the connection, with the rights of the key in the payload if there is one. Raises CloseError."""
        if self.acknowledged:
            raise CloseError(4429, "Too many initialisation requests")
        lowered = [(name.lower().encode(), value.encode()) for name, value in payload.items() if isinstance(value, str)]
        if key := presented_key(lowered):
            try:
                self.viewer = self.holder.viewer = self.endpoint.callers.rights(key)
            except Refusal:
                raise CloseError(4403, "Forbidden") from None
            self.holder.key = key
        self.acknowledged = True
        await self.send({"type": "connection_ack"})

    async def subscribe(self, name: Any, payload: Any, size: int) -> None:
        """Start an operation. Raises CloseError."""
        if not isinstance(name, str) or not name or not isinstance(payload, dict):
            raise invalid("`subscribe` has an id and a payload")
        check_shape(payload)
        if not self.acknowledged:
            raise CloseError(4401, "Unauthorized")
        if name in self.operations.running:
            raise CloseError(4409, f"Subscriber for {name.encode()[:NAME].decode(errors='ignore')} already exists")
        try:
            self.operations.start(name, payload, size)
        except Refusal as refusal:
            await self.send_errors(name, refusal)

    def record(self) -> RequestRecord:
        """Return the record of an operation that arrives now."""
        record = RequestRecord("SUBSCRIBE", PATH, address(self.socket), "websocket")
        record.headers = self.socket.headers.raw
        return record

    def end(self, close: CloseError) -> None:
        """Close the socket."""
        if not self.ended.done():
            self.ended.set_result(close)

    async def send_next(self, name: str, answer: bytes) -> None:
        """Send an answer of an operation. Raises CloseError where the client does not read for too long."""
        await self.send_raw(b'{"id":%b,"type":"next","payload":%b}' % (orjson.dumps(name), answer))

    async def send_complete(self, name: str) -> None:
        """Send that an operation has no more answers. Raises CloseError."""
        await self.send({"id": name, "type": "complete"})

    async def send_errors(self, name: str, refusal: Refusal) -> None:
        """Send why an operation has no more answers. Raises CloseError."""
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
        except RuntimeError:  # what Starlette raises once the socket is closed
            raise WebSocketDisconnect(1006) from None


def parsed(text: str) -> Any:
    """Return what a text says, INVALID where it is not JSON; orjson's error, which holds the text, ends here."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return INVALID


def invalid(reason: str) -> CloseError:
    """Return the close of a socket whose client sent a message of the wrong shape."""
    return CloseError(4400, f"Invalid message: {reason}")


def check_shape(payload: dict[str, Any]) -> None:
    """Refuse a payload of `subscribe` whose shape is not the protocol's. Raises CloseError."""
    for key, kind in SHAPES.items():
        value = payload.get(key)
        if value is not None and not isinstance(value, kind):
            raise invalid(f"`{key}` is {'a string' if kind is str else 'an object'}")
    names = (payload.get("query"), payload.get("documentId"), (payload.get("extensions") or {}).get("persistedQuery"))
    if all(name is None for name in names):
        raise invalid("`query` is missing")
