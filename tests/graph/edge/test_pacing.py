"""Tests that subscriptions which replay many changes leave others their turn, however many there are."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from graph.edge.asgi import App
from graph.execute.context import Context, Subscriber
from graph.serve.site import operations
from graph.settings import Settings
from store.base import Put
from store.tiny.store import TinyStore
from tests.newsroom import news
from tests.patience import PATIENCE

pytestmark = pytest.mark.anyio
CHANGES, REPLAYS = 450, 20


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    with TinyStore(tmp_path / "news.json", follow=False) as store:
        await store.apply([Put(news(f"{n}.md", f"News {n}")) for n in range(CHANGES)])
        settings = Settings(request_log=False)
        yield App(store, operations(settings), settings)


async def test_a_request_waits_for_few_events_of_all_replays(app: App) -> None:
    made, told_all = 0, asyncio.Event()
    operation = app.operations.prepare('subscription { changes(since: "0") { seq article { title } } }', None)

    async def replay() -> None:
        nonlocal made
        subscriber = Subscriber(turn=app.admission.event_turn)
        async for _ in app.endpoint.watched(operation, {}, Context(app.store, subscriber=subscriber)):
            made += 1
            if made == REPLAYS * CHANGES:
                told_all.set()

    async def answered() -> int:
        return made

    replays = [asyncio.create_task(replay()) for _ in range(REPLAYS)]
    waited = []
    for _ in range(50):
        await asyncio.sleep(0)
        arrived = made
        waited.append(await app.admission.run(answered) - arrived)
    assert max(waited) <= 2
    async with asyncio.timeout(PATIENCE):
        await told_all.wait()
    for each in replays:
        each.cancel()
    await asyncio.gather(*replays, return_exceptions=True)


@pytest.mark.parametrize(
    ("arguments", "turns_due"),
    [("", 3 + CHANGES), (", kinds: [REMOVED]", 1), (', filter: {title: {eq: "News 7"}}', 3 + 1)],
)
async def test_each_page_and_each_event_waits_for_its_turn(app: App, arguments: str, turns_due: int) -> None:
    turns = 0
    caught_up = asyncio.Event()

    async def turn() -> None:
        nonlocal turns
        turns += 1
        if turns == turns_due:
            caught_up.set()

    operation = app.operations.prepare(f'subscription {{ changes(since: "0"{arguments}) {{ seq }} }}', None)
    answers = operation.subscribe({}, Context(app.store, subscriber=Subscriber(turn=turn)))

    async def replay() -> int:
        return len([answer async for answer in answers])

    task = asyncio.create_task(replay())
    async with asyncio.timeout(PATIENCE):
        await caught_up.wait()
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert turns == turns_due
