"""The store's sequence in, changes out: what happened to articles, for those who keep a copy or watch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import strawberry

from graph.context import Context
from graph.fields import attribute, computed, linked
from graph.ids import global_id
from graph.types import Article
from store import base
from store.base import ChangeKind
from store.errors import CriteriaError

LONGEST = 200
"""How many changes a page has at most."""

Since = Annotated[
    str | None, strawberry.argument(description="`next` or `seq` of earlier changes; from the oldest kept if left out.")
]
ChangeKinds = Annotated[list[ChangeKind] | None, strawberry.argument(description="Only changes of these kinds.")]


@dataclass(frozen=True, slots=True)
class ChangePageRecord:
    """A page of changes, and where the following one starts."""

    changes: Sequence[base.Change]
    next: str
    has_more: bool
    reset: bool


@strawberry.type(description="What happened to one article.")
class ArticleChange:
    @computed("Where it stands in the sequence: pass it back as `since`.")
    def seq(change: base.Change) -> str:
        return str(change.sequence)

    kind: ChangeKind = attribute("What happened.")

    @computed("The article's global id.")
    def article_id(change: base.Change) -> strawberry.ID:
        return strawberry.ID(global_id("Article", change.path))

    @linked("The article as it is now; null once removed.")
    async def article(changes: list[base.Change], context: Context) -> list[Article | None]:
        return await context.store.articles([change.path for change in changes], context.viewer.drafts)

    changed_keys: list[str] = attribute("Front matter keys that changed, and `body`.")
    at: datetime = attribute("When the store applied it.")


@strawberry.type(description="Changes, oldest first.")
class ChangePage:
    changes: list[ArticleChange] = attribute("The changes.")
    next: str = attribute("Pass back as `since`.")
    has_more: bool = attribute("Whether more follow at once.")
    reset: bool = attribute("True when `since` is too old: reload everything.")


def sequence_of(since: str | None) -> int:
    """Return the sequence that a token names, 0 for none. Raises CriteriaError."""
    if since is None:
        return 0
    if not (since.isascii() and since.isdigit() and len(since) < 19):
        raise CriteriaError(f"since: {since[:40]!r} is no token of changes")
    return int(since)


async def changes_after(
    context: Context, since: str | None, first: int, kinds: Sequence[ChangeKind] | None
) -> ChangePageRecord:
    """Return the page of changes after *since*. Raises CriteriaError."""
    if not 0 < first <= LONGEST:
        raise CriteriaError(f"first must be from 1 to {LONGEST}, not {first}")
    found = await context.store.changes(sequence_of(since), first, context.viewer.drafts)
    kept: Any = [change for change in found.changes if not kinds or change.kind in kinds]
    return ChangePageRecord(kept, str(found.next), found.has_more, found.reset)
