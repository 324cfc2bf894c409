"""Runs a real uvicorn on loopback over the small schema, in a thread or (as a program) in a process of its own."""

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
import uvloop

from graph.edge.asgi import App
from graph.serve.uvicorn_server import config, serve
from graph.settings import Settings, from_environment
from tests.patience import PATIENCE, until
from tests.small import small_app


@contextmanager
def serving(made: Callable[[Settings], App] = small_app, **given: Any) -> Iterator[tuple[str, int]]:
    """Serve what is *made* under these settings, and yield the address."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    settings = Settings(**{"request_log": False, **given})
    server = uvicorn.Server(config(made(settings), settings))
    thread = threading.Thread(target=lambda: uvloop.run(server.serve([listening])))
    thread.start()
    try:
        until(lambda: server.started)
        yield listening.getsockname()
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        listening.close()


def exchange(address: tuple[str, int], sent: bytes) -> bytes:
    """Send bytes, and return all that comes back until the server closes."""
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        connection.sendall(sent)
        return drained(connection)


def drained(connection: socket.socket) -> bytes:
    """Return what comes until the end."""
    received = b""
    with suppress(ConnectionResetError):
        while chunk := connection.recv(65_536):
            received += chunk
    return received


def request(
    body: bytes, headers: str = "", method: str = "POST", target: str = "/graphql", close: bool = True
) -> bytes:
    """Return the bytes of one request."""
    lines = f"{method} {target} HTTP/1.1\r\nhost: testserver\r\n{headers}"
    if "content-type" not in headers and method == "POST":
        lines += "content-type: application/json\r\n"
    if body or method == "POST":
        lines += f"content-length: {len(body)}\r\n"
    return (lines + ("connection: close\r\n" if close else "") + "\r\n").encode() + body


def until_told(address: tuple[str, int], sample: bytes) -> None:
    """Return once the metrics have a sample."""
    until(lambda: sample in exchange(address, request(b"", method="GET", target="/metrics")))


if __name__ == "__main__":
    environment = from_environment({}, port=int(sys.argv[1]), request_seconds=10.0)
    serve(small_app(environment), environment)
