"""Encodes the announcement of each change, and pages through them as a reader with or without drafts may see them.

An announcement says who could see the article before and after the change, so that one entry serves both readers.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec import Struct

from store.base import Change, ChangeKind, ChangePage, Document
from store.errors import CriteriaError
from store.tiny.disk.layout import CHANGES

LOOKED = 1_000
"""How many changes are looked at for one page, some five milliseconds; a page that ends there says that more follow."""
SILENT = frozenset({"secured"})
"""Keys whose change is stored and announced to nobody."""
QUIET = SILENT | {"heat"}


class Announcement(Struct, frozen=True, gc=False):
    """One applied change, as stored, even if no reader sees it: sequences without a gap show that none was lost.

    `was` and `shown`: whether the article was published before and is now; None if there was or is no article.
    `whole`: where it is published or withdrawn, all keys that it has. A reader without drafts is told these: the keys
    that changed would tell that there is a draft.
    """

    sequence: int
    path: str
    keys: tuple[str, ...]
    at: datetime
    was: bool | None
    shown: bool | None
    whole: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """Return the announcement as JSON."""
        return msgspec.json.encode(self)

    def to(self, drafts: bool) -> Change | None:
        """Return the change as a reader with or without drafts sees it, if that reader sees it at all."""
        was = self.was if drafts or self.was else None
        shown = self.shown if drafts or self.shown else None
        if (was is None and shown is None) or (was == shown and SILENT.issuperset(self.keys)):
            return None
        if was is None:
            kind = ChangeKind.ADDED
        elif shown is None:
            kind = ChangeKind.REMOVED
        else:
            kind = ChangeKind.HEAT if QUIET.issuperset(self.keys) else ChangeKind.UPDATED
        keys = self.keys if drafts else self.whole or self.keys
        return Change(self.sequence, kind, self.path, keys, self.at)


def decode(data: bytes) -> Announcement:
    """Return the announcement that `Announcement.encode` encoded."""
    return _decoder.decode(data)


_decoder = msgspec.json.Decoder(Announcement)


def changed_keys(old: Document | None, new: Document | None) -> tuple[str, ...]:
    """Return the top-level keys that differ, `body` among them, in the order of the new document, then of the old."""
    before, after = _said(old), _said(new)
    if not before or not after:
        return tuple(after or before)
    missing = object()
    keys: Iterable[str] = {**after, **before}
    moved = old is not None and new is not None and old.base_url != new.base_url
    return tuple(
        key for key in keys if before.get(key, missing) != after.get(key, missing) or (moved and key == "images")
    )


def whole_keys(old: Document | None, new: Document | None, was: bool | None, shown: bool | None) -> tuple[str, ...]:
    """Return all keys of an article that is published or withdrawn by a change; of any other, none."""
    if None in (was, shown) or was == shown:
        return ()
    return tuple(_said(new if shown else old))


class Changes(Protocol):
    """Where announcements are stored: a `store.tiny.disk.reader.Reader`."""

    @property
    def sequence(self) -> int:
        """The store's."""

    def entries(self, log: str, after: int = 0, limit: int | None = None) -> list[tuple[int, bytes]]:
        """Return the entries of a log with ids above *after*, oldest first."""

    def oldest(self, log: str) -> int | None:
        """Return the id of the oldest entry of a log, or None where it is empty."""


def page_of(stored: Changes, since: int, limit: int, drafts: bool, kinds: Collection[ChangeKind] = ()) -> ChangePage:
    """Return up to *limit* changes of *kinds* (of all, if none are given) after *since*, as the reader may see them.

    Looks at `LOOKED` changes at most, also at those that are not shown: then the page may hold fewer, and more follow.
    """
    if limit < 1:
        raise CriteriaError(f"a page of changes has at least one, and so not {limit}")
    newest = stored.sequence
    if not (stored.oldest(CHANGES) or newest + 1) - 1 <= since <= newest:
        return ChangePage((), newest, has_more=False, reset=True)
    found: list[Change] = []
    left = LOOKED
    while left:
        asked = min(limit + 1, left)
        entries = stored.entries(CHANGES, since, asked)
        for sequence, data in entries:
            change = decode(data).to(drafts)
            if change and (not kinds or change.kind in kinds):
                if len(found) == limit:
                    return ChangePage(found, since, has_more=True, reset=False)
                found.append(change)
            since = sequence
        if len(entries) < asked:
            return ChangePage(found, max(since, newest), has_more=False, reset=False)
        left -= asked
    return ChangePage(found, since, has_more=since < newest, reset=False)


def _said(document: Document | None) -> dict[str, object]:
    if document is None:
        return {}
    said = dict(document.metadata)
    if document.body is not None:
        said["body"] = document.body
    return said
