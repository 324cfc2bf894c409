"""Tests graphql-transport-ws on a real server: each close code of the protocol, and operations between them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from secrets import token_hex
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.graph.edge.test_http import MALFORMED
from tests.patience import PATIENCE
from tests.serving import serving, until_told

INIT = {"type": "connection_init"}
ACK = {"type": "connection_ack"}


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    key = f"desk:{sha256(b'opens').hexdigest()}:drafts:read"
    with serving(subscriptions=3, keys=(key,)) as address:
        yield address


@contextmanager
def opened(
    address: tuple[str, int], *messages: Any, protocol: str = "graphql-transport-ws"
) -> Iterator[ClientConnection]:
    url, protocols = f"ws://{address[0]}:{address[1]}/graphql", [Subprotocol(protocol)]
    with connect(url, subprotocols=protocols, close_timeout=1) as socket:
        for message in messages:
            send(socket, message)
        yield socket


def send(socket: ClientConnection, message: Any) -> None:
    socket.send(message if isinstance(message, str | bytes) else json.dumps(message))


def receive(socket: ClientConnection) -> Any:
    return json.loads(socket.recv(timeout=PATIENCE))


def closed(socket: ClientConnection) -> int:
    """Return the code that the server closes with."""
    with suppress(ConnectionClosed):
        for _ in socket:
            pass
    return socket.close_code or 0


def subscribe(name: str, document: str, **given: Any) -> dict[str, Any]:
    return {"type": "subscribe", "id": name, "payload": {"query": document, **given}}


NO_TEXT: tuple[Any, ...] = (None, "", 1, True, ["1"], {})
NO_PAYLOAD: tuple[Any, ...] = (None, [], "{ hello }", 1, True, {}, {"query": None}, {"extensions": {}})
CLOSES: dict[str, tuple[list[Any], int]] = {
    "no JSON": ([INIT, "{"], 4400),
    "no object": ([INIT, "[]"], 4400),
    "no type": ([INIT, {}], 4400),
    "an unknown type": ([INIT, {"type": "start"}], 4400),
    "a binary message": ([INIT, b"\xff\xfe"], 4400),
    "a subscription without id": ([INIT, {"type": "subscribe", "payload": {"query": "{ hello }"}}], 4400),
    "a subscription without payload": ([INIT, {"type": "subscribe", "id": "1"}], 4400),
    "a completion without id": ([INIT, {"type": "complete"}], 4400),
    "a completion with an empty id": ([INIT, {"type": "complete", "id": ""}], 4400),
    "an empty message": ([INIT, ""], 4400),
    "a type that is no text": ([INIT, {"type": 1}], 4400),
    **{f"a client's {kind}": ([INIT, {"type": kind, "id": "1", "payload": {}}], 4400) for kind in (
        "next", "error", "connection_ack", "start", "stop", "connection_terminate", "data", "ka"
    )},
    **{f"{kind} with a list": ([*before, {"type": kind, "payload": []}], 4400) for kind, before in (
        ("connection_init", []), ("ping", [INIT]), ("pong", [INIT])
    )},
    **{f"an id that is {wrong!r}": ([INIT, {"type": "subscribe", "id": wrong, "payload": {"query": "{ hello }"}}], 4400)
       for wrong in NO_TEXT},
    **{f"a payload that is {wrong!r}": ([INIT, {"type": "subscribe", "id": "1", "payload": wrong}], 4400)
       for wrong in NO_PAYLOAD},
    **{f"{key} that is {wrong!r}": ([INIT, subscribe("1", "{ hello }", **{key: wrong})], 4400) for key, wrong in (
        ("operationName", 1), ("operationName", []), ("variables", []), ("variables", "{}"), ("variables", 0),
        ("extensions", []), ("extensions", True), ("documentId", 1), ("query", 1), ("query", []), ("query", False),
    )},
    "nested arrays": ([INIT, "[" * 100_000], 4400),
    "two initialisations": ([INIT, INIT], 4429),
    "an operation before it": ([subscribe("1", "{ hello }")], 4401),
    "an unknown key": ([{**INIT, "payload": {"authorization": "Bearer nobody"}}], 4403),
    "an id that is taken": ([INIT, *[subscribe("1", "subscription { count(to: 9, seconds: 1) }")] * 2], 4409),
    "an id that waits": ([INIT, *[subscribe(name, "{ slow(seconds: 9) }") for name in "0123456789" + "9"]], 4409),
    "a wrong shape before it begins": ([{"type": "subscribe", "id": "1"}], 4400),
    "a message beyond measure": ([INIT, "x" * 1_100_000], 1009),
}  # fmt: skip


@pytest.mark.parametrize(("messages", "code"), CLOSES.values(), ids=CLOSES)
def test_each_close_has_its_code(address: tuple[str, int], messages: list[Any], code: int) -> None:
    with opened(address, *messages) as socket:
        assert closed(socket) == code


@pytest.mark.parametrize("messages", [[], [{"type": "ping"}]], ids=["silence", "only a ping"])
def test_who_does_not_begin_in_time_is_closed(messages: list[Any]) -> None:
    with serving(init_seconds=0.3) as address, opened(address, *messages) as socket:
        assert closed(socket) == 4408


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_what_is_malformed_never_ends_in_1006(address: tuple[str, int], body: bytes) -> None:
    payload = body.decode(errors="replace") or "null"
    with opened(address, INIT, f'{{"type": "subscribe", "id": "1", "payload": {payload}}}') as socket:
        assert receive(socket) == ACK
        with suppress(ConnectionClosed):
            assert receive(socket)["type"] in ("error", "next")
        assert socket.close_code in (None, 4400)


def test_the_legacy_protocol_is_off(address: tuple[str, int]) -> None:
    with opened(address, protocol="graphql-ws") as socket:
        assert closed(socket) == 4406
    with connect(f"ws://{address[0]}:{address[1]}/graphql") as socket:
        assert closed(socket) == 4406


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_foreign_origin_is_refused(address: tuple[str, int], origin: str) -> None:
    url = f"ws://{address[0]}:{address[1]}/graphql"
    with pytest.raises(InvalidStatus) as caught, connect(url, origin=Origin(origin)):
        pass
    assert caught.value.response.status_code == 403


def test_operations_are_answered_side_by_side(address: tuple[str, int]) -> None:
    with opened(address, INIT, subscribe("a", "subscription { count(to: 3) }"), subscribe("b", "{ hello }")) as socket:
        assert receive(socket) == ACK
        messages = [receive(socket) for _ in range(6)]
    assert [each for each in messages if each["id"] == "a"] == [
        *({"id": "a", "type": "next", "payload": {"data": {"count": n}}} for n in range(3)),
        {"id": "a", "type": "complete"},
    ]
    assert {"id": "b", "type": "next", "payload": {"data": {"hello": "world"}}} in messages


def test_an_id_is_free_again_once_it_is_complete(address: tuple[str, int]) -> None:
    with opened(address, INIT, subscribe("1", "subscription { count(to: 9, seconds: 1) }")) as socket:
        assert receive(socket) == ACK
        for message in (
            {"type": "complete", "id": "1"},
            {"type": "complete", "id": "none"},
            subscribe("1", "{ hello }"),
        ):
            send(socket, message)
        assert receive(socket)["payload"] == {"data": {"hello": "world"}}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ articles(first: 101) { title } }", "BAD_USER_INPUT"),
        ("subscription { a: count(to: 1) b: count(to: 1) }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_a_refusal_is_that_of_every_road(address: tuple[str, int], query: str, code: str) -> None:
    with opened(address, INIT, subscribe("1", query)) as socket:
        assert receive(socket) == ACK
        message = receive(socket)
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", code)


def test_one_socket_has_only_so_many_subscriptions(address: tuple[str, int]) -> None:
    running = [subscribe(str(n), "subscription { count(to: 1, seconds: 1) }") for n in range(4)]
    with opened(address, INIT, *running, subscribe("5", "{ hello }")) as socket:
        assert receive(socket) == ACK
        assert receive(socket)["payload"][0]["extensions"]["code"] == "TOO_MANY_SUBSCRIPTIONS"
        assert [receive(socket)["id"], receive(socket)["type"]] == ["5", "complete"]
        while receive(socket)["type"] != "complete":
            pass
        send(socket, subscribe("again", "subscription { count(to: 1) }"))
        while (message := receive(socket))["id"] != "again":
            pass
        assert message["type"] == "next"


def test_a_failure_in_a_subscription_is_masked(address: tuple[str, int]) -> None:
    with opened(address, INIT, subscribe("1", "subscription { failing }")) as socket:
        messages = [receive(socket) for _ in range(3)]
    assert "secret" not in str(messages)
    assert "INTERNAL" in str(messages)


def test_a_key_opens_what_its_scopes_say(address: tuple[str, int]) -> None:
    init = {**INIT, "payload": {"Authorization": "Bearer opens"}}
    with opened(address, init, subscribe("1", "{ rights }")) as socket:
        assert receive(socket) == ACK
        assert receive(socket)["payload"] == {"data": {"rights": [True, False, False]}}


def test_drafts_are_shown_to_everybody_where_the_server_was_told_to() -> None:
    with serving(drafts=True) as address, opened(address, INIT, subscribe("1", "{ rights }")) as socket:
        assert receive(socket) == ACK
        assert receive(socket)["payload"] == {"data": {"rights": [True, False, False]}}


ENDLESS = subscribe(token_hex(30_000), "subscription { count(to: 100000000) }")
"""Its id is in each message, and does not compress."""


def test_a_client_that_does_not_read_is_dropped_with_a_code() -> None:
    with serving(write_seconds=1) as address, opened(address, INIT) as socket:
        assert receive(socket) == ACK
        send(socket, ENDLESS)
        until_told(address, b'code="TOO_SLOW",kind="subscription"')
        assert closed(socket) == 4410


def test_a_client_that_never_reads_again_is_cut_off() -> None:
    with serving(write_seconds=0.2, ping_seconds=60) as address, opened(address, INIT) as socket:
        assert receive(socket) == ACK
        send(socket, ENDLESS)
        until_told(address, b'code="TOO_SLOW",kind="subscription"')
        until_told(address, b"broadsheet_sockets 0.0")


def test_a_mutation_that_was_accepted_is_finished_though_its_time_is_over() -> None:
    with serving(request_seconds=0.05) as address, opened(address, INIT) as socket:
        assert receive(socket) == ACK
        send(socket, subscribe("1", "mutation { save(seconds: 0.2) }"))
        assert receive(socket)["payload"][0]["extensions"]["code"] == "TIMEOUT"
        until_told(address, b"broadsheet_store_sequence 8.0")


def test_an_operation_on_a_socket_is_counted_and_timed_as_any_other() -> None:
    with serving() as address, opened(address, INIT) as socket:
        assert receive(socket) == ACK
        for query in ("{ slow(seconds: 1.1) }", "{ refused }"):
            send(socket, subscribe("1", query))
            assert [receive(socket)["type"] for _ in range(2)] == ["next", "complete"]
        until_told(address, b'requests_total{code="BAD_USER_INPUT",kind="query",road="websocket",status="0"} 1.0')
        until_told(address, b'broadsheet_answers_total{how="interpreted"} 2.0')
        until_told(address, b'broadsheet_request_seconds_bucket{kind="query",le="1.0"} 1.0')


def test_a_ping_is_answered(address: tuple[str, int]) -> None:
    with opened(address, INIT, {"type": "ping", "payload": {"a": 1}}) as socket:
        assert [receive(socket), receive(socket)] == [ACK, {"type": "pong", "payload": {"a": 1}}]
