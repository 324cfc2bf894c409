"""Caches whole responses by the bytes of their requests, for as long as the store does not change.

Front pages are asked for again and again, to the byte. Such a request is not even parsed: what it asks for, and its
caller (`graph.edge.caller`), decide its answer at one sequence of the store. Cached are answers of planned queries
without errors that depend on nothing else: not on the time, and not on documents that their request was to be
remembered with.
"""

from msgspec import Struct
from msgspec.structs import replace

from graph.edge.caller import Caller
from graph.message import Request, Response

ENTRY = 600
"""Bytes that an entry takes besides its request and its response."""
LARGEST_REQUEST = 16 * 1024
"""Bytes of the largest request whose answer is cached."""


class CachedAnswer(Struct, frozen=True):
    """A response, and what log and metrics are given of its operation."""

    response: Response
    kind: str
    operation: str
    cost: int | None


class AnswerCache:
    """Whole answers, up to *most* bytes with their requests; the oldest make room for new ones. 0 caches none.

    A plain dict, since every request looks here first: a look-up in an LRU of a library takes four times as long.
    """

    def __init__(self, most: int) -> None:
        self.most, self.size, self.sequence = most, 0, -1
        self.entries: dict[tuple[Caller, bytes], CachedAnswer] = {}

    def get(self, request: Request, caller: Caller, sequence: int) -> CachedAnswer | None:
        """Return the answer that the same request had at this sequence of the store."""
        return self.entries.get((caller, request.asked)) if sequence == self.sequence else None

    def put(self, request: Request, caller: Caller, sequence: int, answer: CachedAnswer) -> None:
        """Cache an answer, made at this sequence of the store."""
        if sequence != self.sequence:
            self.entries.clear()
            self.size, self.sequence = 0, sequence
        size = _size(caller, request.asked, answer)
        if len(request.asked) > LARGEST_REQUEST or size > self.most // 8 or (caller, request.asked) in self.entries:
            return
        body = bytes(memoryview(answer.response.body))  # orjson's own leave the rest of its buffer unusable
        self.entries[caller, request.asked] = replace(answer, response=replace(answer.response, body=body))
        self.size += size
        while self.size > self.most:
            oldest = next(iter(self.entries))
            self.size -= _size(*oldest, self.entries.pop(oldest))


def _size(caller: Caller, asked: bytes, answer: CachedAnswer) -> int:
    return caller.bytes + len(asked) + len(answer.response.body) + ENTRY
