"""Encoded objects are kept in about as much memory as they are counted with, and no more than the limit."""

from pathlib import Path

import orjson

from graph.execute.plan.kept import KeptBytes

OBJECTS = 50_000


def resident() -> int:
    """Return the memory of this process, in bytes."""
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]) * 1024


def test_what_is_kept_takes_about_the_memory_that_it_is_counted_with() -> None:
    before = resident()
    kept = KeptBytes(2**30)
    shelf = kept.shelf(1, None, "all", b"")
    assert shelf is not None
    for number in range(OBJECTS):
        shelf.keep(number, orjson.dumps({"title": "x" * 50, "number": number}))
    assert resident() - before < 2 * kept.generation.size


def test_a_generation_over_the_limit_makes_way_for_the_next() -> None:
    kept = KeptBytes(10_000)
    for name in range(100):
        shelf = kept.shelf(1, None, name, b"")
        assert shelf is not None
        shelf.keep("a", b'"' + b"x" * 1_000 + b'"')
        assert kept.generation.size < 13_000
