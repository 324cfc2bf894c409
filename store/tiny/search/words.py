"""Splits texts into words with their offsets, and the text of a search box into terms.

Index, queries and highlights all use these words, and so agree. Scripts written without spaces count each letter as a
word (`store.text.WORD`), and so are found in sequence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from store.text import MOST_LETTERS, MOST_WORDS, WORD

_TERM = re.compile(r'(-?)"([^"]*)"?|(-?)([^\s"]+)')
LONGEST = 100
"""Letters of a word that count."""


class Word(NamedTuple):
    """A word as it is compared, and where it stands, in code points."""

    folded: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must follow each other, or must not; of a prefix, the one word is but a beginning."""

    words: tuple[str, ...]
    negated: bool = False
    prefix: bool = False
    quoted: bool = False


def words(text: str) -> Iterator[Word]:
    """Yield the words of *text*."""
    for found in WORD.finditer(text):
        yield Word(found[0].casefold()[:LONGEST], found.start(), found.end())


def folded(text: str) -> list[str]:
    """Return the words of *text* as they are compared."""
    return [word.casefold()[:LONGEST] for word in WORD.findall(text)]


def terms(query: str) -> list[Term]:
    """Return what *query* seeks: words, "phrases", -not, prefix*. Whatever else stands there means nothing."""
    found: list[Term] = []
    left = MOST_WORDS
    for term in _TERM.finditer(query, 0, MOST_LETTERS):
        quote_minus, phrase, minus, word = term.groups("")
        whole = [each.folded for each in islice(words(phrase or word), left + 1)]
        sought = tuple(whole[:left])
        if sought:
            prefix = word.endswith("*") and len(whole) == 1
            found.append(Term(sought, bool(quote_minus or minus), prefix, quoted=bool(phrase)))
            left -= len(sought)
        if not left:
            break
    return found
