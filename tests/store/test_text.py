"""Checks the text forms of what stands in files, and the slugs of names."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.text import article_slug, slug, text_form


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Nothing to do here.", "Nothing to do here."),
        ("Fish &amp; chips &#8217;n&#x2019; peas", "Fish & chips ’n’ peas"),
        ("a&nbsp;b\u00a0c \u2009 d\r\ne\tf", "a b c d e f"),
        ("  outer  ", "outer"),
        ("<p>One</p><p>two <b>bold</b>ly</p>", "One two boldly"),
        ("one<br/>two<BR>three", "one two three"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("a <!-- never <b>seen --> b", "a b"),
        ("a<script>alert('<b>')</script>b<style>p{}</style>c", "a b c"),
        ("a<script>never closed", "a"),
        ("&lt;b&gt; is a tag", "<b> is a tag"),
        ("&unknown; & &#0; &#xD800;", "&unknown; & � �"),
        ("日本 <i>語</i>", "日本 語"),
        ("", ""),
    ],
)
def test_text_is_what_people_read(raw: str, text: str) -> None:
    assert text_form(raw) == text


def test_text_with_nothing_to_do_is_the_very_same_string() -> None:
    raw = "Power Platform Developer Tools: “November” Refresh – 日本"
    assert text_form(raw) is raw


@given(st.text(alphabet=st.sampled_from("a <>&;/!-\u00a0\n#xp"), max_size=40) | st.text())
def test_text_has_single_spaces_only(raw: str) -> None:
    assert text_form(raw) == " ".join(text_form(raw).split())


@pytest.mark.parametrize(
    "hostile", ["<" * 200_000, "<a" * 200_000, "<!--" * 100_000, "<script " * 50_000, "&#" * 200_000]
)
def test_hostile_markup_costs_no_more_than_its_length(hostile: str) -> None:
    started = time.process_time()
    text_form(hostile)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Natural Language Processing", "natural-language-processing"),
        ("Self-Driving Trucks", "self-driving-trucks"),
        ("AI & Health", "ai-health"),
        ("C", "c"),
        ("C++", "c-plus-plus"),
        ("C#", "c-sharp"),
        ("#PowerApps", "powerapps"),
        (".NET", "net"),
        ("Künstliche  Intelligenz", "künstliche-intelligenz"),
        ("हिन्दी समाचार", "हिन्दी-समाचार"),
        ("日本", "日本"),
        ("Ｆｕｌｌ", "full"),
        ("!?", "21-3f"),
        ("", "untitled"),
    ],
)
def test_a_slug_keeps_the_letters_of_every_script(name: str, expected: str) -> None:
    assert slug(name) == expected


@given(st.text(max_size=30))
def test_a_slug_is_never_empty_and_has_no_space(name: str) -> None:
    assert slug(name)
    assert not any(letter.isspace() or letter in "/?#%" for letter in slug(name))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("_news/2021-07-29-chinas-supreme-court.md", "chinas-supreme-court"),
        ("site/2021-7-2-a.b.markdown", "a.b"),
        ("_learning/videos/april-dunnam-timer.md", "april-dunnam-timer"),
        ("2021-07-29-.md", "2021-07-29-"),
        ("2021-07-29.md", "2021-07-29"),
        (".md", ".md"),
        ("no-ending", "no-ending"),
    ],
)
def test_an_articles_slug_is_its_file_name_without_date_and_ending(path: str, expected: str) -> None:
    assert article_slug(path) == expected
