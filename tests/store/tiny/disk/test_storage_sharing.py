"""Runs processes on one store: no update is lost, each sees all, and a refused writer learns who has the lock."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from store.errors import StoreLockedError
from store.tiny.disk.files import Files
from store.tiny.disk.following import Follower
from store.tiny.disk.lock import WriteLock
from store.tiny.disk.record import Batch
from store.tiny.disk.storage import JournalStorage
from store.tiny.disk.transaction import Transaction
from store.troubles import Troubles
from tests.patience import until

ROOT = Path(__file__).parents[4]
INCREMENT = """
import sys
from store.tiny.disk.storage import JournalStorage
from tests.store.tiny.disk.test_storage_sharing import increment
storage = JournalStorage(sys.argv[1])
for _ in range(int(sys.argv[2])):
    increment(storage)
storage.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.json"


def increment(storage: JournalStorage) -> None:
    def prepare(transaction: Transaction) -> Batch:
        number = int((transaction.document("articles", "n") or b'{"n":0}')[5:-1]) + 1
        return Batch(transaction.sequence + 1, [("articles", "n", b'{"n":%d}' % number)])

    storage.commit(prepare)


def other(path: Path, times: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", INCREMENT, str(path), str(times)], cwd=ROOT)


def test_processes_that_write_at_the_same_time_lose_no_update(path: Path) -> None:
    storage = JournalStorage(path, compact_after=5_000)
    heard: list[int] = []
    storage.subscribe(lambda record: heard.append(record.sequence))
    storage.follow()
    with other(path, 100) as first, other(path, 100) as second:
        for _ in range(100):
            increment(storage)
        assert first.wait(60) == second.wait(60) == 0
    storage.poll()
    assert storage.document("articles", "n") == b'{"n":300}'
    assert heard == list(range(1, 301))
    storage.close()


def test_a_process_that_writes_without_pause_lets_the_others_in(path: Path) -> None:
    storage = JournalStorage(path)
    stop = threading.Event()

    def hold() -> None:
        while not stop.is_set():
            increment(storage)

    holding = threading.Thread(target=hold)
    holding.start()
    second = JournalStorage(path)
    longest = 0.0
    for _ in range(20):
        started = time.monotonic()
        increment(second)
        longest = max(longest, time.monotonic() - started)
    stop.set()
    holding.join()
    assert longest < 5


def test_who_waits_too_long_is_told_for_whom(path: Path) -> None:
    JournalStorage(path)
    lock = WriteLock(Files(), path.with_name("store.json.lock"), 1)
    storage = JournalStorage(path, patience=0.05)
    with lock.held(), pytest.raises(StoreLockedError, match=rf"being written to by process {os.getpid()} \(`.*`\) on "):
        increment(storage)
    increment(storage)
    assert storage.document("articles", "n") == b'{"n":1}'


def test_a_lock_file_that_was_removed_excludes_nobody_but_the_next_one_does(path: Path) -> None:
    first, second = JournalStorage(path), JournalStorage(path)
    path.with_name("store.json.lock").unlink()
    for storage in (first, second, first):
        increment(storage)
    assert first.document("articles", "n") == b'{"n":3}'


def test_a_failing_prepare_harms_nobody_in_its_group(path: Path) -> None:
    storage = JournalStorage(path)
    failed: list[Exception] = []

    def fail(_: Transaction) -> Batch:
        raise ArithmeticError

    def both() -> None:
        for _ in range(20):
            try:
                storage.commit(fail)
            except ArithmeticError as error:
                failed.append(error)
            increment(storage)

    threads = [threading.Thread(target=both) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failed) == 160
    assert storage.document("articles", "n") == b'{"n":160}'


def test_a_follower_says_what_is_wrong_for_as_long_as_it_is(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    troubles = Troubles()
    follower = Follower(journal.read_bytes, 0.001, troubles)
    try:
        until(troubles.now)
        assert "journal" in str(follower.trouble)
        assert [each.task for each in troubles.now()] == ["follower"]
        journal.touch()
        until(lambda: follower.trouble is None)
        until(lambda: not troubles.now())
    finally:
        follower.stop()
