"""Simulates crashes of the machine, which lose or tear whatever was not synced, and checks that the store opens.

All calls of a process are recorded. For random prefixes of them, a disk is made as a crash there may leave it: each
file as its last sync saw it, with any pieces of what was written since; names that no folder sync made durable, or not.
"""

import errno
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from store.errors import StoreReadOnlyError
from store.tiny.disk.files import Files, Handle
from store.tiny.disk.storage import JournalStorage
from tests.scale import scaled
from tests.storage_history import KEEP, check, write

PIECE = 64


@dataclass
class Call:
    """One recorded call: on the bytes of a file (by its number), or on names."""

    name: str
    number: int = 0
    offset: int = 0
    data: bytes = b""
    size: int = 0
    path: str = ""
    target: str = ""
    acknowledged: int = 0


@dataclass
class Recording(Files):
    """Does the calls, and keeps them."""

    calls: list[Call] = field(default_factory=list)
    broken: bool = False
    _files: dict[int, int] = field(default_factory=dict)

    def number(self, handle: Handle, *, new: bool = False) -> int:
        """Return the number of a file; unlike its inode, that of a removed one never comes again."""
        inode = self.status(handle).st_ino
        if new:
            self._files[inode] = -len(self.calls) - 1
        return self._files.get(inode, inode)

    def open(self, path: Path, *, write: bool = False, create: bool = False, empty: bool = False) -> Handle:
        was_there = path.exists()
        handle = super().open(path, write=write, create=create, empty=empty)
        number = self.number(handle, new=create and not was_there)
        if create and not was_there:
            self.calls.append(Call("create", number, path=path.name))
        if empty and was_there:
            self.calls.append(Call("truncate", number))
        return handle

    def write_some(self, handle: Handle, offset: int, data: memoryview) -> int:
        self.calls.append(Call("write", self.number(handle), offset, bytes(data)))
        return super().write_some(handle, offset, data)

    def truncate(self, handle: Handle, size: int) -> None:
        if self.broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self.calls.append(Call("truncate", self.number(handle), size=size))
        super().truncate(handle, size)

    def after(self) -> "Recording":
        """Return a layer that goes on with these calls for another process."""
        return Recording(self.calls, _files=self._files)

    def sync(self, handle: Handle) -> None:
        if self.broken:
            self.calls.append(Call("lost", self.number(handle)))
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().sync(handle)
        self.calls.append(Call("sync", self.number(handle)))

    def sync_folder(self, path: Path) -> None:
        super().sync_folder(path)
        self.calls.append(Call("sync_folder"))

    def rename(self, source: Path, target: Path) -> None:
        self.calls.append(Call("rename", path=source.name, target=target.name))
        super().rename(source, target)

    def link(self, source: Path, target: Path) -> None:
        self.calls.append(Call("link", path=source.name, target=target.name))
        super().link(source, target)

    def remove(self, path: Path) -> None:
        if path.exists():
            self.calls.append(Call("remove", path=path.name))
        super().remove(path)


class Disk:
    """What is certainly on disk, and what may be; `crash` draws one state."""

    def __init__(self) -> None:
        self._synced: dict[int, bytes] = {}
        self._waiting: dict[int, list[Call]] = {}
        self._names: dict[str, int] = {}
        self._renames: list[Call] = []

    @classmethod
    def of(cls, folder: Path) -> "Disk":
        """Return a disk that certainly holds what a folder does."""
        disk = cls()
        for path in folder.iterdir():
            number = disk._names[path.name] = path.stat().st_ino
            disk._synced[number] = path.read_bytes()
        return disk

    def take(self, call: Call) -> None:
        """Go on by one call."""
        if call.name in {"write", "truncate"}:
            self._waiting.setdefault(call.number, []).append(call)
        elif call.name == "sync":
            content = bytearray(self._synced.get(call.number, b""))
            for each in self._waiting.pop(call.number, []):
                _apply(content, each)
            self._synced[call.number] = bytes(content)
        elif call.name == "lost":
            self._waiting.pop(call.number, None)
        elif call.name == "sync_folder":
            for each in self._renames:
                _name(self._names, each)
            self._renames = []
        else:
            self._renames.append(call)

    def crash(self, folder: Path, random_: random.Random) -> None:
        """Put one possible state into an empty folder."""
        names = dict(self._names)
        chance = random_.choice([0.0, 0.5, 1.0])
        for each in self._renames:
            if random_.random() < chance:
                _name(names, each)
        contents = {number: self._drawn(number, random_) for number in sorted(set(names.values()))}
        for name, number in names.items():
            (folder / name).write_bytes(contents[number])

    def _drawn(self, number: int, random_: random.Random) -> bytes:
        content = bytearray(self._synced.get(number, b""))
        chance = random_.choice([0.0, 0.5, 0.9, 1.0])
        for call in self._waiting.get(number, []):
            for piece in _pieces(call):
                if random_.random() < chance:
                    _apply(content, piece)
        return bytes(content)


def _pieces(call: Call) -> Iterator[Call]:
    if call.name == "truncate":
        yield call
    for start in range(0, len(call.data), PIECE):
        yield Call("write", call.number, call.offset + start, call.data[start : start + PIECE])


def _apply(content: bytearray, call: Call) -> None:
    if call.name == "truncate":
        del content[call.size :]
        content.extend(bytes(call.size - len(content)))
    else:
        content.extend(bytes(max(0, call.offset - len(content))))
        content[call.offset : call.offset + len(call.data)] = call.data


def _name(names: dict[str, int], call: Call) -> None:
    if call.name == "create":
        names[call.path] = call.number
    elif call.name == "remove":
        names.pop(call.path, None)
    elif call.name == "link" and call.path in names:
        names[call.target] = names[call.path]
    elif call.name == "rename" and call.path in names:
        names[call.target] = names.pop(call.path)


def life(path: Path) -> list[Call]:
    """Write and compact and reopen, and return the calls, with the acknowledgements among them."""
    files = Recording()
    for first in (1, 5):
        storage = JournalStorage(path, logs=KEEP, files=files)
        for number in range(first, first + 4):
            write(storage, number, 200)
            files.calls.append(Call("acknowledged", acknowledged=number))
            if number % 3 == 0:
                storage.compact()
        storage.close()
    return files.calls


@pytest.mark.parametrize("seed", range(4))
def test_every_state_a_crash_may_leave_opens_with_all_that_was_acknowledged(tmp_path: Path, seed: int) -> None:
    random_ = random.Random(seed)
    calls = life(tmp_path / "store.json")
    for number in range(scaled(75, 2_500)):
        disk, acknowledged = Disk(), 0
        for call in calls[: random_.randint(0, len(calls))]:
            acknowledged = max(acknowledged, call.acknowledged)
            disk.take(call)
        folder = tmp_path / str(number)
        folder.mkdir()
        disk.crash(folder, random_)
        check(folder / "store.json", acknowledged, acknowledged + 1, 200)


def test_a_crash_after_a_crash_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    random_ = random.Random(7)
    calls = life(tmp_path / "store.json")
    for number in range(scaled(50, 1_000)):
        disk, acknowledged = Disk(), 0
        for call in calls[: random_.randint(0, len(calls))]:
            acknowledged = max(acknowledged, call.acknowledged)
            disk.take(call)
        first, second = tmp_path / f"{number}-1", tmp_path / f"{number}-2"
        first.mkdir()
        second.mkdir()
        disk.crash(first, random_)
        again = Disk.of(first)
        files = Recording()
        storage = JournalStorage(first / "store.json", logs=KEEP, files=files)
        found = storage.sequence
        if random_.random() < 0.5:
            write(storage, found + 1, 200)
        for call in files.calls[: random_.randint(0, len(files.calls))]:
            again.take(call)
        again.crash(second, random_)
        check(second / "store.json", acknowledged, acknowledged + 2, 200)


def test_what_reads_well_after_a_failed_sync_is_written_again_before_anybody_builds_upon_it(tmp_path: Path) -> None:
    path = tmp_path / "store.json"
    files = Recording()
    failing = JournalStorage(path, logs=KEEP, files=files)
    write(failing, 1)
    files.broken = True
    with pytest.raises(StoreReadOnlyError):
        write(failing, 2)
    assert write(JournalStorage(path, logs=KEEP, files=files.after()), 3)
    disk = Disk()
    for call in files.calls:
        disk.take(call)
    folder = tmp_path / "after"
    folder.mkdir()
    disk.crash(folder, random.Random(1))
    assert JournalStorage(folder / "store.json", logs=KEEP).stamp == JournalStorage(path, logs=KEEP).stamp
