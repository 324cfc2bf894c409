"""Encodes answers as events of an event stream: the distinct connections mode of GraphQL over Server-Sent Events.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

import orjson

from graph.errors import RESET, Refusal

COMPLETE = b"event: complete\ndata:\n\n"
PING = b":\n\n"
"""A comment, which clients pass over."""


def event(body: bytes, token: str = "") -> bytes:
    """Return one encoded answer as an event; encoded JSON has no line breaks of its own.

    A browser that connects again sends the last *token* that it saw as `Last-Event-ID`.
    """
    name = b"id: %b\n" % token.encode() if token else b""
    return b"event: next\n" + name + b"data: " + body + b"\n\n"


def whole(body: bytes) -> bytes:
    """Return the stream of one encoded answer."""
    return PING + event(body) + COMPLETE


def refused(refusal: Refusal) -> bytes:
    """Return the event of a refusal, which says when to come back if that is known, and where to resume no more."""
    lines = [b"retry: %b000\n" % value for name, value in refusal.headers if name == b"retry-after"]
    if refusal.code == RESET:
        lines.append(b"id\n")
    return b"".join(lines) + event(orjson.dumps({"errors": refusal.errors}))
