"""Holds the cache of queries to its bounds: how many there are, and how large one may be beside others."""

from store.criteria import Is, Op
from store.tiny.memory.query_cache import LARGEST, QueryCache


def hotter_than(number: int) -> Is:
    return Is("heat", Op.GT, number)


def one_of(size: int) -> Is:
    return Is("path", Op.IN, tuple(map(str, range(size))))


def test_a_query_that_was_asked_again_stays_and_the_one_longest_unused_goes() -> None:
    cache = QueryCache[Is, int](3)
    for number in range(3):
        cache[hotter_than(number)] = number
    assert cache.find(hotter_than(0)) == 0
    cache[hotter_than(3)] = 3
    assert [cache.find(hotter_than(number)) for number in range(4)] == [0, None, 2, 3]


def test_a_large_query_takes_the_place_of_all_others_and_small_ones_join_it() -> None:
    cache = QueryCache[Is, str](3)
    cache[hotter_than(1)] = "small"
    cache[one_of(LARGEST)] = "large"
    cache[hotter_than(2)] = "small"
    assert cache.find(hotter_than(1)) is None
    assert (cache.find(one_of(LARGEST)), cache.find(hotter_than(2))) == ("large", "small")
    cache[one_of(LARGEST + 1)] = "larger"
    assert list(cache.values()) == ["larger"]
