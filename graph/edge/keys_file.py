"""Reads and writes the file that holds the hashes of API keys: one line a key, `NAME:SHA256:SCOPE+SCOPE`.

Writers in several processes wait for each other, and replace the file whole, so that no reader sees half of it. Which
keys a running server trusts is `graph.edge.auth`'s to say.
"""

import fcntl
import os
import pwd
import re
import secrets
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from stat import S_IMODE

from graph.execute.context import Viewer
from graph.settings import SettingsError

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


def read_keys(lines: Iterable[str], place: str) -> tuple[Key, ...]:
    """Read keys as they are kept. Raises SettingsError, naming *place* and the line, without showing it."""
    return tuple(key for number, line in enumerate(lines, 1) if (key := read_key(line, f"{place}:{number}")))


def read_key(line: str, place: str) -> Key | None:
    """Return the key of a line, None where it is blank or a comment. Raises SettingsError, naming *place*."""
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    name, _, rest = text.partition(":")
    digest, _, scopes = rest.partition(":")
    key = Key(name, digest.lower(), tuple(scope for scope in scopes.split("+") if scope))
    if not NAME.fullmatch(name) or not DIGEST.fullmatch(key.digest) or set(key.scopes) - set(SCOPES):
        raise SettingsError(f"{place}: a key is NAME:SHA256:SCOPE+SCOPE, with scopes of {', '.join(SCOPES)}")
    return key


def load(path: Path | None) -> tuple[Key, ...]:
    """Return the keys of a file, none where there is no file. Raises SettingsError, or OSError."""
    return read_keys(lines_of(path), str(path)) if path is not None else ()


def lines_of(path: Path) -> list[str]:
    """Return the lines of a file, none where there is no file. Raises SettingsError, or OSError."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    lines = []
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        try:
            lines.append(line.decode())
        except UnicodeDecodeError:
            raise SettingsError(f"{path}:{number}: this is not UTF-8") from None
    return lines


def add(path: Path, name: str, scopes: Sequence[str]) -> str:
    """Make a key, keep its hash in the file, and return the key itself, for the only time.

    Raises SettingsError, or OSError; the file is then as it was.
    """
    if not NAME.fullmatch(name):
        raise SettingsError(f"{name!r} is no name for a key: letters, digits, '.', '_' and '-', at most 64")
    if unknown := set(scopes) - set(SCOPES):
        raise SettingsError(f"{sorted(unknown)[0]!r} is none of the scopes {', '.join(SCOPES)}")
    with edited(path) as lines:
        if any(key.name == name for key in read_keys(lines, str(path))):
            raise SettingsError(f"{path} already has a key named {name!r}; remove it first")
        secret = KEY_PREFIX + secrets.token_urlsafe(32)
        digest = sha256(secret.encode()).hexdigest()
        lines.append(str(Key(name, digest, tuple(scope for scope in SCOPES if scope in scopes))))
    return secret


def remove(path: Path, name: str) -> bool:
    """Take a key out of the file, and say whether it was there. Servers forget it within a second.

    Raises SettingsError, or OSError; the file is then as it was.
    """
    with edited(path) as lines:
        keys = [read_key(line, f"{path}:{number}") for number, line in enumerate(lines, 1)]
        lines[:] = [line for line, key in zip(lines, keys, strict=True) if key is None or key.name != name]
        return len(lines) < len(keys)


@contextmanager
def edited(path: Path) -> Iterator[list[str]]:
    """Give the lines of a file to be changed, while nobody else changes it, and write them back if they were.

    Raises SettingsError, before anything is written, for a file that would not stay that of its owner and group.
    """
    target = Path(os.path.realpath(path))  # a link stays one
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        check_owner(target)
        lines = lines_of(target)
        before = list(lines)
        yield lines
        if lines != before:
            write(target, lines)
            os.fsync(folder)
    finally:
        os.close(folder)


def check_owner(path: Path) -> None:
    """Refuse to replace a file of somebody else, who could not read what would then be ours. Raises SettingsError."""
    with suppress(FileNotFoundError):
        owner = path.stat().st_uid
        if owner != os.geteuid():
            raise SettingsError(f"{path} belongs to {user(owner)}, not to {user(os.geteuid())}: run this as its owner")


def user(number: int) -> str:
    """Return the name of a user, or the number where there is none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def write(path: Path, lines: Iterable[str]) -> None:
    """Replace a file, whole or not at all; a new one is readable by its owner only. Raises OSError."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            with suppress(FileNotFoundError):
                status = path.stat()
                os.fchown(descriptor, -1, status.st_gid)
                os.fchmod(descriptor, S_IMODE(status.st_mode))
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(descriptor)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
