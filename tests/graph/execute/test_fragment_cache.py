"""Checks that the fragment cache takes the memory that it counts, drops nothing that has room, and keeps its limit."""

from pathlib import Path

import orjson

from graph.execute.plan.fragment_cache import ENTRY, REGION, FragmentCache, Region

OBJECTS = 50_000


def resident() -> int:
    """Return the memory of this process, in bytes."""
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]) * 1024


def region_of(cache: FragmentCache, identity: str, sequence: int = 1) -> Region:
    region = cache.region(sequence, None, identity, b"")
    assert region is not None
    return region


def encoded(number: int) -> bytes:
    return orjson.dumps({"title": "x" * 50, "number": number})


def test_all_that_has_room_is_cached_in_about_the_memory_that_it_is_counted_with() -> None:
    before = resident()
    cache = FragmentCache(2**30)
    region = region_of(cache, "all")
    for number in range(OBJECTS):
        region.add(number, encoded(number))
    taken = resident() - before
    contents = sum(len(encoded(number)) for number in range(OBJECTS))
    assert cache.generation.size == REGION + contents + OBJECTS * ENTRY
    assert taken < 2 * cache.generation.size
    assert region_of(cache, "all") is region
    assert all(orjson.dumps(region.fragments[number]) == encoded(number) for number in range(OBJECTS))


def test_a_generation_drops_nothing_until_it_is_over_the_limit_and_then_makes_way_for_the_next() -> None:
    cache, body = FragmentCache(10_000), b'"' + b"x" * 1_000 + b'"'
    regions: list[Region] = []
    sizes = []
    for number in range(100):
        is_full = cache.generation.size > cache.limit
        region = region_of(cache, str(number))
        region.add("a", body)
        regions = [region] if is_full else [*regions, region]
        assert list(cache.generation.regions.values()) == regions
        assert all(orjson.dumps(each.fragments["a"]) == body for each in regions)
        sizes.append(cache.generation.size)
        assert sizes[-1] == len(regions) * (REGION + len(body) + ENTRY)
    assert 10_000 < max(sizes) < 13_000


def test_a_change_of_the_store_ends_a_generation() -> None:
    cache = FragmentCache(10_000)
    region_of(cache, "all", sequence=1).add("a", b"1")
    assert not region_of(cache, "all", sequence=2).fragments
    assert cache.generation.size == REGION


def test_an_object_of_more_than_an_eighth_of_the_limit_is_not_cached() -> None:
    cache, body = FragmentCache(8_000), b'"' + b"x" * 1_000 + b'"'
    region = region_of(cache, "all")
    assert orjson.dumps(region.add("a", body)) == body
    assert not region.fragments


def test_a_limit_of_0_caches_nothing() -> None:
    assert FragmentCache(0).region(1, None, "all", b"") is None
