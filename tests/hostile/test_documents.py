"""Holds a server to 250 ms of processor time and 20 MiB for each hostile document, and to be well after it.

Every try counts, by the median, and beside each try graphql-core parses a document of its own: where it takes longer
than on the machine that the bar was set on, the bar is higher by as much.
"""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest
from graphql import parse

from tests.hostile.documents import EXECUTED, PARSED, Document, in_variables
from tests.hostile.served import Reply, Served

CPU_SECONDS = 0.25
REFERENCE = (
    "{"
    + " ".join(f'f{n}: articles(first: 1, filter: {{title: {{ne: "q{n}"}}}}) {{ totalCount }}' for n in range(150))
    + "}"
)
TIMES = 24
"""How often graphql-core parses the reference in as long, on the machine that the bar was set on."""
BYTES = 20 * 2**20
TRIES = 3
LARGEST = 64 * 1024


def reference_seconds() -> float:
    """Return the processor time that graphql-core takes for the reference just now."""
    started = time.process_time()
    parse(REFERENCE)
    return time.process_time() - started


def check_cost(server: Served, ask: Callable[[int], Reply]) -> None:
    """Ask for something new several times; fail if most of them cost more than they may."""
    seconds, memory, references = [], [], []
    for number in range(TRIES):
        server.forget_peak()
        resident, cpu = server.resident, server.cpu
        reply = ask(number)
        seconds.append(server.cpu - cpu)
        memory.append(server.peak - resident)
        references.append(reference_seconds())
        assert reply.status == 200
        assert isinstance(reply.json, dict)
    assert median(seconds) <= max(CPU_SECONDS, TIMES * median(references)), (seconds, references)
    assert median(memory) <= BYTES, memory
    assert server.well


@pytest.mark.parametrize("document", PARSED.values(), ids=PARSED)
def test_no_document_costs_much_to_read(large: Served, document: Document) -> None:
    assert len(document(0).encode(errors="replace")) <= 2 * LARGEST
    check_cost(large, lambda number: large.post(document(number)))


@pytest.mark.parametrize("document", EXECUTED.values(), ids=EXECUTED)
def test_no_document_costs_much_to_answer(large: Served, document: Document) -> None:
    assert len(document(0).encode()) <= LARGEST
    check_cost(large, lambda number: large.post(document(number)))


@pytest.mark.parametrize("name", in_variables(0))
def test_no_variables_cost_much(large: Served, name: str) -> None:
    def ask(number: int) -> Reply:
        document, variables = in_variables(number)[name]
        return large.post(document, variables)

    check_cost(large, ask)


@pytest.mark.parametrize("name", EXECUTED)
def test_what_asks_for_trouble_is_answered_or_refused_by_name(large: Served, name: str) -> None:
    reply = large.post(EXECUTED[name](99))
    answer: dict[str, Any] = reply.json
    assert set(reply.codes) <= {"TOO_COSTLY", "TOO_MANY_CONDITIONS", "BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"}
    assert ("data" in answer) != ("errors" in answer)
