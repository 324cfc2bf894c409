"""Types metadata key by key, with all faults named at once, and builds entities from documents."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from store.article import Article
from store.base import Document, Kind
from store.errors import ArticleError
from store.files import entities
from store.files.documents import Origin, digest, read
from store.files.entities import content_hash
from store.files.keys import typed
from tests.drawn import articles
from tests.scale import scaled

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ORIGIN = Origin("test", NOW, "https://example.org/site")
HEAD = "title: A\nprovider:\n  domain: example.org\n"


def document(head: str, body: str = "", path: str = "news/2021-07-29-a.md", origin: Origin = ORIGIN) -> Document:
    made = read(f"---\n{head}\n---\n{body}".encode(), path, origin)
    assert made is not None
    return made


def article(head: str, **others: Any) -> Article:
    return entities.article(document(head, **others))


def problems(head: str) -> list[str]:
    with pytest.raises(ArticleError) as caught:
        document(head)
    return [str(problem).removeprefix("news/2021-07-29-a.md:") for problem in caught.value.problems]


FULL = """
category: news
title: "Fish &amp; chips"
excerpt: "<p>One</p>"
publishedDateTime: 2021-07-29 13:09:00 +0200
originalUrl: "https://www.example.org/a/?utm_source=x"
webUrl: "https://www.example.org/a/amp/"
ampWebUrl: "https://other.example/b/amp"
cdnAmpWebUrl: "https://www-example-org.cdn.ampproject.org/c/s/www.example.org/a/amp/"
type: video
quality: 59
heat: -1
published: true
provider: {name: Example, domain: WWW.Example.org, images: [{url: /p.jpg}]}
topics: [AI, Robots, AI]
images:
  - {url: /assets/a.jpg, width: 1920, height: 1080, isCached: true, title: T, attribution: B}
featuredContent: <iframe></iframe>
price: Free
related:
  - {title: B, webUrl: "https://second.example/b/", provider: {domain: second.example}, quality: 3}
  - {name: C, provider: {name: Third, domain: third.example}}
secured: x;y
"""


def test_a_full_file_becomes_its_record() -> None:
    made = article(FULL)
    assert (made.path, made.source, made.slug) == ("news/2021-07-29-a.md", "test", "a")
    assert (made.title, made.title_text) == ("Fish &amp; chips", "Fish & chips")
    assert (made.excerpt, made.excerpt_text) == ("<p>One</p>", "One")
    assert made.published_at == datetime(2021, 7, 29, 11, 9, tzinfo=UTC)
    assert made.urls == ("https://example.org/a", "https://other.example/b")
    assert made.canonical_url == "https://www.example.org/a/"
    assert made.web_url == "https://www.example.org/a/amp/"
    assert (made.type, made.category, made.quality, made.heat, made.published) == ("video", "news", 59, -1, True)
    assert (made.provider.domain, made.provider.name) == ("example.org", "Example")
    assert made.provider.images[0].url == "https://example.org/site/p.jpg"
    assert made.topics == ("AI", "Robots")
    assert (made.images[0].url, made.images[0].raw_url) == (
        "https://example.org/site/assets/a.jpg",
        "/assets/a.jpg",
    )
    assert msgspec.structs.astuple(made.images[0])[2:] == (1920, 1080, True, "T", "B")
    assert made.ingested_at == NOW


def test_related_entries_are_known_by_their_cleaned_url_or_by_their_place() -> None:
    one, two = article(FULL).related
    assert (one.key, one.urls) == ("https://second.example/b", ("https://second.example/b",))
    assert (one.title, one.quality, one.type) == ("B", 3, "article")
    assert (two.key, two.urls) == ("news/2021-07-29-a.md#related/1", ())
    assert (two.title, two.provider.name) == ("C", "Third")


def test_only_a_title_and_a_provider_are_needed() -> None:
    made = article(HEAD)
    assert (made.published, made.type, made.urls, made.canonical_url) == (True, "article", (), None)
    assert (made.provider.domain, made.provider.name) == ("example.org", "example.org")


def test_a_name_serves_where_the_title_is_missing_and_a_url_where_the_domain_is() -> None:
    made = article("name: A\noriginalUrl: https://www.example.org/a")
    assert (made.title, made.provider.domain) == ("A", "example.org")


@pytest.mark.parametrize(
    ("flags", "published"),
    [
        ("", True),
        ("published: true", True),
        ("published: false", False),
        ("published:", True),
        ("removed: true", False),
        ("published: true\nremoved: true", False),
        ("removed: false", True),
    ],
)
def test_an_article_is_published_unless_it_says_otherwise(flags: str, published: bool) -> None:
    assert article(f"{HEAD}{flags}").published is published


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2021-07-29T11:09:00Z", "2021-07-29T11:09:00Z"),
        ('"2021-07-29T11:09:00Z"', "2021-07-29T11:09:00Z"),
        ("2021-07-29", "2021-07-29T00:00:00Z"),
        ("2021-07-29 11:09", "2021-07-29T11:09:00Z"),
        ("2021-07-29T11:09:00", "2021-07-29T11:09:00Z"),
        ("2021-07-29t11:09:00z", "2021-07-29T11:09:00Z"),
        ("2021-07-29T11:09:00+02:00", "2021-07-29T09:09:00Z"),
        ("2021-07-29 11:09:00 -0130", "2021-07-29T12:39:00Z"),
        ("2021-07-29T23:09:00-02", "2021-07-30T01:09:00Z"),
        ("2021-07-29T11:09:00.5Z", "2021-07-29T11:09:00.500000Z"),
        ("2021-07-29T11:09:00.123456789Z", "2021-07-29T11:09:00.123456Z"),
        ("0001-01-01", "0001-01-01T00:00:00Z"),
        ("", None),
        ("null", None),
    ],
)
def test_a_date_becomes_an_instant_in_utc(written: str, instant: str | None) -> None:
    assert document(f"{HEAD}publishedDateTime: {written}").metadata["publishedDateTime"] == instant


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("publishedDateTime: 2026-13-45", "value.range: publishedDateTime: found '2026-13-45': month must be in 1..12"),
        (
            "publishedDateTime: 2026-02-30T00:00:00Z",
            "value.range: publishedDateTime: found '2026-02-30T00:00:00Z': day",
        ),
        ("publishedDateTime: 0001-01-01T00:00:00+05:00", "value.range: publishedDateTime: found"),
        ("publishedDateTime: yesterday", "value.type: publishedDateTime: found 'yesterday', expected a date and time"),
        ("publishedDateTime: 20210729", "value.type: publishedDateTime: found '20210729', expected a date and time"),
        ("publishedDateTime: [2021]", "value.type: publishedDateTime: found a list, expected a date and time"),
        ("quality: high", "value.type: quality: found 'high', expected a whole number"),
        ("quality: 5.5", "value.type: quality: found '5.5', expected a whole number"),
        ("quality: 2147483648", "value.range: quality: found '2147483648', expected a whole number of 32 bits"),
        ("heat: " + "9" * 5000, "value.range: heat: found '9999"),
        ("published: no", "value.type: published: found 'no', expected true or false"),
        ("excerpt: [a]", "value.type: excerpt: found a list, expected text"),
        ("category: {a: b}", "value.type: category: found a mapping, expected text"),
        ("topics: AI", "value.type: topics: found 'AI', expected a list"),
        ("topics: [AI, [b]]", "value.type: topics[1]: found a list, expected text"),
        ("topics: [AI, ]\nimages: [a]", "value.type: images[0]: found 'a', expected a mapping"),
        ("images: [{width: 5}]", "value.missing: images[0].url: an image needs a URL"),
        ("images: [{url: /a, width: wide}]", "value.type: images[0].width: found 'wide', expected a whole number"),
        ("images: [{}, ]", "value.missing: images[0].url: an image needs a URL"),
        ("related: [{title: B}]", "value.missing: related[0].provider: expected a provider with a domain, or a URL"),
        ("related: [{webUrl: 'https://b.example'}]", "value.missing: related[0].title: expected a title (or a name)"),
        (
            "other: 123456789012345678901",
            "value.range: other: found '123456789012345678901', expected a whole number of",
        ),
        (
            "other: {a: [-9223372036854775809]}",
            "value.range: other.a[0]: found '-9223372036854775809', expected a whole",
        ),
    ],
)
def test_a_wrong_value_names_its_line_its_key_what_was_found_and_expected(line: str, reason: str) -> None:
    (problem,) = problems(f"{HEAD}{line}")
    where, _, rest = problem.partition(": ")
    assert int(where) == 5 + line.count("\n")
    assert rest.startswith(reason)


def test_all_problems_of_a_file_are_named_in_the_order_of_their_lines() -> None:
    head = "quality: high\nprovider: Example\nimages:\n  - url: /a\n  - width: 5\n    height: tall\npublished: no"
    assert problems(head) == [
        "2: value.missing: title: expected a title (or a name)",
        "2: value.type: quality: found 'high', expected a whole number",
        "3: value.type: provider: found 'Example', expected a mapping",
        "6: value.missing: images[1].url: an image needs a URL",
        "7: value.type: images[1].height: found 'tall', expected a whole number",
        "8: value.type: published: found 'no', expected true or false",
    ]


def test_a_number_is_no_title_where_numbers_are_told_from_text() -> None:
    with pytest.raises(ArticleError, match=r"^a.json:2: value.type: title: found the number 5, expected text$"):
        read(b'{"provider": {"domain": "example.org"},\n "title": 5}', "a.json", ORIGIN)


def test_json_keeps_its_types() -> None:
    made = read(
        b'{"title": "5", "originalUrl": "https://example.org", "quality": 5, "published": false, "heat": null, '
        b'"publishedDateTime": "2021-07-29", "x": [1, 1.5, "1", true, null]}',
        "a.json",
        ORIGIN,
    )
    assert made is not None
    assert made.metadata["x"] == [1, 1.5, "1", True, None]
    assert (made.metadata["quality"], made.metadata["published"], made.metadata["heat"]) == (5, False, None)


def test_bytes_that_are_no_utf_8_are_named_with_their_line() -> None:
    with pytest.raises(ArticleError, match=r"^a.md:3: text.encoding: no UTF-8: invalid start byte$"):
        read(b"---\ntitle: A\nexcerpt: \xff\n---\n", "a.md", ORIGIN)


@settings(max_examples=scaled(200, 10_000))
@given(articles)
def test_typed_metadata_is_typed_already(metadata: dict[str, Any]) -> None:
    assert typed(metadata, Kind.ARTICLE) == (metadata, [])


@settings(max_examples=scaled(200, 10_000))
@given(articles)
def test_every_article_that_is_read_has_a_record(metadata: dict[str, Any]) -> None:
    made = entities.article(Document("a.md", "", Kind.ARTICLE, "", NOW, metadata))
    assert msgspec.json.encode(made)


def test_the_content_hash_leaves_secured_and_heat_and_the_order_of_keys_out() -> None:
    one = document(f"{HEAD}heat: 1\nsecured: a", "Body")
    assert content_hash(one) == content_hash(document(f"secured: b\n{HEAD}heat: 2", "Body"))
    assert content_hash(one) != content_hash(document(f"{HEAD}heat: 1\nsecured: a", "Another body"))
    assert content_hash(one) != content_hash(document(f"{HEAD}quality: 1\nheat: 1\nsecured: a", "Body"))


def test_a_digest_knows_what_relative_urls_stood_below() -> None:
    assert (
        len({digest(b"a"), digest(b"b"), digest(b"a", "https://example.org"), digest(b"a", "https://b.example")}) == 4
    )


def test_an_organization_file_describes_a_provider() -> None:
    made = entities.organization(
        document(
            "taxonomy: organization\n_id: amazon.com\nname: Amazon\notherNames: [AWS, Amazon]\ndescription: Sells.\n"
            "images: [{url: /a.jpg, width: 50, height: 50}]"
        )
    )
    assert (made.domain, made.name, made.other_names, made.description) == (
        "amazon.com",
        "Amazon",
        ("AWS", "Amazon"),
        "Sells.",
    )
    assert made.images[0].url == "https://example.org/site/a.jpg"


def test_a_topic_file_describes_a_topic() -> None:
    made = entities.topic(
        document(
            "taxonomy: topic\nname: Canvas apps\nparent: Power Apps\nkeywords: [a b, c, a b]\nhashtags: ['#A #B', '#A']"
        )
    )
    assert (made.slug, made.name, made.parent) == ("canvas-apps", "Canvas apps", "power-apps")
    assert (made.keywords, made.hashtags) == (("a b", "c"), ("#A", "#B"))


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("taxonomy: topic", "2: value.missing: name: a topic needs a name"),
        ("taxonomy: organization\nname: A", "2: value.missing: domain: an organization needs a domain"),
    ],
)
def test_a_description_without_its_key_is_refused(head: str, reason: str) -> None:
    assert problems(head) == [reason]


def test_a_document_that_was_never_a_file_is_checked_too() -> None:
    for metadata in ({}, {"title": "A"}, {"provider": {"domain": "example.org"}}):
        with pytest.raises(ArticleError, match=r"value\.missing"):
            entities.article(Document("a.md", "", Kind.ARTICLE, "", NOW, metadata))
