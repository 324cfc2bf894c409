"""Runs uvicorn on uvloop with our protocols, until it is told to stop, and then until what it accepted is answered."""

import asyncio
import gc
import logging
import os
import socket
from asyncio import Protocol
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import uvicorn

from graph.edge.asgi import App
from graph.edge.backpressure import WebSocketProtocol
from graph.edge.deadlines import Deadlines
from graph.edge.in_place import InPlaceProtocol
from graph.settings import Settings
from store.troubles import Troubles

log = logging.getLogger("broadsheet.server")

BACKLOG = 2_048
ACCEPTED = 512
"""Most connections that are taken in one turn of the loop."""
REST_SECONDS = 0.25
"""How long no connection is taken after one could not be."""
SETTLE_SECONDS = 0.1
"""Time in which a server that stops reads what had come before it was told to."""


def config(app: App, settings: Settings, **given: Any) -> uvicorn.Config:
    """Return uvicorn's configuration: our protocol, our logs, our limits."""
    http = partial(
        InPlaceProtocol,
        endpoint=app.endpoint,
        admission=app.admission,
        addresses=app.addresses,
        deadlines=Deadlines(),
        buffers=app.admission.buffers,
    )
    ws = partial(
        WebSocketProtocol,
        write_seconds=settings.write_seconds,
        buffers=app.admission.buffers,
        observe=app.observe,
    )
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=cast("type[Protocol]", http),
        ws=cast("type[Protocol]", ws),
        interface="asgi3",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # `graph.edge.addresses` reads them, on both roads
        backlog=BACKLOG,
        ws_per_message_deflate=False,  # inflating costs a client nothing and us much
        ws_max_size=settings.body_bytes,
        ws_ping_interval=settings.ping_seconds,
        ws_ping_timeout=settings.ping_seconds,
        timeout_keep_alive=max(1, round(settings.keep_alive_seconds)),
        timeout_graceful_shutdown=max(1, round(settings.stop_seconds)),
        **given,
    )


class Server(uvicorn.Server):
    """uvicorn's server, which alone takes all connections that wait, and exits with 0 once it was told to stop."""

    def __init__(self, config: uvicorn.Config, troubles: Troubles, begun: Callable[[], None] = lambda: None) -> None:
        """Serve by *config*, and call *begun* once connections are taken; if they cannot be, *troubles* are told."""
        super().__init__(config)
        self.troubles, self.begun, self.resting = troubles, begun, False
        self.waiting: list[socket.socket] = []
        self.accepting: set[asyncio.Task[Any]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen. libuv takes one connection a turn, so that too many would wait where none can be shed.

        Workers that share a socket leave it at that: one of them would take the connections of all.
        """
        await super().startup(sockets)
        if self.started:
            self.begun()
        if sockets:
            return
        self.waiting = self.duplicates()
        for listening in self.waiting:
            asyncio.get_running_loop().add_reader(listening, self.accept, listening)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take what had come before it was told to stop and no more, and wait until that is answered.

        Connections in the backlog and requests that nobody has read yet were accepted, too, as far as their clients can
        know: the system took them. So they are read before connections that seem idle are closed.
        """
        await self.take_last(sockets or [])
        for _ in range(2):  # the loop looks at all connections at least once, however busy it is
            await asyncio.sleep(SETTLE_SECONDS / 2)
        await super().shutdown(sockets)

    async def take_last(self, sockets: list[socket.socket]) -> None:
        """Take the connections that wait, and close what was listened on."""
        loop = asyncio.get_running_loop()
        last = self.waiting or self.duplicates()
        for listening in self.waiting:
            loop.remove_reader(listening)
        for server in self.servers:
            server.close()
        for each in sockets:
            each.close()
        for listening in last:
            while self.accept(listening):
                pass
            listening.close()
        await asyncio.gather(*self.accepting, return_exceptions=True)

    def duplicates(self) -> list[socket.socket]:
        """Return what is listened on, once more: it stays open where uvicorn closes its own."""
        return [socket.socket(fileno=os.dup(each.fileno())) for server in self.servers for each in server.sockets]

    def accept(self, listening: socket.socket) -> bool:
        """Take the connections that wait, and return whether there may be more."""
        loop = asyncio.get_running_loop()
        for _ in range(ACCEPTED):
            try:
                connection, _ = listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return False
            except OSError as error:
                self.rest(listening, error)
                return False
            if self.resting:
                self.resting = self.troubles.resolve("accept")
            connection.setblocking(False)
            task = loop.create_task(loop.connect_accepted_socket(self.protocol, connection))
            self.accepting.add(task)
            task.add_done_callback(self.accepting.discard)
        return True

    def rest(self, listening: socket.socket, error: OSError) -> None:
        """Take no connections for a while, as when there are no descriptors: the socket stays readable meanwhile."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening)
        loop.call_later(REST_SECONDS, self.take_again, listening)
        self.resting = True
        if self.troubles.report("accept", f"no connection can be taken: {error.strerror}"):
            log.error("no connection can be taken: %s", error.strerror)

    def take_again(self, listening: socket.socket) -> None:
        """Take connections again, unless the server stops."""
        if listening.fileno() >= 0:
            asyncio.get_running_loop().add_reader(listening, self.accept, listening)

    def protocol(self) -> Protocol:
        """Return what speaks on one connection."""
        make: Callable[..., Protocol] = self.config.http_protocol_class
        return make(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT as wishes to stop, and do not raise them again afterwards."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def serve(
    app: App, settings: Settings, listening: socket.socket | None = None, begun: Callable[[], None] = lambda: None
) -> None:
    """Answer until SIGTERM or SIGINT; requests accepted by then are answered within `stop_seconds`.

    *begun* is called once connections are taken.
    """
    gc.collect()
    gc.freeze()  # what is loaded stays: going through it in each collection is what slow answers come from
    Server(config(app, settings), app.troubles, begun).run(sockets=[listening] if listening else None)
