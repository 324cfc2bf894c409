"""Runs the command line `broadsheet`: all its commands but `keys`, which has several of its own and so a file.

The schema and the server are imported by the commands that need them: they take half a second, and each process that
reads files for an `ingest` imports this module too.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import orjson

from graph import settings
from graph.command import console
from graph.command.keys import keys
from graph.execute.context import Viewer
from graph.execute.execution import Answer
from store.errors import StoreError
from store.files.export import export as write_files
from store.files.ingest import Report
from store.files.ingest import check as check_folders
from store.files.ingest import ingest as ingest_folders
from store.files.source import Source
from store.tiny.store import TinyStore
from store.troubles import Troubles

Command = Callable[..., None]

folders = click.argument("folders", nargs=-1, metavar="[NAME=]FOLDER…")
base_url = click.option("--base-url", metavar="URL", help="What relative image URLs stand below, before _config.yml.")
allow_empty = click.option(
    "--allow-empty", is_flag=True, help="Remove the articles of folders that are empty or not there: that is meant."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
strict = click.option("--strict", is_flag=True, help="Exit with 1 if a file failed.")
a_store = click.option(
    "--store", "path", required=True, type=click.Path(path_type=Path), help="The store's file, such as news.json."
)


def configured(command: Command) -> Command:
    """Give a command a flag for each setting of the server; what is not given comes from the environment."""
    for each in reversed(settings.SETTINGS):
        flag, description = settings.flag(each.name), settings.description(each)
        if settings.HINTS[each.name] is bool:
            option = click.option(f"{flag}/--no-{flag[2:]}", each.name, default=None, help=description)
        else:
            option = click.option(flag, each.name, default=None, metavar="VALUE", help=description)
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="broadsheet")
def main() -> None:
    """Serve news articles, kept as files of YAML front matter, as a GraphQL API."""


main.add_command(keys)


@main.command()
@folders
@click.option(
    "--store", "path", type=click.Path(path_type=Path), help="Where to keep the articles; nowhere if left out."
)
@click.option("--watch", is_flag=True, help="Take up edits of the folders while serving.")
@allow_empty
@base_url
@configured
def serve(
    folders: Sequence[str], path: Path | None, watch: bool, allow_empty: bool, base_url: str | None, **given: Any
) -> None:
    """Read the folders, then serve their articles; without a folder, those of an existing store."""
    sources = [Source.parse(folder, base_url, allow_empty) for folder in folders]
    if not sources and (path is None or not _has_files(path)):
        raise click.UsageError("name a folder of articles, or an existing --store")
    from graph.observe import log  # noqa: PLC0415 -- see above
    from graph.serve import site  # noqa: PLC0415 -- see above

    writer = log.configure(Troubles())
    with errors_in_words(), stored(path) as file:
        chosen = settings.from_environment(os.environ, **_read(given))
        if chosen.write_back and not sources:
            raise click.UsageError("--write-back writes to the folders that are served: name one")
        report = _ingested(file, sources, keep_missing=False, troubles=writer.troubles) if sources else Report()
        if sources:
            _show(report)
        site.run(chosen, file, sources, writer, ingested=report, watch=_show if watch else None)


@main.command()
@folders
@a_store
@click.option("--keep-missing", is_flag=True, help="Keep articles whose files are gone.")
@allow_empty
@base_url
@as_json
@strict
def ingest(
    folders: Sequence[str],
    path: Path,
    keep_missing: bool,
    allow_empty: bool,
    base_url: str | None,
    as_json: bool,
    strict: bool,
) -> None:
    """Bring a store up to date with its folders, touching only what changed; others may serve it meanwhile."""
    with errors_in_words():
        sources = _sources(folders, base_url, allow_empty)
        for source in () if _has_files(path) else sources:
            with source.open():
                pass  # a name misspelt makes no store
        report = _ingested(path, sources, keep_missing)
    _report(report, as_json, strict)


@main.command()
@folders
@base_url
@as_json
@strict
def check(folders: Sequence[str], base_url: str | None, as_json: bool, strict: bool) -> None:
    """Read the folders as `ingest` does and report, without a store."""
    with errors_in_words(), console.progress("reading") as progress:
        report = asyncio.run(check_folders(_sources(folders, base_url), progress=progress))
    _report(report, as_json, strict)


@main.command()
@click.argument("document", metavar="QUERY")
@a_store
@click.option("--variables", default="{}", metavar="JSON", help="The operation's variables.")
@click.option("--operation", metavar="NAME", help="Which of several operations.")
@click.option("--drafts", is_flag=True, help="See unpublished articles too.")
@click.option("--secured", is_flag=True, help="See the secured values.")
def query(document: str, path: Path, variables: str, operation: str | None, drafts: bool, secured: bool) -> None:
    """Answer a query on standard output. Exits with 1 if the answer has errors."""
    try:
        values = json.loads(variables)
    except ValueError as error:
        raise click.BadParameter(f"no JSON: {error}", param_hint="--variables") from None
    if not isinstance(values, dict):
        raise click.BadParameter("must be a JSON object", param_hint="--variables")
    from graph.errors import Refusal  # noqa: PLC0415 -- see above
    from graph.serve import site  # noqa: PLC0415 -- see above

    with errors_in_words(), TinyStore(_existing(path), read_only=True, follow=False) as store:
        try:
            answer = asyncio.run(site.answered(store, document, operation, values, Viewer(drafts, secured)))
        except Refusal as refusal:
            answer = Answer(orjson.dumps({"errors": refusal.errors}), (refusal.code,))
    click.echo(orjson.dumps(orjson.loads(answer.body), option=orjson.OPT_INDENT_2))
    sys.exit(1 if answer.codes else 0)


a_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@main.command()
@click.option("--check", "against", type=a_file, help="Exit with 1 if FILE is not this schema.", metavar="FILE")
@click.option(
    "--diff", "old", type=a_file, help="Tell what changed since OLD; exit with 1 if it breaks.", metavar="OLD"
)
def schema(against: Path | None, old: Path | None) -> None:
    """Print the schema in its definition language; or compare it with a file."""
    from graph.command import schema_diff  # noqa: PLC0415 -- see above
    from graph.schema.build import sdl  # noqa: PLC0415 -- see above

    if against is None and old is None:
        click.echo(sdl(), nl=False)
    if against and against.read_text(encoding="utf-8") != sdl():
        raise click.ClickException(f"{against} is not the schema that is served; `broadsheet schema` prints that")
    if old:
        with errors_in_words():
            found = schema_diff.changes(old)
        for rank, description in found:
            click.echo(f"{rank}: {description}")
        sys.exit(1 if any(rank == "breaking" for rank, _ in found) else 0)


@main.command()
@a_store
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(path: Path, folder: Path) -> None:
    """Write the articles of a store back as files below FOLDER."""
    with errors_in_words(), TinyStore(_existing(path), read_only=True, follow=False) as store:
        problems = write_files(store.all_documents(), folder)
    for problem in problems:
        click.echo(console.printable(str(problem)), err=True)
    sys.exit(1 if problems else 0)


@main.command()
@a_store
def compact(path: Path) -> None:
    """Fold a store's journal into its file, which plain TinyDB opens; readers and writers may go on."""
    with errors_in_words(), TinyStore(_existing(path), follow=False) as store:
        store.compact()


@contextmanager
def errors_in_words() -> Iterator[None]:
    """End the command with what an error of ours says; others are defects, and keep their traceback."""
    try:
        yield
    except (StoreError, settings.SettingsError, OSError) as error:
        console.fail(error)


@contextmanager
def stored(path: Path | None) -> Iterator[Path]:
    """Give the store's file; without a path, one that lasts as long as the command, however it is ended."""
    with ended_well(), nullcontext() if path else TemporaryDirectory(prefix="broadsheet-") as folder:
        yield path or Path(str(folder)) / "news.json"


@contextmanager
def ended_well() -> Iterator[None]:
    """Exit with 0 on SIGTERM and SIGINT, until the server takes these signals over.

    Python drops an exception that is raised while an object is finalized; so the signal is sent again until it counts.
    """

    def end(*_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 1)
        sys.exit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _ingested(path: Path, sources: Sequence[Source], keep_missing: bool, troubles: Troubles | None = None) -> Report:
    async def run() -> Report:
        with (
            console.progress("ingesting") as progress,
            TinyStore(path, follow=False, troubles=troubles) as store,
        ):
            say = partial(click.echo, err=True)
            return await ingest_folders(store, sources, keep_missing=keep_missing, progress=progress, waits=say)

    return asyncio.run(run())


def _sources(folders: Sequence[str], base_url: str | None, allow_empty: bool = False) -> list[Source]:
    if not folders:
        raise click.UsageError("name a folder of articles")
    return [Source.parse(folder, base_url, allow_empty) for folder in folders]


def _existing(path: Path) -> Path:
    if not _has_files(path):
        raise StoreError(f"{path}: there is no store here; `broadsheet ingest FOLDER --store {path}` makes one")
    return path


def _has_files(path: Path) -> bool:
    """Whether there is a store at *path*, or what is left of one: opening it says what to do then."""
    names = (f"{path.name}.previous", f"{path.name}.journal.")
    return path.exists() or (
        path.parent.is_dir() and any(each.name.startswith(names) for each in path.parent.iterdir())
    )


def _show(report: Report) -> None:
    with suppress(OSError):  # nobody reads it any more, which is no reason to serve nothing
        console.show(report, as_json=False, err=True)


def _report(report: Report, as_json: bool, strict: bool) -> None:
    console.show(report, as_json)
    sys.exit(1 if report.held or (strict and report.failed) else 0)


def _read(given: dict[str, Any]) -> dict[str, Any]:
    return {
        name: settings.read(name, value) if isinstance(value, str) else value
        for name, value in given.items()
        if value is not None
    }
