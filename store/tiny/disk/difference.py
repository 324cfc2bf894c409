"""Whole tables as TinyDB writes them in, one batch of what differs from the store out."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from store.tiny.disk.record import Batch, Row, RowId
from store.tiny.disk.transaction import Transaction

Tables = Mapping[str, Mapping[str, Mapping[str, Any]]]


def difference(transaction: Transaction, held: Mapping[str, Iterable[str]], wanted: Tables) -> Batch | None:
    """Return the batch that makes the tables *held* (their ids) those *wanted*, or None where they are."""
    puts: list[Row] = []
    drops: list[RowId] = []
    for table in held.keys() | wanted.keys():
        documents = wanted.get(table, {})
        drops += [(table, identifier) for identifier in held.get(table, ()) if identifier not in documents]
        for identifier, document in documents.items():
            text = orjson.dumps(document)
            if transaction.document(table, identifier) != text:
                puts.append((table, identifier, text))
    return Batch(transaction.sequence + 1, puts, drops) if puts or drops else None
