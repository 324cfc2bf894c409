"""Sends an event stream, answer by answer, until it ends or its client goes. `graph.edge.events` encodes them."""

import asyncio
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from starlette.types import Receive, Send

from graph.edge.events import COMPLETE, PING, event, refused
from graph.edge.responses import Stream
from graph.errors import Failure, Refusal
from graph.execute.execution import Answer

Revoked = asyncio.Future[Refusal]
"""Has a result once the stream's client has its rights no longer."""


async def send(stream: Stream, revoked: Revoked, receive: Receive, send: Send, ping_seconds: float) -> None:
    """Send a stream until it ends, is *revoked*, or its client goes; sending waits for a client that does not read."""
    with suppress(OSError):
        await send({"type": "http.response.start", "status": 200, "headers": [*stream.head.headers]})
        sending = asyncio.create_task(_sent(events(stream, revoked, ping_seconds), send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)


async def _sent(events: AsyncGenerator[bytes, None], send: Send) -> None:
    async with aclosing(events) as chunks:
        async for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": COMPLETE})


async def _left(receive: Receive) -> None:
    """Return once the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def events(stream: Stream, revoked: Revoked, ping_seconds: float) -> AsyncGenerator[bytes, None]:
    """Yield the events of a stream, and a comment wherever it is silent for long, so proxies keep it open."""
    yield PING
    answers = stream.answers
    following: asyncio.Future[Answer] | None = None
    try:
        while True:
            following = asyncio.ensure_future(anext(answers))
            while not (await asyncio.wait((following, revoked), timeout=ping_seconds, return_when=FIRST_COMPLETED))[0]:
                yield PING
            if revoked.done():
                raise revoked.result()
            yield event(following.result().body, stream.subscriber.reached)
    except StopAsyncIteration:
        pass
    except Refusal as refusal:
        yield refused(refusal)
    except Exception as error:
        yield refused(Failure(error, "event stream"))
    finally:
        if following is not None and not following.done():
            following.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await following
        await answers.aclose()
