"""The printed schema: a promise to client generators, equal to what is served and described throughout."""

import shutil
import subprocess
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

from graph.schema import schema, sdl

PRINTED = Path(__file__).parent.parent / "schema.graphql"
CLIENTS = Path(__file__).parent / "clients"


def test_the_file_is_what_is_served() -> None:
    assert PRINTED.read_text(encoding="utf-8") == sdl(), "run `make schema`"


def test_everything_has_a_description() -> None:
    kinds = [kind for kind in schema()._schema.type_map.values() if not is_introspection_type(kind)]
    assert [name for kind in kinds for name in undescribed(kind)] == []


def undescribed(kind: GraphQLNamedType) -> Iterator[str]:
    """Yield the places of a type that say nothing of themselves."""
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


@pytest.mark.skipif(not (CLIENTS / "node_modules").is_dir(), reason="`make clients` installs graphql-eslint")
def test_the_schema_keeps_the_rules_of_graphql_eslint() -> None:
    command = [shutil.which("npx") or "npx", "eslint", "--stdin", "--stdin-filename", "schema.graphql"]
    done = subprocess.run(command, cwd=CLIENTS, input=sdl(), capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "")
