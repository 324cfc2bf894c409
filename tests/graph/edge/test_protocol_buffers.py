"""Tests on a real server that what is received of unfinished requests is bounded for all clients together."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from select import select

import pytest

from graph.edge.buffers import Buffers
from graph.errors import Refusal
from tests.patience import PATIENCE
from tests.serving import drained, exchange, request, serving

Address = tuple[str, int]
MOST = 1_000_000
HEAD = b"POST %b HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
UNFINISHED = {
    "a body": HEAD % b"/graphql" + b"content-length: 900000\r\n\r\n" + b" " * 200_000,
    "a body for the other road": HEAD % b"/%67raphql" + b"content-length: 900000\r\n\r\n" + b" " * 200_000,
    "a chunked body": HEAD % b"/graphql" + b"transfer-encoding: chunked\r\n\r\n" + b"2\r\n  \r\n" * 60_000,
    "headers": HEAD % b"/graphql" + b"x: 1\r\n" * 9_000,
    "a header": HEAD % b"/graphql" + b"x: " + b"1" * 60_000,
    "requests behind one that is slow": HEAD % b"/graphql"
    + b"content-length: 38\r\n\r\n"
    + b'{"query": "{ slow(seconds: 60) }"}    '
    + b"GET /graphql HTTP/1.1\r\nhost: a\r\n\r\n" * 2_000,
}
"""What is sent of a request that never ends, or behind one that does not for a while."""


@pytest.fixture(params=["in-place", "plain"])
def address(request: pytest.FixtureRequest) -> Iterator[Address]:
    with serving(http=request.param, bodies_bytes=MOST, header_seconds=PATIENCE, body_seconds=PATIENCE) as served:
        yield served


@pytest.mark.parametrize("name", UNFINISHED)
def test_the_largest_of_unfinished_requests_are_refused_and_small_ones_answered(name: str, address: Address) -> None:
    with ExitStack() as stack:
        connections = []
        for _ in range(60):
            connection = stack.enter_context(socket.create_connection(address, timeout=PATIENCE))
            connection.sendall(UNFINISHED[name])
            connections.append(connection)
        assert b"world" in exchange(address, request(b'{"query": "{ hello }"}'))
        if name.startswith("requests"):
            return
        refused = select(connections, [], [], PATIENCE)[0]
        assert refused
        answer = drained(refused[0])
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1\r\n" in answer
        assert b'"OVERLOADED"' in answer


@pytest.mark.parametrize("mode", ["in-place", "plain"])
def test_a_refusal_is_read_by_a_client_that_still_sends(mode: str) -> None:
    sent = HEAD % b"/graphql" + b"content-length: 50000000\r\n\r\n" + b" " * 20_000_000
    with serving(http=mode) as served, socket.create_connection(served, timeout=PATIENCE) as connection:
        connection.sendall(sent)
        assert b"BODY_TOO_LARGE" in drained(connection)


class Half:
    """Holds two bytes, and one once it has made room."""

    def __init__(self, buffers: Buffers) -> None:
        self.buffers, self.code = buffers, ""
        buffers.hold(self, 2)

    @property
    def may_be_refused(self) -> bool:
        """Whether it holds both."""
        return not self.code

    def make_room(self, refusal: Refusal) -> None:
        """Throw one byte away."""
        self.code = refusal.code
        self.buffers.hold(self, 1)


def test_very_many_make_room_one_after_the_other() -> None:
    buffers = Buffers(2_000)
    halves = [Half(buffers) for _ in range(1_000)]
    buffers.most = 1_001
    halves[0].buffers.hold(halves[0], 2)
    assert (buffers.total, buffers.shed) == (1_001, 999)
    assert [half.code for half in halves].count("OVERLOADED") == 999
