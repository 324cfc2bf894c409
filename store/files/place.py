"""Reads, replaces or removes one file below an open folder, and never a file outside of it.

A path that would leave the folder is refused, be it by `..`, by an absolute path or by a link that lies there. A file
is written beside its place and then renamed, so none is ever half there.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import EINVAL

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_UNFINISHED = ".exporting"
"""Starts with a dot, so that no ingest reads it."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds, and its permissions; a new file has the usual ones."""

    raw: bytes
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file is or will be. With *durable* a change is on disk when it returns. Methods raise OSError."""

    at: int
    name: str
    durable: bool

    def read(self) -> Content | None:
        """Return the file, None where there is none."""
        try:
            handle = os.open(self.name, _READ, dir_fd=self.at)
        except FileNotFoundError:
            return None
        with os.fdopen(handle, "rb") as file:
            mode = os.fstat(handle).st_mode
            if not stat.S_ISREG(mode):
                raise OSError(EINVAL, "it is no regular file")
            return Content(file.read(), stat.S_IMODE(mode))

    def put(self, content: Content | None) -> None:
        """Put a file there, whether there was one or not; None takes it away."""
        if content is None:
            self._remove()
        else:
            self._write(content)

    def _write(self, content: Content) -> None:
        self._discard()
        try:
            with os.fdopen(os.open(_UNFINISHED, _NEW, 0o644, dir_fd=self.at), "wb") as file:
                file.write(content.raw)
                if content.mode is not None:
                    os.fchmod(file.fileno(), content.mode)
                if self.durable:
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(_UNFINISHED, self.name, src_dir_fd=self.at, dst_dir_fd=self.at)
        except OSError:
            self._discard()
            raise
        self._settle()

    def _remove(self) -> None:
        with suppress(FileNotFoundError):
            os.unlink(self.name, dir_fd=self.at)
        self._settle()

    def _discard(self) -> None:
        with suppress(FileNotFoundError):
            os.unlink(_UNFINISHED, dir_fd=self.at)

    def _settle(self) -> None:
        if self.durable:
            os.fsync(self.at)


@contextmanager
def placed(root: int, path: str, *, durable: bool) -> Iterator[Place]:
    """Yield the place of *path* below the open directory *root*; directories on the way are made.

    Raises OSError, and ValueError for a path that leads out of the folder.
    """
    *directories, name = path.split("/")
    if any(part in {"", ".", ".."} or "\0" in part for part in (*directories, name)):
        raise ValueError("its path leads out of the folder")
    at = os.dup(root)
    try:
        for directory in directories:
            above, at = at, _below(at, directory, durable)
            os.close(above)
        yield Place(at, name, durable)
    finally:
        os.close(at)


def _below(at: int, directory: str, durable: bool) -> int:
    with suppress(FileExistsError):
        os.mkdir(directory, dir_fd=at)
        if durable:
            os.fsync(at)
    return os.open(directory, _DIRECTORY, dir_fd=at)
