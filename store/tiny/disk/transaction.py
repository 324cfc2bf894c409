"""Shows a writer, under the lock, all that is durable and what the writers before it in its group will write."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from store.tiny.disk.catalog import Catalog
from store.tiny.disk.record import Batch, Record, Row, RowId, checked


class Transaction:
    """`sequence` is the one the next batch has to be above, `at` the instant it will carry."""

    def __init__(self, catalog: Catalog, sequence: int) -> None:
        self.sequence = sequence
        self.at = datetime.now(UTC)
        self._catalog = catalog
        self._pending: dict[tuple[str, str], bytes | None] = {}

    def document(self, table: str, identifier: str) -> bytes | None:
        """Return one document, or None where there is none."""
        key = (table, identifier)
        return self._pending[key] if key in self._pending else self._catalog.find(table, identifier)

    def identifiers(self, table: str) -> dict[str, None]:
        """Return the ids of a table, as a set that keeps their order."""
        found = dict.fromkeys(list(self._catalog.tables.get(table, ())))
        for (name, identifier), document in self._pending.items():
            if name == table and document is not None:
                found[identifier] = None
            elif name == table:
                found.pop(identifier, None)
        return found

    def difference(self, wanted: Iterable[tuple[str, str, bytes | None]]) -> Batch | None:
        """Return the batch after which each id of a table has the document that is *wanted*, None meaning none.

        Returns None where all is so already.
        """
        puts: list[Row] = []
        drops: list[RowId] = []
        for table, identifier, document in wanted:
            before = self.document(table, identifier)
            if document is None and before is not None:
                drops.append((table, identifier))
            elif document is not None and document != before:
                puts.append((table, identifier, document))
        return Batch(self.sequence + 1, puts, drops) if puts or drops else None

    def add(self, batch: Batch) -> Record:
        """Count a batch as written from here on, and return its record; ValueError if it cannot be written."""
        record = checked(batch, self.sequence, self.at)
        self.sequence = record.sequence
        self._pending |= dict.fromkeys(record.drops)
        self._pending |= {(table, identifier): document for table, identifier, document in record.puts}
        return record


Prepare = Callable[[Transaction], Batch | None]
"""Called under the lock, on any thread; what it returns is written, None means nothing is. It must not write itself."""
