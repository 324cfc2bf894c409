"""A request's bytes in, the response out that the same bytes had before, for as long as the store has not changed.

Front pages are asked for again and again, to the byte. Such a request is not even parsed: what it asks for, and of whom
(`graph.edge.caller`), decides its answer at one sequence of the store. Kept are answers of planned queries without
errors that depend on nothing else: not on the time, and not on documents that their request was to be remembered with.
"""

from msgspec import Struct
from msgspec.structs import replace

from graph.edge.caller import Caller
from graph.message import Request, Response

ENTRY = 600
"""Bytes that an entry takes besides its request and its response."""
LARGEST_REQUEST = 16 * 1024
"""Bytes of the largest request that is kept with its answer."""


class KeptAnswer(Struct, frozen=True):
    """A response, and what is told of its operation to metrics and log."""

    response: Response
    kind: str
    operation: str
    cost: int | None


class Answers:
    """Whole answers, up to *most* bytes with their requests; the oldest make room for new ones. 0 keeps none."""

    def __init__(self, most: int) -> None:
        self.most, self.size, self.sequence = most, 0, -1
        self.kept: dict[tuple[Caller, bytes], KeptAnswer] = {}

    def of(self, request: Request, caller: Caller, sequence: int) -> KeptAnswer | None:
        """Return the answer that the same request had at this sequence of the store."""
        return self.kept.get((caller, request.asked)) if sequence == self.sequence else None

    def keep(self, request: Request, caller: Caller, sequence: int, answer: KeptAnswer) -> None:
        """Keep an answer, made at this sequence of the store."""
        if sequence != self.sequence:
            self.kept.clear()
            self.size, self.sequence = 0, sequence
        size = _size(request.asked, answer)
        if len(request.asked) > LARGEST_REQUEST or size > self.most // 8 or (caller, request.asked) in self.kept:
            return
        body = bytes(memoryview(answer.response.body))  # orjson's own leave the rest of its buffer unusable
        self.kept[caller, request.asked] = replace(answer, response=replace(answer.response, body=body))
        self.size += size
        while self.size > self.most:
            oldest = next(iter(self.kept))
            self.size -= _size(oldest[1], self.kept.pop(oldest))


def _size(asked: bytes, answer: KeptAnswer) -> int:
    return len(asked) + len(answer.response.body) + ENTRY
