"""Checks that long work runs in slices, whose tasks take turns, and that it gives what it would give in one go."""

import asyncio
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from store.base import Put
from store.criteria import AllOf, AnyOf, Criteria, Filter, Is, Not, Op, RelatesTo, Some
from store.tiny.memory.pace import PORTION, Pace, Work
from store.tiny.store import TinyStore
from tests.newsroom import news

MANY = 3 * PORTION


def steps(name: str, number: int, seen: list[str]) -> Work[str]:
    for _ in range(number):
        seen.append(name)
        yield
    return name


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyStore]:
    path: Path = tmp_path_factory.mktemp("store") / "news.json"
    with TinyStore(path, follow=False) as opened:
        told = [
            {"title": "Told", "webUrl": f"https://one.org/{n + 1}", "provider": {"domain": "one.org"}} for n in (0, 1)
        ]
        documents = [
            news(f"{n}.md", f"Number {n}", excerpt=f"It is {n}", webUrl=f"https://one.org/{n}", related=told)
            for n in range(MANY)
        ]
        asyncio.run(opened.apply([Put(document) for document in documents]))
        yield opened


def test_tasks_take_turns_slice_by_slice_and_none_runs_two_before_the_others_had_one() -> None:
    seen: list[str] = []

    async def both() -> list[str]:
        pace = Pace(slice_seconds=0)
        return await asyncio.gather(
            *(pace.run(steps(name, number, seen), nullcontext()) for name, number in (("a", 9), ("b", 3), ("c", 1)))
        )

    assert asyncio.run(both()) == ["a", "b", "c"]
    assert "".join(seen) == "abcababaaaaaa"


def test_one_turn_of_the_event_loop_has_one_slice_however_many_tasks_there_are() -> None:
    seen: list[str] = []

    async def run() -> None:
        pace, turns = Pace(slice_seconds=0), []
        tasks = [asyncio.create_task(pace.run(steps("a", 5, seen), nullcontext())) for _ in range(10)]
        await asyncio.sleep(0)  # each begins
        while not all(task.done() for task in tasks):
            before = len(seen)
            await asyncio.sleep(0)
            turns.append(len(seen) - before)
        assert max(turns) == 1

    asyncio.run(run())


def test_a_task_that_is_cancelled_leaves_its_turn_to_the_others() -> None:
    seen: list[str] = []

    async def run() -> str:
        pace = Pace(slice_seconds=0)
        first, second = (asyncio.create_task(pace.run(steps(name, 5, seen), nullcontext())) for name in "ab")
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert asyncio.run(run()) == "b"
    assert seen.count("b") == 5


CONTAINS = Is("excerpt", Op.CONTAINS, "1")
FILTERS: list[Filter] = [
    CONTAINS,
    AllOf((CONTAINS, Is("path", Op.ENDS_WITH, "5.md"))),
    AnyOf((CONTAINS, Not(Is("slug", Op.CONTAINS, "2")))),
    Some("related", CONTAINS),
    Not(Some("related", CONTAINS)),
    RelatesTo("1.md"),
]


@pytest.mark.parametrize("where", FILTERS, ids=repr)
@pytest.mark.parametrize("is_inside", [True, False], ids=["inside of reading", "outside"])
def test_a_filter_finds_the_same_in_slices_while_others_run(store: TinyStore, where: Filter, is_inside: bool) -> None:
    store._pace.slice_seconds = 0
    turns = 0

    async def sliced() -> int:
        async with store.reading() if is_inside else nullcontext():
            return (await store.count([Criteria(where)]))[0]

    async def run() -> int:
        nonlocal turns
        task = asyncio.create_task(sliced())
        while not task.done():
            turns += 1
            await asyncio.sleep(0)
        return task.result()

    store.forget()
    found = asyncio.run(run())
    assert turns > MANY / PORTION
    store._pace.slice_seconds = 60
    store.forget()
    assert asyncio.run(store.count([Criteria(where)])) == [found]
