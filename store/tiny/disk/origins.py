"""Stored documents in, the digests of a source's documents out, without making articles of them."""

from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct


class _Origin(Struct):
    source: str
    digest: str


_decoder = msgspec.json.Decoder(_Origin)


class Origins:
    """What each document says of where it comes from; read once for all sources, until the documents change."""

    def __init__(self, documents: Callable[[], Iterator[tuple[str, bytes]]]) -> None:
        self._documents = documents
        self._known: dict[str, dict[str, str]] | None = None

    def digests(self, source: str) -> dict[str, str]:
        """Return path → digest of each document of *source*; the caller's own."""
        if self._known is None:
            self._known = {}
            for path, data in self._documents():
                origin = _decoder.decode(data)
                self._known.setdefault(origin.source, {})[path] = origin.digest
        return dict(self._known.get(source, ()))

    def forget(self) -> None:
        """Drop what was read."""
        self._known = None
