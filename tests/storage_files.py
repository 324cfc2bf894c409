"""Replaces the storage's system calls in its tests: one class counts them, one fails at the Nth, one kills there."""

import errno
import os
import signal
from pathlib import Path

from store.tiny.disk.files import Files, Handle


class Counted(Files):
    """Tells each call that writes, or waits for a disk, to `reached` before it is made; reading ones only if asked."""

    def __init__(self, *, reads: bool = False) -> None:
        self.calls = 0
        self._reads = reads

    def reached(self, _name: str) -> None:
        """Take note of a call; a subclass may raise."""
        self.calls += 1

    def open(self, path: Path, *, write: bool = False, create: bool = False, empty: bool = False) -> Handle:
        if create or self._reads:
            self.reached("open")
        return super().open(path, write=write, create=create, empty=empty)

    def read(self, handle: Handle, offset: int, size: int) -> bytes:
        if self._reads:
            self.reached("read")
        return super().read(handle, offset, size)

    def write_some(self, handle: Handle, offset: int, data: memoryview) -> int:
        self.reached("write")
        return super().write_some(handle, offset, data)

    def sync(self, handle: Handle) -> None:
        self.reached("sync")
        super().sync(handle)

    def sync_folder(self, path: Path) -> None:
        self.reached("sync_folder")
        super().sync_folder(path)

    def truncate(self, handle: Handle, size: int) -> None:
        self.reached("truncate")
        super().truncate(handle, size)

    def rename(self, source: Path, target: Path) -> None:
        self.reached("rename")
        super().rename(source, target)

    def link(self, source: Path, target: Path) -> None:
        self.reached("link")
        super().link(source, target)

    def remove(self, path: Path) -> None:
        self.reached("remove")
        super().remove(path)


class Failing(Counted):
    """Fails at call *at*, and at all after it where *ever_after*; a failing write first writes half of its bytes."""

    def __init__(self, at: int, code: int, *, reads: bool = False, ever_after: bool = False) -> None:
        super().__init__(reads=reads)
        self._at, self._code, self._ever_after = at, code, ever_after

    def fails(self) -> bool:
        """Tell whether the call just counted is one that fails."""
        return self.calls == self._at or (self._ever_after and self.calls > self._at)

    def reached(self, _name: str) -> None:
        super().reached(_name)
        if self.fails() and _name != "write":
            raise OSError(self._code, os.strerror(self._code))

    def write_some(self, handle: Handle, offset: int, data: memoryview) -> int:
        self.reached("write")
        if not self.fails():
            return Files.write_some(self, handle, offset, data)
        written = Files.write_some(self, handle, offset, data[: len(data) // 2])
        if self._code == 0:
            return written
        raise OSError(self._code, os.strerror(self._code))


class Killing(Counted):
    """Ends the process with SIGKILL at call *at*: before it is made, or halfway through a write."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._at = at

    def write_some(self, handle: Handle, offset: int, data: memoryview) -> int:
        if self.calls + 1 == self._at:
            Files.write_some(self, handle, offset, data[: len(data) // 2])
        return super().write_some(handle, offset, data)

    def reached(self, _name: str) -> None:
        super().reached(_name)
        if self.calls == self._at:
            os.kill(os.getpid(), signal.SIGKILL)


SHORT, EIO, ENOSPC = 0, errno.EIO, errno.ENOSPC
