"""Parses `FOLDER` or `NAME=FOLDER` into a source: a folder, and the name that its paths begin with."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from store.errors import Problem, StoreError
from store.files.folder import Folder

_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]*)=(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Source:
    """A folder of files. `base_url` is what relative image URLs stand below; by default that of its `_config.yml`.

    With `may_be_empty` its documents are removed though none of them is left, or the folder is not there.
    """

    folder: Path
    name: str = ""
    base_url: str | None = None
    may_be_empty: bool = False

    @classmethod
    def parse(cls, argument: str, base_url: str | None = None, may_be_empty: bool = False) -> "Source":
        """Read a command line's argument, as the name of a folder if there is one with that very name."""
        match = _NAMED.fullmatch(argument)
        if match is None or Path(argument).is_dir():
            return cls(Path(argument), "", base_url, may_be_empty)
        return cls(Path(match[2]), match[1], base_url, may_be_empty)

    @property
    def identity(self) -> str:
        """What the store knows the source by: its name, else the path that was given, whatever its links lead to today.

        A path that is relative stands below the working directory as the shell shows it, links included.
        """
        return self.name or os.path.normpath(_working_directory() / self.folder)

    @property
    def real(self) -> str:
        """The folder's path without links."""
        return os.path.realpath(self.folder)

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
            return Folder(self.folder)
        except OSError as error:
            raise StoreError(f"{self.folder}: no folder that can be read: {error.strerror}") from None


def _working_directory() -> Path:
    shown = Path(os.environ.get("PWD", ""))
    try:
        return shown if shown.is_absolute() and shown.samefile(".") else Path.cwd()
    except OSError:
        return Path.cwd()
