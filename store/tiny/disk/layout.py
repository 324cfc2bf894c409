"""Names the tables and logs of the store's file, and encodes the documents that stand in them.

Which documents there are, and what they mean, is left to `store.tiny.edits` and `store.tiny.memory`.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from store.base import Document, Kind
from store.errors import StoreDamagedError

TABLES: Mapping[Kind, str] = {Kind.ARTICLE: "articles", Kind.ORGANIZATION: "organizations", Kind.TOPIC: "topics"}
"""The table of each kind of document, by path."""
CHANGES = "changes"
"""The log of announced changes, by sequence."""
LOGS: Mapping[str, int] = {CHANGES: 300_000}
"""How many entries of each log a compaction retains."""


class _Body(Struct):
    body: str | None = None


class _Named(Struct):
    path: str


_document = msgspec.json.Decoder(Document)
_body = msgspec.json.Decoder(_Body)
_named = msgspec.json.Decoder(_Named)


def encode(document: Document) -> bytes:
    """Return the stored form of a document: JSON in one line. Raises ValueError, TypeError or OverflowError."""
    return msgspec.json.encode(document)


def decode(data: bytes) -> Document:
    """Return a document from its stored form. Raises StoreDamagedError where it is of a version that is not known."""
    try:
        return _document.decode(data)
    except msgspec.DecodeError as error:
        raise unreadable(data, str(error)) from error


def unreadable(data: bytes, reason: str) -> StoreDamagedError:
    """Return the error for a document that was stored whole, and yet is none that this version knows."""
    try:
        path = _named.decode(data).path
    except msgspec.DecodeError:
        path = "?"
    return StoreDamagedError(
        f"the stored document {path!r} is none that this version of Broadsheet can read: {reason}. Nothing was "
        "changed. Open the store with the version that wrote it"
    )


def body(data: bytes) -> str | None:
    """Return only the body of a stored document."""
    return _body.decode(data).body
