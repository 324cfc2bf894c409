"""Opens the files of one folder and reads their bytes, without ever leaving the folder.

Which files there are is left to `store.files.listing`.
Nothing outside the folder is opened: every step of a path is opened relative to the one before and refuses links, so a
folder that changes meanwhile cannot lead elsewhere. FIFOs, devices and sockets are refused, and opening never waits.
Needs a POSIX system.
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from errno import ELOOP, ENOENT, ENOTDIR, ENXIO
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from store.errors import ArticleError, Problem
from store.files.front_matter import WHOLE, read_configuration

LARGEST_FILE = 16 * 2**20
"""Bytes of a file with its body. A larger one is refused after its first few bytes."""
EMPTY = "yaml.empty"
CONFIGURATION = "_config.yml"
"""Jekyll's: its `url` and `baseurl` are what relative image URLs stand below."""

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_DIRECTORY = _FILE | os.O_DIRECTORY
_FENCES = (b"---", b"\xef\xbb\xbf---")
_MOST_OPEN = 64
"""Directories held open. By hand: each file looks one up, and `cachetools` takes several times as long for that."""
_REASONS = {
    ENOENT: ("file.vanished", "was there a moment ago"),
    ENOTDIR: ("file.vanished", "was there a moment ago"),
    ELOOP: ("file.link", "is a link that leads round in a circle, or became one"),
    ENXIO: ("file.special", "is no regular file"),
}


class File(NamedTuple):
    """A file that may be an article: its path below the folder, and the same path with its links resolved."""

    path: str
    real: str


class Folder:
    """An open folder; use it as a context manager."""

    def __init__(self, path: Path) -> None:
        self.real = os.path.realpath(path)
        self._root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._directories: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_directories()
        os.close(self._root)

    def read(self, file: File) -> bytes | None:
        """Return a file's bytes; None where it is large and no document. Raises ArticleError for a refusal."""
        try:
            handle = self.open(file.real)
        except OSError as error:
            raise ArticleError(refusal(file.path, error)) from None
        try:
            state = os.fstat(handle)
            if not stat.S_ISREG(state.st_mode):
                raise ArticleError(Problem(file.path, None, "file.special", "is no regular file"))
            if state.st_size > LARGEST_FILE and not _is_document(handle, file.path):
                return None
            if state.st_size > LARGEST_FILE:
                raise ArticleError(Problem(file.path, None, "file.size", f"is larger than {LARGEST_FILE:,} bytes"))
            return _read(handle, state.st_size, file.path)
        except OSError as error:
            raise ArticleError(refusal(file.path, error)) from None
        finally:
            os.close(handle)

    def base_url(self) -> str | None:
        """Return `url` and `baseurl` of the folder's configuration, if there is one. Raises ArticleError if broken."""
        raw = self._configuration()
        if raw is None:
            return None
        settings = read_configuration(raw.decode("utf-8", "replace"), CONFIGURATION)
        if not settings:
            raise ArticleError(Problem(CONFIGURATION, None, EMPTY, "is empty"))
        parts = {key: settings.get(key, "") for key in ("url", "baseurl")}
        for key, value in parts.items():
            if not isinstance(value, str):
                raise ArticleError(Problem(CONFIGURATION, None, "value.type", f"{key}: expected text"))
        url = "".join(parts.values()).rstrip("/")
        if "\ufffd" in url:
            raise ArticleError(Problem(CONFIGURATION, None, "text.encoding", "no UTF-8"))
        return url or None

    def _configuration(self) -> bytes | None:
        """Return the bytes of the configuration, which may be a link that stays inside. Raises ArticleError."""
        root = self.real.rstrip("/")
        real = os.path.realpath(f"{root}/{CONFIGURATION}")
        if not real.startswith(f"{root}/"):
            raise ArticleError(Problem(CONFIGURATION, None, "file.link", f"leads out of the folder, to {real}"))
        file = File(CONFIGURATION, real[len(root) + 1 :])
        try:
            os.close(self.open(file.real))
        except FileNotFoundError:
            if os.path.lexists(f"{root}/{CONFIGURATION}"):
                raise ArticleError(Problem(CONFIGURATION, None, "file.link", "leads to nothing")) from None
            return None
        except OSError as error:
            raise ArticleError(refusal(CONFIGURATION, error)) from None
        return self.read(file) or b""

    def lock(self) -> bool:
        """Lock the folder until it is closed; return false if another process has it locked.

        An ingest and a write-back each hold the lock, so that one at a time changes folder and store.
        Raises OSError if the file system has no locks.
        """
        try:
            fcntl.flock(self._root, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def open(self, real: str) -> int:
        """Open the file at a path without links. Raises OSError."""
        directory, slash, name = real.rpartition("/")
        return os.open(name, _FILE, dir_fd=self.directory(directory + slash))

    def directory(self, real: str) -> int:
        """Open the directory at a path that has no links and ends in a slash; the folder closes it. Raises OSError."""
        known = self._directories.get(real)
        if known is not None:
            return known
        if len(self._directories) > _MOST_OPEN:
            self._close_directories()
        handle, so_far = self._root, ""
        for name in real.split("/")[:-1]:
            so_far += f"{name}/"
            if so_far not in self._directories:
                self._directories[so_far] = os.open(name, _DIRECTORY, dir_fd=handle)
            handle = self._directories[so_far]
        return handle

    def _close_directories(self) -> None:
        while self._directories:
            os.close(self._directories.popitem()[1])


def refusal(path: str, error: OSError) -> Problem:
    """Say in a problem why something cannot be opened or read."""
    code, message = _REASONS.get(error.errno or 0, ("file.unreadable", f"cannot be read: {error.strerror}"))
    return Problem(path or ".", None, code, message)


def _is_document(handle: int, path: str) -> bool:
    return path.lower().endswith(WHOLE) or os.read(handle, 6).startswith(_FENCES)


def _read(handle: int, size: int, path: str) -> bytes:
    raw = os.read(handle, size + 1)
    if len(raw) == size:
        return raw
    raw += b"".join(_rest(handle))
    if len(raw) > LARGEST_FILE:
        raise ArticleError(Problem(path, None, "file.size", f"grows past {LARGEST_FILE:,} bytes"))
    return raw


def _rest(handle: int) -> Iterator[bytes]:
    left = LARGEST_FILE
    while left > 0 and (part := os.read(handle, 2**20)):
        left -= len(part)
        yield part
