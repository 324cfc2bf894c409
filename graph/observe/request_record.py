"""What is told of one request: to the log as one line, to the metrics as counts. Never a body, a variable or a key."""

from msgspec import Struct

from graph.execute.execution import Answer
from graph.message import Headers


class Record(Struct):
    """One request as it becomes known; `code` is that of its refusal or its first error, `how` what answered it.

    `headers` are there for those that name a caller's span; nobody is told of any other.
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

    def take(self, answer: Answer) -> None:
        """Note what made an answer, and its first error."""
        self.how, self.code = answer.how, answer.codes[0] if answer.codes else ""
