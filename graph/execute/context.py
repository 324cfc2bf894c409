"""What a request may see, and what it sees it through: the viewer's rights and the store.

One `Context` is made for each request and handed untouched to every field that reads.
"""

from contextlib import AbstractAsyncContextManager
from typing import Any

from msgspec import Struct, field

from store.base import Store
from store.files.write_back import Desk


class Viewer(Struct, frozen=True):
    """Whom we answer: the rights that an API key's scopes give. Without a key all are False."""

    drafts: bool = False
    secured: bool = False
    write: bool = False


ANYBODY = Viewer()


class Context(Struct, frozen=True):
    """One request's view of the store, and where it edits; `loaders` belongs to whoever batches reads within it."""

    store: Store
    viewer: Viewer = ANYBODY
    loaders: dict[Any, Any] = field(default_factory=dict)
    desk: Desk | None = None

    @property
    def edited(self) -> Desk:
        """Return where articles are edited: in the store alone, unless the server was told otherwise."""
        return self.desk or Desk(self.store)

    def reading(self) -> AbstractAsyncContextManager[None]:
        """Hold the store still: every read inside sees one sequence."""
        return self.store.reading()
