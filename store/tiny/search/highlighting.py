"""Finds the matches of a search in the texts of an article, and cuts a snippet around them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from store.base import Highlight
from store.criteria import Search, SearchField
from store.tiny.search.fulltext import stem
from store.tiny.search.words import Term, Word, terms, words

SNIPPET = 240
"""Code points of a snippet, of a text that is longer."""
LEAD = 40
"""Of these, how many stand before the first match."""
_stem = lru_cache(maxsize=16_384)(stem)


def highlights(texts: Mapping[SearchField, Sequence[str]], search: Search) -> list[Highlight]:
    """Return where the terms of *search* stand in *texts*, field by field. Ranges are offsets into the snippet."""
    sought = [term for term in terms(search.query) if not term.negated]
    found: list[Highlight] = []
    for field in search.fields or tuple(SearchField):
        for text in texts.get(field, ()):
            read = list(words(text))
            ranges = _merged(sorted(match for term in sought for match in _ranges(read, term)))
            if ranges:
                start, snippet = _snippet(text, ranges[0][0])
                found.append(Highlight(field, snippet, _within(ranges, start, len(snippet))))
    return found


def _ranges(text: Sequence[Word], term: Term) -> Iterator[tuple[int, int]]:
    first, size = term.words[0], len(term.words)
    if size > 1 or term.quoted:
        for at in range(len(text) - size + 1):
            if text[at].folded == first and tuple(word.folded for word in text[at : at + size]) == term.words:
                yield text[at].start, text[at + size - 1].end
        return
    stemmed = _stem(first)
    for folded, start, end in text:
        if folded.startswith(first) if term.prefix else folded == first or _stem(folded) == stemmed:
            yield start, end


def _merged(ranges: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in ranges:
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return tuple(merged)


def _snippet(text: str, first: int) -> tuple[int, str]:
    """Return *text*, or where it is long what stands around *first*, from the beginning of a word; and its offset."""
    if len(text) <= SNIPPET:
        return 0, text
    start = max(0, min(first - LEAD, len(text) - SNIPPET))
    if start:
        start = min(text.find(" ", start) + 1 or start, first)
    return start, text[start : start + SNIPPET]


def _within(ranges: Sequence[tuple[int, int]], start: int, size: int) -> tuple[tuple[int, int], ...]:
    """Return what of *ranges* lies in the *size* code points from *start*, counted from there."""
    moved = ((first - start, end - start) for first, end in ranges)
    return tuple((first, min(end, size)) for first, end in moved if first < size)
