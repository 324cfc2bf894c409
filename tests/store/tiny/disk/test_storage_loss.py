"""Checks that a store which opens with less than was acknowledged says so, wherever that can be known."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from store.errors import StoreDamagedError
from store.tiny.disk.storage import JournalStorage
from store.troubles import Troubles
from tests.storage_history import KEEP, assert_whole, write

LAST = 6


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "kept" / "store.json"
    path.parent.mkdir()
    storage = JournalStorage(path, logs=KEEP)
    for number in range(1, LAST + 1):
        write(storage, number)
        if number in {2, 4}:
            storage.compact()
    return path


def journal(path: Path) -> Path:
    return path.with_name("store.json.journal.3")


def opened(path: Path, *, read_only: bool) -> tuple[int, list[str]]:
    """Return the sequence that a store opens with, and what it tells; what it holds is of that sequence."""
    troubles = Troubles()
    storage = JournalStorage(path, logs=KEEP, read_only=read_only, troubles=troubles)
    assert_whole(storage, storage.sequence)
    return storage.sequence, [each.task for each in troubles.now()]


@pytest.mark.parametrize("read_only", [False, True], ids=["to write", "to read"])
def test_wherever_the_last_journal_is_cut_what_is_lost_is_told_or_refused(
    path: Path, tmp_path: Path, read_only: bool
) -> None:
    outcomes = set()
    for size in range(journal(path).stat().st_size + 1):
        copy = tmp_path / "copy" / path.name
        shutil.copytree(path.parent, copy.parent)
        with journal(copy).open("r+b") as file:
            file.truncate(size)
        try:
            sequence, told = opened(copy, read_only=read_only)
            assert told == (["store"] if sequence < LAST else []), size
            outcomes.add(sequence)
        except StoreDamagedError:
            outcomes.add(-1)
        shutil.rmtree(copy.parent)
    assert outcomes == {-1, 4, 5, 6}


def without(*patterns: str) -> Callable[[Path], None]:
    def remove(path: Path) -> None:
        for pattern in patterns:
            for each in path.parent.glob(pattern):
                each.unlink()

    return remove


def older_snapshot(path: Path) -> None:
    path.with_name("store.json.previous").replace(path)
    without("store.json.journal.*")(path)


LOSSES: dict[str, Callable[[Path], None]] = {
    "the last journal": without("store.json.journal.3"),
    "all journals": without("store.json.journal.*"),
    "the last journal and the note": without("store.json.journal.3", "store.json.lock"),
    "all journals and the one before": without("store.json.journal.*", "store.json.previous"),
    "an older snapshot": older_snapshot,
}


@pytest.mark.parametrize("read_only", [False, True], ids=["to write", "to read"])
@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES.keys())
def test_what_was_removed_is_told_each_time_until_the_next_write(
    path: Path, lose: Callable[[Path], None], read_only: bool, caplog: pytest.LogCaptureFixture
) -> None:
    lose(path)
    noted = path.with_name("store.json.lock").exists()
    sequence, told = opened(path, read_only=read_only)
    assert sequence < LAST
    assert told == ["store"]
    assert f"opened as of change {sequence}" in caplog.text
    if noted:
        assert opened(path, read_only=False) == (sequence, ["store"])
    write(JournalStorage(path, logs=KEEP), sequence + 1)
    assert opened(path, read_only=read_only) == (sequence + 1, [])


@pytest.mark.parametrize("note", [b"", b"0", b"\0" * 640, b"x" * 640, b"\xff" * 1000, b" " * 512 + b"12345678 {}\n"])
def test_a_note_that_cannot_be_read_tells_nothing(path: Path, note: bytes) -> None:
    path.with_name("store.json.lock").write_bytes(note)
    assert opened(path, read_only=True) == (LAST, [])
    assert opened(path, read_only=False) == (LAST, [])


def test_the_note_of_another_store_tells_nothing(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "store.json"
    JournalStorage(other, logs=KEEP)
    shutil.copy(path.with_name("store.json.lock"), other.with_name("store.json.lock"))
    assert opened(other, read_only=True) == (0, [])
    assert opened(other, read_only=False) == (0, [])


@pytest.mark.parametrize("keep", ["store.json", "store.json*"])
def test_a_copy_that_lost_nothing_tells_nothing(path: Path, tmp_path: Path, keep: str) -> None:
    copy = tmp_path / "copy" / "store.json"
    copy.parent.mkdir()
    for each in path.parent.glob(keep):
        shutil.copy(each, copy.parent)
    assert opened(copy, read_only=True)[1] == []
    assert opened(copy, read_only=False)[1] == []
