"""Compares plans with the interpreter: generated operations over generated worlds have the same answer from both."""

import asyncio
import gc
from typing import Any

import orjson
import pytest
from graphql import ExecutionResult, GraphQLError, execute, parse, validate
from graphql.language import OperationDefinitionNode
from hypothesis import HealthCheck, assume, given, settings
from hypothesis_graphql import queries

from graph.document.fragments import fragments_by_name
from graph.execute.plan.execute import JSON, Run
from graph.execute.plan.fragment_cache import FragmentCache
from graph.execute.plan.plan import Plan
from graph.execute.plan.variables import Variables, VariablesError
from tests import zoo
from tests.agreement import assert_agreement
from tests.dressed import dressed
from tests.scale import scaled

SCHEMA = zoo.schema()
OPERATIONS = dressed(queries(SCHEMA, custom_scalars=zoo.ANYTHING), SCHEMA)
EXAMPLES = settings(
    max_examples=scaled(500, 20_000),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


async def interpreted(text: str, variables: dict[str, Any], asking: zoo.Asking) -> ExecutionResult:
    result = execute(SCHEMA, parse(text), context_value=asking, variable_values=variables)
    return result if isinstance(result, ExecutionResult) else await result


def plan_of(text: str) -> tuple[Plan, Variables]:
    document = parse(text)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return Plan(SCHEMA, operation, fragments_by_name(document)), Variables(SCHEMA, operation.variable_definitions or ())


async def planned(
    plan: Plan, definitions: Variables, variables: dict[str, Any], asking: zoo.Asking, cache: FragmentCache
) -> tuple[Any, list[GraphQLError], Run]:
    inputs = definitions.inputs(variables)

    def region(identity: Any, within: bytes) -> Any:
        return cache.region(asking.sequence, asking.viewer, identity, within)

    run = Run(asking, inputs, region)
    data, errors = await run.execute(plan.root(inputs.coerced))
    return orjson.loads(orjson.dumps(data, option=JSON)), errors, run


def valid(text: str) -> bool:
    return not validate(SCHEMA, parse(text))


def described(error: GraphQLError) -> tuple[Any, ...]:
    """Return all that an answer says of an error of a variable."""
    return error.message, error.locations, error.path, error.extensions


async def agree(text: str, variables: dict[str, Any], world: zoo.World) -> None:
    theirs = await interpreted(text, variables, zoo.Asking(world))
    plan, definitions = plan_of(text)
    if any(error.path is None for error in theirs.errors or ()):
        with pytest.raises(VariablesError) as refused:
            definitions.inputs(variables)
        assert list(map(described, refused.value.errors)) == list(map(described, theirs.errors or ()))
        return
    expected = orjson.loads(orjson.dumps(theirs.data))
    cache = FragmentCache(1_000_000)
    # The second run of a plan knows the classes that the first has seen.
    for each in (FragmentCache(0), FragmentCache(0), cache, cache):
        data, errors, run = await planned(plan, definitions, variables, zoo.Asking(world), each)
        assert run.unconfirmed is None
        assert_agreement(expected, theirs.errors or (), data, errors)


@EXAMPLES
@given(OPERATIONS, zoo.worlds())
def test_a_plan_gives_the_interpreters_answer(operation: tuple[str, dict[str, Any]], world: zoo.World) -> None:
    text, variables = operation
    assume(valid(text))
    asyncio.run(agree(text, variables, world))


def test_a_list_that_fails_at_its_first_item_leaves_the_next_list_its_own_items() -> None:
    world = zoo.World([zoo.CLASSES[name]() for name in ("Cat", "Cat", "Toy")])
    for number, (member, toys) in enumerate(zip(world.members, [(1, 2), [0], None], strict=True)):
        vars(member).update(id=str(number), toys=toys)
    asyncio.run(agree("{ named { ... on Cat { toys { id } } } }", {}, world))


def test_what_the_interpreter_never_begins_beside_an_error_is_no_failure() -> None:
    world = zoo.World([zoo.CLASSES[name]() for name in ("Cat", "Cat", "Toy")], failing=frozenset(["owner"]))
    for number, member in enumerate(world.members):
        vars(member).update(id=str(number), friend=1, friends=[0, 1])
    friends = "friends { id friends { friends { id } } } friend { friends { friend { id } } }"
    asyncio.run(agree(f"{{ named {{ {friends} }} toy {{ id owner {{ friends {{ id }} }} }} }}", {}, world))
    gc.collect()


@pytest.mark.parametrize(
    ("definitions", "variables"),
    [
        ("$n: Int", {"n": "many"}),
        ("$n: Int", {"n": 2**31}),
        ("$n: Int!", {}),
        ("$n: Int!", {"n": None}),
        ("$n: Int! = 3", {"n": None}),
        ("$n: Int!, $h: Hunger", {"h": {"food": 1, "amount": "two", "odd": 3}}),
        ("$n: Int = 1, $h: Hunger", {"h": {"more": [{}, {"amount": None}]}}),
        ("$n: Int, $m: Mood!", {"n": [], "m": "SAD"}),
        ("$n: Int, $k: Key!", {"k": {"id": "a", "number": 1}}),
        ("$n: Int, $k: Key", {"k": {"id": None}}),
        ("$n: Int, $l: [[Int!]!]", {"l": [[1, None], ["a"], None]}),
        ("$n: Int, $b: Boolean!", {"b": 1}),
        ("$n: Int, $s: String, $i: ID!", {"s": 1, "i": 1.5}),
    ],
)  # fmt: skip
def test_variables_that_do_not_fit_have_the_interpreters_errors(definitions: str, variables: dict[str, Any]) -> None:
    text = f"query ({definitions}) {{ pets(first: $n) {{ __typename }} }}"
    with pytest.raises(VariablesError):
        plan_of(text)[1].inputs(variables)
    asyncio.run(agree(text, variables, zoo.World([])))
