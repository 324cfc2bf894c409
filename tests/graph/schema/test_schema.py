"""Tests that `schema.graphql` is what is served, described throughout, and held against the last release."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    is_introspection_type,
    is_specified_scalar_type,
)

from graph.document.cost.selections import PAGE
from graph.schema.build import schema, sdl

PRINTED = Path(__file__).parents[3] / "schema.graphql"
CLIENTS = Path(__file__).parents[2] / "clients"
WRITER = ("-c", "user.name=Editor", "-c", "user.email=editor@newsroom.example")
DANGEROUS = re.sub(r'  """[^"]*"""\n  REMOVED\n', "", sdl(), count=1)
"""A schema without REMOVED: clients written for it do not expect that kind of change."""

HISTORY = (("init",), ("add", "."), (*WRITER, "commit", "-m", "first"), ("tag", "v0.9.0"))
"""A repository with a release, as arguments of git; without the last one, before it."""


def test_the_file_is_what_is_served() -> None:
    assert PRINTED.read_text(encoding="utf-8") == sdl(), "run `make schema`"


def test_everything_has_a_description() -> None:
    kinds = [kind for kind in schema()._schema.type_map.values() if not is_introspection_type(kind)]
    assert [name for kind in kinds for name in undescribed(kind)] == []


def test_a_page_that_is_left_out_has_the_size_that_its_description_says() -> None:
    kinds = [kind for kind in schema()._schema.type_map.values() if isinstance(kind, GraphQLObjectType)]
    fields = [field for kind in kinds for field in kind.fields.values() if {"first", "last"} <= field.args.keys()]
    said = [str(field.args["first"].description).rpartition("; ")[2] for field in fields]
    assert said == [f"{field.extensions[PAGE]} if neither is given." for field in fields]


def undescribed(kind: GraphQLNamedType) -> Iterator[str]:
    """Yield the parts of a type that have no description."""
    if not kind.description and not is_specified_scalar_type(kind):
        yield kind.name
    if isinstance(kind, GraphQLEnumType):
        yield from (f"{kind.name}.{name}" for name, value in kind.values.items() if not value.description)
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        for name, field in kind.fields.items():
            if not field.description:
                yield f"{kind.name}.{name}"
            for argument, declared in getattr(field, "args", {}).items():
                if not declared.description:
                    yield f"{kind.name}.{name}({argument})"


@pytest.mark.parametrize(
    ("released", "says", "code"),
    [
        (None, "no release yet", 0),
        ("type Query { gone: Int }", "breaking: Field Query.gone was removed.", 1),
        (DANGEROUS, "dangerous: Enum value ChangeKind.REMOVED was added.", 0),
        (re.sub(r'  """[^"]*"""\n  heat: Int\n', "", sdl(), count=1), "safe: Field Article.heat was added.", 0),
    ],
)
def test_ci_holds_the_schema_against_that_of_the_last_release(
    released: str | None, says: str, code: int, tmp_path: Path
) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(PRINTED.parent / ".ci" / "keep-promise", tmp_path / ".ci")
    (tmp_path / "schema.graphql").write_text(released or "")
    for command in HISTORY if released else HISTORY[:-1]:
        subprocess.run(["git", *command], cwd=tmp_path, check=True, capture_output=True)  # noqa: S607
    environment = {**os.environ, "BROADSHEET": str(Path(sys.executable).with_name("broadsheet"))}
    done = subprocess.run(
        [".ci/keep-promise"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert says in done.stdout
    assert done.returncode == code


@pytest.mark.skipif(not (CLIENTS / "node_modules").is_dir(), reason="`make clients` installs graphql-eslint")
def test_the_schema_keeps_the_rules_of_graphql_eslint() -> None:
    command = [shutil.which("npx") or "npx", "eslint", "--stdin", "--stdin-filename", "schema.graphql"]
    done = subprocess.run(command, cwd=CLIENTS, input=sdl(), capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "")
