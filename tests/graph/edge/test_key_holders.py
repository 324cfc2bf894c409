"""Tests that what stays open ends when its key is removed or changed, and nothing else does."""

from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.graph.edge.test_events import EventSource
from tests.graph.edge.test_websocket import ACK, INIT, closed, opened, receive, send, subscribe
from tests.serving import serving, until_told

SCOPES = {"desk": "drafts:read", "robot": "secured:read"}
ENDLESS = "subscription { count(to: 1000000, seconds: 0.01) }"
SILENT = "subscription { count(to: 1, seconds: 60) }"


def keep(path: Path, scopes: dict[str, str]) -> None:
    """Write the file of keys, each of which is its own name, whole or not at all."""
    anew = path.with_suffix(".new")
    anew.write_text("".join(f"{name}:{sha256(name.encode()).hexdigest()}:{each}\n" for name, each in scopes.items()))
    anew.replace(path)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    keep(tmp_path / "keys", SCOPES)
    return tmp_path / "keys"


@pytest.fixture
def address(keys: Path) -> Iterator[tuple[str, int]]:
    with serving(keys_file=keys) as address:
        yield address


def by_init(address: tuple[str, int], key: str, stack: ExitStack) -> ClientConnection:
    init = {**INIT, "payload": {"Authorization": f"Bearer {key}"}} if key else INIT
    return stack.enter_context(opened(address, init))


def by_header(address: tuple[str, int], key: str, stack: ExitStack) -> ClientConnection:
    url, headers = f"ws://{address[0]}:{address[1]}/graphql", {"x-api-key": key}
    protocols = [Subprotocol("graphql-transport-ws")]
    socket = stack.enter_context(connect(url, subprotocols=protocols, additional_headers=headers, close_timeout=1))
    send(socket, INIT)
    return socket


@pytest.mark.parametrize("way", [by_init, by_header])
@pytest.mark.parametrize("query", ["", ENDLESS, SILENT, "{ slow(seconds: 60) }"])
@pytest.mark.parametrize("left", [{"robot": "secured:read"}, {**SCOPES, "desk": "secured:read"}], ids=["gone", "other"])
def test_a_socket_ends_with_its_key(
    address: tuple[str, int], keys: Path, way: Any, query: str, left: dict[str, str]
) -> None:
    with ExitStack() as stack:
        socket, *others = (way(address, "desk", stack), way(address, "robot", stack), by_init(address, "", stack))
        for each in (socket, *others):
            assert receive(each) == ACK
        if query:
            send(socket, subscribe("1", query))
        keep(keys, left)
        assert (closed(socket), socket.close_reason) == (4403, "Forbidden")
        for each in others:
            send(each, subscribe("1", "{ hello }"))
            assert receive(each)["payload"] == {"data": {"hello": "world"}}
        until_told(address, b"broadsheet_sockets 2.0")
        until_told(address, b"broadsheet_under_way 0.0")


@pytest.mark.parametrize("query", [ENDLESS, SILENT])
def test_an_event_stream_ends_with_its_key(address: tuple[str, int], keys: Path, query: str) -> None:
    with (
        EventSource(address, query, headers="x-api-key: desk\r\n") as stream,
        EventSource(address, ENDLESS, headers="authorization: Bearer robot\r\n") as other,
        EventSource(address, ENDLESS) as anybody,
    ):
        assert {other.event()[0], anybody.event()[0]} == {"next"}
        until_told(address, b"broadsheet_streams 3.0")
        keep(keys, {"robot": "secured:read"})
        name, answer = stream.event()
        while "data" in answer:
            name, answer = stream.event()
        assert (name, answer["errors"][0]["extensions"]["code"]) == ("next", "UNAUTHENTICATED")
        assert stream.event() == ("complete", None)
        until_told(address, b"broadsheet_streams 2.0")
        assert {other.event()[0], anybody.event()[0]} == {"next"}
