"""Writes all tables into one file that TinyDB itself opens, a document a line, and loads where each document is.

The first line is padded to a fixed size. It holds the table `_store` with the one document `header`: which store this
is, its sequence, the size of the file, and a checksum (CRC-32) of all of it, taken with the checksum's digits as zeros.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from zlib import crc32

import msgspec
import orjson
from msgspec import Struct

from store.tiny.disk.catalog import Catalog
from store.tiny.disk.damage import snapshot_damaged
from store.tiny.disk.files import Files, Handle

FORMAT = 1
HEADER_SIZE = 512
CHUNK = 1 << 20
_OPENING = b'{"_store":{"header":'
_ZEROS = "00000000"
_QUOTED = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*":')

Tables = Iterable[tuple[str, Iterable[tuple[str, bytes]]]]


class Header(Struct, frozen=True):
    """What a snapshot says of itself; `chain` is the checksum of the last record in it, `generation` its journal's."""

    format: int
    store: str
    generation: int
    sequence: int
    chain: int
    at: datetime
    size: int = 0
    checksum: str = _ZEROS


def written(files: Files, handle: Handle, header: Header, tables: Tables) -> Header:
    """Write a snapshot into an empty file, not synced yet; return its header with size and checksum."""
    size, checksum = HEADER_SIZE, 0
    for chunk in _chunks(_body(tables)):
        files.write(handle, size, chunk)
        size, checksum = size + len(chunk), crc32(chunk, checksum)
    header = msgspec.structs.replace(header, size=size)
    checksum = crc32(_first_line(header), checksum)
    header = msgspec.structs.replace(header, checksum=f"{checksum:08x}")
    files.write(handle, 0, _first_line(header))
    return header


def _first_line(header: Header) -> bytes:
    return (_OPENING + msgspec.json.encode(header) + b"}").ljust(HEADER_SIZE - 1) + b"\n"


def _body(tables: Tables) -> Iterator[bytes]:
    for name, documents in tables:
        yield b",%b:{" % orjson.dumps(name)
        separator = b"\n"
        for identifier, document in documents:
            yield b"%b%b:%b" % (separator, orjson.dumps(identifier), document)
            separator = b",\n"
        yield b"\n}"
    yield b"}\n"


def _chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


def load(files: Files, handle: Handle, catalog: Catalog) -> Header:
    """Check a snapshot against its checksum, and note in *catalog* where its documents are.

    Raises StoreDamagedError; OSError where the file cannot be read.
    """
    header = read_header(files, handle)
    source = catalog.add_source(handle)
    blank = _first_line(msgspec.structs.replace(header, checksum=_ZEROS))
    try:
        sound = f"{crc32(blank, _scan(files, handle, catalog, source)):08x}" == header.checksum
    except (ValueError, AttributeError):
        sound = False
    if not sound:
        reason = "the snapshot does not match its checksum, so it was damaged, or edited by another program"
        raise snapshot_damaged(files, handle.path, reason)
    return header


def read_header(files: Files, handle: Handle) -> Header:
    """Return what a snapshot says of itself; raises StoreDamagedError if it is no snapshot, or not whole."""
    size = files.status(handle).st_size
    first = files.read(handle, 0, HEADER_SIZE)
    try:
        header = _parsed(first)
        if size != header.size:
            raise ValueError(f"the file is {size} bytes long and should be {header.size}")
    except ValueError as error:
        raise snapshot_damaged(files, handle.path, str(error)) from None
    return header


def _parsed(first: bytes) -> Header:
    if not first.strip(b"\0"):
        raise ValueError("the file holds nothing but zeros" if first else "the file is empty")
    if not first.startswith(_OPENING):
        raise ValueError("the file is no store of Broadsheet: it does not begin with the table `_store`")
    try:
        fields = orjson.loads(first + b"}")["_store"]["header"]
        version = fields.get("format")
        if version != FORMAT:
            raise ValueError(f"the store has format {version}, and this version of Broadsheet reads format {FORMAT}")
        return msgspec.convert(fields, Header)
    except (orjson.JSONDecodeError, msgspec.ValidationError, KeyError):
        raise ValueError("the header of the store cannot be read") from None


def _scan(files: Files, handle: Handle, catalog: Catalog, source: int) -> int:
    """Note each line's document, and return the checksum of all lines after the first."""
    position, checksum, rest, table = HEADER_SIZE, 0, b"", ""
    while chunk := files.read(handle, position, CHUNK):
        checksum = crc32(chunk, checksum)
        block, offset, start = rest + chunk, position - len(rest), 0
        position += len(chunk)
        while (end := block.find(b"\n", start)) >= 0:
            if block.startswith(b'"', start):
                identifier, at = _identifier(block, start, end)
                length = end - at - block.endswith(b",", at, end)
                catalog.put(table, identifier, source, offset + at, length)
            elif block.endswith(b"{", start, end):
                table = orjson.loads(block[block.index(b'"', start, end) : end - 2])
                catalog.tables.setdefault(table, {})
            start = end + 1
        rest = block[start:]
    return checksum


def _identifier(block: bytes, start: int, end: int) -> tuple[str, int]:
    """Return the id that a line starts with, and where its document starts."""
    colon = block.index(b'":{', start, end) + 1
    identifier = block[start + 1 : colon - 1]
    if b"\\" not in identifier:
        return identifier.decode(), colon + 1
    at = _QUOTED.match(block, start, end).end()  # type: ignore[union-attr] # load() takes what it raises as damage
    return orjson.loads(block[start : at - 1]), at
