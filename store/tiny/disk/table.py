"""Makes one record of each call of TinyDB's table API, so that a call reads and writes only what it touches."""

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any
from uuid import uuid4

import orjson
from tinydb.table import Table

from store.tiny.disk.record import Batch
from store.tiny.disk.storage import JournalStorage
from store.tiny.disk.transaction import Transaction


class DocumentTable(Table):
    """A TinyDB table of a JournalStorage. Its ids are text; a document inserted without one gets a new one.

    What it hands out is the caller's own copy. Queries are not cached, since other processes write too.
    """

    document_id_class: Any = str  # TinyDB documents this extension point, and types it as int

    def __init__(self, storage: JournalStorage, name: str, cache_size: int = 0, persist_empty: bool = False) -> None:
        self._journal = storage
        super().__init__(storage, name, cache_size, persist_empty)

    def _read_table(self) -> Any:
        return Draft(self._journal.transaction(), self.name)

    def _update_table(self, updater: Callable[[Any], None]) -> None:
        def prepare(transaction: Transaction) -> Batch | None:
            draft = Draft(transaction, self.name)
            updater(draft)
            return draft.batch()

        self._journal.commit(prepare)

    def _get_next_id(self) -> Any:
        return uuid4().hex


class Draft(MutableMapping[str, dict[str, Any]]):
    """One table as a mapping, read document by document; what becomes of it is a batch."""

    def __init__(self, transaction: Transaction, table: str) -> None:
        self._transaction, self._table = transaction, table
        self._drawn: dict[str, dict[str, Any] | None] = {}

    def __getitem__(self, identifier: str) -> dict[str, Any]:
        if identifier not in self._drawn:
            text = self._transaction.document(self._table, identifier)
            self._drawn[identifier] = None if text is None else orjson.loads(text)
        document = self._drawn[identifier]
        if document is None:
            raise KeyError(identifier)
        return document

    def __setitem__(self, identifier: str, document: dict[str, Any]) -> None:
        self._drawn[identifier] = document

    def __delitem__(self, identifier: str) -> None:
        if identifier not in self:
            raise KeyError(identifier)
        self._drawn[identifier] = None

    def __iter__(self) -> Iterator[str]:
        stored = self._transaction.identifiers(self._table)
        new = [identifier for identifier in self._drawn if identifier not in stored]
        return iter([each for each in (*stored, *new) if self._drawn.get(each, True) is not None])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        """Drop every document; the inherited way asks for all ids before each."""
        self._drawn = dict.fromkeys(self)

    def batch(self) -> Batch | None:
        """Return what differs from the store, or None where nothing does."""
        return self._transaction.difference(
            (self._table, identifier, None if document is None else orjson.dumps(document))
            for identifier, document in self._drawn.items()
        )
