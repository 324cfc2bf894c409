"""Shows progress, reports and errors: a progress bar on a terminal, lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from store.files.ingest import Progress as OnProgress
from store.files.ingest import Report

LINES = 10
"""Parts of the work that a plain line is written after."""


@contextmanager
def progress(says: str) -> Iterator[OnProgress]:
    """Give the function that an ingest reports its progress to; it is shown on standard error, beside any answer."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _plain(says)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(says, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _plain(says: str) -> OnProgress:
    shown = 0

    def tell(done: int, total: int) -> None:
        nonlocal shown
        if total and done * LINES // total > shown:
            shown = done * LINES // total
            click.echo(f"{says}: {done} of {total} files", err=True)

    return tell


def show(report: Report, as_json: bool, err: bool = False) -> None:
    """Print a report: its counts, then each problem on a line, whatever a file's name holds; or the same as JSON."""
    if as_json:
        click.echo(orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2), err=err)
    else:
        for line in str(report).split("\n"):
            click.echo(printable(line), err=err)


def printable(text: str) -> str:
    """Return *text* with what steers a terminal written out, since files may be called anything."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)


def fail(error: Exception) -> NoReturn:
    """End the command with an error in words, and exit code 1."""
    raise click.ClickException("\n".join(map(printable, str(error).split("\n"))))
