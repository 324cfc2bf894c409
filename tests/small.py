"""Serves a small schema, whose fields behave in every way a field can, to requests made in process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, cast

import orjson
import strawberry
from graphql import GraphQLError, GraphQLSchema, print_ast
from starlette.routing import BaseRoute

from graph.edge.asgi import App
from graph.execute.context import Context
from graph.execute.execution import Counts
from graph.execute.interpreter import InterpretedOperation
from graph.execute.operations import Operations
from graph.message import Headers
from graph.observe.line_writer import LineWriter
from graph.observe.request_record import RequestRecord
from graph.settings import Settings
from store.base import Store
from store.criteria import Criteria
from store.errors import CriteriaError
from store.troubles import Troubles

Info = strawberry.Info[Context, None]


@strawberry.type
class Article:
    title: str
    number: int

    @strawberry.field
    def related(self, first: int = 3) -> "list[Article]":
        return [Article(title=f"{self.title}.{n}", number=n) for n in range(first)]


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "world"

    @strawberry.field
    def articles(self, first: int = 20) -> list[Article]:
        return [Article(title=f"Title {n}", number=n) for n in range(first)]

    @strawberry.field
    def echo(self, text: str) -> str:
        return text

    @strawberry.field
    def filler(self, bytes: int) -> str:  # noqa: A002 - it is what it counts
        return "x" * bytes

    @strawberry.field
    def sequence(self, info: Info) -> int:
        return info.context.store.sequence

    @strawberry.field
    def rights(self, info: Info) -> list[bool]:
        viewer = info.context.viewer
        return [viewer.drafts, viewer.secured, viewer.write]

    @strawberry.field
    async def slow(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"

    @strawberry.field
    def broken(self) -> str | None:
        raise KeyError("/srv/secret/path")

    @strawberry.field
    def refused(self) -> str | None:
        raise CriteriaError("the cursor is of another list")

    @strawberry.field
    def forbidden(self) -> str | None:
        raise GraphQLError("Not without the scope.", extensions={"code": "FORBIDDEN"})

    @strawberry.field
    def required(self) -> str:
        raise CriteriaError("nothing at all")


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def save(self, info: Info, seconds: float = 0) -> int:
        await asyncio.sleep(seconds)
        store = cast("SmallStore", info.context.store)
        store.sequence += 1
        return store.sequence


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int, seconds: float = 0) -> AsyncIterator[int]:
        for number in range(to):
            await asyncio.sleep(seconds)
            yield number

    @strawberry.subscription
    async def failing(self) -> AsyncIterator[int]:
        yield 1
        raise KeyError("/srv/secret/path")


class SmallStore:
    """A store with all that the edge itself uses of one."""

    def __init__(self) -> None:
        self.sequence = 7
        self.identity = "5ma11"
        self.search_ready = False
        self.failure: str | None = None
        self.stale: str | None = None

    async def count(self, criteria: Sequence[Criteria]) -> list[int]:
        return [3 if each.drafts else 2 for each in criteria]

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        yield


SCHEMA: GraphQLSchema = strawberry.Schema(Query, Mutation, Subscription)._schema
JSON = "application/json"
GRAPHQL = "application/graphql-response+json"


class Immediate(InterpretedOperation):
    """An interpreted operation that says it does not wait, as a planned one does."""

    @property
    def planned(self) -> bool:
        return self.kind == "query" and "slow" not in print_ast(self.document)


def immediate(found: InterpretedOperation, _: Counts) -> Immediate:
    """Return an operation that says whether it will wait."""
    return Immediate(found.schema, found.settings, found.document, found.definition, found.allowance)


def small_app(
    settings: Settings | None = None,
    *,
    spans: Callable[[RequestRecord], None] | None = None,
    shared_metrics: Path | None = None,
    troubles: Troubles | None = None,
    writer: LineWriter | None = None,
    clock: Callable[[], float] = perf_counter,
    routes: Sequence[BaseRoute] = (),
    **given: Any,
) -> App:
    settings = settings or Settings(**{"request_log": False, **given})
    operations = Operations(SCHEMA, settings, immediate)
    store = cast("Store", SmallStore())
    return App(
        store,
        operations,
        settings,
        routes,
        spans=spans,
        shared_metrics=shared_metrics,
        troubles=troubles,
        writer=writer,
        clock=clock,
    )


class Reply:
    """A response, with its headers by name."""

    def __init__(self, messages: Sequence[dict[str, Any]]) -> None:
        self.status: int = messages[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])

    @property
    def json(self) -> Any:
        """The body, or that of the first event."""
        return self.events[0] if self.body.startswith(b":") else orjson.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """The answers of an event stream."""
        lines = self.body.splitlines()
        return [orjson.loads(line.removeprefix(b"data: ")) for line in lines if line.startswith(b"data: ")]

    @property
    def code(self) -> str:
        return str(self.json["errors"][0]["extensions"]["code"])


async def ask(
    app: App,
    method: str = "POST",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    *,
    query: bytes = b"",
    path: str = "/graphql",
) -> Reply:
    """Send one request to an ASGI application, its body in two parts, and return the response."""
    given: Headers = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query,
        "headers": given,
        "client": ("192.0.2.1", 50_000),
        "server": ("testserver", 80),
        "scheme": "http",
    }
    whole = body or b""
    parts = [whole[: len(whole) // 2], whole[len(whole) // 2 :]]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if parts:
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(dict(message))

    await app(scope, receive, send)
    return Reply(sent)


async def post(app: App, query: str | None = None, *, accept: str = GRAPHQL, **given: Any) -> Reply:
    """Send a query by POST, with what else is given in the body, and `headers` besides the usual ones."""
    headers = {"content-type": JSON, "accept": accept, "host": "testserver", **given.pop("headers", {})}
    value = {"query": query, **given} if query is not None else given
    return await ask(app, "POST", orjson.dumps(value), headers)
