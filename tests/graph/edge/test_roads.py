"""Compares both roads over the real schema: whatever is asked, by whichever method, has the same bytes."""

from collections.abc import Iterator
from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from graph.edge.asgi import App
from graph.serve.site import operations
from graph.settings import Settings
from store.tiny.store import TinyStore
from tests.examples import EXAMPLES, Example
from tests.graph.edge.test_protocol import settled
from tests.graph.execute.test_plan_schema import operations as generated
from tests.newsrooms import NEWSROOM, fill
from tests.scale import scaled
from tests.serving import exchange, request, serving

Address = tuple[str, int]
Roads = tuple[Address, Address, Address]


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roads]:
    path = tmp_path_factory.mktemp("roads") / "news.json"
    fill(path, NEWSROOM)
    with TinyStore(path) as store:

        def made(chosen: Settings) -> App:
            return App(store, operations(chosen), chosen)

        with (
            serving(made, http="in-place") as fast,
            serving(made, http="plain") as plain,
            serving(made, http="plain", kept_bytes=0) as bare,
        ):
            yield fast, plain, bare


def compared(roads: Roads, sent: bytes) -> None:
    """Ask twice on each road, since the second answer may be one that was kept."""
    first, *others = [settled(exchange(address, sent)) for address in roads for _ in range(2)]
    assert first.startswith(b"HTTP/1.1 ")
    assert others == [first] * 5


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
def test_an_example_has_the_same_bytes_on_both_roads(roads: Roads, example: Example, accept: str) -> None:
    given = {"query": example.query, "variables": example.variables or {}}
    compared(roads, request(orjson.dumps(given), f"accept: {accept}\r\n"))
    query = urlencode({"query": example.query, "variables": orjson.dumps(example.variables or {}).decode()})
    compared(roads, request(b"", f"accept: {accept}\r\naccept-encoding: br\r\n", "GET", f"/graphql?{query}"))


@settings(
    max_examples=scaled(40, 5_000),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(st.data())
def test_generated_operations_have_the_same_bytes_on_both_roads(roads: Roads, data: st.DataObject) -> None:
    text, variables = data.draw(generated())
    compared(roads, request(orjson.dumps({"query": text, "variables": variables})))
