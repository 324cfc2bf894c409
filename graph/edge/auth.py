"""Checks API keys, and reads and writes the file that holds their hashes.

A key is 256 random bits, so its SHA-256 is as safe as a slow hash of a password, and cheap enough to check on every
request. One line a key: `NAME:SHA256:SCOPE+SCOPE`.
"""

import hmac
import os
import re
import secrets
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from graph.execute.context import Viewer
from graph.settings import Settings, SettingsError

SCOPES = ("drafts:read", "secured:read", "articles:write")
KEY_PREFIX = "bs_"
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Key:
    """One key as it is kept: who has it, the SHA-256 of it in hexadecimal, and what it opens."""

    name: str
    digest: str
    scopes: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}:{self.digest}:{'+'.join(self.scopes)}"

    @property
    def viewer(self) -> Viewer:
        """Return the rights that its scopes give."""
        return Viewer(*(scope in self.scopes for scope in SCOPES))


class Keys:
    """All keys of a server: those of the settings and those of the file, which is read again when it changes."""

    def __init__(self, settings: Settings) -> None:
        self.path = settings.keys_file
        self.given = read_keys(settings.keys, "BROADSHEET_KEYS")
        self.stamp = self._stamp()
        self.keys = (*self.given, *load(self.path))

    def viewer(self, presented: bytes) -> Viewer | None:
        """Return the rights of a key, None for one that is unknown; takes the same time for every key."""
        digest, found = sha256(presented).hexdigest(), None
        for key in self.keys:
            if hmac.compare_digest(digest, key.digest):
                found = key.viewer
        return found

    def refresh(self) -> bool:
        """Read the file again where it changed, and say whether it did; a broken file leaves the keys as they are."""
        stamp = self._stamp()
        if stamp == self.stamp:
            return False
        self.keys, self.stamp = (*self.given, *load(self.path)), stamp
        return True

    def _stamp(self) -> tuple[int, int, int] | None:
        if self.path is None or not self.path.exists():
            return None
        status = self.path.stat()
        return status.st_mtime_ns, status.st_ino, status.st_size


def read_keys(lines: Iterable[str], place: str) -> tuple[Key, ...]:
    """Read keys as they are kept. Raises SettingsError, naming *place* and the line, without showing it."""
    keys = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, _, rest = text.partition(":")
        digest, _, scopes = rest.partition(":")
        key = Key(name, digest.lower(), tuple(scope for scope in scopes.split("+") if scope))
        if not NAME.fullmatch(name) or not DIGEST.fullmatch(key.digest) or set(key.scopes) - set(SCOPES):
            raise SettingsError(
                f"{place}:{number}: a key is NAME:SHA256:SCOPE+SCOPE, with scopes of {', '.join(SCOPES)}"
            )
        keys.append(key)
    return tuple(keys)


def load(path: Path | None) -> tuple[Key, ...]:
    """Return the keys of a file, none where there is no file. Raises SettingsError."""
    return read_keys(path.read_text().splitlines(), str(path)) if path is not None and path.exists() else ()


def add(path: Path, name: str, scopes: Sequence[str]) -> str:
    """Make a key, keep its hash in the file, and return the key itself, for the only time. Raises SettingsError."""
    if not NAME.fullmatch(name):
        raise SettingsError(f"{name!r} is no name for a key: letters, digits, '.', '_' and '-', at most 64")
    if unknown := set(scopes) - set(SCOPES):
        raise SettingsError(f"{sorted(unknown)[0]!r} is none of the scopes {', '.join(SCOPES)}")
    keys = load(path)
    if any(key.name == name for key in keys):
        raise SettingsError(f"{path} already has a key named {name!r}; remove it first")
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    digest = sha256(secret.encode()).hexdigest()
    write(path, (*keys, Key(name, digest, tuple(scope for scope in SCOPES if scope in scopes))))
    return secret


def remove(path: Path, name: str) -> bool:
    """Take a key out of the file, and say whether it was there. Servers forget it within a second."""
    keys = load(path)
    left = tuple(key for key in keys if key.name != name)
    if len(left) == len(keys):
        return False
    write(path, left)
    return True


def write(path: Path, keys: Iterable[Key]) -> None:
    """Replace the file, readable by its owner only, whole or not at all."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{key}\n" for key in keys)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)
