"""Runs `broadsheet keys`: makes, lists and removes API keys in the file of keys."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from graph.edge import keys_file
from graph.settings import SettingsError, variable

in_file = click.option(
    "--file",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar=variable("keys_file"),
    required=True,
    help="The file of keys, as BROADSHEET_KEYS_FILE names it.",
)


@click.group()
def keys() -> None:
    """Make, list and remove API keys; a running server takes them up within a second."""


@keys.command()
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(keys_file.SCOPES), help="What it opens; may be repeated."
)
@in_file
def add(name: str, scopes: Sequence[str], path: Path) -> None:
    """Make a key and print it: nobody can read it again."""
    with in_words():
        click.echo(keys_file.add(path, name, scopes))


@keys.command("list")
@in_file
def listed(path: Path) -> None:
    """Print the names and scopes of all keys."""
    with in_words():
        for key in keys_file.load(path):
            click.echo(f"{key.name}\t{' '.join(key.scopes)}")


@keys.command()
@click.argument("name")
@in_file
def remove(name: str, path: Path) -> None:
    """Take a key out."""
    with in_words():
        if not keys_file.remove(path, name):
            raise SettingsError(f"{path} has no key named {name!r}")


@contextmanager
def in_words() -> Iterator[None]:
    """End the command with what is wrong."""
    try:
        yield
    except (SettingsError, OSError) as error:
        raise click.ClickException(str(error)) from None
