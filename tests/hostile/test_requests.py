"""Sends requests that went wrong: each whole one is answered, soon, never with a 5xx, and nothing tells of internals.

Two thousand mutated requests and a few dozen generated queries by default; 100,000 and two thousand with
BROADSHEET_TEST_SCALE=large. The seeds are fixed.
"""

import json
import random
import re
import socket
import time
from contextlib import suppress

import graphql
import pytest
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from hypothesis import HealthCheck, given, settings
from hypothesis_graphql import queries

from graph.schema.build import sdl
from tests.examples import EXAMPLES
from tests.hostile.served import Served
from tests.patience import PATIENCE
from tests.scale import scaled

ROUNDS = scaled(2_000, 100_000)
PARTS = 10
WORST_SECONDS = 1.0
ANSWER = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]+\r\n((?:[a-z-]+: [^\r\n]*\r\n)+)\r\n(.*)", re.DOTALL)
INTERNALS = re.compile(rb"Traceback|File \"|\.py\b|site-packages|0x[0-9a-f]{8}|object at|/root|/home|/tmp|INTERNAL")
PIECES = [
    b'\x00', b'\xff\xfe', b'\r\n', b'\r\n\r\n', b'\n', b'\t', b'"', b'\\', b'{', b'}', b'[', b']', b'null',
    b'NaN', b'1e999', b"9" * 400, b'-1', b'__schema{types{name}}', b'...on Query', b'$v', b'@skip(if:true)',
    b'\xed\xa0\x80', b'\xef\xbb\xbf', b'\\ud800', b'%00', b'%ff', b'content-length: 5\r\n',
    b'transfer-encoding: chunked\r\n', b'expect: 100-continue\r\n',
    b'upgrade: websocket\r\nconnection: upgrade\r\n', b'accept: text/event-stream\r\n', b'origin: null\r\n',
    b'content-encoding: gzip\r\n', b'if-none-match: *\r\n', b'accept-encoding: br;q=x, *\r\n',
    b'authorization: Bearer x\r\n', b'HTTP/9.9', b'PUT ', b'PRI * HTTP/2.0', b'/graphql?query={a}', b'/metrics',
    b'/../', b'mutation', b'subscription',
]  # fmt: skip


def seeds() -> list[bytes]:
    """Return well-formed requests."""
    head = b"host: localhost\r\ncontent-type: application/json\r\nconnection: close\r\n"
    made = [b"GET /graphql?query=%7B__typename%7D HTTP/1.1\r\n" + head + b"\r\n"]
    made += [b"GET %b HTTP/1.1\r\n%b\r\n" % (path, head) for path in (b"/health", b"/ready", b"/metrics", b"/", b"/x")]
    for example in EXAMPLES:
        body = json.dumps({"query": example.query, "variables": example.variables}).encode()
        made.append(b"POST /graphql HTTP/1.1\r\n%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body))
    return made


def mutated(raw: bytes, dice: random.Random) -> bytes:
    """Return *raw* after one to four accidents, half of the time with the length that its body then has."""
    head, gap, body = raw.partition(b"\r\n\r\n")
    keeps = dice.random() < 0.5
    data = bytearray(body if keeps and body else raw)
    for _ in range(dice.randint(1, 4)):
        at, until = sorted(dice.randrange(len(data) + 1) for _ in range(2))
        match dice.randrange(5):
            case 0 if data:
                data[min(at, len(data) - 1)] ^= 1 << dice.randrange(8)
            case 1:
                data[at:at] = dice.choice(PIECES)
            case 2:
                del data[at : min(until, at + 50)]
            case 3:
                data[at:at] = data[at : min(until, at + 300)]
            case _:
                data[at : at + len(dice.choice(PIECES))] = dice.choice(PIECES)
    if keeps and body:
        return re.sub(rb"content-length: \d+", b"content-length: %d" % len(data), head) + gap + bytes(data)
    return bytes(data)


class Whole:
    """Whether bytes have come to the end of a request."""

    def __init__(self) -> None:
        self.reached = False

    def on_message_complete(self) -> None:
        """Take note, as the parser calls it."""
        self.reached = True


def is_owed_an_answer(sent: bytes) -> bool:
    """Return whether bytes are at least one whole request, or so wrong that no more of them could make one."""
    whole = Whole()
    try:
        HttpRequestParser(whole).feed_data(sent)
    except HttpParserUpgrade:
        pass
    except HttpParserError:
        return True
    return whole.reached


def exchanged(server: Served, sent: bytes) -> bytes:
    """Send bytes and say that no more will come; return all that comes back.

    An answer that is owed is waited for first, since uvicorn closes a connection whose client ends before it.
    """
    with socket.create_connection(server.address, timeout=PATIENCE) as connection:
        received = b""
        with suppress(ConnectionResetError, BrokenPipeError):
            connection.sendall(sent)
            if is_owed_an_answer(sent):
                received = connection.recv(65_536)
            connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65_536):
                received += chunk
    return received


def check_answer(answer: bytes, sent: bytes) -> None:
    """Look whether an answer is there, is well-formed, tells nothing of internals, and is no failure of ours."""
    if answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\n"):
        answer = answer.partition(b"\r\n\r\n")[2]
    if not answer:
        assert not is_owed_an_answer(sent), sent
        return
    if answer.startswith(b"HTTP/1.1 101 "):
        return  # what was sent opens a WebSocket
    assert not INTERNALS.search(answer), (answer, sent)
    parts = ANSWER.fullmatch(answer)
    assert parts, (answer, sent)
    status, headers, body = int(parts[1]), parts[2], parts[3]
    assert status < 500, (answer, sent)
    if status >= 400 and body:
        assert b"content-type: application/" in headers, (answer, sent)
        assert json.loads(re.split(rb"HTTP/1\.1 \d", body)[0])["errors"], (answer, sent)


def test_only_what_was_never_whole_may_go_without_an_answer() -> None:
    for sent in seeds():
        check_answer(b"", sent[:-1])
        with pytest.raises(AssertionError):
            check_answer(b"", sent)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_mutated_request_is_answered_or_refused(small: Served, part: int) -> None:
    dice, requests, times = random.Random(part), seeds(), []
    for _ in range(ROUNDS // PARTS):
        sent = mutated(dice.choice(requests), dice)
        started, cpu = time.monotonic(), small.cpu
        check_answer(exchanged(small, sent), sent)
        times.append((min(time.monotonic() - started, small.cpu - cpu), sent))
    worst, sent = max(times)
    assert worst < WORST_SECONDS, sent
    assert small.well


def found_by(query: str) -> list[str]:
    """Return what graphql-core finds wrong with a query."""
    return [error.message for error in graphql.validate(graphql.build_schema(sdl()), graphql.parse(query))]


@settings(max_examples=scaled(40, 2_000), derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(query=queries(sdl()))
def test_a_generated_query_is_answered_as_the_specification_says(small: Served, query: str) -> None:
    cpu = small.cpu
    reply = small.post(query, headers={"accept": "application/graphql-response+json"})
    assert small.cpu - cpu < WORST_SECONDS
    answer = reply.json
    assert reply.status in (200, 400), reply.body
    assert answer.keys() <= {"data", "errors", "extensions"}
    assert ("data" in answer) == (reply.status == 200)
    for error in answer.get("errors", ()):
        assert isinstance(error["message"], str)
        assert error["extensions"]["code"] != "INTERNAL"
    if "GRAPHQL_VALIDATION_FAILED" in reply.codes:
        assert found_by(query)
