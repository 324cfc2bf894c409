"""Names the tables and logs of the store's file, and encodes the documents that stand in them.

Which documents there are, and what they mean, is left to `store.tiny.edits` and `store.tiny.memory`.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from store.base import Document, Kind

TABLES: Mapping[Kind, str] = {Kind.ARTICLE: "articles", Kind.ORGANIZATION: "organizations", Kind.TOPIC: "topics"}
"""The table of each kind of document, by path."""
CHANGES = "changes"
"""The log of announced changes, by sequence."""
LOGS: Mapping[str, int] = {CHANGES: 300_000}
"""How many entries of each log a compaction retains."""


class _Body(Struct):
    body: str | None = None


_document = msgspec.json.Decoder(Document)
_body = msgspec.json.Decoder(_Body)


def encode(document: Document) -> bytes:
    """Return the stored form of a document: JSON in one line. Raises ValueError, TypeError or OverflowError."""
    return msgspec.json.encode(document)


def decode(data: bytes) -> Document:
    """Return a document from its stored form."""
    return _document.decode(data)


def body(data: bytes) -> str | None:
    """Return only the body of a stored document."""
    return _body.decode(data).body
