"""Parses `FOLDER` or `NAME=FOLDER` into a source: a folder, and the name that its paths begin with."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from store.errors import Problem, StoreError
from store.files.folder import Folder

_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]*)=(.+)", re.DOTALL)


def _working_directory() -> Path:
    """Return where a relative path begins: as the shell shows it, also if that directory was removed meanwhile."""
    shown = Path(os.environ.get("PWD", ""))
    with suppress(OSError):
        if shown.is_absolute() and shown.samefile("."):
            return shown
    with suppress(FileNotFoundError):
        return Path.cwd()
    return shown


@dataclass(frozen=True, slots=True)
class Source:
    """A folder of files. `base_url` is what relative image URLs stand below; by default that of its `_config.yml`.

    With `may_be_empty` its documents are removed though none of them is left, or the folder is not there. A path that
    is relative stands below the working directory as the shell shows it, links included, when the source is made: a
    directory that is exchanged afterwards is found under its name.
    """

    folder: Path
    name: str = ""
    base_url: str | None = None
    may_be_empty: bool = False
    working: Path = field(default_factory=_working_directory, repr=False, compare=False)

    @classmethod
    def parse(cls, argument: str, base_url: str | None = None, may_be_empty: bool = False) -> "Source":
        """Read a command line's argument, as the name of a folder if there is one with that very name.

        Raises StoreError for a folder without a name whose path is no UTF-8, since the store could not know it again.
        """
        match = _NAMED.fullmatch(argument)
        if match is None or os.path.isdir(argument):  # noqa: PTH112 -- Path's raises where one may not look
            source = cls(Path(argument), "", base_url, may_be_empty)
            shown = os.fsencode(source.identity).decode("utf-8", "backslashreplace")
            if shown != source.identity:
                raise StoreError(f"{shown}: the path is no UTF-8; give the folder a name: NAME=FOLDER")
            return source
        return cls(Path(match[2]), match[1], base_url, may_be_empty)

    @property
    def identity(self) -> str:
        """What the store knows the source by: its name, else the path that was given, wherever its links lead today."""
        return self.name or os.path.normpath(self.location)

    @property
    def location(self) -> Path:
        """The folder's path from the root; what is there may be another folder at any time."""
        return self.working / self.folder

    @property
    def real(self) -> str:
        """The folder's path without links."""
        return os.path.realpath(self.location)

    def is_at(self, identity: str) -> bool:
        """Tell whether an identity is another path of this folder, which has no name."""
        return not self.name and identity.startswith("/") and os.path.realpath(identity) == self.real

    @property
    def prefix(self) -> str:
        """What stands before its paths."""
        return f"{self.name}/" if self.name else ""

    @property
    def shown(self) -> str:
        """The source in the words of a command line."""
        return f"{self.name}={self.folder}" if self.name else str(self.folder)

    def path(self, inner: str) -> str:
        """Return the path of a document from that below the folder."""
        return self.prefix + inner

    def named(self, problem: Problem) -> Problem:
        """Return a problem under the document's path."""
        return replace(problem, path=self.path(problem.path))

    def open(self) -> Folder:
        """Return the folder, opened. Raises StoreError where there is none."""
        try:
            return Folder(self.location)
        except OSError as error:
            raise StoreError(f"{self.folder}: no folder that can be read: {error.strerror}") from None
