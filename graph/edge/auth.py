"""Checks API keys, and says which a running server trusts while the file of keys changes, breaks or is gone.

A key is 256 random bits, so its SHA-256 is as safe as a slow hash of a password, and cheap enough to check on every
request.
"""

import hmac
import time
from collections.abc import Callable
from hashlib import sha256
from math import inf
from pathlib import Path
from stat import S_ISREG

from graph.edge.keys_file import Key, lines_of, read_keys
from graph.execute.context import Viewer
from graph.settings import Settings, SettingsError

SETTLED_SECONDS = 2.0
"""A file that changed less than this ago is read again even if it looks the same: several writes may fall into one tick
of the clock that its times are taken from."""

Stamp = tuple[int, int, int, int, bool]
"""What tells one content of a file from another, without reading it; last, whether it can be read again at all."""


class Keys:
    """All keys of a server: those of the settings and those of the file, which is read again when it changes.

    `problem` says in words why the file cannot be read; None while it can. The last good keys are trusted for the grace
    of the settings; after it the file's keys are `expired`, since any of them may have been removed meanwhile.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the keys; *clock* gives seconds. Raises SettingsError for those of the settings."""
        self.path, self.grace, self.clock = settings.keys_file, settings.keys_grace_seconds, clock
        self.given = read_keys(settings.keys, "BROADSHEET_KEYS")
        self.keys: tuple[Key, ...] = self.given
        self.problem: str | None = None
        self.expired = False
        self._stamp: Stamp | None = None
        self._good_until = -inf  # nothing was good before the first reading
        self._was_there = False
        self.refresh()

    def viewer(self, presented: bytes) -> Viewer | None:
        """Return the rights of a key, None for one that is unknown; takes the same time for every key."""
        digest, found = sha256(presented).hexdigest(), None
        for key in self.keys:
            if hmac.compare_digest(digest, key.digest):
                found = key.viewer
        return found

    def refresh(self) -> bool:
        """Look at the file again, and say whether other keys are trusted than before; never raises."""
        if self.path is None:
            return False
        before = self.keys, self.expired
        try:
            self._read(self.path)
        except (OSError, SettingsError) as error:
            self._fail(str(error) if isinstance(error, SettingsError) else f"{self.path}: {error.strerror}")
        return before != (self.keys, self.expired)

    def _read(self, path: Path) -> None:
        stamp = stamp_of(path)
        if stamp is None and self._was_there:
            raise SettingsError(f"{path}: the file is gone")
        if stamp and self._stamp and not stamp[-1]:
            if self._stamp[-1] or stamp[2] != self._stamp[2]:
                raise SettingsError(f"{path}: this is no file")
            return  # a pipe, which was given at the start and is empty now
        if stamp is None or stamp != self._stamp or self.problem or not is_settled(stamp):
            self.keys = (*self.given, *(read_keys(lines_of(path), str(path)) if stamp else ()))
            self._stamp, self._was_there = stamp, stamp is not None
        self.problem, self.expired = None, False

    def _fail(self, reason: str) -> None:
        now = self.clock()
        if self.problem is None:
            self._good_until = now + self.grace if self._was_there else -inf
        self.problem = reason
        if now >= self._good_until:
            self.keys, self.expired = self.given, True


def stamp_of(path: Path) -> Stamp | None:
    """Return what tells the content of a file, None where there is none. Raises OSError."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_size, S_ISREG(status.st_mode)


def is_settled(stamp: Stamp) -> bool:
    """Whether a file can no longer have changed without its times telling it."""
    return time.time() - max(stamp[:2]) / 1e9 > SETTLED_SECONDS
