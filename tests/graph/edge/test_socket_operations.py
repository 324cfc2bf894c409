"""Tests that operations on sockets are admitted as requests are, queue within bounds, and leave nothing behind."""

from contextlib import ExitStack
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from tests.graph.edge.test_websocket import ACK, INIT, opened, receive, send, subscribe
from tests.serving import serving, until_told

UNDER_WAY = b"broadsheet_under_way %d.0"


def told(socket: ClientConnection, ids: list[str]) -> dict[str, Any]:
    """Return the answer or the code of each operation, once all of them have one."""
    found: dict[str, Any] = {}
    while set(ids) - found.keys():
        message = receive(socket)
        if message["type"] == "next":
            found[message["id"]] = message["payload"]["data"]
        elif message["type"] == "error":
            found[message["id"]] = message["payload"][0]["extensions"]["code"]
    return found


@pytest.mark.parametrize("query", ["{ hello }", "{ hello slow(seconds: 0.02) }", "mutation { save(seconds: 0.02) }"])
def test_fifty_operations_at_once_on_one_socket_are_answered(query: str) -> None:
    names = [str(n) for n in range(50)]
    with serving() as address, opened(address, INIT, *[subscribe(name, query) for name in names]) as socket:
        assert receive(socket) == ACK
        assert all(isinstance(answer, dict) for answer in told(socket, names).values())
        until_told(address, UNDER_WAY % 0)


@pytest.mark.parametrize(
    ("query", "costs"), [("{ articles(first: 2) { title } }", [2]), ("subscription { count(to: 2) }", [0, 0])]
)
def test_the_cost_is_told_in_each_answer_when_asked(query: str, costs: list[int]) -> None:
    asked = {"type": "subscribe", "id": "1", "payload": {"query": query, "extensions": {"cost": True}}}
    with serving() as address, opened(address, INIT, asked) as socket:
        assert receive(socket) == ACK
        for cost in costs:
            assert receive(socket)["payload"]["extensions"] == {"cost": {"requested": cost, "maximum": 10_000}}
        assert receive(socket)["type"] == "complete"


def test_what_waits_on_one_socket_is_bounded_by_number() -> None:
    names = [str(n) for n in range(30)]
    with serving(socket_operations=20) as address:
        asked = [subscribe(name, "{ slow(seconds: 0.2) }") for name in names]
        with opened(address, INIT, *asked) as socket, opened(address, INIT) as other:
            assert [receive(socket), receive(other)] == [ACK, ACK]
            answers = told(socket, names)
            assert list(answers.values()).count("OVERLOADED") == 10
            send(other, subscribe("1", "{ hello }"))
            assert told(other, ["1"]) == {"1": {"hello": "world"}}


def test_what_waits_on_one_socket_is_bounded_by_size() -> None:
    names = [str(n) for n in range(6)]
    query = "query($t: String!) { slow(seconds: 0.5) echo(text: $t) }"
    with serving() as address, opened(address, INIT) as socket:
        assert receive(socket) == ACK
        for name in names:
            send(socket, subscribe(name, query, variables={"t": "x" * 1_000_000}))
        answers = told(socket, names)
        assert sorted(name for name, answer in answers.items() if answer == "OVERLOADED") == ["4", "5"]
        send(socket, subscribe("again", "{ hello }"))
        assert told(socket, ["again"]) == {"again": {"hello": "world"}}


@pytest.mark.parametrize("sockets", [1, 2, 4])
def test_of_many_heavy_operations_those_beyond_the_places_are_refused_at_once(sockets: int) -> None:
    each = 40 // sockets
    names = [str(n) for n in range(each)]
    with serving(concurrency=8) as address:
        with ExitStack() as opening:
            clients = [opening.enter_context(opened(address, INIT)) for _ in range(sockets)]
            for client in clients:
                assert receive(client) == ACK
            for name in names:
                for client in clients:
                    send(client, subscribe(name, "{ slow(seconds: 60) }"))
            until_told(address, b"broadsheet_shed_total 32.0")
            until_told(address, UNDER_WAY % 8)
        until_told(address, UNDER_WAY % 0)


def test_an_operation_that_is_not_wanted_any_longer_leaves_the_queue() -> None:
    with serving() as address, opened(address, INIT) as socket:
        assert receive(socket) == ACK
        for n in range(12):
            send(socket, subscribe(str(n), "{ slow(seconds: 60) }"))
        until_told(address, UNDER_WAY % 12)
        for n in (11, 10, *range(8)):
            send(socket, {"type": "complete", "id": str(n)})
        until_told(address, UNDER_WAY % 2)
        send(socket, subscribe("11", "{ hello }"))
        assert told(socket, ["11"]) == {"11": {"hello": "world"}}


def test_the_time_of_an_operation_runs_while_it_waits() -> None:
    names = [str(n) for n in range(12)]
    with serving(request_seconds=0.3) as address, opened(address, INIT) as socket:
        assert receive(socket) == ACK
        for name in names:
            send(socket, subscribe(name, "{ slow(seconds: 60) }"))
        assert set(told(socket, names).values()) == {"TIMEOUT"}
        until_told(address, UNDER_WAY % 0)


def test_operations_of_a_socket_that_is_gone_hold_no_places() -> None:
    with serving() as address:
        with opened(address, INIT) as socket:
            assert receive(socket) == ACK
            for n in range(30):
                send(socket, subscribe(str(n), "{ slow(seconds: 60) }"))
            until_told(address, UNDER_WAY % 30)
        until_told(address, UNDER_WAY % 0)
        until_told(address, b"broadsheet_sockets 0.0")
