"""Fails every system call in turn, and checks that nothing acknowledged is lost, writes stop and reads go on."""

from itertools import count
from pathlib import Path

import pytest

from store.errors import StoreError, StoreReadOnlyError
from store.tiny.disk.files import Files
from store.tiny.disk.storage import JournalStorage
from tests.storage_files import EIO, ENOSPC, SHORT, Counted, Failing
from tests.storage_history import KEEP, assert_whole, check, write


def live(path: Path, files: Files) -> int:
    """Write and compact with a file layer that may fail, and return how many writes were acknowledged."""
    acknowledged = 0
    try:
        storage = JournalStorage(path, logs=KEEP, files=files)
    except (StoreError, OSError):
        return 0
    for number in range(1, 9):
        try:
            if number in {4, 7}:
                storage.compact()
            write(storage, number)
            acknowledged = number
        except StoreError:
            assert_whole(storage, storage.sequence)
            break
    return acknowledged


@pytest.mark.parametrize("ever_after", [False, True], ids=["once", "ever after"])
@pytest.mark.parametrize("code", [EIO, ENOSPC, SHORT], ids=["EIO", "ENOSPC", "short write"])
def test_no_acknowledged_write_is_lost_whatever_call_fails(tmp_path: Path, code: int, ever_after: bool) -> None:
    for at in count(1):
        path = tmp_path / f"{at}.json"
        files = Failing(at, code, ever_after=ever_after and code != SHORT)
        acknowledged = live(path, files)
        check(path, acknowledged, acknowledged + 1)
        if files.calls < at:
            break
    assert at > 60


def test_no_acknowledged_write_is_lost_whatever_read_fails(tmp_path: Path) -> None:
    for at in count(1):
        path = tmp_path / f"{at}.json"
        files = Failing(at, EIO, reads=True)
        acknowledged = live(path, files)
        check(path, acknowledged, acknowledged + 1)
        if files.calls < at:
            break
    assert at > 100


@pytest.mark.parametrize("call", [1, 2, 3], ids=["lock file", "record", "sync"])
def test_after_a_failed_write_all_are_refused_until_reopened_and_reads_go_on(tmp_path: Path, call: int) -> None:
    path = tmp_path / "store.json"
    write(JournalStorage(path, logs=KEEP), 1)
    counted = Counted()
    JournalStorage(path, logs=KEEP, files=counted)
    storage = JournalStorage(path, logs=KEEP, files=Failing(counted.calls + call, EIO))
    with pytest.raises(StoreReadOnlyError, match="Input/output error"):
        write(storage, 2)
    with pytest.raises(StoreReadOnlyError, match="no writes until it is opened again"):
        write(storage, 2)
    assert storage.failure
    assert_whole(storage, 1)
    other = JournalStorage(path, logs=KEEP)
    assert_whole(other, 1)
    write(other, 2)
    storage.poll()
    assert_whole(storage, 2)


def test_what_a_failed_sync_left_is_not_trusted_by_the_next_writer(tmp_path: Path) -> None:
    path = tmp_path / "store.json"
    other = JournalStorage(path, logs=KEEP)
    counted = Counted()
    JournalStorage(path, logs=KEEP, files=counted)
    storage = JournalStorage(path, logs=KEEP, files=Failing(counted.calls + 3, EIO, ever_after=True))
    with pytest.raises(StoreReadOnlyError, match="may be found, or not"):
        write(storage, 1)
    assert other.poll() == 0
    assert other.sequence == storage.sequence == 0
    write(other, 1)
    write(other, 2)
    assert_whole(other, 2)
    check(path, 2, 2)
