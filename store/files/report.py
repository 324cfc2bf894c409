"""Counts what an ingest did and collects what is wrong with files, as lines for people or as JSON."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from store.errors import Problem

COUNTS = ("added", "updated", "unchanged", "removed", "skipped", "failed")


@dataclass(frozen=True, slots=True)
class Held:
    """How many documents of a folder are kept although their files are gone, and why."""

    folder: str
    documents: int
    reason: str


@dataclass(slots=True)
class Report:
    """What an ingest did, in files. Skipped ones are no documents; each failed one has at least one problem."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    skipped: int = 0
    failed: int = 0
    problems: list[Problem] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)

    def __str__(self) -> str:
        counts = ", ".join(f"{getattr(self, name)} {name}" for name in COUNTS)
        if self.held:
            counts += f", {sum(each.documents for each in self.held)} held"
        return "\n".join((counts, *map(str, self.problems)))

    def as_json(self) -> dict[str, Any]:
        """Return the report by the names of its fields; a problem has path, line, code, message and column."""
        return asdict(self)

    def hold(self, folder: str, documents: int, problem: Problem) -> None:
        """Note that documents of a folder are kept, and the problem that is the reason."""
        self.held.append(Held(folder, documents, f"{problem.path}: {problem.message}"))
        self.fail([problem])

    def fail(self, problems: Iterable[Problem]) -> None:
        """Note what is wrong with some files."""
        problems = list(problems)
        self.problems += problems
        self.failed += len({problem.path for problem in problems})
