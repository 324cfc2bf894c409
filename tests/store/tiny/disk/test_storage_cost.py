"""Counts what a write costs: as many calls and bytes whatever the store holds, and one sync for all that wait."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from store.tiny.disk.files import Files, Handle
from store.tiny.disk.record import Batch, Row
from store.tiny.disk.storage import JournalStorage
from tests.patience import PATIENCE, until

WAITING = 12


class Weighed(Files):
    """Counts syncs, and bytes both ways."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()

    def read(self, handle: Handle, offset: int, size: int) -> bytes:
        data = super().read(handle, offset, size)
        self.made.update({"reads": 1, "bytes read": len(data)})
        return data

    def write_some(self, handle: Handle, offset: int, data: memoryview) -> int:
        written = super().write_some(handle, offset, data)
        self.made.update({"writes": 1, "bytes written": written})
        return written

    def sync(self, handle: Handle) -> None:
        super().sync(handle)
        self.made["syncs"] += 1


class Slow(Weighed):
    """Its first sync takes until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.syncing, self.go_on = threading.Event(), threading.Event()

    def sync(self, handle: Handle) -> None:
        self.syncing.set()
        assert self.go_on.wait(PATIENCE)
        super().sync(handle)


def put(storage: JournalStorage, *identifiers: str) -> None:
    puts: list[Row] = [("articles", identifier, b'{"title":"A"}') for identifier in identifiers]
    storage.commit(lambda transaction: Batch(transaction.sequence + 1, puts))


def test_a_write_costs_the_same_whatever_the_store_holds(tmp_path: Path) -> None:
    costs = []
    for size in (10, 5000):
        files = Weighed()
        storage = JournalStorage(tmp_path / f"{size}.json", files=files)
        put(storage, *(f"{number}.md" for number in range(size)))
        storage.compact()
        put(storage, "first.md")
        files.made.clear()
        put(storage, "second.md")
        costs.append(files.made)
    assert costs[0] == costs[1]
    assert costs[0]["syncs"] == 1


def test_those_who_wait_for_a_sync_share_the_next_one(tmp_path: Path) -> None:
    JournalStorage(tmp_path / "store.json")
    files = Slow()
    storage = JournalStorage(tmp_path / "store.json", files=files)
    with ThreadPoolExecutor(WAITING + 1) as threads:
        written = [threads.submit(put, storage, "first.md")]
        assert files.syncing.wait(PATIENCE)
        written += [threads.submit(put, storage, f"{number}.md") for number in range(WAITING)]
        until(lambda: len(storage._group._waiting) > WAITING)
        files.go_on.set()
        for each in written:
            each.result(PATIENCE)
    assert files.made["syncs"] == 2
    assert len(list(JournalStorage(tmp_path / "store.json").documents("articles"))) == WAITING + 1
