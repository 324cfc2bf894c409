"""Splits texts into words with their offsets, and the text of a search box into terms.

Index, queries and highlights all use these words, and so agree. A word is a run of letters and
digits of any script; scripts written without spaces count each letter as a word, and so are found in sequence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_TERM = re.compile(r'(-?)"([^"]*)"?|(-?)([^\s"]+)')
LONGEST = 100
"""Letters of a word that count."""
MOST_TERMS = 32
"""Terms of a query that count."""


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
    for found in _WORD.finditer(text):
        yield Word(found[0].casefold()[:LONGEST], found.start(), found.end())


def folded(text: str) -> list[str]:
    """Return the words of *text* as they are compared."""
    return [word.casefold()[:LONGEST] for word in _WORD.findall(text)]


def terms(query: str) -> list[Term]:
    """Return what *query* seeks: words, "phrases", -not, prefix*. Whatever else stands there means nothing."""
    found: list[Term] = []
    for quote_minus, phrase, minus, word in _TERM.findall(query):
        sought = tuple(folded(phrase or word))
        if sought:
            prefix = word.endswith("*") and len(sought) == 1
            found.append(Term(sought, bool(quote_minus or minus), prefix, quoted=bool(phrase)))
        if len(found) == MOST_TERMS:
            break
    return found
