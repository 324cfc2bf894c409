"""Runs one of the servers that `bench.graphql` compares: `python -m bench.serving KIND STORE PORT`.

`in-place` and `plain` are the two roads of Broadsheet. `articles` is the first without whole answers, so that each is
put together from kept articles; `unkept` is the second with nothing kept. `interpreted` leaves everything to
Strawberry, and `fixed` answers each request with the body of the file named instead of a store.
"""

import sys
from pathlib import Path
from typing import Any

import uvicorn

from graph.edge.asgi import App
from graph.execute.operations import interpreted_operations
from graph.schema.build import schema
from graph.serve import uvicorn_server
from graph.serve.site import operations
from graph.settings import Settings
from store.tiny.store import TinyStore

SETTINGS: dict[str, dict[str, Any]] = {
    "in-place": {},
    "plain": {"http": "plain"},
    "articles": {},
    "unkept": {"http": "plain", "kept_bytes": 0},
    "interpreted": {"http": "plain"},
}


class WithoutAnswers(Settings):
    """Settings by which articles are cached, and no whole answers."""

    @property
    def answer_cache_bytes(self) -> int:
        """Return none."""
        return 0


def serve(kind: str, path: Path, port: int) -> None:
    """Answer until SIGTERM."""
    if kind == "fixed":
        uvicorn.run(fixed(path.read_bytes()), port=port, log_level="warning", access_log=False)
        return
    make = WithoutAnswers if kind == "articles" else Settings
    settings = make(port=port, request_log=False, **SETTINGS[kind])
    with TinyStore(path) as store:
        execute = interpreted_operations(schema()._schema, settings) if kind == "interpreted" else operations(settings)
        uvicorn_server.serve(App(store, execute, settings), settings)


def fixed(body: bytes) -> Any:
    """Return an application that answers everything with *body*, after reading the request."""
    head = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())],
    }

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):
            pass
        await send(head)
        await send({"type": "http.response.body", "body": body})

    return app


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
