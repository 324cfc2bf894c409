"""Settings and an application in, a running server out: uvicorn on uvloop with our protocol, and a graceful stop."""

import gc
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from graph.app import App
from graph.protocol import Protocol
from graph.settings import Settings
from graph.wire import Wire

BACKLOG = 2_048


def config(app: App, settings: Settings, **given: Any) -> uvicorn.Config:
    """Return uvicorn's configuration: our protocol, our logs, our limits."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=Protocol,
        ws=Wire,
        interface="asgi3",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        ws_max_size=settings.body_bytes,
        ws_ping_interval=settings.ping_seconds,
        ws_ping_timeout=settings.ping_seconds,
        timeout_keep_alive=max(1, round(settings.keep_alive_seconds)),
        timeout_graceful_shutdown=max(1, round(settings.stop_seconds)),
        **given,
    )


class Server(uvicorn.Server):
    """uvicorn's server, which exits with 0 once it was told to stop and has stopped."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT as wishes to stop, and do not raise them again afterwards."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def serve(app: App, settings: Settings, listening: socket.socket | None = None) -> None:
    """Answer until SIGTERM or SIGINT; requests accepted by then are answered within `stop_seconds`."""
    gc.collect()
    gc.freeze()  # what is loaded stays: going through it in each collection is what slow answers come from
    Server(config(app, settings)).run(sockets=[listening] if listening else None)
