"""Reads, replaces or removes one file below an open folder, and never a file outside of it.

A path that would leave the folder is refused, be it by `..`, by an absolute path or by a link that lies there. A file
is written beside its place and then renamed, so none is ever half there. Several processes may write at the same time.
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import EINVAL, EISDIR
from secrets import token_hex
from typing import BinaryIO

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_UNFINISHED = ".exporting"
"""What the names of files begin with that are being written; with a dot, so that no ingest reads them."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds, and its permissions; a new file has the usual ones."""

    raw: bytes
    mode: int | None = None


class Place:
    """Where a file is or will be. With *durable* a change is on disk when it returns. Methods raise OSError.

    Directories on the way are made when the file is written, and taken away with it if they are empty by then.
    """

    def __init__(self, root: int, directories: list[str], name: str, *, durable: bool) -> None:
        self.name = name
        self._durable = durable
        self._handles = [os.dup(root)]
        self._directories = directories
        self._made: list[int] = []

    def close(self) -> None:
        """Close the directories on the way."""
        while self._handles:
            os.close(self._handles.pop())

    def read(self) -> Content | None:
        """Return the file, None where there is none."""
        try:
            self._reach()
            handle = os.open(self.name, _READ, dir_fd=self._at)
        except FileNotFoundError:
            return None
        try:
            mode = os.fstat(handle).st_mode
            if stat.S_ISDIR(mode):
                raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
            if not stat.S_ISREG(mode):
                raise OSError(EINVAL, "it is no regular file")
            with os.fdopen(handle, "rb", closefd=False) as file:
                return Content(file.read(), stat.S_IMODE(mode))
        finally:
            os.close(handle)

    def put(self, content: Content | None) -> None:
        """Put a file there, whether there was one or not; None takes it away."""
        try:
            if content is None:
                self._remove()
            else:
                self._reach(make=True)
                self._write(content)
        except OSError:
            self._unmake()
            raise
        if content is None:
            self._unmake()

    def siblings(self) -> list[str]:
        """Return the names in the file's directory; none where that is still to be made."""
        try:
            self._reach()
        except FileNotFoundError:
            return []
        return os.listdir(self._at)  # noqa: PTH208 # of an open directory

    def sweep(self) -> None:
        """Remove what writers of this directory left behind when they were killed, and nothing that one is writing."""
        for name in self.siblings():
            if name.startswith(_UNFINISHED):
                with suppress(OSError):
                    _sweep(self._at, name)

    @property
    def _at(self) -> int:
        return self._handles[-1]

    def _reach(self, *, make: bool = False) -> None:
        """Open the directories on the way, as far as not done; FileNotFoundError where one is missing."""
        while (depth := len(self._handles) - 1) < len(self._directories):
            name = self._directories[depth]
            if make:
                with suppress(FileExistsError):
                    os.mkdir(name, dir_fd=self._at)
                    self._made.append(depth)
                    self._settle()
            self._handles.append(os.open(name, _DIRECTORY, dir_fd=self._at))

    def _unmake(self) -> None:
        """Take away the directories that were made here, the inner ones first, up to one that somebody else uses."""
        while self._made:
            depth = self._made.pop()
            while len(self._handles) - 1 > depth:
                os.close(self._handles.pop())
            try:
                os.rmdir(self._directories[depth], dir_fd=self._at)
            except OSError:
                self._made.clear()

    def _write(self, content: Content) -> None:
        unfinished, file = self._new()
        try:
            with file:
                file.write(content.raw)
                if content.mode is not None:
                    os.fchmod(file.fileno(), content.mode)
                file.flush()
                if self._durable:
                    os.fsync(file.fileno())
                os.replace(unfinished, self.name, src_dir_fd=self._at, dst_dir_fd=self._at)
        except OSError:
            with suppress(FileNotFoundError):
                os.unlink(unfinished, dir_fd=self._at)
            raise
        self._settle()

    def _new(self) -> tuple[str, BinaryIO]:
        """Make a file of a name that nobody else has, and lock it, as a sign that its writer lives."""
        while True:
            name = f"{_UNFINISHED}-{token_hex(8)}"
            file = os.fdopen(os.open(name, _NEW, 0o644, dir_fd=self._at), "wb")
            with suppress(OSError):  # of a file system without locks, where nobody sweeps either
                fcntl.flock(file.fileno(), fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_nlink:
                return name, file
            file.close()  # swept away before it was locked

    def _remove(self) -> None:
        with suppress(FileNotFoundError):
            self._reach()
            os.unlink(self.name, dir_fd=self._at)
            self._settle()

    def _settle(self) -> None:
        if self._durable:
            os.fsync(self._at)


@contextmanager
def placed(root: int, path: str, *, durable: bool) -> Iterator[Place]:
    """Yield the place of *path* below the open directory *root*.

    Raises OSError, and ValueError for a path that leads out of the folder.
    """
    *directories, name = path.split("/")
    if any(part in {"", ".", ".."} or "\0" in part for part in (*directories, name)):
        raise ValueError("its path leads out of the folder")
    place = Place(root, directories, name, durable=durable)
    try:
        yield place
    finally:
        place.close()


def _sweep(at: int, name: str) -> None:
    handle = os.open(name, _READ, dir_fd=at)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(name, dir_fd=at)
    finally:
        os.close(handle)
