"""Checks what a full-text search finds, its scores and highlights, and that changes are found at once."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.base import Facet, Put, Remove
from store.criteria import AllOf, Criteria, Is, Op, Order, Page, Search, SearchField
from store.text import MOST_WORDS, search_words
from store.tiny.search.words import Term, terms
from store.tiny.store import TinyStore
from tests.newsroom import news
from tests.scale import scaled

RELEVANCE = (Order("relevance"),)
NEWSROOM = [
    news("robots.md", "Robots deliver parcels", excerpt="Taught to climb stairs", topics=["Robotics"], quality=1),
    news("law.md", "A law on machine learning", excerpt="Parliament &amp; robots", topics=["AI"], quality=2),
    news("machine.md", "Learning by machine", body="<p>A robot&nbsp;sewed this.</p>", quality=3),
    news("zuerich.md", "Zürich fährt Straßenbahn", excerpt="Ein Bericht über Gärten"),
    news("tokyo.md", "東京の天気", excerpt="今日は晴れ"),
    news("draft.md", "Robots in a draft", published=False),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TinyStore]:
    with TinyStore(tmp_path / "store.json", follow=False) as opened:
        asyncio.run(opened.apply([Put(document) for document in NEWSROOM]))
        yield opened


def found(store: TinyStore, query: str, *fields: SearchField) -> list[str]:
    """Return the paths that match, the best first."""
    part = asyncio.run(store.find([Criteria(search=Search(query, fields), order=RELEVANCE)]))[0]
    return [article.path.removesuffix(".md") for article in part.items]


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ("robots", {"robots", "law", "machine"}),
        ("ROBOT", {"robots", "law", "machine"}),
        ("machine learning", {"law", "machine"}),
        ('"machine learning"', {"law"}),
        ('"machine learn"', set()),
        ("robots -stairs", {"law", "machine"}),
        ('learning -"machine learning"', {"machine"}),
        ("-robots", {"zuerich", "tokyo"}),
        ("deliv*", {"robots"}),
        ("zürich", {"zuerich"}),
        ("ZÜRICH", {"zuerich"}),
        ("STRASSENBAHN", {"zuerich"}),
        ("gärten", {"zuerich"}),
        ("天気", {"tokyo"}),
        ("京天", set()),
        ("robotics", {"robots", "law", "machine"}),
        ("machine-learning", {"law"}),
        ("one", {"robots", "law", "machine", "zuerich", "tokyo"}),
        ("absent", set()),
        ("", set()),
        ('"', set()),
        ("-", set()),
        ("*", set()),
        ("title:robots", set()),
        ("AND OR (", set()),
    ],
)
def test_a_query_finds(shared: TinyStore, query: str, paths: set[str]) -> None:
    assert set(found(shared, query)) == paths


def test_a_search_looks_only_into_the_fields_it_names(store: TinyStore) -> None:
    assert found(store, "robots", SearchField.EXCERPT) == ["law"]
    assert found(store, "robots", SearchField.BODY) == ["machine"]
    assert found(store, "ai", SearchField.TOPICS) == ["law"]


def test_a_title_weighs_more_than_an_excerpt_or_a_body(store: TinyStore) -> None:
    assert found(store, "robots", SearchField.TITLE, SearchField.EXCERPT, SearchField.BODY)[0] == "robots"


def test_a_search_takes_any_order_filter_count_and_facet(store: TinyStore) -> None:
    search = Search("robots")
    by_quality = Criteria(Is("quality", Op.GTE, 2), search, (Order("quality"),))
    drafts = Criteria(search=search, drafts=True, order=(Order("title", descending=False),))
    parts = asyncio.run(store.find([by_quality, drafts]))
    assert [article.path for article in parts[0].items] == ["machine.md", "law.md"]
    assert [article.path for article in parts[1].items] == ["law.md", "machine.md", "robots.md", "draft.md"]
    assert asyncio.run(store.count([by_quality, drafts])) == [2, 4]
    assert [bucket.value for bucket in asyncio.run(store.facets([by_quality], Facet("topics")))[0]] == ["ai"]
    scores = parts[0].scores
    assert scores is not None
    assert all(score > 0 for score in scores)


def test_pages_by_relevance_join_without_gap_or_repeat(store: TinyStore) -> None:
    whole = found(store, "robots")
    walked, cursor = [], None
    for _ in whole:
        page = Criteria(search=Search("robots"), order=RELEVANCE, page=Page(1, cursor))
        part = asyncio.run(store.find([page]))[0]
        walked.append(part.items[0].path.removesuffix(".md"))
        cursor = part.cursors[0]
    assert walked == whole


def test_what_changes_is_found_in_the_very_next_answer(store: TinyStore) -> None:
    assert found(store, "submarine") == []
    asyncio.run(store.apply([Put(news("robots.md", "A submarine"))]))
    assert found(store, "submarine") == ["robots"]
    assert "robots" not in found(store, "parcels")
    asyncio.run(store.apply([Remove("robots.md")]))
    assert found(store, "submarine") == []


def test_highlights_are_offsets_into_the_text_form(store: TinyStore) -> None:
    search = Search('robot "machine learning" clim* -absent')
    marked = asyncio.run(store.highlights(["robots.md", "law.md", "machine.md", "no.md"], search))
    texts = [[(each.field, [each.snippet[a:b] for a, b in each.ranges]) for each in several] for several in marked]
    assert texts == [
        [(SearchField.TITLE, ["Robots"]), (SearchField.EXCERPT, ["climb"]), (SearchField.TOPICS, ["Robotics"])],
        [(SearchField.TITLE, ["machine learning"]), (SearchField.EXCERPT, ["robots"])],
        [(SearchField.BODY, ["robot"])],
        [],
    ]


@settings(max_examples=scaled(100, 5000), deadline=None)
@given(query=st.text(max_size=30) | st.text(alphabet='robts "-*:()[]^~\\+', max_size=30))
def test_no_query_is_an_error(shared: TinyStore, query: str) -> None:
    criteria = Criteria(AllOf(()), Search(query), RELEVANCE)
    part = asyncio.run(shared.find([criteria]))[0]
    assert asyncio.run(shared.count([criteria])) == [len(part.items)]
    asyncio.run(shared.highlights([article.path for article in part.items], Search(query)))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyStore]:
    with TinyStore(tmp_path_factory.mktemp("shared") / "store.json") as opened:
        asyncio.run(opened.apply([Put(document) for document in NEWSROOM]))
        yield opened


PARTS = [
    "a",
    "data",
    "中文",
    ".",
    "-",
    "_",
    "*",
    '"',
    " ",
    "\u00a0",
    "é",
    "e\u0301",
    "a." * 40,
    '"' + "b " * 50,
    "." * 9_990,
]


@given(st.lists(st.sampled_from(PARTS) | st.text(max_size=20), max_size=30).map("".join))
@settings(max_examples=scaled(300, 20_000), deadline=None)
def test_a_query_looks_for_as_many_words_as_it_counts_for(query: str) -> None:
    assert sum(len(term.words) for term in terms(query)) == search_words(query) <= MOST_WORDS


def test_of_a_long_query_the_first_words_are_looked_for(shared: TinyStore) -> None:
    assert terms("data." * 200_000) == [Term(("data",) * MOST_WORDS)]
    assert terms('a "' + "b " * 100 + '" c') == [Term(("a",)), Term(("b",) * (MOST_WORDS - 1), quoted=True)]
    assert terms("." * 1_000_000 + "robots") == []
    assert found(shared, "robots " * MOST_WORDS + "nowhere") == found(shared, "robots")


def test_highlights_of_a_long_text_are_offsets_into_its_snippet(store: TinyStore) -> None:
    body = "Many words before. " * 30 + "A ferry, and a second ferry. " + "Many words after. " * 30 + "A late ferry."
    asyncio.run(store.apply([Put(news("long.md", "Long", body=body))]))
    (mark,) = asyncio.run(store.highlights(["long.md"], Search("ferry")))[0]
    assert [mark.snippet[start:end] for start, end in mark.ranges] == ["ferry", "ferry"]
