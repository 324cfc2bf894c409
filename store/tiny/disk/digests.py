"""Reads the digests of a source's documents from disk, so that an ingest with nothing to do builds no articles."""

from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct


class _Stored(Struct):
    source: str
    digest: str


_decoder = msgspec.json.Decoder(_Stored)


class Digests:
    """Path → digest of the documents of each source; read once for all sources, until the documents change."""

    def __init__(self, documents: Callable[[], Iterator[tuple[str, bytes]]]) -> None:
        self._documents = documents
        self._known: dict[str, dict[str, str]] | None = None

    def of(self, source: str) -> dict[str, str]:
        """Return path → digest of each document of *source*; the caller's own."""
        if self._known is None:
            self._known = {}
            for path, data in self._documents():
                stored = _decoder.decode(data)
                self._known.setdefault(stored.source, {})[path] = stored.digest
        return dict(self._known.get(source, ()))

    def forget(self) -> None:
        """Drop what was read."""
        self._known = None
