"""Defines every error of the store, each with where it is and a reason that its reader can act on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one file: where it is, a stable code such as `yaml.syntax`, and the reason in words.

    Lines and columns count from 1; both are None where the whole file is meant.
    """

    path: str
    line: int | None
    code: str
    message: str
    column: int | None = None

    def __str__(self) -> str:
        location = self.path if self.line is None else f"{self.path}:{self.line}"
        return _on_one_line(f"{location}: {self.code}: {self.message}")


def by_location(problem: Problem) -> tuple[str, int, int, str]:
    """Return what problems are sorted by: path, line, column, code; what concerns a whole file comes first."""
    return problem.path, problem.line or 0, problem.column or 0, problem.code


def _on_one_line(text: str) -> str:
    """Return *text* with line ends and control characters spelled out: names of files may hold them."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each == "\u00a0" else ascii(each)[1:-1] for each in text)


class StoreError(Exception):
    """What the store raises on purpose; `code` is stable and may be shown to anybody."""

    code = "STORE_ERROR"


class ArticleError(StoreError):
    """A file cannot be read as an article; its reader is an editor with a typo."""

    code = "INVALID_ARTICLE"

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class CriteriaError(StoreError):
    """What was asked for makes no sense: a cursor of another list, a page of -1."""

    code = "BAD_CRITERIA"


class FileNotWrittenError(StoreError):
    """An article's file cannot be written or removed; nothing was changed."""

    code = "FILE_NOT_WRITTEN"


class FileChangedError(StoreError):
    """An article's file is not what was read: it was edited, or is broken. Nothing was changed."""

    code = "FILE_CHANGED"


class StoreDamagedError(StoreError):
    """The files of a store cannot be read; the message says which, where, and what to do. Nothing was overwritten."""

    code = "STORE_DAMAGED"


class StoreLockedError(StoreError):
    """Another process is writing to the store; the message names it."""

    code = "STORE_LOCKED"


class StoreReadOnlyError(StoreError):
    """The store takes no writes, since an earlier one failed or since it was opened for reading; reads go on."""

    code = "STORE_READ_ONLY"


class StoreStaleError(StoreError):
    """What was written cannot be taken in: reads answer from before it, and nothing is written until it can."""

    code = "STORE_STALE"
