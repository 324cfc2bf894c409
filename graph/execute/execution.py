"""Declares what an operation can be asked and what it answers, so that no caller need know how it is executed."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from msgspec import Struct

from graph.execute.context import Context

INTERPRETED, PLANNED, KEPT = "interpreted", "planned", "kept"
"""What made an answer: graphql-core value by value, a plan, or an earlier request that was the same."""


class Answer(Struct, frozen=True):
    """The result of an execution: the encoded `{"data": …}`, and the codes of its errors.

    `executed` is False if the variables did not fit, so that there is no `data`; `how` says what made it.
    """

    body: bytes
    codes: tuple[str, ...] = ()
    executed: bool = True
    how: str = INTERPRETED


@dataclass(slots=True)
class Counts:
    """What plans have done since the start, for the metrics.

    `calls` of batch resolvers, cached objects that were found (`hits`) or had to be made (`misses`), and `defects`:
    plans that failed where the interpreter did not.
    """

    calls: int = 0
    hits: int = 0
    misses: int = 0
    defects: int = 0

    def add(self, calls: int, hits: int, misses: int) -> None:
        """Add what one execution did."""
        self.calls, self.hits, self.misses = self.calls + calls, self.hits + hits, self.misses + misses


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

    def conditions(self, variables: Mapping[str, Any]) -> int:
        """Return how many conditions its articles may be compared with."""

    async def execute(self, variables: Mapping[str, Any], context: Context) -> Answer:
        """Return the answer of a query or mutation; no error of a field or of the variables is raised."""

    def subscribe(self, variables: Mapping[str, Any], context: Context) -> AsyncIterator[Answer]:
        """Return the answers of a subscription. Raises Refusal, when first awaited, where it cannot start."""
