"""Holds the tables of docs/performance.md to the code of the benches: rows, ratios, bars, and which were missed."""

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from bench import graphql, store
from bench.queries import QUERIES

TEXT = (Path(__file__).parent.parent / "docs" / "performance.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
Rows = dict[str, list[str]]


def rows(text: str, section: str = "") -> Rows:
    """Return the cells of the first table after a heading, by the first cell of each row."""
    lines = text[text.index(section) :].partition("\n|")[2].partition("\n\n")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {title: rest for title, *rest in cells if set(title) != {"-"}}


def printed(table: Table) -> Rows:
    """Return the cells of a table as a bench prints it."""
    out = StringIO()
    Console(file=out, width=150).print(table)
    return rows(f"\n{out.getvalue().strip()}\n")


def numbers(cell: str) -> list[float]:
    """Return the numbers of a cell."""
    return [float(number.replace(",", "")) for number in NUMBER.findall(cell)]


def assert_alike(shown: Rows, made: Rows) -> None:
    """Check that what is shown of a table is what is made, within what rounding takes from the figures of a ratio."""
    assert list(shown) == [title for title in made if title in shown]
    assert {title for title, cells in made.items() if any("≥" in cell for cell in cells)} <= set(shown)
    for title, cells in shown.items():
        for cell, other in zip(cells, made[title], strict=True):
            assert NUMBER.sub("#", cell) == NUMBER.sub("#", other), title
            assert numbers(cell) == pytest.approx(numbers(other), rel=0.02), title


def test_the_queries_stand_as_the_bench_prints_them() -> None:
    shown = rows(TEXT, "## Five queries")
    rates = {}
    for server in graphql.SERVERS:
        found = shown[f"{server}, requests/s"]
        tails = shown.get(f"{server}, p99 ÷ p50", ["1"] * len(QUERIES))
        rates[server] = {
            # A tail that was missed is larger than what rounding left of it.
            query.name: (numbers(rate)[0], 1.0, numbers(tail)[0] + 0.04 * ("MISSED" in tail))
            for query, rate, tail in zip(QUERIES, found, tails, strict=True)
        }
    assert_alike(shown, printed(graphql.table(rates)))


def test_the_store_stands_as_the_bench_prints_it() -> None:
    shown = rows(TEXT, "## The store")
    figures = {}
    for name in store.BARS:
        for size, cell in zip(store.SIZES, shown[name][:-1], strict=True):
            figures["ours", size, name], figures["theirs", size, name], _ = numbers(cell)
    assert_alike(shown, printed(store.table(list(store.SIZES), figures)))


def test_every_query_and_server_is_explained() -> None:
    assert list(rows(TEXT, "The queries (")) == ["query", *(query.name for query in QUERIES)]
    assert set(rows(TEXT, "The servers (")) == {"server", *graphql.SERVERS}


def test_every_bar_that_was_missed_is_said_in_its_section() -> None:
    missed = set()
    for table in (rows(TEXT, "## Five queries"), rows(TEXT, "## The store")):
        columns = table[""]
        for title, cells in table.items():
            missed |= {(title, column) for column, cell in zip(columns, cells, strict=True) if "MISSED" in cell}
    told = re.findall(r"^- `([^`]+)`, ([^:]+):", TEXT.partition("## Bars that are missed")[2], re.MULTILINE)
    assert set(told) == missed
