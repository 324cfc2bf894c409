"""Declares the types ArticleChange and ChangePage: what happened to articles, for clients that keep a copy or watch.

A client resumes by a token: the sequence of the last change that it knows, and the store that the sequence is of.
"""

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
SinceOrNow = Annotated[
    str | None, strawberry.argument(description="`next` or `seq` of earlier changes; from now on if left out.")
]
ChangeKinds = Annotated[list[ChangeKind] | None, strawberry.argument(description="Only changes of these kinds.")]


class ResumableChange(base.Change, frozen=True, gc=False):
    """What is behind an ArticleChange: a change of the store, and the token to resume after it."""

    seq: str


@dataclass(frozen=True, slots=True)
class ResumableChanges:
    """What is behind a ChangePage: changes with their tokens, and the token to ask for the following page with."""

    changes: Sequence[ResumableChange]
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
    next: str = attribute("Where the following page starts: pass it back as `since`.")
    has_more: bool = attribute(
        "Whether to ask on at once, from `next`. True also of a page with fewer changes than `first`, or none, that "
        "stopped after looking at 1,000, those left out by `kinds` or for want of rights included."
    )
    reset: bool = attribute("True when `since` is too old, or of another store: reload everything.")


def token(sequence: int, store: Store) -> str:
    """Return what clients pass back as `since`: a sequence, and the store that it is of."""
    return f"{sequence}-{store.identity[:MARK]}"


def sequence_of(since: str | None, store: Store) -> int | None:
    """Return the sequence that a token names, 0 for no token, None for one of another store. Raises CriteriaError.

    A number alone, such as 0, is one of this store.
    """
    if since is None:
        return 0
    found = TOKEN.fullmatch(since)
    if found is None:
        raise CriteriaError(f"since: {since[:40]!r} is no token of changes")
    return int(found[1]) if found[2] in (None, store.identity[:MARK]) else None


def resumable(change: base.Change, store: Store) -> ResumableChange:
    """Return a change with the token to resume after it."""
    return ResumableChange(**asdict(change), seq=token(change.sequence, store))


async def changes_after(
    context: Context, since: str | None, first: int, kinds: Sequence[ChangeKind] | None
) -> ResumableChanges:
    """Return the page of changes after *since*. Raises CriteriaError."""
    if not 0 < first <= LONGEST:
        raise CriteriaError(f"first must be from 1 to {LONGEST}, not {first}")
    store, sequence = context.store, sequence_of(since, context.store)
    if sequence is None:
        return ResumableChanges((), token(store.sequence, store), has_more=False, reset=True)
    found = await store.changes(sequence, first, context.viewer.drafts, kinds or ())
    changes = [resumable(change, store) for change in found.changes]
    return ResumableChanges(changes, token(found.next, store), found.has_more, found.reset)
