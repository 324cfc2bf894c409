"""Holds what is known of one request, for log, metrics and traces: never a body, a variable or a key."""

from msgspec import Struct

from graph.execute.execution import Answer
from graph.message import Headers


class RequestRecord(Struct):
    """One request as it becomes known; `code` is that of its refusal or its first error, `how` what answered it.

    `headers` are there for those that name a caller's span; no other leaves the process.
    """

    method: str
    path: str
    client: str | None = None
    road: str = "asgi"
    status: int = 0
    code: str = ""
    kind: str = ""
    operation: str = ""
    how: str = ""
    cost: int | None = None
    seconds: float = 0.0
    bytes: int = 0
    headers: Headers = ()

    def note(self, answer: Answer) -> None:
        """Note what made an answer, and its first error."""
        self.how, self.code = answer.how, answer.codes[0] if answer.codes else ""
