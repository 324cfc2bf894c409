"""Tests who is admitted: one limit for requests on both roads, on sockets and on event streams, and turns between."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from select import select
from typing import Any

import pytest

from graph.edge.admission import Admission, Places
from graph.edge.workload import Ticket
from graph.errors import Refusal
from graph.observe.request_record import RequestRecord
from graph.settings import Settings
from tests.graph.edge.test_websocket import ACK, INIT, opened, receive, send, subscribe
from tests.patience import PATIENCE, until
from tests.serving import drained, exchange, request, serving, until_told
from tests.small import post, small_app

SLOW = "{ slow(seconds: 60) }"
UNDER_WAY = b"broadsheet_under_way %d.0"


def test_a_place_is_free_again_however_its_holder_ended() -> None:
    places = Places(1)
    with pytest.raises(ZeroDivisionError), places:
        raise ZeroDivisionError
    with places, pytest.raises(Refusal) as refused, places:
        pass
    assert (refused.value.code, refused.value.status, refused.value.headers) == (
        "OVERLOADED",
        503,
        ((b"retry-after", b"1"),),
    )
    assert (places.taken, places.shed) == (0, 1)


@pytest.mark.anyio
async def test_requests_of_one_turn_count_together_with_those_under_way() -> None:
    admitting, loop = Admission(Settings(concurrency=3)), asyncio.get_running_loop()
    with admitting.requests:
        admitting.admit_now(loop)
        admitting.admit_now(loop)
        with pytest.raises(Refusal):
            admitting.admit_now(loop)
        await asyncio.sleep(0)
        admitting.admit_now(loop)
    assert admitting.shed == 1


@pytest.mark.anyio
async def test_a_turn_that_took_long_leaves_what_else_arrived_to_later_turns() -> None:
    now = 0.0
    admitting, loop = Admission(Settings(), lambda: now), asyncio.get_running_loop()
    for seconds, is_long in ((0.0, False), (0.005, False), (0.01, True)):
        admitting.admit_now(loop)
        now = seconds
        assert admitting.gives_way() == is_long
    await asyncio.sleep(0)
    admitting.admit_now(loop)
    assert not admitting.gives_way()


async def starts(admitting: Admission, number: int) -> list[int]:
    """Return how many of *number* requests start in each turn of the event loop in which any does."""
    loop, turn, turns = asyncio.get_running_loop(), 0, list[int]()

    def count() -> None:
        nonlocal turn
        turn += 1
        if len(turns) < number:
            loop.call_soon(count)

    async def work() -> None:
        turns.append(turn)

    loop.call_soon(count)
    await asyncio.gather(*(admitting.run(work) for _ in range(number)))
    return list(Counter(turns).values())


@pytest.mark.anyio
async def test_after_a_slow_answer_one_starts_in_each_turn_of_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.edge.admission.SLOW_SECONDS", -1.0)
    admitting = Admission(Settings())
    assert await starts(admitting, 1) == [1]
    assert await starts(admitting, 4) == [1, 1, 1, 1]


@pytest.mark.anyio
async def test_while_there_is_too_much_to_do_several_start_in_each_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.edge.admission.SLOW_SECONDS", -1.0)
    admitting = Admission(Settings())
    assert await starts(admitting, 1) == [1]
    admitting.workload.tickets.add(Ticket(1_000.0))
    assert await starts(admitting, 20) == [8, 8, 4]


@pytest.mark.anyio
@pytest.mark.parametrize("slow", [lambda app: post(app, SLOW), lambda app: post(app, SLOW, accept="text/event-stream")])
async def test_a_request_that_waits_holds_a_place_whatever_it_is_answered_as(
    slow: Callable[..., Awaitable[object]],
) -> None:
    app = small_app(concurrency=1)
    waiting = asyncio.ensure_future(slow(app))
    await asyncio.to_thread(until, lambda: app.admission.requests.taken == 1)
    assert (await post(app, "{ hello }")).code == "OVERLOADED"
    streamed = await post(app, "{ hello }", accept="text/event-stream")
    assert (streamed.status, streamed.code) == (200, "OVERLOADED")
    waiting.cancel()


def test_operations_on_a_socket_are_admitted_like_requests() -> None:
    with serving(concurrency=2) as address, opened(address, INIT) as socket:
        assert receive(socket) == ACK
        for name in "ab":
            send(socket, subscribe(name, SLOW))
        until_told(address, UNDER_WAY % 2)
        send(socket, subscribe("c", "{ hello }"))
        answer = receive(socket)
        assert (answer["id"], answer["type"]) == ("c", "error")
        assert answer["payload"][0]["extensions"] == {"code": "OVERLOADED"}
        refused = exchange(address, request(json.dumps({"query": "{ hello }"}).encode()))
        assert refused.startswith(b"HTTP/1.1 503")
        send(socket, {"type": "complete", "id": "a"})
        until_told(address, UNDER_WAY % 1)
        send(socket, subscribe("d", "{ hello }"))
        assert receive(socket)["payload"] == {"data": {"hello": "world"}}
        until_told(address, b"broadsheet_shed_total 2.0")


def test_large_requests_are_held_until_they_are_answered_whatever_comes_behind_them() -> None:
    body = json.dumps({"query": SLOW, "variables": {"t": "x" * 200_000}}).encode()
    with serving(bodies_bytes=500_000, request_seconds=PATIENCE) as address, ExitStack() as stack:
        connections = []
        for _ in range(6):
            connections.append(stack.enter_context(socket.create_connection(address, timeout=PATIENCE)))
            connections[-1].sendall(request(body, close=False) + request(b"", method="GET", close=False) * 100)
        refused: set[socket.socket] = set()
        while len(refused) < 4:
            refused.update(select([each for each in connections if each not in refused], [], [], PATIENCE)[0])
        assert all(b'"OVERLOADED"' in drained(each) for each in refused)
        until_told(address, UNDER_WAY % 2)
        assert b"world" in exchange(address, request(b'{"query": "{ hello }"}'))


def test_large_operations_of_a_socket_are_held_until_they_are_answered() -> None:
    text: dict[str, Any] = {"t": "x" * 300_000}
    many: dict[str, Any] = {"t": [[]] * 20_000}
    with serving(bodies_bytes=3_000_000, request_seconds=PATIENCE) as address, opened(address, INIT) as client:
        assert receive(client) == ACK
        send(client, subscribe("1", SLOW, variables=many))
        send(client, subscribe("2", SLOW, variables=text))
        send(client, subscribe("3", SLOW, variables=many))
        answer = receive(client)
        assert (answer["id"], answer["payload"][0]["extensions"]["code"]) == ("3", "OVERLOADED")
        until_told(address, UNDER_WAY % 2)
        send(client, {"type": "complete", "id": "1"})
        until_told(address, UNDER_WAY % 1)
        send(client, subscribe("4", SLOW, variables=many))
        send(client, subscribe("5", "{ hello }"))
        assert receive(client)["payload"] == {"data": {"hello": "world"}}
        until_told(address, UNDER_WAY % 2)


def test_a_subscription_is_asked_for_with_few_bytes() -> None:
    ticks, variables = "subscription { count(to: 3) }", {"t": "x" * 70_000}
    with serving() as address, opened(address, INIT) as client:
        body = json.dumps({"query": ticks, "variables": variables}).encode()
        assert b"BODY_TOO_LARGE" in exchange(address, request(body, "accept: text/event-stream\r\n"))
        assert receive(client) == ACK
        send(client, subscribe("1", ticks, variables=variables))
        assert receive(client)["payload"][0]["extensions"]["code"] == "BODY_TOO_LARGE"


def test_a_subscription_holds_a_place_only_while_it_starts() -> None:
    with serving(concurrency=1) as address, opened(address, INIT) as socket:
        assert receive(socket) == ACK
        send(socket, subscribe("a", "subscription { count(to: 2, seconds: 0.1) }"))
        received = [receive(socket)]
        send(socket, subscribe("b", "subscription { count(to: 2, seconds: 0.1) }"))
        received += [receive(socket) for _ in range(5)]
        assert sorted((each["id"], each["type"]) for each in received) == sorted(
            (name, kind) for name in "ab" for kind in ("next", "next", "complete")
        )


@pytest.mark.anyio
@pytest.mark.parametrize("code", ["", "TIMEOUT"])
async def test_an_event_stream_of_one_answer_is_whole_and_recorded_as_what_it_is(code: str) -> None:
    records: list[RequestRecord] = []
    app = small_app(spans=records.append, request_seconds=0.01 if code else 10.0)
    reply = await post(app, SLOW if code else "{ hello }", accept="text/event-stream")
    assert (reply.status, reply.body.count(b"event: next"), reply.body.count(b"event: complete")) == (200, 1, 1)
    assert [(record.status, record.code, record.bytes) for record in records] == [(200, code, len(reply.body))]


@pytest.mark.anyio
async def test_a_stream_that_there_is_no_room_for_is_recorded_once() -> None:
    records: list[RequestRecord] = []
    app = small_app(spans=records.append, sockets=0)
    reply = await post(app, "subscription { count(to: 1) }", accept="text/event-stream")
    assert (reply.status, reply.code, app.admission.shed) == (200, "OVERLOADED", 1)
    assert [(record.status, record.code) for record in records] == [(200, "OVERLOADED")]


def test_a_mutation_that_nobody_waits_for_holds_its_place_until_it_is_done() -> None:
    with serving(concurrency=1) as address, opened(address, INIT) as socket:
        assert receive(socket) == ACK
        send(socket, subscribe("a", "mutation { save(seconds: 1) }"))
        until_told(address, UNDER_WAY % 1)
        send(socket, {"type": "complete", "id": "a"})
        send(socket, {"type": "ping"})
        assert receive(socket) == {"type": "pong"}
        until_told(address, b"broadsheet_store_sequence 8.0")
        until_told(address, UNDER_WAY % 0)


@pytest.mark.anyio
async def test_a_mutation_that_outlives_its_time_holds_a_place() -> None:
    app = small_app(concurrency=1, request_seconds=0.01)
    assert (await post(app, "mutation { save(seconds: 0.5) }")).code == "TIMEOUT"
    assert app.admission.requests.taken == 1
    assert (await post(app, "{ hello }")).code == "OVERLOADED"
    await asyncio.to_thread(until, lambda: app.admission.requests.taken == 0)
    assert app.store.sequence == 8
