"""Compares plans with the interpreter over our own schema: generated operations have the same answer from both."""

import asyncio
from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson
import pytest
from graphql import GraphQLError
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

from graph.errors import Refusal
from graph.execute.context import Context, Viewer
from graph.execute.execution import Answer
from graph.execute.operations import interpreted_operations, planned_operations
from graph.schema.build import schema
from graph.settings import Settings
from store.tiny.store import TinyStore
from tests.agreement import assert_agreement
from tests.dressed import dressed
from tests.newsrooms import NEWSROOM, fill
from tests.scale import scaled

SCHEMA = schema()._schema
GENEROUS = Settings(
    depth=100, cost=10**40, aliases=10**6, root_fields=10**6, directives=10**6, errors=10**6, tokens=10**6, page=2**31
)
SCALARS: Any = {
    "DateTime": st.sampled_from(["2021-07-29T11:09:00Z", "2026-11-01T00:00:00Z"]).map(nodes.String),
    "URL": st.sampled_from(["https://example.com/a", "http://b.example"]).map(nodes.String),
    "JSON": st.text(max_size=3).map(nodes.String),
}


@cache
def operations() -> Any:
    return dressed(queries(SCHEMA, custom_scalars=SCALARS), SCHEMA)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyStore]:
    path = tmp_path_factory.mktemp("store") / "news.json"
    fill(path, NEWSROOM)
    with TinyStore(path) as opened:
        yield opened


def parts(answer: Answer) -> tuple[Any, list[GraphQLError]]:
    """Return an answer's data and its errors, without the ids of internal errors."""
    body = orjson.loads(answer.body)
    errors = [
        GraphQLError(f"{each['message']} {each['extensions']['code']} {each.get('locations')}", path=each.get("path"))
        for each in body.get("errors", [])
    ]
    return body.get("data"), errors


@settings(
    max_examples=scaled(250, 20_000),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # operations over so large a schema shrink for minutes
)
@given(st.data(), st.sampled_from([Viewer(), Viewer(drafts=True), Viewer(secured=True)]))
def test_both_roads_give_one_answer(store: TinyStore, data: st.DataObject, viewer: Viewer) -> None:
    text, variables = data.draw(operations())
    try:
        planned = planned_operations(SCHEMA, GENEROUS).prepare(text, None)
    except Refusal:
        reject()  # a page of two thousand million
    interpreted = interpreted_operations(SCHEMA, GENEROUS).prepare(text, None)

    async def both() -> None:
        expected, errors = parts(await interpreted.execute(variables, Context(store, viewer)))
        for _ in range(2):
            answer = await planned.execute(variables, Context(store, viewer))
            assert (answer.how == "planned") == planned.planned or not answer.executed
            assert_agreement(expected, errors, *parts(answer))

    asyncio.run(both())
