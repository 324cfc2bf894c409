"""Operations: planned once, answered by bytes, and by the interpreter where a plan cannot."""

import asyncio
import logging
from typing import Any

import orjson
import pytest

from graph.execute.context import Context
from graph.execute.execution import Answer
from graph.execute.operations import Operations
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
    operations = Operations(SCHEMA, Settings())
    assert operations.prepare(TEXT, "One") is operations.prepare(TEXT, "One")
    answer, body = ask(operations, TEXT, "Two")
    assert (answer.how, body) == ("planned", {"data": {"cat": {"id": "Cat0"}}})


def test_only_what_is_asked_for_is_planned() -> None:
    operations = Operations(SCHEMA, Settings())
    operations.prepare(TEXT, "One")
    assert operations.kept[TEXT].prepared.keys() == {"One"}
    assert operations.kept[TEXT].interpreted.keys() == {"One", "Two"}


def test_operations_are_kept_up_to_a_number_of_bytes() -> None:
    operations = Operations(SCHEMA, Settings(operations_bytes=100_000))
    for number in range(20):
        operations.prepare("{ cat { " + "name " * 40 + f"a{number}: name }} }}", None)
        assert operations.bytes == sum(operations.sizes.values()) <= 100_000
        assert operations.kept.keys() == operations.sizes.keys()
    assert len(operations.kept) == 2  # of 46 tokens each, at 1 KiB


def test_variables_that_do_not_fit_are_not_executed() -> None:
    answer, body = ask(Operations(SCHEMA, Settings()), TEXT, "One", n="many")
    assert (answer.executed, answer.codes) == (False, ("BAD_USER_INPUT",))
    assert body["errors"][0]["message"].startswith("Variable '$n' has invalid value")


def test_introspection_is_interpreted() -> None:
    answer, body = ask(Operations(SCHEMA, Settings()), "{ __schema { queryType { name } } }")
    assert (answer.how, body["data"]["__schema"]["queryType"]["name"]) == ("interpreted", "Query")


def test_a_defect_of_a_plan_is_counted_logged_and_answered_by_the_interpreter(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(Run, "_complete", broken)
    operations = Operations(SCHEMA, Settings())
    with caplog.at_level(logging.WARNING):
        answer, body = ask(operations, "{ cat { id } }")
    assert (answer.how, body["data"], operations.counts.defects) == ("interpreted", {"cat": {"id": "Cat0"}}, 1)
    assert "the field cat" in caplog.text


def test_a_value_that_json_cannot_hold_is_an_internal_error() -> None:
    operations = Operations(SCHEMA, Settings())
    there = world()
    there.records[0].name = "\ud800"
    context: Any = zoo.Asking(there)
    answer = asyncio.run(operations.prepare("{ cat { name } }", None).execute({}, context))
    assert answer.codes == ("INTERNAL",)


def test_what_a_scalar_cannot_write_is_masked() -> None:
    there = world()
    there.records[0].age = "a secret"
    context: Any = zoo.Asking(there)
    answer = asyncio.run(Operations(SCHEMA, Settings()).prepare("{ cat { age } }", None).execute({}, context))
    assert answer.codes == ("INTERNAL",)
    assert b"secret" not in answer.body
