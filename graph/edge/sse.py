"""Sends answers as an event stream: the distinct connections mode of GraphQL over Server-Sent Events.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

import orjson
from starlette.types import Receive, Send

from graph.edge.responses import Stream
from graph.errors import Refusal, masked
from graph.execute.execution import Answer

COMPLETE = b"event: complete\ndata:\n\n"
PING = b":\n\n"


def event(body: bytes) -> bytes:
    """Return one encoded answer as an event; encoded JSON has no line breaks of its own."""
    return b"event: next\ndata: " + body + b"\n\n"


def whole(body: bytes) -> bytes:
    """Return the stream of one encoded answer."""
    return PING + event(body) + COMPLETE


async def send(stream: Stream, receive: Receive, send: Send, ping_seconds: float) -> None:
    """Send a stream until it ends or its client goes; sending waits for a client that does not read."""
    with suppress(OSError):
        await send({"type": "http.response.start", "status": 200, "headers": [*stream.head.headers]})
        sending = asyncio.create_task(_sent(stream.answers, send, ping_seconds))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)


async def _sent(answers: AsyncGenerator[Answer, None], send: Send, ping_seconds: float) -> None:
    async with aclosing(events(answers, ping_seconds)) as chunks:
        async for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": COMPLETE})


async def _left(receive: Receive) -> None:
    """Return once the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def events(answers: AsyncGenerator[Answer, None], ping_seconds: float) -> AsyncGenerator[bytes, None]:
    """Yield the events of a stream, and a comment wherever it is silent for long, so proxies keep it open."""
    yield PING
    following: asyncio.Future[Answer] | None = None
    try:
        while True:
            following = asyncio.ensure_future(anext(answers))
            while not (await asyncio.wait((following,), timeout=ping_seconds))[0]:
                yield PING
            yield event(following.result().body)
    except StopAsyncIteration:
        pass
    except Refusal as refusal:
        yield event(orjson.dumps({"errors": refusal.errors}))
    except Exception as error:
        message, extensions = masked(error, "event stream")
        yield event(orjson.dumps({"errors": [{"message": message, "extensions": extensions}]}))
    finally:
        if following is not None and not following.done():
            following.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await following
        await answers.aclose()
