"""Gives resolvers what belongs to their request: the viewer's rights, the store, and where articles are edited.

One `Context` is made for each request, and is the same for all of its resolvers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from msgspec import Struct, field

from store.base import Store
from store.files.write_back import Desk


class Viewer(Struct, frozen=True):
    """The rights that the scopes of a request's API key give. Without a key all are False."""

    drafts: bool = False
    secured: bool = False
    write: bool = False


ANYBODY = Viewer()


def nothing() -> None:
    """Do nothing."""


async def next_turn() -> None:
    """Wait until all other tasks of the event loop have had their turn."""
    await asyncio.sleep(0)


class Subscriber(Struct):
    """What a subscription and who sends its answers tell each other.

    `resumes` is the token where a client that comes back wants to go on, whatever its arguments say; `reached` is that
    of the answer that came last. Both are empty where there is none. Before each answer, and each page of changes that
    is looked through for answers, the subscription waits for its `turn`; before it waits for changes, it calls `rest`.
    """

    resumes: str = ""
    reached: str = ""
    turn: Callable[[], Awaitable[None]] = next_turn
    rest: Callable[[], None] = nothing


class Context(Struct, frozen=True):
    """What belongs to one request; `loaders` are the interpreter's, which batch its reads (`graph.schema.loaders`).

    `subscriber` is there for a subscription.
    """

    store: Store
    viewer: Viewer = ANYBODY
    loaders: dict[Any, Any] = field(default_factory=dict)
    desk: Desk | None = None
    subscriber: Subscriber | None = None

    @property
    def edited(self) -> Desk:
        """Return where articles are edited: in the store alone, unless the server gave a desk."""
        return self.desk or Desk(self.store)

    def reading(self, searches: bool = False) -> AbstractAsyncContextManager[None]:
        """Hold the store at one sequence for every read within, which may search only if that was said."""
        return self.store.searching(self.viewer.drafts) if searches else self.store.reading()
