"""Checks that damaged, foreign and missing files are refused in words that say what to do, and none is overwritten."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tinydb import TinyDB

from store.errors import StoreDamagedError
from store.tiny.disk.storage import JournalStorage
from tests.storage_history import KEEP, check, write

Damage = Callable[[Path], object]


def flipped(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def edited(path: Path) -> None:
    with TinyDB(path) as database:
        tables = database.storage.read() or {}
        tables["left"]["k1"]["n"] = 99
        database.storage.write(tables)


def replaced_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def journal(path: Path) -> Path:
    return path.with_name("store.json.journal.2")


def gap(path: Path) -> None:
    path.with_name("store.json.previous").replace(path)
    path.with_name("store.json.journal.1").unlink()


SNAPSHOT: list[tuple[Damage, str]] = [
    (lambda path: path.write_bytes(b""), "is empty"),
    (lambda path: path.write_bytes(bytes(path.stat().st_size)), "nothing but zeros"),
    (lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes long and should be"),
    (lambda path: path.write_bytes(path.read_bytes() + bytes(512)), "bytes long and should be"),
    (lambda path: path.write_bytes(path.read_bytes()[:100]), "header of the store cannot be read"),
    (lambda path: path.write_text('{"articles":{"1":{"title":"A"}}}'), "no store of Broadsheet"),
    (lambda path: path.write_text("# Notes"), "no store of Broadsheet"),
    (lambda path: path.write_bytes(path.read_bytes().replace(b'"format":1', b'"format":2')), "has format 2"),
    (lambda path: flipped(path, -20), "does not match its checksum"),
    (lambda path: flipped(path, 60), "does not match its checksum"),
    (edited, "no store of Broadsheet"),
    (replaced_by_folder, "is no file"),
    (lambda path: path.unlink(), "file is missing"),
]
JOURNAL: list[tuple[Damage, str]] = [
    (lambda path: flipped(journal(path), 5), "first line cannot be read"),
    (lambda path: flipped(journal(path), 200), "confirmed record is damaged"),
    (lambda path: flipped(journal(path), -30), "confirmed record is damaged"),
    (lambda path: journal(path).write_bytes(path.with_name("store.json.journal.1").read_bytes()), "does not go on"),
    (gap, "a journal is missing"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "store.json"
    storage = JournalStorage(path, logs=KEEP)
    for number in range(1, 5):
        write(storage, number)
        if number == 2:
            storage.compact()
    return path


@pytest.mark.parametrize("read_only", [False, True], ids=["to write", "to read"])
@pytest.mark.parametrize(("damage", "reason"), SNAPSHOT, ids=range(len(SNAPSHOT)))
def test_a_damaged_snapshot_is_refused_and_the_one_before_loses_nothing(
    path: Path, damage: Damage, reason: str, read_only: bool
) -> None:
    damage(path)
    before = {each: each.read_bytes() for each in path.parent.glob("store.json*") if each.is_file()}
    with pytest.raises(StoreDamagedError, match=reason) as raised:
        JournalStorage(path, logs=KEEP, read_only=read_only)
    assert f"mv '{path}.previous' '{path}'" in str(raised.value)
    kept = {each: each.read_bytes() for each in before if not each.name.endswith((".lock", ".turn"))}
    assert kept.items() <= before.items()
    if path.is_dir():
        path.rmdir()
    path.with_name("store.json.previous").replace(path)
    check(path, 4, 4)


@pytest.mark.parametrize(("damage", "reason"), JOURNAL, ids=range(len(JOURNAL)))
def test_a_damaged_journal_is_refused_and_left_as_it_is(path: Path, damage: Damage, reason: str) -> None:
    damage(path)
    before = {each: each.read_bytes() for each in path.parent.glob("store.json.journal.*")}
    with pytest.raises(StoreDamagedError, match=reason):
        JournalStorage(path, logs=KEEP)
    assert {each: each.read_bytes() for each in before} == before


@pytest.mark.parametrize("tail", [bytes(4096), b"+ 12345678 40 {", b"= 1234", b"\n\n", b"\xff" * 30])
def test_a_torn_tail_is_cut_off_and_said(path: Path, tail: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with journal(path).open("ab") as file:
        file.write(tail)
    storage = JournalStorage(path, logs=KEEP)
    assert storage.dropped
    assert (storage.dropped.path, storage.dropped.size) == (journal(path), len(tail))
    assert f"cut off {len(tail)} torn bytes" in caplog.text
    check(path, 4, 4)


def test_a_reader_leaves_a_torn_tail_to_the_next_writer(path: Path) -> None:
    with journal(path).open("ab") as file:
        file.write(b"+ torn")
    before = journal(path).read_bytes()
    assert JournalStorage(path, logs=KEEP, read_only=True).sequence == 4
    assert journal(path).read_bytes() == before


def test_a_reader_sees_whole_records_that_a_crash_left_without_their_mark(path: Path) -> None:
    journal(path).write_bytes(journal(path).read_bytes()[:-11])
    assert JournalStorage(path, logs=KEEP, read_only=True).sequence == 4
    check(path, 4, 4)


def test_a_copy_of_the_snapshot_alone_is_a_store(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.json"
    copy.write_bytes(path.read_bytes())
    check(copy, 2, 2)


def test_a_store_whose_files_were_removed_takes_no_more_writes(path: Path) -> None:
    storage = JournalStorage(path, logs=KEEP)
    for each in path.parent.glob("store.json*"):
        each.unlink()
    with pytest.raises(StoreDamagedError, match="removed while the store was open"):
        write(storage, 5)


def test_the_header_is_a_table_that_plain_tinydb_reads(path: Path) -> None:
    header = json.loads(path.read_text(encoding="utf-8"))["_store"]["header"]
    assert (header["format"], header["generation"], header["sequence"]) == (1, 2, 2)
