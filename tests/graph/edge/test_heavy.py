"""Checks that operations with much to look at keep nobody else waiting, and end when their time is over."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from graph.edge.asgi import App
from graph.edge.workload import Ticket
from graph.errors import Refusal
from graph.execute.context import Context, Subscriber, Viewer
from graph.execute.execution import Answer
from graph.execute.operations import planned_operations
from graph.schema.build import schema
from graph.settings import Settings
from store.base import Put
from store.tiny.memory.pace import PORTION
from store.tiny.store import TinyStore
from tests.graph.edge.test_websocket import ACK, INIT, opened, receive, send, subscribe
from tests.newsroom import news
from tests.serving import exchange, request, serving
from tests.small import Reply, ask, post

SCHEMA = schema()._schema
MANY = 3 * PORTION
LIGHT = "{ articles(first: 1) { nodes { path } } }"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyStore]:
    path: Path = tmp_path_factory.mktemp("store") / "news.json"
    with TinyStore(path, follow=False) as opened:
        asyncio.run(opened.apply([Put(news(f"{n}.md", excerpt=f"It is {n}")) for n in range(MANY)]))
        opened._pace.slice_seconds = 0  # so that slices are counted by articles, not by time
        yield opened


def app(store: TinyStore, **given: float) -> App:
    settings = Settings(request_log=False, **given)  # type: ignore[arg-type] # numbers of any kind
    return App(store, planned_operations(SCHEMA, settings), settings)


def heavy(name: str, number: int = 39) -> str:
    """Return an operation that looks at each article as often as it has conditions; names make others of it."""
    conditions = " ".join(f'{{excerpt: {{contains: "{name}{n}"}}}}' for n in range(number))
    return f"{{ articles(first: 1, filter: {{or: [{conditions}]}}) {{ totalCount }} }}"


def saving(name: str, number: int) -> str:
    """Return a mutation whose answer is as heavy."""
    text = "---\\ntitle: New\\nprovider: {name: One, domain: one.org}\\n---\\n"
    selected = f"... on ArticleSaved {{ article {{ provider {heavy(name, number)} }} }}"
    return f'mutation {{ saveArticle(input: {{path: "new.md", text: "{text}"}}) {{ {selected} }} }}'


@pytest.mark.anyio
async def test_others_are_answered_while_a_heavy_operation_runs(store: TinyStore) -> None:
    served = app(store)
    running = asyncio.create_task(post(served, heavy("x")))
    await asyncio.sleep(0)
    for _ in range(3):
        assert (await post(served, LIGHT)).status == 200
        assert (await ask(served, "GET", path="/health")).status == 200
    assert not running.done()
    assert (await running).json == {"data": {"articles": {"totalCount": 0}}}


@pytest.mark.anyio
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_an_operation_ends_when_its_time_is_over(store: TinyStore, accept: str) -> None:
    store.forget()
    reply: Reply = await post(app(store, request_seconds=0.001), heavy("y"), accept=accept)
    assert b"TIMEOUT" in reply.body


def overloaded(store: TinyStore, chosen: Settings) -> App:
    """Return an application that has read `LIGHT` and `heavy("known")`, and has ten seconds of work left."""
    served = App(store, planned_operations(SCHEMA, chosen), chosen)
    for text in (LIGHT, heavy("known", 150)):
        served.operations.prepare(text, None)
    served.admission.workload.tickets.add(Ticket(10.0))
    return served


@pytest.mark.parametrize("http", ["in-place", "plain"])
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize("text", [heavy("known", 150), heavy("unknown", 1)], ids=["costly", "not read yet"])
def test_what_costs_too_much_beside_the_work_under_way_is_shed_on_every_road(
    store: TinyStore, http: str, accept: str, text: str
) -> None:
    served: list[App] = []

    def made(chosen: Settings) -> App:
        served.append(overloaded(store, chosen))
        return served[0]

    with serving(made, http=http, conditions=1000) as address:
        reply = exchange(address, request(json.dumps({"query": text}).encode(), f"accept: {accept}\r\n"))
        assert b"OVERLOADED" in reply
        assert (b"HTTP/1.1 503" in reply) == (accept == "application/json")
        assert b'"path":"0.md"' in exchange(address, request(json.dumps({"query": LIGHT}).encode()))
        assert served[0].admission.shed == 1


@pytest.mark.parametrize("text", [heavy("known", 150), heavy("unknown", 1)], ids=["costly", "not read yet"])
def test_it_is_shed_on_a_socket_too(store: TinyStore, text: str) -> None:
    with (
        serving(lambda chosen: overloaded(store, chosen), conditions=1000) as address,
        opened(address, INIT) as socket,
    ):
        assert receive(socket) == ACK
        send(socket, subscribe("a", text))
        assert receive(socket)["payload"][0]["extensions"]["code"] == "OVERLOADED"
        send(socket, subscribe("b", LIGHT))
        assert receive(socket)["payload"]["data"]


async def turns_of(task: "asyncio.Future[Answer]", served: App) -> tuple[int, float]:
    """Return how many turns of the event loop a task takes, and the most work that is counted meanwhile, in seconds."""
    turns, most = 0, 0.0
    while not task.done():
        turns += 1
        most = max(most, served.admission.workload.seconds)
        await asyncio.sleep(0)
    return turns, most


@pytest.mark.anyio
async def test_others_have_their_turn_while_a_mutation_is_answered(store: TinyStore) -> None:
    served = app(store)
    operation = served.operations.prepare(saving("answer", 30), None)
    answered = served.endpoint.executed(operation, {}, Context(store, Viewer(write=True)))
    task = asyncio.ensure_future(answered)
    turns, most = await turns_of(task, served)
    assert b'"totalCount":0' in task.result().body
    assert (turns > MANY / PORTION, most > 0) == (True, True)


@pytest.mark.anyio
async def test_a_mutation_that_is_too_much_is_refused_before_anything_is_written(store: TinyStore) -> None:
    served, sequence = overloaded(store, Settings(request_log=False, conditions=1000)), store.sequence
    operation = served.operations.prepare(saving("refused", 150), None)
    with pytest.raises(Refusal):
        await served.endpoint.executed(operation, {}, Context(store, Viewer(write=True)))
    assert store.sequence == sequence


@pytest.mark.anyio
async def test_others_have_their_turn_while_an_event_is_made_and_its_work_is_counted(
    store: TinyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.edge.workload.BRIEF_SECONDS", 0.0)
    served = app(store)
    text = f'subscription {{ changes(since: "0") {{ article {{ provider {heavy("event", 30)} }} }} }}'
    operation = served.operations.prepare(text, None)
    async with aclosing(served.endpoint.watched(operation, {}, Context(store))) as events:
        task = asyncio.ensure_future(anext(events))
        turns, most = await turns_of(task, served)
        assert b'"totalCount":0' in task.result().body
        assert (turns > MANY / PORTION, most > 0) == (True, True)
        assert not served.admission.workload.is_busy


@pytest.mark.anyio
async def test_a_subscription_that_waits_for_changes_has_no_work_left(
    store: TinyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.edge.workload.BRIEF_SECONDS", 0.0)
    served, most = app(store), 0.0
    text = 'subscription { changes(since: "0", filter: {excerpt: {contains: "waits"}}) { seq } }'
    operation = served.operations.prepare(text, None)
    async with aclosing(served.endpoint.watched(operation, {}, Context(store, subscriber=Subscriber()))) as events:
        task = asyncio.ensure_future(anext(events))
        while not (most and not served.admission.workload.is_busy):
            most = max(most, served.admission.workload.seconds)
            await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0)
        assert not served.admission.workload.is_busy
        assert not task.done()
        task.cancel()
        await asyncio.wait([task])


@pytest.mark.anyio
async def test_work_that_was_cut_off_is_work_no_longer(store: TinyStore) -> None:
    store.forget()
    served = app(store, request_seconds=0.001)
    assert (await post(served, heavy("z"))).code == "TIMEOUT"
    assert not served.admission.workload.is_busy
