"""Runs attacks of which each is new, and looks at the server's memory: what it keeps is bounded, whatever they hold.

Indexes are made when they are first asked for, and stay; so everything is asked for once before memory is looked at.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.documents import EXECUTED, PARSED, in_variables
from tests.hostile.served import serving
from tests.scale import scaled

BYTES = 64 * 2**20
KEPT = 16 * 2**20
"""Bytes of answers that the server keeps on purpose: by itself it keeps more, and so may grow by more."""
ROUNDS = scaled(2, 20)


def every(number: int) -> list[tuple[str, Any]]:
    """Return every hostile document there is."""
    return [(make(number), None) for make in (*PARSED.values(), *EXECUTED.values())] + [*in_variables(number).values()]


def many(make: Callable[[int], str]) -> Callable[[int], list[tuple[str, Any]]]:
    """Return what makes a hundred new documents of one kind each round."""
    return lambda number: [(make(100 * number + each), None) for each in range(100)]


RUNS: dict[str, Callable[[int], list[tuple[str, Any]]]] = {
    "everything": every,
    "shapes of thousands of objects": many(EXECUTED["the most objects"]),
    "searches": many(
        lambda n: f'{{ articles(first: 1, search: {{query: "-zz{n}"}}) {{ nodes {{ title }} }} }}',
    ),
    "operations": many(
        lambda n: (
            "{ articles(first: 1) { nodes {" + "...F " * 1_000 + f"}} }} }} fragment F on Article {{ a{n}: title }}"
        )
    ),
    "filters": many(
        lambda n: "{ articles(first: 1, filter: {path: {in: [" + f'"{n}-" ' * 2_000 + "]}}) { totalCount } }",
    ),
}


Asked = Callable[[int], tuple[str, Any]]
NUMBERS = range(20)
REGIONS: dict[str, Asked] = {
    "one for each value of a variable": lambda n: (
        f"query({' '.join(f'$v{i}: Int' for i in NUMBERS)}) {{"
        + " ".join(f"f{i}: articles(first: 1) {{ nodes {{ excerpt(maxLength: $v{i}) }} }}" for i in NUMBERS)
        + "}",
        {f"v{i}": 100 + n for i in NUMBERS},
    ),
    "one for each text of a selection": lambda n: (
        f"{{ articles(first: 1) {{ nodes {{ images(minWidth: 99999) {{ a{n}{'x' * 60_000}: url }} }} }} }}",
        None,
    ),
}
"""Queries that have the fragment cache make a new region, or twenty, each time, with next to nothing in it."""
FILLING, MORE = 400, scaled(1_200, 12_000)
"""How many of them are asked until whatever is kept is full, and how many then."""
GROWTH = 32 * 2**20
"""Bytes: two limits of what is kept, for what the allocator does not give back."""


@pytest.mark.parametrize("region", REGIONS)
def test_many_small_regions_of_the_fragment_cache_take_no_more_memory_than_few(
    region: str, thousands: Path, tmp_path: Path
) -> None:
    with serving(tmp_path / "log", "--store", thousands, "--kept-bytes", str(KEPT)) as server:
        for number in range(FILLING):
            assert server.post(*REGIONS[region](number)).codes == []
        before = server.resident
        for number in range(FILLING, FILLING + MORE):
            server.post(*REGIONS[region](number))
        assert server.resident - before <= GROWTH
        assert server.well


@pytest.mark.parametrize("run", RUNS)
def test_a_run_of_attacks_leaves_memory_as_it_was(run: str, thousands: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "log", "--store", thousands, "--kept-bytes", str(KEPT)) as server:
        for document, variables in every(ROUNDS):
            server.post(document, variables)
        server.settled()
        before = server.resident
        for number in range(ROUNDS):
            for document, variables in RUNS[run](number):
                server.post(document, variables)
        assert server.resident - before <= BYTES
        assert server.well


LETTERS = "x" * 60_000
ASKED = scaled(1_500, 9_000)
DOCUMENTS = scaled(400, 3_000)


def literal(number: int) -> str:
    return f"{{ articles(first: 1) {{ nodes {{ a{number}{LETTERS}: title }} }} }}"


def filtered(number: int) -> str:
    return f'{{ articles(first: 1, filter: {{path: {{eq: "{number}{LETTERS}"}}}}) {{ totalCount }} }}'


@pytest.mark.parametrize("name", ["if-none-match", "cookie", "origin"])
def test_requests_with_60_kb_of_headers_each_leave_nothing_behind(name: str, newsroom: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "log", "--store", newsroom) as server:
        query = "{ articles(first: 1) { nodes { title } } }"
        assert server.post(query).codes == []
        before = server.resident
        for number in range(ASKED):
            server.post(query, headers={name: f"http://{number}{LETTERS}"})
        assert server.resident - before <= BYTES
        assert server.well


@pytest.mark.parametrize("document", [literal, filtered], ids=["a name", "a value"])
def test_documents_with_a_literal_of_60_kb_each_are_kept_within_bounds(
    document: Callable[[int], str], newsroom: Path, tmp_path: Path
) -> None:
    with serving(tmp_path / "log", "--store", newsroom) as server:
        assert server.post("{ articles(first: 1) { nodes { title } } }").codes == []
        before = server.resident
        for number in range(DOCUMENTS):
            assert server.post(document(number)).codes == []
        assert server.resident - before <= BYTES
        assert server.well
