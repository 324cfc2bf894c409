"""Checks that a compaction puts everything into the snapshot, while reads and writes go on."""

import threading
from pathlib import Path
from typing import Any

import pytest
from tinydb import TinyDB

from store.tiny.disk.files import Files
from store.tiny.disk.storage import JournalStorage
from store.troubles import Troubles
from tests.patience import until
from tests.storage_history import KEEP, assert_whole, check, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.json"


def journals(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.glob("store.json.journal.*"))


def opened_by_tinydb(path: Path) -> dict[str, dict[str, Any]]:
    with TinyDB(path) as database:
        return database.storage.read() or {}


def test_after_compaction_plain_tinydb_reads_every_document(path: Path) -> None:
    storage = JournalStorage(path, logs=KEEP)
    for number in range(1, 10):
        write(storage, number)
    assert storage.compact()
    assert opened_by_tinydb(path)["left"] == (storage.read() or {})["left"]
    assert list(opened_by_tinydb(path)["changes"]) == ["5", "6", "7", "8", "9"]


def test_the_last_to_close_compacts(path: Path) -> None:
    first, second = JournalStorage(path, logs=KEEP), JournalStorage(path, logs=KEEP)
    write(first, 1)
    first.close()
    assert "left" not in opened_by_tinydb(path)
    second.close()
    assert "left" in opened_by_tinydb(path)


def test_nothing_is_compacted_twice(path: Path) -> None:
    storage = JournalStorage(path, logs=KEEP)
    write(storage, 1)
    assert storage.compact()
    assert not storage.compact()


def test_the_stamp_is_that_of_the_records_whatever_file_they_are_in(path: Path) -> None:
    storage = JournalStorage(path, logs=KEEP)
    write(storage, 1)
    before = storage.stamp
    storage.compact()
    assert storage.stamp == JournalStorage(path, logs=KEEP).stamp == before
    write(storage, 2)
    assert storage.stamp != before


def test_a_reader_goes_on_through_compactions_it_did_not_see(path: Path) -> None:
    reader, writer = JournalStorage(path, logs=KEEP), JournalStorage(path, logs=KEEP)
    heard: list[int] = []
    reader.subscribe(lambda record: heard.append(record.sequence))
    for number in range(1, 7):
        write(writer, number)
        writer.compact()
    assert_whole(reader, 0)
    assert reader.poll() == 6
    assert heard == [1, 2, 3, 4, 5, 6]
    assert_whole(reader, 6)
    writer.compact()
    write(writer, 7)
    writer.compact()
    assert len(journals(path)) < 6


def test_the_snapshot_before_the_last_loses_nothing_with_the_journals_kept(path: Path) -> None:
    storage = JournalStorage(path, logs=KEEP)
    for number in range(1, 8):
        write(storage, number)
        if number in {2, 4, 6}:
            storage.compact()
    path.with_name("store.json.previous").replace(path)
    check(path, 7, 7)


def test_writers_and_readers_go_on_while_it_compacts_by_itself(path: Path) -> None:
    storage = JournalStorage(path, logs=KEEP, compact_after=20_000)
    other = JournalStorage(path, logs=KEEP, compact_after=20_000)
    wrong: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            left, right = dict(other.documents("left")), dict(other.documents("right"))
            wrong.extend(name for name in left if not left[name].startswith(b'{"n":'))
            wrong.extend(name for name in right if not right[name].startswith(b'{"n":'))

    reader = threading.Thread(target=read)
    reader.start()
    other.follow(0.001)
    for number in range(1, 400):
        write(storage, number, 500)
    done.set()
    reader.join()
    storage.close()
    other.close()
    assert not wrong
    assert path.with_name("store.json.previous").exists()
    check(path, 399, 399, 500)


def test_what_another_process_compacted_is_not_compacted_again(path: Path) -> None:
    first, second = JournalStorage(path, logs=KEEP, compact_after=5_000), JournalStorage(path, logs=KEEP)
    for number in range(1, 11):
        write(second, number, 500)
    second.compact()
    write(first, 11)
    first.close()
    assert len(journals(path)) == 2
    second.close()


class NoLinks(Files):
    """A disk that cannot make links for as long as `error` is set."""

    error: Exception | None = None

    def link(self, source: Path, target: Path) -> None:
        if self.error:
            raise self.error
        super().link(source, target)


@pytest.mark.parametrize("error", [OSError("full"), RuntimeError("odd")], ids=["expected", "unexpected"])
def test_a_compaction_that_fails_is_a_trouble_until_one_works(path: Path, error: Exception) -> None:
    troubles, files = Troubles(), NoLinks()
    storage = JournalStorage(path, logs=KEEP, compact_after=5_000, troubles=troubles, files=files)
    files.error = error
    for number in range(1, 15):
        write(storage, number, 500)
    until(troubles.now)
    assert [each.task for each in troubles.now()] == ["compaction"]
    assert_whole(storage, 14, 500)
    files.error = None
    for number in range(15, 60):
        write(storage, number, 500)
    until(lambda: not troubles.now())
    storage.close()
    check(path, 59, 59, 500)
