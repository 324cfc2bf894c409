"""Checks that operations are planned once and kept within limits, and interpreted where a plan cannot answer."""

import asyncio
import logging
from typing import Any

import orjson
import pytest

from graph.execute.context import Context
from graph.execute.execution import Answer
from graph.execute.operations import Operations, interpreted_operations, planned_operations
from graph.execute.plan.execute import Run
from graph.settings import Settings
from tests import zoo
from tests.graph.execute.test_plan_levels import world

SCHEMA = zoo.schema()
TEXT = "query One($n: Int) { pets(first: $n) { ... on Cat { name } } } query Two { cat { id } }"


def ask(operations: Operations, text: str, name: str | None = None, **variables: Any) -> tuple[Answer, Any]:
    context: Any = zoo.Asking(world())
    prepared = operations.prepare(text, name)

    async def execute(context: Context) -> Answer:
        return await prepared.execute(variables, context)

    answer = asyncio.run(execute(context))
    return answer, orjson.loads(answer.body)


def test_an_operation_is_planned_once() -> None:
    operations = planned_operations(SCHEMA, Settings())
    assert operations.prepare(TEXT, "One") is operations.prepare(TEXT, "One")
    answer, body = ask(operations, TEXT, "Two")
    assert (answer.how, body) == ("planned", {"data": {"cat": {"id": "Cat0"}}})


def test_only_what_is_asked_for_is_planned() -> None:
    operations = planned_operations(SCHEMA, Settings())
    operations.prepare(TEXT, "One")
    assert operations.documents[TEXT].prepared.keys() == {"One"}
    assert operations.documents[TEXT].operations.keys() == {"One", "Two"}


def test_documents_are_kept_up_to_a_number_of_bytes_the_latest_used() -> None:
    operations = planned_operations(SCHEMA, Settings(operations_bytes=100_000))
    texts = [
        "{ cat { " + "name " * 38 + f"a{number}: name }} }}" for number in range(20)
    ]  # 47 KiB, 1 a token, 6 a byte
    for text in texts:
        operations.prepare(texts[0], None)
        operations.prepare(text, None)
        assert operations.documents.currsize == sum(each.size for each in operations.documents.values()) <= 100_000
        assert set(operations.documents) == {texts[0], text}


def test_documents_are_kept_up_to_a_number() -> None:
    operations = planned_operations(SCHEMA, Settings(operations=3))
    texts = [f"{{ cat {{ a{number}: name }} }}" for number in range(5)]
    for text in texts:
        operations.prepare(text, None)
    assert list(operations.documents) == texts[2:]


@pytest.mark.parametrize("limits", [{"operations": 0}, {"operations_bytes": 1_000}], ids=str)
def test_a_document_that_has_no_room_is_answered_all_the_same(limits: dict[str, int]) -> None:
    operations = planned_operations(SCHEMA, Settings(**limits))  # type: ignore[arg-type] # both are whole numbers
    _, body = ask(operations, "{ cat { id } }")
    assert body == {"data": {"cat": {"id": "Cat0"}}}
    assert not operations.documents


def test_variables_that_do_not_fit_are_not_executed() -> None:
    answer, body = ask(planned_operations(SCHEMA, Settings()), TEXT, "One", n="many")
    assert (answer.executed, answer.codes) == (False, ("BAD_USER_INPUT",))
    assert body["errors"][0]["message"].startswith("Variable '$n' has invalid value")


def test_both_give_up_on_the_variables_of_a_request_after_as_many_errors() -> None:
    names = [f"n{number}" for number in range(60)]
    definitions = " ".join(f"${name}: Int!" for name in names)
    text = f"query ({definitions}) {{ {' '.join(f'{name}: pets(first: ${name}) {{ __typename }}' for name in names)} }}"
    settings = Settings(errors=100, aliases=100, root_fields=100)
    _, planned = ask(planned_operations(SCHEMA, settings), text)
    _, interpreted = ask(interpreted_operations(SCHEMA, settings), text)
    assert planned == interpreted
    assert "Too many errors" in planned["errors"][-1]["message"]


def test_introspection_is_interpreted() -> None:
    answer, body = ask(planned_operations(SCHEMA, Settings()), "{ __schema { queryType { name } } }")
    assert (answer.how, body["data"]["__schema"]["queryType"]["name"]) == ("interpreted", "Query")


def test_a_defect_of_a_plan_is_counted_logged_and_answered_by_the_interpreter(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(Run, "_complete", broken)
    operations = planned_operations(SCHEMA, Settings())
    with caplog.at_level(logging.WARNING):
        answer, body = ask(operations, "{ cat { id } }")
    assert (answer.how, body["data"], operations.counts.defects) == ("interpreted", {"cat": {"id": "Cat0"}}, 1)
    assert "the field cat" in caplog.text


def test_a_value_that_json_cannot_hold_is_an_internal_error() -> None:
    operations = planned_operations(SCHEMA, Settings())
    there = world()
    there.members[0].name = "\ud800"
    context: Any = zoo.Asking(there)
    answer = asyncio.run(operations.prepare("{ cat { name } }", None).execute({}, context))
    assert answer.codes == ("INTERNAL",)


def test_what_a_scalar_cannot_write_is_masked() -> None:
    there = world()
    there.members[0].age = "a secret"
    context: Any = zoo.Asking(there)
    answer = asyncio.run(planned_operations(SCHEMA, Settings()).prepare("{ cat { age } }", None).execute({}, context))
    assert answer.codes == ("INTERNAL",)
    assert b"secret" not in answer.body
