"""Tests that a key of which exactly one field may be given is validated as the specification has it (3.10.1, 5.8.5)."""

from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLInputObjectType

from graph.errors import Refusal
from graph.execute.context import Context
from graph.execute.operations import interpreted_operations, planned_operations
from graph.schema.build import schema, sdl
from graph.settings import Settings
from store.tiny.store import TinyStore

pytestmark = pytest.mark.anyio
ROOTS = {
    "query": "article(by: %s) { title }",
    "mutation": "removeArticle(by: %s) { __typename }",
}
INVALID = {
    "two keys": ("", '{path: "a", id: "b"}'),
    "no key": ("", "{}"),
    "null": ("", "{path: null}"),
    "null beside a key": ("", '{path: "a", id: null}'),
    "two variables, one of them left out": ("($p: String, $i: ID)", "{path: $p, id: $i}"),
    "two variables": ("($p: String!, $i: ID!)", "{path: $p, id: $i}"),
    "a nullable variable": ("($p: String)", "{path: $p}"),
    "a nullable variable with a default": ('($p: String = "a")', "{path: $p}"),
    "a variable with a default of two keys": ('($k: ArticleKey! = {path: "a", id: "b"})', "$k"),
    "a variable with a default of no key": ("($k: ArticleKey! = {})", "$k"),
}
MISFIT: dict[str, dict[str, Any]] = {
    "two keys": {"path": "a", "id": "b"},
    "no key": {},
    "null": {"path": None},
    "null beside a key": {"path": "a", "id": None},
    "an unknown key": {"slug": "a"},
}


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("given", INVALID)
def test_a_document_that_names_more_or_less_than_one_key_is_not_valid(root: str, given: str) -> None:
    definitions, key = INVALID[given]
    operations = planned_operations(schema()._schema, Settings())
    with pytest.raises(Refusal) as refused:
        operations.prepare(f"{root}{definitions} {{ {ROOTS[root] % key} }}", None)
    assert refused.value.code == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("given", MISFIT)
async def test_plan_and_interpreter_refuse_such_a_variable_in_the_same_words(
    root: str, given: str, tmp_path: Path
) -> None:
    document = f"{root}($k: ArticleKey!) {{ {ROOTS[root] % '$k'} }}"
    with TinyStore(tmp_path / "store.json", follow=False) as store:
        answers = [
            await operations(schema()._schema, Settings())
            .prepare(document, None)
            .execute({"k": MISFIT[given]}, Context(store))
            for operations in (planned_operations, interpreted_operations)
        ]
    assert answers[0].body == answers[1].body
    assert answers[0].codes[0] == "BAD_USER_INPUT"
    assert not answers[0].executed


def test_each_input_that_is_announced_so_is_validated_so() -> None:
    kinds = [kind for kind in schema()._schema.type_map.values() if isinstance(kind, GraphQLInputObjectType)]
    assert (
        {kind.name for kind in kinds if kind.is_one_of}
        == {kind.name for kind in kinds if f"input {kind.name} @oneOf" in sdl()}
        == {"ArticleKey"}
    )
