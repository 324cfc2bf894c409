"""Writes a history of numbered pairs of documents, and checks what a store holds of it afterwards."""

import gc
from pathlib import Path

from store.tiny.disk.record import Batch, Record
from store.tiny.disk.storage import JournalStorage
from store.troubles import Troubles

KEEP = {"changes": 5}
KEYS = 7


def write(storage: JournalStorage, number: int, size: int = 0) -> Record | None:
    """Commit write *number*: a pair of documents under one of a few keys, a change, and now and then a drop."""
    document = b'{"n":%d,"text":"%b"}' % (number, b"x" * size)
    puts = [(table, f"k{number % KEYS}", document) for table in ("left", "right")]
    puts.append(("changes", str(number), b'{"n":%d}' % number))
    drops = [(table, f"k{(number + 1) % KEYS}") for table in ("left", "right")] if number % 3 == 0 else []
    return storage.commit(lambda transaction: Batch(number, puts, drops) if transaction.sequence < number else None)


def expected(number: int, size: int = 0) -> dict[str, bytes]:
    """Return what a table holds after write *number*."""
    held: dict[str, bytes] = {}
    for each in range(1, number + 1):
        if each % 3 == 0:
            held.pop(f"k{(each + 1) % KEYS}", None)
        held[f"k{each % KEYS}"] = b'{"n":%d,"text":"%b"}' % (each, b"x" * size)
    return held


def check(path: Path, acknowledged: int, at_most: int, size: int = 0) -> int:
    """Open the store, compare it with the history, write on, and return how many writes it holds.

    It has to hold all that were acknowledged, none that were not even tried, and nothing half.
    """
    troubles = Troubles()
    storage = JournalStorage(path, logs=KEEP, troubles=troubles)
    found = storage.sequence
    assert not troubles.now(), "a loss is told where there is none"
    assert acknowledged <= found <= at_most
    assert_whole(storage, found, size)
    assert write(storage, found + 1, size), (path, found, storage.sequence)
    again = JournalStorage(path, logs=KEEP, read_only=True)
    assert_whole(again, found + 1, size)
    assert storage.stamp == again.stamp
    del storage, again
    gc.collect()  # or the files of a store that was not closed stay open, and locked
    return found


def assert_whole(storage: JournalStorage, number: int, size: int = 0) -> None:
    """Compare a storage with the history up to write *number*."""
    assert dict(storage.documents("left")) == expected(number, size)
    assert dict(storage.documents("right")) == expected(number, size)
    latest = [entry for entry, _ in storage.entries("changes")][-KEEP["changes"] :]
    assert latest == list(range(1, number + 1))[-KEEP["changes"] :]
