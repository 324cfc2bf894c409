"""Documents in, files in a folder out: the way back from a store. What is written parses to equal documents.

A path that would leave the folder is refused, be it by `..`, by an absolute path or by a link that lies there. A file
is written beside its place and then renamed, so none is ever half there.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from store.base import Document
from store.errors import Problem
from store.front_matter import render

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_UNFINISHED = ".exporting"


def export(documents: Iterable[Document], folder: Path) -> list[Problem]:
    """Write each document below *folder*, which is made if need be, and return what could not be written.

    Files that are there already are replaced. Raises OSError where the folder cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    problems = []
    try:
        for document in documents:
            try:
                _write(root, document)
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else str(error)
                problems.append(Problem(document.path, None, "file.unwritable", f"is not written: {reason}"))
    finally:
        os.close(root)
    return problems


def _write(root: int, document: Document) -> None:
    *directories, name = document.path.split("/")
    if any(part in {"", ".", ".."} or "\0" in part for part in (*directories, name)):
        raise ValueError("its path leads out of the folder")
    raw = render(document.metadata, document.body, document.path).encode()
    at = os.dup(root)
    try:
        for directory in directories:
            above, at = at, _below(at, directory)
            os.close(above)
        _replace(at, name, raw)
    finally:
        os.close(at)


def _below(at: int, directory: str) -> int:
    with suppress(FileExistsError):
        os.mkdir(directory, dir_fd=at)
    return os.open(directory, _DIRECTORY, dir_fd=at)


def _replace(at: int, name: str, raw: bytes) -> None:
    with suppress(FileNotFoundError):
        os.unlink(_UNFINISHED, dir_fd=at)
    with open(os.open(_UNFINISHED, _NEW, 0o644, dir_fd=at), "wb") as file:  # noqa: PTH123 -- pathlib knows no open directories
        file.write(raw)
    os.replace(_UNFINISHED, name, src_dir_fd=at, dst_dir_fd=at)
