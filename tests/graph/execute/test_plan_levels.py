"""Checks that a plan calls each batch resolver once a level, and that cached objects stand only for their equals."""

import asyncio
from collections import Counter
from typing import Any

import orjson
import pytest
from graphql import execute, parse
from graphql.language import OperationDefinitionNode

from graph.document.fragments import fragments_by_name
from graph.execute.plan.errors import UnplannedError
from graph.execute.plan.execute import Run
from graph.execute.plan.fragment_cache import FragmentCache
from graph.execute.plan.plan import Plan
from graph.execute.plan.variables import Variables
from tests import zoo

SCHEMA = zoo.schema()
TEXT = """query ($n: Int) {
  pets(first: 3) { ... on Alive { friends(first: $n) { name friend { id } } keeper: friend { name } } }
}"""


def world() -> zoo.World:
    members = []
    for number, name in enumerate(["Cat", "Dog", "Cat", "Keeper", "Dog", "Toy"]):
        member: Any = zoo.CLASSES[name]()
        vars(member).update(
            id=f"{name}{number}", name=f"n{number}", friend=number, friends=[0, 1, 2], age=number, lives=9, mood="GLAD",
            weight=1.5, toys=[0], tags=["a"], grid=[[1]], number=number, anything=None,
        )  # fmt: skip
        members.append(member)
    return zoo.World(members)


def plan(text: str) -> tuple[Plan, Variables]:
    document = parse(text)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return Plan(SCHEMA, operation, fragments_by_name(document)), Variables(SCHEMA, operation.variable_definitions or ())


def run(text: str, variables: dict[str, Any], asking: zoo.Asking, cache: FragmentCache) -> tuple[Any, Run]:
    """Execute a plan by one send: whatever suspends fails."""
    planned, definitions = plan(text)
    inputs = definitions.inputs(variables)
    walk = Run(asking, inputs, lambda identity, within: cache.region(asking.sequence, asking.viewer, identity, within))
    with pytest.raises(StopIteration) as end:
        walk.execute(planned.root(inputs.coerced)).send(None)
    data, errors = end.value.value
    assert not errors
    return orjson.loads(orjson.dumps(data)), walk


def test_a_linked_field_is_asked_once_a_level_for_all_parents_and_types() -> None:
    asking = zoo.Asking(world())
    run(TEXT, {"n": 3}, asking, FragmentCache(0))
    # Two cats and a dog, and three friends of each: cats and dogs share each call.
    assert asking.calls == [("pets", 1), ("friends", 3), ("friend", 9), ("friend", 3)]


def test_the_interpreter_asks_as_often_as_a_plan() -> None:
    asking, planned = zoo.Asking(world()), zoo.Asking(world())

    async def interpret() -> Any:
        return await execute(SCHEMA, parse(TEXT), context_value=asking, variable_values={"n": 3})  # type: ignore[misc]

    answer = asyncio.run(interpret())
    data, _ = run(TEXT, {"n": 3}, planned, FragmentCache(0))
    assert answer.data == data
    assert Counter(asking.calls) == Counter(planned.calls)


def test_what_is_cached_is_not_resolved_again_until_the_store_changes() -> None:
    cache = FragmentCache(1_000_000)
    first, second, changed = zoo.Asking(world()), zoo.Asking(world()), zoo.Asking(world(), 2)
    data, _ = run(TEXT, {"n": 3}, first, cache)
    again, walk = run(TEXT, {"n": 3}, second, cache)
    assert (again, walk.hits, second.calls) == (data, 3, [("pets", 1)])
    run(TEXT, {"n": 3}, changed, cache)
    assert changed.calls == first.calls


@pytest.mark.parametrize("other", [{"n": 2}, {}, {"n": None}], ids=str)
def test_what_is_cached_for_some_variables_is_not_used_for_others(other: dict[str, Any]) -> None:
    cache = FragmentCache(1_000_000)
    run(TEXT, {"n": 3}, zoo.Asking(world()), cache)
    data, walk = run(TEXT, other, zoo.Asking(world()), cache)
    assert walk.hits == 0
    assert data == run(TEXT, other, zoo.Asking(world()), FragmentCache(0))[0]


def test_what_is_cached_for_some_rights_is_not_used_for_others() -> None:
    cache = FragmentCache(1_000_000)
    run(TEXT, {"n": 3}, zoo.Asking(world()), cache)
    _, walk = run(TEXT, {"n": 3}, zoo.Asking(world(), viewer=zoo.Viewer(drafts=True)), cache)
    assert walk.hits == 0


def test_an_object_with_a_fleeting_field_inside_is_not_cached() -> None:
    cache, text = FragmentCache(1_000_000), "{ cat { name toys { weight } } }"
    for _ in range(2):
        _, walk = run(text, {}, zoo.Asking(world()), cache)
        assert (walk.hits, walk.misses) == (0, 0)


def test_cached_bytes_stay_below_their_limit() -> None:
    cache = FragmentCache(5_000)
    for number in range(200):
        run(f"{{ pets(first: 3) {{ ... on Cat {{ a{number}: name }} }} }}", {}, zoo.Asking(world()), cache)
        assert cache.generation.size < 7_000


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{ __schema { queryType { name } } }", "Query.__schema has no resolver"),
        ("subscription { x }", "a subscription"),
        ("{ cat { name @other } }", "directive @other"),
    ],
)
def test_what_plans_do_not_take_has_a_reason(text: str, reason: str) -> None:
    with pytest.raises(UnplannedError, match=f"^{reason}$"):
        plan(text)
