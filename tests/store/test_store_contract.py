"""Checks what every store promises, whatever its backend; a new one joins by the fixture below."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from store.article import Article, Summary
from store.base import Document, Kind, Put, Remove, Store
from store.criteria import AllOf, Criteria, Is, Op, Order, Page, RelatesTo, Search
from store.errors import ArticleError, CriteriaError
from store.tiny.store import TinyStore
from tests.newsroom import document, news

EVERYTHING = AllOf(())


def said_by(domain: str, name: str) -> dict[str, str]:
    """Return a provider."""
    return {"domain": domain, "name": name}


def related(url: str, title: str, **more: object) -> dict[str, object]:
    """Return an entry of `related`."""
    return {"title": title, "webUrl": url, "provider": said_by("else.org", "Elsewhere"), **more}


NEWSROOM: list[Document] = [
    news("a.md", webUrl="https://one.org/a?utm_source=x", topics=["AI", "Robots"],
         publishedDateTime="2021-01-01T00:00:00Z",
         related=[related("https://one.org/b/", "B, they say"), related("https://else.org/c", "C"),
                  related("https://one.org/draft", "Secret")]),
    news("b.md", webUrl="https://one.org/b", topics=["AI"],
         related=[related("https://else.org/c", "C", excerpt="fuller")],
         publishedDateTime="2021-01-02T00:00:00Z"),
    news("b2.md", originalUrl="https://one.org/b", topics=["ai"], publishedDateTime="2021-01-03T00:00:00Z",
         provider=said_by("two.org", "Two")),
    news("two.md", provider=said_by("two.org", "Zwei")),
    news("two2.md", provider=said_by("two.org", "Zwei")),
    news("draft.md", webUrl="https://one.org/draft", topics=["Hidden"], published=False,
         provider=said_by("hidden.org", "Hidden")),
    document("one.yaml", {"_id": "one.org", "domain": "one.org", "name": "One!", "otherNames": ["Uno"],
                          "description": "First"}, kind=Kind.ORGANIZATION),
    document("ai.yaml", {"name": "AI", "keywords": ["ml"], "hashtags": ["#AI"]}, kind=Kind.TOPIC),
    document("vision.yaml", {"name": "Vision", "parent": "AI"}, kind=Kind.TOPIC),
]  # fmt: skip


@pytest.fixture(params=["tiny"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with TinyStore(tmp_path / "store.json", follow=False) as opened:
        asyncio.run(opened.apply(list(map(Put, NEWSROOM))))
        yield opened


def test_a_sound_store_takes_writes_sees_all_and_has_its_full_text_after_a_search(store: Store) -> None:
    asyncio.run(store.find([Criteria(search=Search("news"))]))
    assert (store.failure, store.stale, store.search_ready) == (None, None, True)


def test_articles_and_documents_come_in_the_order_asked(store: Store) -> None:
    found = asyncio.run(store.articles(["b.md", "no.md", "draft.md", "a.md"]))
    assert [each and each.path for each in found] == ["b.md", None, None, "a.md"]
    assert asyncio.run(store.articles(["draft.md"], drafts=True)) != [None]
    assert asyncio.run(store.documents(["draft.md", "no.md", "one.yaml"])) == [NEWSROOM[5], None, NEWSROOM[6]]


def test_any_form_of_a_url_finds_the_article_published_last(store: Store) -> None:
    urls = ["http://one.org/a#top", "https://one.org/b/amp/", "https://one.org/draft", "nowhere"]
    assert asyncio.run(store.resolve(urls)) == ["a.md", "b2.md", None, None]
    assert asyncio.run(store.resolve(urls, drafts=True)) == ["a.md", "b2.md", "draft.md", None]


def test_a_related_entry_is_an_article_or_the_fullest_summary(store: Store) -> None:
    a = asyncio.run(store.articles(["a.md"]))[0]
    assert a is not None
    public, whole = asyncio.run(store.related([a]))[0], asyncio.run(store.related([a], drafts=True))[0]
    assert [type(each) for each in public] == [Article, Summary, Summary]
    assert [getattr(each, "path", None) for each in whole] == ["b2.md", None, "draft.md"]
    stub = public[1]
    assert isinstance(stub, Summary)
    assert stub.excerpt == "fuller"
    assert asyncio.run(store.summaries([stub.key, "no"])) == [stub, None]


def test_relations_are_found_backwards_by_path_and_by_key(store: Store) -> None:
    targets = ["b2.md", "b.md", "https://else.org/c", "draft.md"]
    parts = asyncio.run(store.find([Criteria(RelatesTo(target)) for target in targets]))
    assert [{article.path for article in part.items} for part in parts] == [{"a.md"}, set(), {"a.md", "b.md"}, set()]


def test_a_provider_is_named_by_its_file_else_by_what_is_written_most(store: Store) -> None:
    one, two, other, hidden = asyncio.run(store.providers(["one.org", "two.org", "else.org", "hidden.org"]))
    assert one is not None
    assert two is not None
    assert other is not None
    assert (one.name, one.aliases, one.description) == ("One!", ("Uno", "One"), "First")
    assert (two.name, two.aliases) == ("Zwei", ("Two",))
    assert (other.name, hidden) == ("Elsewhere", None)
    assert asyncio.run(store.providers(["hidden.org"], drafts=True)) != [None]


def test_providers_with_articles_or_a_file_are_listed_by_domain(store: Store) -> None:
    part, total = asyncio.run(store.find_providers(EVERYTHING, Page(1)))
    assert ([each.domain for each in part.items], total, part.has_next) == (["one.org"], 2, True)
    rest, _ = asyncio.run(store.find_providers(EVERYTHING, Page(5, part.cursors[0])))
    assert [each.domain for each in rest.items] == ["two.org"]
    assert asyncio.run(store.find_providers(Is("name", Op.EQ, "zwei"), Page()))[1] == 1


def test_topics_are_those_of_visible_articles_and_of_files_in_a_tree(store: Store) -> None:
    part, total = asyncio.run(store.find_topics(EVERYTHING, Page()))
    assert ([each.slug for each in part.items], total) == (["ai", "robots", "vision"], 3)
    ai, vision, hidden = asyncio.run(store.topics(["ai", "vision", "hidden"]))
    assert ai is not None
    assert vision is not None
    assert (ai.name, ai.children, ai.keywords, vision.parent, hidden) == ("AI", ("vision",), ("ml",), "ai", None)


def test_topics_on_the_same_articles_are_counted(store: Store) -> None:
    shared = asyncio.run(store.co_topics(["ai", "robots", "no"], 5))
    assert [[(each.topic.slug, each.shared, each.jaccard) for each in several] for several in shared] == [
        [("robots", 1, 1 / 3)],
        [("ai", 1, 1 / 3)],
        [],
    ]


def test_digests_are_those_of_one_source_with_what_describes_providers_and_topics(store: Store) -> None:
    assert asyncio.run(store.digests("test")) == {each.path: each.digest for each in NEWSROOM}
    assert asyncio.run(store.digests("other")) == {}


def test_what_is_removed_is_gone_everywhere(store: Store) -> None:
    asyncio.run(store.apply([Remove("b2.md"), Remove("ai.yaml"), Remove("one.yaml")]))
    assert asyncio.run(store.resolve(["https://one.org/b"])) == ["b.md"]
    provider, topic = asyncio.run(store.providers(["one.org"]))[0], asyncio.run(store.topics(["ai"]))[0]
    assert provider is not None
    assert topic is not None
    assert (provider.name, topic.keywords) == ("One", ())


def test_a_batch_with_an_invalid_document_changes_nothing(store: Store) -> None:
    before = store.sequence
    broken = Document("x.md", "test", Kind.ARTICLE, "x", datetime(2021, 1, 1, tzinfo=UTC), {"title": ""})
    with pytest.raises(ArticleError, match=r"^x\.md: "):
        asyncio.run(store.apply([Remove("a.md"), Put(broken)]))
    assert store.sequence == before
    assert asyncio.run(store.articles(["a.md"])) != [None]


@pytest.mark.parametrize(
    "criteria",
    [
        Criteria(page=Page(-1)),
        Criteria(page=Page(1, last=1)),
        Criteria(page=Page(1, "rubbish")),
        Criteria(page=Page(1, "é")),
        Criteria(order=(Order("relevance"),)),
        Criteria(Is("heat", Op.EQ, "hot")),
        Criteria(Is("title", Op.IN, "x")),
        Criteria(Is("published_at", Op.GT, datetime(2021, 1, 1))),  # noqa: DTZ001 # that is what is wrong with it
    ],
)
def test_what_makes_no_sense_is_refused_in_words(store: Store, criteria: Criteria) -> None:
    with pytest.raises(CriteriaError, match=r"\w \w"):
        asyncio.run(store.find([criteria]))


def test_a_cursor_of_another_order_and_a_damaged_one_are_refused(store: Store) -> None:
    cursor = asyncio.run(store.find([Criteria(page=Page(1))]))[0].cursors[0]
    for other in (cursor[:-2], "A" + cursor[1:], cursor[:8] + "AA" + cursor[10:]):
        with pytest.raises(CriteriaError, match="is no cursor"):
            asyncio.run(store.find([Criteria(page=Page(1, other))]))
    with pytest.raises(CriteriaError, match="the list has the order"):
        asyncio.run(store.find([Criteria(order=(Order("heat"),), page=Page(1, cursor))]))
