"""Ends sockets and event streams whose API key is not known any longer, or opens something else than when they began.

A request is answered before its key is asked for again; a connection that stays open would keep its rights for ever.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from graph.errors import Refusal
from graph.execute.context import Viewer


@dataclass(slots=True, eq=False)
class KeyHolder:
    """An open connection: its key, empty for none, the rights that it has by it, and how it learns that they ended."""

    key: bytes
    viewer: Viewer
    revoked: asyncio.Future[Refusal]


class KeyHolders:
    """The connections of one process that stay open."""

    def __init__(self, rights: Callable[[bytes], Viewer]) -> None:
        """Take the *rights* of a key, which raises Refusal for one that is unknown."""
        self.rights = rights
        self._holders: set[KeyHolder] = set()

    @contextmanager
    def holding(self, key: bytes, viewer: Viewer) -> Iterator[KeyHolder]:
        """Watch over a connection while it is open."""
        holder = KeyHolder(key, viewer, asyncio.get_running_loop().create_future())
        self._holders.add(holder)
        try:
            yield holder
        finally:
            self._holders.discard(holder)

    def check(self) -> None:
        """Ask again for the rights of each connection, and end those that have others now."""
        for holder in self._holders:
            if not holder.key or holder.revoked.done():
                continue
            try:
                if self.rights(holder.key) == holder.viewer:
                    continue
                refusal = Refusal("UNAUTHENTICATED", "This API key opens something else now; connect again.", 401)
            except Refusal as refused:
                refusal = refused
            holder.revoked.set_result(refusal)
