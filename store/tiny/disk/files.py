"""Makes all system calls of the disk room in one class, so that a test can count, fail or kill at any of them.

Nothing here knows what a store is.
"""

import errno
import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Handle:
    """An open file that closes with its last user, so that nobody ever reads from a reused descriptor."""

    __slots__ = ("__weakref__", "fd", "path")

    def __init__(self, fd: int, path: Path) -> None:
        self.fd, self.path = fd, path

    def __del__(self) -> None:
        os.close(self.fd)


class Files:
    """The calls. Each raises OSError as the system does; none retries, except for what is left of a short write."""

    def open(self, path: Path, *, write: bool = False, create: bool = False, empty: bool = False) -> Handle:
        """Open for reading, or for both; *create* where missing, *empty* it if it was there."""
        flags = os.O_RDWR if write else os.O_RDONLY
        flags |= os.O_CREAT * create | os.O_TRUNC * empty
        return Handle(os.open(path, flags | os.O_CLOEXEC, 0o644), path)

    def read(self, handle: Handle, offset: int, size: int) -> bytes:
        """Return *size* bytes from *offset*; fewer only where the file ends."""
        data = os.pread(handle.fd, size, offset)
        while data and len(data) < size:
            more = os.pread(handle.fd, size - len(data), offset + len(data))
            if not more:
                break
            data += more
        return data

    def write(self, handle: Handle, offset: int, data: bytes) -> None:
        """Write all of *data* at *offset*."""
        rest = memoryview(data)
        while rest:
            written = self.write_some(handle, offset, rest)
            if not written:
                raise OSError(errno.EIO, os.strerror(errno.EIO), str(handle.path))
            rest, offset = rest[written:], offset + written

    def write_some(self, handle: Handle, offset: int, data: memoryview) -> int:
        """Write some of *data* at *offset* and return how many bytes."""
        return os.pwrite(handle.fd, data, offset)

    def sync(self, handle: Handle) -> None:
        """Wait until the file's bytes and size are on disk."""
        if sys.platform == "darwin":
            fcntl.fcntl(handle.fd, fcntl.F_FULLFSYNC)
        else:
            os.fdatasync(handle.fd)

    def sync_folder(self, path: Path) -> None:
        """Wait until the names in a folder are on disk."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def truncate(self, handle: Handle, size: int) -> None:
        """Cut the file to *size* bytes."""
        os.ftruncate(handle.fd, size)

    def rename(self, source: Path, target: Path) -> None:
        """Put *source* in the place of *target*, in one step."""
        source.replace(target)

    def link(self, source: Path, target: Path) -> None:
        """Give *source* a second name."""
        target.hardlink_to(source)

    def remove(self, path: Path) -> None:
        """Remove a name, if it is there."""
        path.unlink(missing_ok=True)

    def status(self, handle: Handle) -> os.stat_result:
        """Return an open file's size, inode, links and times."""
        return os.fstat(handle.fd)

    def find(self, path: Path) -> os.stat_result | None:
        """Return the same of a path, or None where nothing is."""
        try:
            return path.stat()
        except FileNotFoundError:
            return None

    def names(self, folder: Path) -> Iterator[str]:
        """Return the names in a folder."""
        return (path.name for path in folder.iterdir())

    def lock(self, handle: Handle, *, shared: bool = False) -> bool:
        """Take the file's lock without waiting; return whether it is held now."""
        try:
            fcntl.flock(handle.fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def unlock(self, handle: Handle) -> None:
        """Give the file's lock back."""
        fcntl.flock(handle.fd, fcntl.LOCK_UN)

    @contextmanager
    def replacing(self, path: Path, scratch: Path) -> Iterator[Handle]:
        """Yield a new file that takes *path*'s place once it is whole and on disk; what fails leaves *path* alone."""
        handle = self.open(scratch, write=True, create=True, empty=True)
        try:
            yield handle
            self.sync(handle)
            self.rename(scratch, path)
        except OSError:
            self.remove(scratch)
            raise
        self.sync_folder(path.parent)
