"""Compares paths as those file systems do that tell neither case nor the composition of letters apart."""

import unicodedata

from store.errors import ArticleError, Problem


def path_form(path: str) -> str:
    """Return what is equal for paths that a file system such as that of macOS takes for the same."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def alike(path: str, other: str) -> ArticleError:
    """Return the refusal of *path*, because *other*, which is there, differs too little from it."""
    message = (
        f"differs from {other!r}, which is there, only by case or by how letters are composed: not every file system "
        "can hold both. Save to that path, or choose another name"
    )
    return ArticleError(Problem(path, None, "path.alike", message))
