"""Every query that the documents show runs, and its answer is the one shown."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import GraphQLInputObjectType

from graph.execute.operations import interpreted_operations, planned_operations
from graph.schema.build import schema
from store.tiny.store import TinyStore
from tests.examples import EXAMPLES, Example, Road, answered
from tests.newsrooms import CORPUS, MISSING, NEWSROOM, ask, fill

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyStore]:
    path = tmp_path_factory.mktemp("newsroom") / "news.json"
    fill(path, NEWSROOM)
    with TinyStore(path) as store:
        yield store


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyStore]:
    path = tmp_path_factory.mktemp("real") / "news.json"
    fill(path, CORPUS / "powerapps")
    with TinyStore(path) as store:
        yield store


@pytest.mark.parametrize("road", [planned_operations, interpreted_operations])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
async def test_an_example_answers_as_it_is_shown_planned_and_interpreted(
    example: Example, road: Road, newsroom: TinyStore
) -> None:
    assert await answered(example, newsroom, road) == example.answer, "run `python -m tests.examples`"


@pytest.mark.parametrize("name", ["String", "Int", "DateTime", "Topics", "Images", "Related"])
def test_the_examples_together_use_every_operator(name: str) -> None:
    text = "\n".join(example.query for example in EXAMPLES)
    operators = schema()._schema.type_map[f"{name}Filter"]
    assert isinstance(operators, GraphQLInputObjectType)
    unused = [operator for operator in operators.fields if f"{operator}:" not in text]
    assert unused == (["within"] if name == "DateTime" else [])  # its answer would be another one each day


def test_the_readme_shows_its_first_query_and_ten_more() -> None:
    readme = Path(__file__).parent.parent / "README.md"
    assert len([example for example in EXAMPLES if example.file == readme.name]) == 11


@pytest.mark.skipif(not CORPUS.exists(), reason=MISSING)
async def test_the_first_query_of_the_readme_answers_from_the_real_articles_too(
    real: TinyStore,
) -> None:
    query = next(example.query for example in EXAMPLES if example.file == "README.md")
    answer = await ask(real, query)
    assert "errors" not in answer
    nodes = answer["data"]["articles"]["nodes"]
    assert nodes[0]["title"] == "Power Platform Developer Tools: November Refresh"
    assert [node["provider"]["name"] for node in nodes] == ["Microsoft", "Microsoft"]
