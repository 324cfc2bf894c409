"""Checks what is cleaned from addresses and what stays, and that no text makes the functions raise."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from store.urls import absolute, canonical, clean, domain
from tests.scale import scaled

CLEANED = [
    # (as written, as shown)
    ("https://example.org/news/", "https://example.org/news/"),
    ("  HTTPS://WWW.Example.ORG/News  ", "https://www.example.org/News"),
    ("http://example.org:80/news", "http://example.org/news"),
    ("https://example.org:443/news", "https://example.org/news"),
    ("https://example.org:8443/news", "https://example.org:8443/news"),
    ("https://example.org:/news", "https://example.org/news"),
    ("https://example.org./news", "https://example.org/news"),
    ("https://example.org", "https://example.org/"),
    ("//example.org/news", "https://example.org/news"),
    ("https://example.org/news#comments", "https://example.org/news"),
    ("https://example.org/news?", "https://example.org/news"),
    ("https://example.org/news?utm_source=a&UTM_Medium=b&utm_anything=c", "https://example.org/news"),
    ("https://example.org/news?fbclid=1&gclid=2&msclkid=3&mc_cid=4&mc_eid=5&igshid=6", "https://example.org/news"),
    ("https://example.org/watch?v=ENIACMQ7E1M&utm_source=a&t=3", "https://example.org/watch?v=ENIACMQ7E1M&t=3"),
    ("https://example.org/news/amp", "https://example.org/news"),
    ("https://example.org/news/amp/", "https://example.org/news/"),
    ("https://example.org/news/AMP/", "https://example.org/news/"),
    ("https://example.org/news/amp/?utm_source=a#b", "https://example.org/news/"),
    ("https://example.org/news?outputType=amp", "https://example.org/news"),
    ("https://example.org/news?outputType=json", "https://example.org/news?outputType=json"),
    ("https://example.org/news?amp=1&page=2", "https://example.org/news?page=2"),
    ("https://example.org/news?amp&amp_js_v=0.1&usqp=x", "https://example.org/news"),
    ("https://example.org/news/ampersand", "https://example.org/news/ampersand"),
    ("https://example.org/amp", "https://example.org/amp"),
    (
        "https://www-wwlp-com.cdn.ampproject.org/c/s/www.wwlp.com/news/massachusetts/unsettled/amp/",
        "https://www.wwlp.com/news/massachusetts/unsettled/",
    ),
    ("https://example-org.cdn.ampproject.org/c/example.org/news", "http://example.org/news"),
    ("https://example-org.cdn.ampproject.org/v/s/example.org/news?amp_js_v=a&p=1", "https://example.org/news?p=1"),
    ("https://www.google.com/amp/s/example.org/news/amp", "https://example.org/news"),
    ("https://www.google.com/search?q=amp", "https://www.google.com/search?q=amp"),
    ("https://example.org/caf%c3%a9/%7euser", "https://example.org/caf%C3%A9/~user"),
    ("https://example.org/café", "https://example.org/caf%C3%A9"),
    ("https://user:word@example.org/news", "https://user:word@example.org/news"),
    ("https://[2001:DB8::1]:8080/news", "https://[2001:db8::1]:8080/news"),
]
ODD = [
    *("", " ", "news", "/news/", "mailto:a@example.org", "javascript:alert(1)", "https://", "https:///news", "http://[::1"),
    *("http://[", "https://example.org:port/", "://", "\x00", "\ud800", "https://\ud800.org/\udfff", "%", "https://a/%zz"),
    *("https://" + "a" * 9000, "https://a.cdn.ampproject.org/c/s/" * 300, "https://e.org" + "/amp" * 2000),
]  # fmt: skip


@pytest.mark.parametrize(("written", "shown"), CLEANED)
def test_an_address_is_shown_without_what_is_not_its_own(written: str, shown: str) -> None:
    assert canonical(written) == shown


@pytest.mark.parametrize(("written", "shown"), CLEANED)
def test_what_is_shown_finds_what_was_written(written: str, shown: str) -> None:
    assert clean(written) == clean(shown)


@pytest.mark.parametrize(
    "same",
    [
        "https://example.org/news",
        "https://example.org/news/",
        "http://example.org/news",
        "https://www.example.org/news/",
        "http://WWW.EXAMPLE.ORG:80/news//",
        "https://example-org.cdn.ampproject.org/c/s/example.org/news/amp/",
    ],
)
def test_scheme_www_and_a_final_slash_make_no_other_article(same: str) -> None:
    assert clean(same) == "https://example.org/news"


@pytest.mark.parametrize(
    "other", ["https://example.org/News", "https://example.org/news?page=2", "https://m.example.org/news"]
)
def test_path_case_query_and_host_make_another_article(other: str) -> None:
    assert clean(other) != clean("https://example.org/news")


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_address_is_left_alone(odd: str) -> None:
    assert isinstance(clean(odd), str)
    assert clean(clean(odd)) == clean(odd)
    assert isinstance(domain(odd), str)
    assert isinstance(absolute(odd, "https://example.org"), str)


PIECES = """
http https :// // / www. example.org google.com a.cdn.ampproject.org /c/s/ /c/ /amp/s/ /amp /amp/ /AMP amp ? & =
utm_source=a fbclid=1 amp=1 outputType=amp q=ä # #x : :80 :443 :8080 @ %41 %c3%A9 %25 %2541 é . .. ; \\ [ ]
"""
addresses = st.lists(st.sampled_from([*PIECES.split(), " ", "\n"]) | st.text(max_size=3), max_size=14).map("".join)


@settings(max_examples=scaled(300, 20_000))
@given(addresses)
@example("http://example.org:443/")
@example("https://www.www.example.org/a/amp/amp/")
def test_cleaning_twice_is_cleaning_once(url: str) -> None:
    assert clean(clean(url)) == clean(url)
    assert canonical(canonical(url)) == canonical(url)
    assert clean(canonical(url)) == clean(url)


@pytest.mark.parametrize(
    ("raw", "base_url", "expected"),
    [
        ("/assets/a.jpg", "https://example.org/site", "https://example.org/site/assets/a.jpg"),
        ("/assets/a.jpg", "https://example.org/site/", "https://example.org/site/assets/a.jpg"),
        ("assets/a.jpg", "https://example.org/site", "https://example.org/site/assets/a.jpg"),
        ("./a.jpg", "https://example.org", "https://example.org/a.jpg"),
        ("/site/a.jpg", "https://example.org/site", "https://example.org/site/a.jpg"),
        ("//cdn.example.org/a.jpg", "http://example.org", "http://cdn.example.org/a.jpg"),
        ("https://cdn.example.org/a b.jpg", "https://example.org", "https://cdn.example.org/a b.jpg"),
        ("data:image/gif;base64,R0lGOD", "https://example.org", "data:image/gif;base64,R0lGOD"),
        ("/assets/a.jpg", None, "/assets/a.jpg"),
        ("", "https://example.org", ""),
    ],
)
def test_a_relative_address_stands_below_the_base(raw: str, base_url: str | None, expected: str) -> None:
    assert absolute(raw, base_url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.Example.org:8080/news", "example.org"),
        ("https://news.example.org", "news.example.org"),
        ("https://example-org.cdn.ampproject.org/c/s/www.example.org/news", "example.org"),
        ("/news", ""),
        ("mailto:a@example.org", ""),
    ],
)
def test_a_domain_is_the_host_of_the_article_itself(url: str, expected: str) -> None:
    assert domain(url) == expected
