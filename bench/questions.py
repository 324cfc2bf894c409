"""Chooses what each store is asked, by one of the articles, so that it has an answer whatever the articles are."""

from dataclasses import dataclass

from store.base import Document

SHORT = 4
"""Letters of a word that is not worth searching for."""


@dataclass(frozen=True, slots=True)
class Questions:
    """A topic to filter by, and two words to search for."""

    topic: str
    words: tuple[str, str]


def questions(article: Document) -> Questions:
    """Return what *article* answers to."""
    words = [word.lower() for word in article.metadata["title"].split() if len(word) > SHORT and word.isalpha()]
    first, second, *_ = dict.fromkeys(words)
    return Questions(article.metadata["topics"][0], (first, second))
