"""An answer's bytes in, fewer bytes out, in the encoding that the client likes best of those we have."""

import gzip
from collections import OrderedDict
from collections.abc import Callable, Mapping

import brotli
import zstandard

from graph.edge.negotiation import weighed

Compress = Callable[[bytes], bytes]


def _zstd(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(body)


def _brotli(body: bytes) -> bytes:
    return brotli.compress(body, quality=4)  # type: ignore[no-any-return] # its stub says Any


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=5, mtime=0)


ENCODINGS: Mapping[str, Compress] = {"zstd": _zstd, "br": _brotli, "gzip": _gzip}
"""In the order that we prefer where the client does not: fast before small."""


def chosen(accept_encoding: str) -> str:
    """Return the encoding of an Accept-Encoding header, empty for none (RFC 9110 section 12.5.3)."""
    weights = dict(weighed(accept_encoding))
    best, best_weight = "", weights.get("identity", 0.0)
    for encoding in ENCODINGS:
        weight = weights.get(encoding, weights.get("*", 0.0))
        if weight > best_weight or (weight == best_weight > 0 and not best):
            best, best_weight = encoding, weight
    return best


class Compressed:
    """Compressed answers that are kept, so an answer that is asked for again is not compressed again."""

    def __init__(self, most_bytes: int = 16 * 1024 * 1024) -> None:
        self.most, self.bytes = most_bytes, 0
        self.kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def of(self, body: bytes, encoding: str, tag: str) -> bytes:
        """Return *body* compressed; the same *tag* means the same body, an empty one that nobody asks for it again."""
        found = self.kept.get((tag, encoding)) if tag else None
        if found is not None:
            self.kept.move_to_end((tag, encoding))
            return found
        smaller = ENCODINGS[encoding](body)
        if tag:
            self.kept[tag, encoding] = smaller
            self.bytes += len(smaller)
            while self.bytes > self.most:
                self.bytes -= len(self.kept.popitem(last=False)[1])
        return smaller
