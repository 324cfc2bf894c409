"""Splits a file's text into front matter and body and parses the front matter, or renders both to text again.

An article is a YAML mapping fenced by two lines of three dashes, then its body. Lines may end in LF, CRLF or CR; what
comes out has LF. Nothing here opens a file; that is the work of `store.files.folder`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from store.errors import ArticleError
from store.files import quick_yaml
from store.files.rendering import render_mapping
from store.files.yaml_nodes import Passage, Path, read_json, read_yaml

LARGEST = 2**20
"""Bytes that front matter, or a whole data file, may have."""
FENCED = (".md", ".markdown", ".html", ".txt")
"""Endings, in lower case, of files with front matter."""
WHOLE = (".yaml", ".yml", ".json")
"""Endings of data files."""

_OPENING = re.compile(r"\ufeff?---[ \t]*\n")
_CLOSING = re.compile(r"\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_BLANK_LINES = re.compile(r"(?:[ \t]*\n)+")


@dataclass(frozen=True, slots=True)
class Parsed:
    """The tree of a file (see `store.files.yaml_nodes`), its body, and the passage that the tree was read from."""

    tree: dict[str, Any]
    body: str | None
    passage: Passage

    def offsets(self) -> dict[Path, int]:
        """Return the offset of each node in the passage: read again, since it is asked for only where one is wrong."""
        offsets: dict[Path, int] = {}
        (read_json if self.passage.path.lower().endswith(".json") else read_yaml)(self.passage, offsets)
        return offsets


def parse(text: str, path: str = "<text>") -> Parsed | None:
    """Read *text* as its path's ending says; None where it has no front matter, or a data file holds nothing.

    Raises ArticleError, naming *path* and the line to look at.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if path.lower().endswith(WHOLE):
        return _parse_whole(text.removeprefix("\ufeff"), path)
    opening = _OPENING.match(text)
    if opening is None:
        return None
    closing = _CLOSING.search(text, opening.end() - 1)
    if closing is None:
        raise ArticleError(Passage(path, text).problem(0, "yaml.fence", "no closing line of three dashes"))
    passage = Passage(path, text[opening.end() : closing.start() + 1], 2)
    tree = _tree(passage)
    body = text[closing.end() :]
    return Parsed(tree, _trimmed(body) if body else None, passage)


def read_configuration(text: str, path: str) -> dict[str, Any]:
    """Return the first level of a YAML file that is no document of ours. Raises ArticleError."""
    passage = Passage(path, text)
    tree = read_yaml(passage)
    if tree == "":  # nothing but comments
        return {}
    if not isinstance(tree, dict):
        raise ArticleError(passage.problem(0, "value.type", "expected a mapping of keys to values"))
    return tree


def render(metadata: Mapping[str, Any], body: str | None = None, path: str = "<text>") -> str:
    """Return the file, in the form its path's ending asks for, that parses back to *metadata* and *body*.

    A data file has no place for a body. Raises ValueError if it would have to hold one.
    """
    if not path.lower().endswith(WHOLE):
        below = f"\n{body}\n" if body else ""
        return f"---\n{render_mapping(metadata)}---\n{below}"
    if body:
        raise ValueError(f"{path}: a data file has no place for a body")
    if path.lower().endswith(".json"):
        return orjson.dumps(metadata, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    return render_mapping(metadata)


def _parse_whole(text: str, path: str) -> Parsed | None:
    passage = Passage(path, text)
    if not text.strip():
        return None
    return Parsed(_tree(passage), None, passage)


def _tree(passage: Passage) -> dict[str, Any]:
    text = passage.text
    if len(text) > LARGEST // 4 and len(raw := text.encode("utf-8", "surrogatepass")) > LARGEST:
        within = len(raw[:LARGEST].decode(errors="ignore"))
        raise ArticleError(passage.problem(within, "yaml.size", f"longer than {LARGEST:,} bytes"))
    if passage.path.lower().endswith(".json"):
        tree = read_json(passage)
    else:
        tree = quick_yaml.read(text) if text.count("\n") <= quick_yaml.MOST_LINES else None
        if tree is None:
            tree = read_yaml(passage)
    if not isinstance(tree, dict):
        if tree == "":
            tree = {}
        else:
            raise ArticleError(passage.problem(0, "value.type", "expected a mapping of keys to values"))
    return tree


def _trimmed(body: str) -> str | None:
    blank = _BLANK_LINES.match(body)
    return body[blank.end() if blank else 0 :].rstrip() or None
