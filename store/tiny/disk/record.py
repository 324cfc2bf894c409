"""Encodes a batch, with the instant of its write, as one line of a journal, and decodes it.

A line is `+ CHECKSUM LENGTH JSON`. The checksum (CRC-32) continues that of the record before, so a record holds only
in its place. In the JSON the documents come last and their lengths first: they are found without being parsed.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any
from zlib import crc32

import msgspec
import orjson
from msgspec import Struct

Row = tuple[str, str, bytes]
"""Table, id, and the document as JSON in one line of UTF-8."""
RowId = tuple[str, str]
"""Table and id."""

_DOCUMENTS = b',"documents":['


class Batch(Struct, frozen=True):
    """What a writer asks for, as one: it becomes visible whole or not at all.

    `sequence` is the store's after the batch and above the one before. Drops come first, then puts.
    """

    sequence: int
    puts: Sequence[Row] = ()
    drops: Sequence[RowId] = ()


class Record(Struct, frozen=True):
    """A batch that is, or is about to be, in the journal; `at` is an instant in UTC."""

    sequence: int
    at: datetime
    puts: Sequence[Row] = ()
    drops: Sequence[RowId] = ()


class _Head(Struct, frozen=True):
    sequence: int
    at: datetime
    drops: list[RowId]
    puts: list[tuple[str, str, int]]


_head = msgspec.json.Decoder(_Head)
_any = msgspec.json.Decoder(msgspec.Raw)


def checked(batch: Batch, after: int, at: datetime) -> Record:
    """Return the batch as a record that may follow sequence *after*; ValueError where it may not."""
    if batch.sequence <= after:
        raise ValueError(f"sequence {batch.sequence} does not follow {after}")
    for table, identifier, document in batch.puts:
        if not _is_document(document):
            raise ValueError(f"{table} {identifier!r}: not a JSON object in one line of UTF-8")
        if not table or table.startswith("_"):
            raise ValueError(f"{table!r} cannot name a table")
    return Record(batch.sequence, at.astimezone(UTC), tuple(batch.puts), tuple(batch.drops))


def _is_document(data: bytes) -> bool:
    if b"\n" in data or not data.startswith(b"{"):
        return False
    try:
        data.decode()
        _any.decode(data)
    except (UnicodeDecodeError, msgspec.DecodeError):
        return False
    return True


def payload(record: Record) -> bytes:
    """Return the record as JSON."""
    head: dict[str, Any] = {
        "sequence": record.sequence,
        "at": record.at,
        "drops": record.drops,
        "puts": [(table, identifier, len(document)) for table, identifier, document in record.puts],
    }
    documents = b",".join(document for _, _, document in record.puts)
    return b"".join((orjson.dumps(head)[:-1], _DOCUMENTS, documents, b"]}"))


def read(data: bytes) -> tuple[Record, list[int]]:
    """Return the record that is this JSON, and the offset in it at which each put document starts.

    Raises ValueError where it is something else.
    """
    start = data.find(_DOCUMENTS)
    try:
        head = _head.decode(data[:start] + b"}")
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None
    start += len(_DOCUMENTS)
    *starts, end = accumulate((size + 1 for _, _, size in head.puts), initial=start)
    if max(end - 1, start) + 2 != len(data):
        raise ValueError("lengths do not add up")
    puts = tuple(
        (table, identifier, data[begin : begin + size])
        for (table, identifier, size), begin in zip(head.puts, starts, strict=True)
    )
    return Record(head.sequence, head.at, puts, tuple(head.drops)), starts


def line(kind: bytes, data: bytes, chain: int) -> tuple[bytes, int]:
    """Return a journal line of this kind (`#`, `+` or `!`), and its checksum, which continues *chain*."""
    checksum = crc32(data, crc32(kind, chain))
    return b"%b %08x %d %b\n" % (kind, checksum, len(data), data), checksum


def mark(chain: int) -> bytes:
    """Return the line that confirms everything up to checksum *chain*."""
    return b"= %08x\n" % chain
