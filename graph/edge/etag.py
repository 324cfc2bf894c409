"""Makes ETags of what answers depend on, and tells whether a client that has one needs the answer again.

An answer depends on the store and its sequence, the operation, its variables and the caller's rights, so its tag is
known before it is executed. Answers that depend on the time (a filter's `within`) have none.
"""

from collections.abc import Mapping
from hashlib import blake2b
from importlib.metadata import version
from typing import Any

import orjson

from graph.edge.parameters import Parameters
from graph.execute.context import Viewer
from graph.schema.inputs import TIMELY

RELEASE = version("broadsheet")


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
    tags = [each.strip().removeprefix(b"W/") for each in if_none_match.split(b",")]
    return b"*" in tags or etag in tags
