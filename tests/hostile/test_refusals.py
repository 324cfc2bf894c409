"""Compares the codes of refusals on every road, which are the same: POST, GET, WebSocket, event stream, persisted."""

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from urllib.parse import urlencode

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.hostile.documents import counting
from tests.hostile.served import JSON, Served

REFUSED = {
    "{": "GRAPHQL_PARSE_FAILED",
    "{ nothing }": "GRAPHQL_VALIDATION_FAILED",
    "{ ...F } fragment F on Query { ...F }": "GRAPHQL_VALIDATION_FAILED",
    "{ articles { nodes {" + "related(first: 1) { " * 12 + "title" + " }" * 12 + " } } }": "TOO_DEEP",
    "{ articles(first: 100) { nodes { related(first: 100) { title } } } }": "TOO_COSTLY",
    "{ articles(first: 101) { totalCount } }": "BAD_USER_INPUT",
    "{" + " ".join(f"a{n}: __typename" for n in range(31)) + "}": "TOO_MANY_ALIASES",
    "{" + "__typename " * 21 + "}": "TOO_MANY_ROOT_FIELDS",
    "{ __typename " + "@include(if: true) " * 51 + "}": "TOO_MANY_DIRECTIVES",
    "{" + "a " * 5_001 + "}": "TOO_MANY_TOKENS",
    counting(lambda n: f"heat: {{gt: {n}}}", 50): "TOO_MANY_CONDITIONS",
    "query($n: Int!) { articles(first: $n) { totalCount } }": "BAD_USER_INPUT",
    "query A { __typename } query B { __typename }": "OPERATION_NOT_FOUND",
    "#" * 65_537: "DOCUMENT_TOO_LARGE",
}
STREAM = {"accept": "text/event-stream"}


def by_post(server: Served, query: str) -> list[str]:
    return server.post(query).codes


def by_get(server: Served, query: str) -> list[str]:
    return server.ask("GET", "/graphql?" + urlencode({"query": query})).codes


def by_stream(server: Served, query: str) -> list[str]:
    reply = server.post(query, headers=STREAM)
    if reply.headers["content-type"].startswith("application/json"):
        return reply.codes
    (data,) = (line for line in reply.body.splitlines() if line.startswith(b"data: "))
    return replace(reply, body=data.removeprefix(b"data: ")).codes


def by_hash(server: Served, query: str) -> list[str]:
    persisted = {"version": 1, "sha256Hash": sha256(query.encode()).hexdigest()}
    refused = server.post(query, extensions={"persistedQuery": persisted}).codes
    again = server.ask("POST", "/graphql", json.dumps({"extensions": {"persistedQuery": persisted}}).encode(), JSON)
    assert again.codes in (["PERSISTED_QUERY_NOT_FOUND"], refused)
    return refused


def by_socket(server: Served, query: str) -> list[str]:
    url = f"ws://{server.address[0]}:{server.address[1]}/graphql"
    with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        socket.send('{"type": "connection_init"}')
        assert json.loads(socket.recv(30))["type"] == "connection_ack"
        socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}}))
        message = json.loads(socket.recv(30))
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        return [error["extensions"]["code"] for error in errors]


ROADS: dict[str, Callable[[Served, str], list[str]]] = {
    "POST": by_post, "GET": by_get, "WebSocket": by_socket, "event stream": by_stream, "persisted": by_hash,
}  # fmt: skip
LONGEST_QUERY, LONGEST_HEAD = 16 * 1024, 64 * 1024
"""Bytes of a GET's query string, and of a request's line and headers: what is longer is refused before it is read."""


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(
    ("query", "code"), REFUSED.items(), ids=[f"{code} {len(text)}" for text, code in REFUSED.items()]
)
def test_each_refusal_is_the_same_on_every_road(small: Served, road: str, query: str, code: str) -> None:
    length = len(urlencode({"query": query})) if road == "GET" else 0
    expected = "HEADERS_TOO_LARGE" if length > LONGEST_HEAD else "URL_TOO_LONG" if length > LONGEST_QUERY else code
    assert set(ROADS[road](small, query)) == {expected}
