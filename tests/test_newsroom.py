"""Checks the example newsroom: well-formed files, pictures that exist, links that lead somewhere."""

from pathlib import Path
from typing import Any

import pytest
import yaml

NEWSROOM = Path(__file__).parent.parent / "examples" / "newsroom"
ARTICLES = sorted(path for path in (NEWSROOM / "_news").iterdir() if path.name != ".keep")


def front_matter(path: Path) -> dict[str, Any]:
    """Return the mapping at the head of a file, every scalar as text."""
    text = path.read_text(encoding="utf-8")
    head = text.split("---\n")[1] if text.startswith("---\n") else text.split("---\n")[0]
    document = yaml.load(head, Loader=yaml.BaseLoader)  # noqa: S506 - the base loader builds nothing but text
    assert isinstance(document, dict)
    return document


def pictures(node: Any) -> list[str]:
    """Return the address of every picture below *node*."""
    if isinstance(node, list):
        return [url for item in node for url in pictures(item)]
    if not isinstance(node, dict):
        return []
    own = [image["url"] for image in node.get("images", [])]
    return own + [url for key, value in node.items() if key != "images" for url in pictures(value)]


def test_there_are_at_least_forty_articles() -> None:
    assert len(ARTICLES) >= 40


@pytest.mark.parametrize("path", sorted(NEWSROOM.glob("_*/**/*.*")), ids=lambda path: path.name)
def test_every_relative_picture_is_a_file_of_the_newsroom(path: Path) -> None:
    if path.name == ".keep":
        return
    for url in pictures(front_matter(path)):
        assert not url.startswith("/") or (NEWSROOM / url[1:]).is_file(), url


def test_it_has_one_of_each_special_kind() -> None:
    articles = [front_matter(path) for path in ARTICLES]
    assert [article["type"] for article in articles].count("video") == 1
    assert [article.get("removed") for article in articles].count("true") == 1
    assert [article.get("published") for article in articles].count("false") == 1
    assert any("heat" not in article for article in articles)


def test_some_related_entries_name_other_articles_and_some_do_not() -> None:
    articles = [front_matter(path) for path in ARTICLES]
    titles = {article["title"] for article in articles}
    entries = [entry["title"] for article in articles for entry in article.get("related", [])]
    known = sum(title in titles for title in entries)
    assert known > 100
    assert known < len(entries)


def test_every_topic_has_its_own_file() -> None:
    described = {front_matter(path)["name"] for path in (NEWSROOM / "_data" / "topics").iterdir()}
    assert {topic for path in ARTICLES for topic in front_matter(path)["topics"]} == described
