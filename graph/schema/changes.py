"""The store's sequence in, changes out: what happened to articles, for those who keep a copy or watch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import strawberry
from msgspec.structs import asdict

from graph.execute.context import Context
from graph.schema.article import Article
from graph.schema.fields import attribute, batched, computed
from graph.schema.ids import global_id
from store import base
from store.base import ChangeKind, Store
from store.errors import CriteriaError

LONGEST = 200
"""How many changes a page has at most."""
MARK = 8
"""How much of a store's identity is in a token."""
TOKEN = re.compile(r"([0-9]{1,18})(?:-([0-9a-z]+))?")

Since = Annotated[
    str | None, strawberry.argument(description="`next` or `seq` of earlier changes; from the oldest kept if left out.")
]
ChangeKinds = Annotated[list[ChangeKind] | None, strawberry.argument(description="Only changes of these kinds.")]


class Told(base.Change, frozen=True, gc=False):
    """A change with the token of its place."""

    seq: str


@dataclass(frozen=True, slots=True)
class ChangePageRecord:
    """A page of changes, and where the following one starts."""

    changes: Sequence[Told]
    next: str
    has_more: bool
    reset: bool


@strawberry.type(description="What happened to one article.")
class ArticleChange:
    seq: str = attribute("Where it stands in the sequence: pass it back as `since`.")
    kind: ChangeKind = attribute("What happened.")

    @computed("The article's global id.")
    def article_id(change: base.Change) -> strawberry.ID:
        return strawberry.ID(global_id("Article", change.path))

    @batched("The article as it is now; null once removed.")
    async def article(changes: list[base.Change], context: Context) -> list[Article | None]:
        return await context.store.articles([change.path for change in changes], context.viewer.drafts)

    changed_keys: list[str] = attribute("Front matter keys that changed, and `body`.")
    at: datetime = attribute("When the store applied it.")


@strawberry.type(description="Changes, oldest first.")
class ChangePage:
    changes: list[ArticleChange] = attribute("The changes.")
    next: str = attribute("Pass back as `since`.")
    has_more: bool = attribute("Whether more follow at once.")
    reset: bool = attribute("True when `since` is too old, or of another store: reload everything.")


def token(sequence: int, store: Store) -> str:
    """Return what clients pass back as `since`: a sequence, and which store's it is."""
    return f"{sequence}-{store.identity[:MARK]}"


def sequence_of(since: str | None, store: Store) -> int | None:
    """Return the sequence that a token names, 0 for none, None where it is another store's. Raises CriteriaError.

    A number alone, such as 0, is one of this store.
    """
    if since is None:
        return 0
    found = TOKEN.fullmatch(since)
    if found is None:
        raise CriteriaError(f"since: {since[:40]!r} is no token of changes")
    return int(found[1]) if found[2] in (None, store.identity[:MARK]) else None


def told(change: base.Change, store: Store) -> Told:
    """Return a change with its token."""
    return Told(**asdict(change), seq=token(change.sequence, store))


async def changes_after(
    context: Context, since: str | None, first: int, kinds: Sequence[ChangeKind] | None
) -> ChangePageRecord:
    """Return the page of changes after *since*. Raises CriteriaError."""
    if not 0 < first <= LONGEST:
        raise CriteriaError(f"first must be from 1 to {LONGEST}, not {first}")
    store, place = context.store, sequence_of(since, context.store)
    if place is None:
        return ChangePageRecord((), token(store.sequence, store), has_more=False, reset=True)
    found = await store.changes(place, first, context.viewer.drafts)
    kept = [told(change, store) for change in found.changes if not kinds or change.kind in kinds]
    return ChangePageRecord(kept, token(found.next, store), found.has_more, found.reset)
