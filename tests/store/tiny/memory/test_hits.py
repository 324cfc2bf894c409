"""Compares hits that are walked by score with the same hits, sorted as a whole."""

from hypothesis import given
from hypothesis import strategies as st

from store.criteria import Order
from store.files.entities import article
from store.tiny.memory.articles import Articles
from store.tiny.memory.orders import LAST, ordering
from store.tiny.memory.paging import Hits, Sorted
from tests.newsroom import news

ARTICLES = Articles()
for name in "FBADCE":
    ARTICLES.put(article(news(f"{name}.md")))
BY = ordering((Order("relevance"),))


@given(st.lists(st.sampled_from([0.5, 1.0, 2.5]), min_size=6, max_size=6), st.integers(0, 6))
def test_hits_of_one_score_are_in_order_of_their_path_in_either_direction(scores: list[float], at: int) -> None:
    hits = sorted(((-score, number) for number, score in enumerate(scores)), key=lambda hit: hit[0])
    keys = sorted(BY.key(number, ARTICLES.number(number), score) for number, score in enumerate(scores))
    line, whole = Hits(ARTICLES, BY, hits), Sorted(keys)
    bounds = [None] if at == 6 else [keys[at][:-1], (*keys[at][:-1], LAST)]
    for bound in bounds:
        assert list(line.since(bound)) == list(whole.since(bound))
        assert list(line.before(bound)) == list(whole.before(bound))
