"""Turns what stands in files into text for people, names and paths into slugs, and says what a word is."""

import re
import unicodedata
from functools import lru_cache
from html import unescape
from itertools import islice

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Scripts that are written without spaces, as a range of a regular expression."""
WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+")
"""A word: a run of letters and digits of any script, one letter of those without spaces."""
MOST_WORDS = 32
"""Words of a search that are looked for, those within phrases too; what comes after them means nothing."""
MOST_LETTERS = 10_000
"""Characters of a search that its words are among."""

_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_BREAK = re.compile(
    r"</?(?:address|article|aside|blockquote|br|dd|div|dl|dt|figcaption|figure|footer|h[1-6]|header|hr|li|main|nav|ol|p"
    r"|pre|section|table|td|th|tr|ul)\b[^<>]*>",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<[!?][^<>]*>")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}-(?=.)")
_APART = re.compile(r"[^a-z0-9]+")
_SIGNS = (("+", " plus "), ("#", " sharp "))


def text_form(raw: str) -> str:
    """Return *raw* with entities decoded, tags stripped and spaces (no-break ones too) folded into one.

    Most text has nothing to do and comes back as the very same string.
    """
    simple = raw.isprintable() and "&" not in raw and "<" not in raw and "  " not in raw
    if simple and raw[:1] != " " and raw[-1:] != " ":
        return raw
    if "<" in raw:
        raw = _TAG.sub("", _BREAK.sub(" ", _HIDDEN.sub(" ", raw)))
    if "&" in raw:
        raw = unescape(raw)
    return " ".join(raw.split())


def search_words(text: str) -> int:
    """Return how many words a search for *text* looks for."""
    return sum(1 for _ in islice(WORD.finditer(text, 0, MOST_LETTERS), MOST_WORDS))


@lru_cache(maxsize=8192)
def slug(name: str) -> str:
    """Return *name* in lower case with hyphens between its words; letters of every script stay.

    `C++` and `C#` stay apart from `C`, and a name without letters is spelled by its code points: never empty.
    """
    lower = unicodedata.normalize("NFKC", name).lower()
    for sign, word in _SIGNS:
        if sign in lower:
            lower = re.sub(rf"(?<=[^\W_]){re.escape(sign)}|(?<={re.escape(sign)}){re.escape(sign)}", word, lower)
    if not lower.isascii():
        lower = "".join(letter if unicodedata.category(letter)[0] in "LMN" else "-" for letter in lower)
        words = "-".join(filter(None, lower.split("-")))
    else:
        words = _APART.sub("-", lower).strip("-")
    return words or "-".join(f"{ord(letter):x}" for letter in name[:16]) or "untitled"


def article_slug(path: str) -> str:
    """Return the file name of *path* without its date and its ending."""
    name = path.rpartition("/")[2]
    stem = name.rpartition(".")[0] or name
    return _DATE.sub("", stem, count=1) if stem[:1].isdigit() else stem
