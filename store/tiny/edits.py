"""Turns requested changes into one batch: the documents to put and drop, and an announcement of each change.

Writing the batch is left to `store.tiny.disk.storage`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from store.base import Applied, Document, Kind, Put, Remove
from store.errors import ArticleError, Problem
from store.files.entities import Entity, entity, is_published
from store.paths import alike, path_form
from store.tiny.announcements import Announcement, changed_keys, whole_keys
from store.tiny.disk.layout import CHANGES, TABLES, decode, encode
from store.tiny.disk.record import Batch
from store.tiny.disk.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Edit:
    """A document to be put, with its stored form and the entity that it describes; for *distinct* see `Put`."""

    document: Document
    data: bytes
    entity: Entity
    distinct: bool = False


def edit(put: Put) -> Edit:
    """Return the edit that *put* asks for. Raises ArticleError if its document is not valid."""
    document = put.document
    try:
        return Edit(document, encode(document), entity(document), put.distinct)
    except (ValueError, TypeError, OverflowError) as error:
        raise ArticleError(Problem(document.path, None, "document.value", str(error))) from error


def edited(changes: Sequence[Put | Remove]) -> list[Edit | Remove]:
    """Return the edits that make *changes*. Raises ArticleError with everything that is wrong with them."""
    edits: list[Edit | Remove] = []
    problems: list[Problem] = []
    for change in changes:
        try:
            edits.append(edit(change) if isinstance(change, Put) else change)
        except ArticleError as error:
            problems += error.problems
    if problems:
        raise ArticleError(*problems)
    return edits


def batch(transaction: Transaction, edits: Sequence[Edit | Remove]) -> tuple[Batch | None, Applied]:
    """Return the batch that *edits* make of what *transaction* sees, None if nothing changes; and what it does.

    Raises ArticleError where a document that has to be distinct is not.
    """
    ledger = _Ledger(transaction, transaction.sequence)
    for each in edits:
        if isinstance(each, Remove):
            ledger.write(each.path, None)
        else:
            ledger.write(each.document.path, each)
    return ledger.batch(), ledger.applied()


@dataclass(slots=True)
class _Ledger:
    transaction: Transaction
    sequence: int
    before: dict[str, Document | None] = field(default_factory=dict)
    after: dict[str, Edit | None] = field(default_factory=dict)
    unchanged: dict[str, None] = field(default_factory=dict)
    announced: list[Announcement] = field(default_factory=list)

    def write(self, path: str, edit: Edit | None) -> None:
        if path not in self.before:
            self.before[path] = self._stored(path)
        written = self.after.get(path)
        old = written.document if written else None if path in self.after else self.before[path]
        new = edit.document if edit else None
        if edit and edit.distinct and old is None:
            self._refuse_alike(path)
        if _same(old, new):
            if new is not None:
                self.unchanged[path] = None
            return
        self.after[path] = edit
        self.sequence += 1
        keys, at, was, shown = changed_keys(old, new), self.transaction.at, _published(old), _published(new)
        whole = whole_keys(old, new, was, shown)
        self.announced.append(Announcement(self.sequence, path, keys, at, was, shown, whole))

    def batch(self) -> Batch | None:
        if self.sequence == self.transaction.sequence:
            return None
        drops: list[tuple[str, str]] = []
        puts: list[tuple[str, str, bytes]] = []
        for path, edit in self.after.items():
            old = self.before[path]
            if old is not None and (edit is None or edit.document.kind is not old.kind):
                drops.append((TABLES[old.kind], path))
            if edit is not None:
                puts.append((TABLES[edit.document.kind], path, edit.data))
        puts += ((CHANGES, str(each.sequence), each.encode()) for each in self.announced)
        return Batch(self.sequence, puts, drops)

    def applied(self) -> Applied:
        kinds: dict[tuple[bool, bool], list[str]] = {(a, b): [] for a in (True, False) for b in (True, False)}
        for path, edit in self.after.items():
            kinds[self.before[path] is not None, edit is not None].append(path)
        return Applied(
            self.sequence,
            added=tuple(kinds[False, True]),
            updated=tuple(kinds[True, True]),
            unchanged=tuple(path for path in self.unchanged if path not in self.after),
            removed=tuple(kinds[True, False]),
        )

    def _refuse_alike(self, path: str) -> None:
        form = path_form(path)
        for table in TABLES.values():
            for other in self.transaction.identifiers(table):
                if path_form(other) == form and other != path:
                    raise alike(path, other)

    def _stored(self, path: str) -> Document | None:
        for table in TABLES.values():
            data = self.transaction.document(table, path)
            if data is not None:
                return decode(data)
        return None


def _same(old: Document | None, new: Document | None) -> bool:
    if old is None or new is None:
        return old is new
    return (old.digest, old.kind, old.source) == (new.digest, new.kind, new.source)


def _published(document: Document | None) -> bool | None:
    """Return whether an article is published; None where there is none."""
    return is_published(document) if document and document.kind is Kind.ARTICLE else None
