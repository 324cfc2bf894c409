"""Compresses answers in the encoding that a client prefers of those installed, so that large ones travel sooner.

gzip is always there, Brotli and zstd where their libraries are (`pip install 'broadsheet[compression]'`). Whether an
answer is worth compressing is for `responses` to say.
"""

import gzip
from collections.abc import Callable, Iterable
from contextlib import suppress

from cachetools import LRUCache

from graph.edge.negotiation import weighed

Compress = Callable[[bytes], bytes]

ENCODINGS: dict[str, Compress] = {}
"""In the order that we prefer where the client does not.

zstd comes last: the fetch libraries of graphql-codegen, graphql-inspector and other tools offer it on versions of Node
that cannot read it. Who can read it alone, or prefers it by q, still gets it.
"""

with suppress(ImportError):
    import brotli

    ENCODINGS["br"] = lambda body: brotli.compress(body, quality=4)
ENCODINGS["gzip"] = lambda body: gzip.compress(body, compresslevel=5, mtime=0)
with suppress(ImportError):
    import zstandard

    ENCODINGS["zstd"] = lambda body: zstandard.ZstdCompressor(level=3).compress(body)


def chosen(accept_encoding: str, encodings: Iterable[str] = ENCODINGS) -> str:
    """Return the one of the encodings that an Accept-Encoding header prefers (RFC 9110 section 12.5.3).

    Empty for none; where it likes several the same, the first.
    """
    weights = dict(weighed(accept_encoding))
    best, best_weight = "", weights.get("identity", 0.0)
    for encoding in encodings:
        weight = weights.get(encoding, weights.get("*", 0.0))
        if weight > best_weight or (weight == best_weight > 0 and not best):
            best, best_weight = encoding, weight
    return best


class Compressed:
    """Compresses answers, and keeps the last *most_bytes* of them, since the same answer is asked for again."""

    def __init__(self, most_bytes: int = 16 * 1024 * 1024) -> None:
        self.cache: LRUCache[tuple[str, str], bytes] = LRUCache(most_bytes, getsizeof=len)

    def of(self, body: bytes, encoding: str, tag: str) -> bytes:
        """Return *body* compressed. Bodies of one *tag* are the same; without a tag nothing is kept."""
        if not tag:
            return ENCODINGS[encoding](body)
        smaller = self.cache.get((tag, encoding))
        if smaller is None:
            smaller = ENCODINGS[encoding](body)
            if len(smaller) <= self.cache.maxsize:
                self.cache[tag, encoding] = smaller
        return smaller
