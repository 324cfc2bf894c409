"""Writes documents as files into a folder, from which they can be ingested again: each file parses to its document."""

import os
from collections.abc import Iterable
from pathlib import Path

from store.base import Document
from store.errors import Problem
from store.files.front_matter import render
from store.files.place import Content, placed


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
                with placed(root, document.path, durable=False) as place:
                    place.put(Content(render(document.metadata, document.body, document.path).encode()))
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else str(error)
                problems.append(Problem(document.path, None, "file.unwritable", f"is not written: {reason}"))
    finally:
        os.close(root)
    return problems
