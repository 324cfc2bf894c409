"""Makes ETags of what answers depend on, and tells whether a client that has one needs the answer again.

An answer depends on the store and its sequence, the operation, its variables and the caller's rights, so its tag is
known before it is executed. Answers that depend on the time (a filter's `within`) have none.
"""

import re
from collections.abc import Mapping
from hashlib import blake2b
from importlib.metadata import version
from typing import Any

import orjson

from graph.edge.parameters import Parameters
from graph.execute.context import Viewer
from graph.message import Response
from graph.schema.inputs import TIMELY

RELEASE = version("broadsheet")

ANY = b"*"
"""The If-None-Match of a client that has some answer: it wants none where there is a good one."""
TAGS = re.compile(rb'(?:W/)?("[^"]*")')
"""The tags of a list, each without the mark of a weak one."""


def tag(state: tuple[str, int], document: str, asked: Parameters, viewer: Viewer) -> str:
    """Return what identifies the answer's bytes, empty where it depends on the time.

    *state* is the store's identity and sequence: a store made anew counts from the beginning again.
    """
    if is_timely(document, asked.variables):
        return ""
    variables = orjson.dumps(asked.variables, option=orjson.OPT_SORT_KEYS)
    rights = (viewer.drafts, viewer.secured, viewer.write)
    parts = (RELEASE, state, rights, asked.operation_name, asked.extensions.get("cost"), len(document), document)
    return blake2b(repr(parts).encode() + variables, digest_size=16).hexdigest()


def is_timely(document: str, variables: Mapping[str, Any]) -> bool:
    """Whether an answer depends on the time."""
    return _holds_timely(document) or (bool(variables) and _holds_timely(orjson.dumps(variables).decode()))


def _holds_timely(text: str) -> bool:
    return any(name in text for name in TIMELY)


def etag(tag: str, media: str, encoding: str) -> bytes:
    """Return the strong ETag of one representation (RFC 9110 section 8.8.3)."""
    kind = "g" if "graphql" in media else "j"
    return f'"{tag}-{kind}{encoding}"'.encode()


def matches(if_none_match: bytes, etag: bytes) -> bool:
    """Whether the client has this representation already; weak comparison, as RFC 9110 section 13.1.2 asks."""
    return etag in TAGS.findall(if_none_match)


def unchanged(response: Response) -> Response:
    """Return 304 in place of a good answer (RFC 9110 section 15.4.5)."""
    return Response(304, [pair for pair in response.headers if pair[0] not in (b"content-type", b"content-encoding")])
