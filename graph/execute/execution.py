"""What the edge asks of whatever executes: an operation is prepared once, then answered whenever it is asked."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from msgspec import Struct

from graph.execute.context import Context

INTERPRETED, PLANNED, KEPT = "interpreted", "planned", "kept"
"""What makes answers: graphql-core value by value, a plan, or the same request before."""


class Answer(Struct, frozen=True):
    """An executed operation: the encoded `{"data": …}`, and the codes of its errors.

    `executed` is False where its variables did not fit, so that there is no `data`; `how` says what made it.
    """

    body: bytes
    codes: tuple[str, ...] = ()
    executed: bool = True
    how: str = INTERPRETED


class Run(Protocol):
    """One execution of a plan: calls of linked fields, and objects whose bytes were kept or had to be made."""

    calls: int
    hits: int
    misses: int


@dataclass(slots=True)
class Counts:
    """What plans have done since the start, and how often one failed, for the metrics."""

    calls: int = 0
    hits: int = 0
    misses: int = 0
    defects: int = 0

    def add(self, run: Run) -> None:
        """Add what a run did."""
        self.calls, self.hits, self.misses = self.calls + run.calls, self.hits + run.hits, self.misses + run.misses


class Operation(Protocol):
    """One operation of a document that was parsed, counted and validated."""

    @property
    def kind(self) -> str:
        """Return `query`, `mutation` or `subscription`."""

    @property
    def name(self) -> str | None:
        """Return its name."""

    @property
    def planned(self) -> bool:
        """Whether it is answered without waiting for anything but the store."""

    def cost(self, variables: Mapping[str, Any]) -> int:
        """Return what it costs with these variables. Raises Refusal over the limits."""

    async def execute(self, variables: Mapping[str, Any], context: Context) -> Answer:
        """Return the answer of a query or mutation; no error of a field or of the variables is raised."""

    def subscribe(self, variables: Mapping[str, Any], context: Context) -> AsyncIterator[Answer]:
        """Return the answers of a subscription. Raises Refusal, when first awaited, where it cannot start."""


class Operations(Protocol):
    """The operations of all documents."""

    counts: Counts

    def prepare(self, document: str, operation_name: str | None) -> Operation:
        """Return an operation, from those kept or anew. Raises Refusal where it may not be executed."""
