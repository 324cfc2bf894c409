"""Holds every query of README, docs/queries.md and tests/queries to the answer that stands below it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import GraphQLInputObjectType

from graph.execute.operations import interpreted_operations, planned_operations
from graph.schema.build import schema
from store.tiny.store import TinyStore
from tests.examples import EXAMPLES, FILES, ROOT, Example, Road, answered, read
from tests.newsrooms import CORPUS, MISSING, NEWSROOM, ask, fill

pytestmark = pytest.mark.anyio

CLIENTS = ROOT / "docs" / "clients.md"
"""Its queries are compiled and run by tests/test_clients.py."""
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *FILES} - {CLIENTS})


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


def test_the_readme_shows_one_query_and_its_page_ten_more() -> None:
    shown = [example.file for example in EXAMPLES]
    assert (shown.count("README.md"), shown.count("queries.md")) == (1, 10)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_no_page_shows_a_query_that_is_not_asked(page: Path) -> None:
    fences = re.findall(r"^\s*(?:`{3,}|~{3,})\s*graphql\b", page.read_text(encoding="utf-8"), re.M | re.I)
    assert len(fences) == len(read(page) if page in FILES else [])


@pytest.mark.parametrize(
    ("fences", "complaint"),
    [
        (["graphql"], "page.md:1: a query without an answer"),
        (["graphql", "graphql", "json answer"], "page.md:1: a query without an answer"),
        (["graphql", "json answer", "graphql", "json variables"], "page.md:7: a query without an answer"),
        (["json answer"], "page.md:1: json answer without a query"),
    ],
)
def test_a_query_without_its_answer_is_refused(fences: list[str], complaint: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("".join(f"```{kind}\n{{}}\n```\n" for kind in fences), encoding="utf-8")
    with pytest.raises(ValueError, match=f"{complaint}$"):
        read(page)


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
