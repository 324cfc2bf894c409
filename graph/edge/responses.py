"""Renders responses: status, headers, and the body in the media type and encoding that the caller can read."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import orjson
from msgspec.structs import replace

from graph.edge.caller import ALLOW, Caller
from graph.edge.compression import Compressed
from graph.edge.etag import etag, matches
from graph.edge.events import COMPLETE, PING, refused
from graph.edge.negotiation import EVENT_STREAM, GRAPHQL, HTML, JSON
from graph.errors import Failure, Refusal
from graph.execute.context import Subscriber
from graph.execute.execution import Answer
from graph.message import Headers, Response
from graph.observe.request_record import RequestRecord
from graph.settings import Settings

NO_STORE = (b"cache-control", b"no-store")
NOSNIFF = (b"x-content-type-options", b"nosniff")
MEDIA = {media: (b"content-type", f"{media}; charset=utf-8".encode()) for media in (JSON, GRAPHQL, HTML, EVENT_STREAM)}
VARY = b"accept, accept-encoding, authorization, x-api-key"
PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"content-type, authorization, x-api-key, last-event-id"),
    (b"access-control-max-age", b"600"),
)
EXPOSED = (b"access-control-expose-headers", b"etag, retry-after")


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that has no end yet: its head, and the answers that its road sends to the subscriber as they come."""

    head: Response
    answers: AsyncGenerator[Answer, None]
    subscriber: Subscriber


class Renderer:
    """Responses under one set of settings."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.compressed = Compressed()

    def answer(
        self, answer: Answer, caller: Caller, cost: int | None = None, tag: str = "", headers: Headers = ()
    ) -> Response:
        """Return an executed operation; a *cost* goes into its extensions, a *tag* becomes its ETag."""
        body = costed(answer, cost, self.settings.cost).body
        encoding = caller.encoding if len(body) >= self.settings.compression_bytes else ""
        if encoding:
            body = self.compressed.of(body, encoding, tag and f"{tag}{cost}")
            headers = (*headers, (b"content-encoding", encoding.encode()))
        if tag:
            headers = (*headers, (b"etag", etag(tag, caller.media, encoding)))
        status = 200 if answer.executed or caller.media == JSON else 400
        return Response(status, (*self.common(caller), MEDIA[caller.media], *headers), body)

    def not_modified(self, caller: Caller, tag: str) -> Response | None:
        """Return 304 where the client names the answer's tag in an encoding that it may have, else None."""
        for encoding in dict.fromkeys((caller.encoding, "")):
            known = etag(tag, caller.media, encoding)
            if matches(caller.if_none_match, known):
                return Response(304, (*self.common(caller), self.cache_control(caller), (b"etag", known)))
        return None

    def refused(self, refusal: Refusal, caller: Caller) -> Response:
        """Return the answer that says why nothing was executed; on an event stream, a browser sees only what is 200."""
        if caller.media == EVENT_STREAM:
            return self.events(caller, PING + refused(refusal) + COMPLETE, refusal.headers)
        media = GRAPHQL if caller.media == GRAPHQL else JSON
        status = 200 if refusal.well_formed and media == JSON else refusal.status
        body = orjson.dumps({"errors": refusal.errors})
        return Response(status, (*self.common(caller), MEDIA[media], NO_STORE, *refusal.headers), body)

    def failed(self, error: Exception, caller: Caller, record: RequestRecord) -> Response:
        """Return the answer to a request that we failed at: an id, and nothing of what went wrong."""
        failure = Failure(error, record.operation)
        record.code = failure.code
        return self.refused(failure, caller)

    def options(self, caller: Caller) -> Response:
        """Return what may be asked, to other origins only where CORS allows them."""
        return Response(204, (*self.common(caller), ALLOW, *(PREFLIGHT if caller.origin else ())))

    def events(self, caller: Caller, body: bytes = b"", headers: Headers = ()) -> Response:
        """Return an event stream, *body* if it is whole."""
        return Response(200, (*self.common(caller), MEDIA[EVENT_STREAM], NO_STORE, *headers), body)

    def stream(self, caller: Caller, answers: AsyncGenerator[Answer, None], subscriber: Subscriber) -> Stream:
        """Return answers that are sent to a subscriber as they come."""
        return Stream(self.events(caller), answers, subscriber)

    def common(self, caller: Caller) -> Headers:
        """Return the headers of every answer."""
        if not self.settings.cors:
            return ((b"vary", VARY), NOSNIFF)
        allowed = ((b"access-control-allow-origin", caller.origin), EXPOSED) if caller.origin else ()
        return ((b"vary", VARY + b", origin"), NOSNIFF, *allowed)

    def cache_control(self, caller: Caller) -> tuple[bytes, bytes]:
        """Return how long an answer to a GET may be kept, and by whom."""
        value = b"private, no-cache" if caller.keyed else self.settings.cache_control.encode("latin-1")
        return (b"cache-control", value)


def costed(answer: Answer, cost: int | None, most: int) -> Answer:
    """Return an answer, with what it cost in its extensions unless *cost* is None."""
    if cost is None:
        return answer
    told = orjson.dumps({"cost": {"requested": cost, "maximum": most}})
    return replace(answer, body=answer.body[:-1] + b',"extensions":' + told + b"}")


async def all_costed(answers: AsyncGenerator[Answer, None], cost: int, most: int) -> AsyncGenerator[Answer, None]:
    """Yield answers with what the operation cost in their extensions."""
    async with aclosing(answers) as uncosted:
        async for answer in uncosted:
            yield costed(answer, cost, most)
