"""Parses YAML or JSON into mappings, lists and scalars, within bounds of depth and number; a refusal names its line.

PyYAML's C parser hands over events one by one and keeps no stack of its own, so nothing here is recursive and no file
can end the process. Scalars stay as written (see `store.files.scalars`); JSON's numbers, true, false and null are
typed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import yaml
from yaml import CBaseLoader

from store.errors import ArticleError, Problem
from store.files.scalars import JSON_INT, scalar

DEEPEST = 32
"""Nesting that front matter may have; its root counts as one."""
MOST_NODES = 50_000
"""Keys and values that front matter may have: a mebibyte of commas is read no longer than an article deserves."""
Path = tuple[str | int, ...]
"""Keys and positions from the root to a node."""

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[][{}]|[^][{}\s:,"]+', re.DOTALL)
_YAML_CODES = {"Unicode character escape": "text.surrogate", "nesting depth": "yaml.depth"}
"""Newer libyaml bounds nesting itself, and looks so far ahead that it may come to that before we do."""
_JSON_CODES = {"surrogate": "text.surrogate", "infinity": "value.range", "depth limit": "yaml.depth"}
_LITERALS = {"true": True, "false": False, "null": None}
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of the file *path* that starts on *line*."""

    path: str
    text: str
    line: int = 1

    def problem(self, offset: int | None, code: str, message: str) -> Problem:
        """Name what is wrong at *offset*, in characters; None means the whole passage."""
        if offset is None:
            return Problem(self.path, self.line, code, message)
        before = self.text[:offset]
        column = offset - (before.rfind("\n") + 1) + 1
        return Problem(self.path, self.line + before.count("\n"), code, message, column)


class Tree:
    """Builds the tree from what a parser meets, in its order; remembers where each node began if asked to."""

    def __init__(self, passage: Passage, offsets: dict[Path, int] | None = None) -> None:
        self._passage = passage
        self._offsets = offsets
        self._roots: list[Any] = []
        self._open: list[Any] = [self._roots]
        self._keys: list[str | None] = [None]
        self._nodes = 0

    def scalar(self, value: Any, offset: int) -> None:
        """Take a scalar: a key where a mapping waits for one, else a value."""
        self._count(offset)
        top = self._open[-1]
        if isinstance(value, str) and not value.isascii() and _SURROGATE.search(value):
            raise self._refusal(offset, "text.surrogate", "half of a surrogate pair is no character")
        if isinstance(top, dict) and self._keys[-1] is None:
            key = str(value)
            if key in top:
                raise self._refusal(offset, "yaml.duplicate_key", f"the key '{key}' stands here a second time")
            self._keys[-1] = key
            self._remember(offset)
        else:
            self._put(value, offset)

    def start(self, node: dict[str, Any] | list[Any], offset: int) -> None:
        """Take the beginning of a mapping or list."""
        self._count(offset)
        if isinstance(self._open[-1], dict) and self._keys[-1] is None:
            raise self._refusal(offset, "yaml.key", "a key is text, not a list or mapping")
        if len(self._open) > DEEPEST:
            raise self._refusal(offset, "yaml.depth", f"nested deeper than {DEEPEST} levels")
        self._put(node, offset)
        self._open.append(node)
        self._keys.append(None)

    def end(self) -> None:
        """Take the end of the innermost mapping or list."""
        self._open.pop()
        self._keys.pop()
        if isinstance(self._open[-1], dict):
            self._keys[-1] = None

    def root(self) -> Any:
        """Return the root of the only document; empty ones may follow it."""
        return self._roots[0] if self._roots else scalar("")

    def _count(self, offset: int) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise self._refusal(offset, "yaml.size", f"more than {MOST_NODES:,} keys and values")

    def _put(self, node: Any, offset: int) -> None:
        top = self._open[-1]
        if top is self._roots and top:
            if node != "":
                raise self._refusal(offset, "yaml.documents", "a second document begins here")
        elif isinstance(top, list):
            top.append(node)
            self._remember(offset)
        else:
            top[self._keys[-1]] = node
            if not isinstance(node, dict | list):
                self._keys[-1] = None

    def _remember(self, offset: int) -> None:
        if self._offsets is not None:
            within = zip(self._open[1:], self._keys[1:], strict=True)
            path = tuple(len(node) - 1 if isinstance(node, list) else key or "" for node, key in within)
            self._offsets[path] = offset

    def _refusal(self, offset: int, code: str, message: str) -> ArticleError:
        return ArticleError(self._passage.problem(offset, code, message))


def read_yaml(passage: Passage, offsets: dict[Path, int] | None = None) -> Any:
    """Return the tree of a YAML document. Raises ArticleError, naming the line to look at."""
    tree = Tree(passage, offsets)
    try:
        for event in yaml.parse(passage.text, CBaseLoader):
            _TAKE.get(type(event), _nothing)(tree, event, passage)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        offset = mark.index if mark else None
        reason = error.problem or error.context or "cannot be read"
        code = next((code for words, code in _YAML_CODES.items() if words in reason), "yaml.syntax")
        raise ArticleError(passage.problem(offset, code, reason)) from None
    except yaml.reader.ReaderError as error:
        offset = len(passage.text.encode()[: error.position].decode(errors="ignore"))
        raise ArticleError(passage.problem(offset, "yaml.syntax", f"{error.reason}")) from None
    except UnicodeEncodeError as error:
        raise ArticleError(
            passage.problem(error.start, "text.surrogate", "half of a surrogate pair is no character")
        ) from None
    return tree.root()


def _anchored(event: Any, passage: Passage) -> None:
    if event.anchor is not None:
        raise ArticleError(passage.problem(event.start_mark.index, "yaml.anchor", "anchors and aliases are not read"))
    if getattr(event, "tag", None) is not None:
        raise ArticleError(passage.problem(event.start_mark.index, "yaml.tag", "tags are not read"))


def _take_scalar(tree: Tree, event: Any, passage: Passage) -> None:
    if event.anchor is not None or event.tag is not None:
        _anchored(event, passage)
    tree.scalar(event.value if event.style else scalar(event.value), event.start_mark.index)


def _take_mapping(tree: Tree, event: Any, passage: Passage) -> None:
    _anchored(event, passage)
    tree.start({}, event.start_mark.index)


def _take_sequence(tree: Tree, event: Any, passage: Passage) -> None:
    _anchored(event, passage)
    tree.start([], event.start_mark.index)


def _take_alias(_tree: Tree, event: Any, passage: Passage) -> None:
    _anchored(event, passage)


def _take_end(tree: Tree, _event: Any, _passage: Passage) -> None:
    tree.end()


def _nothing(_tree: Tree, _event: Any, _passage: Passage) -> None:
    """Stream and document marks carry nothing."""


_TAKE: dict[type[yaml.Event], Callable[[Tree, Any, Passage], None]] = {
    yaml.ScalarEvent: _take_scalar,
    yaml.MappingStartEvent: _take_mapping,
    yaml.SequenceStartEvent: _take_sequence,
    yaml.MappingEndEvent: _take_end,
    yaml.SequenceEndEvent: _take_end,
    yaml.AliasEvent: _take_alias,
}


def read_json(passage: Passage, offsets: dict[Path, int] | None = None) -> Any:
    """Return the tree of a JSON text (RFC 8259). Raises ArticleError, naming the line to look at."""
    try:
        orjson.loads(passage.text)
    except orjson.JSONDecodeError as error:
        code = next((code for word, code in _JSON_CODES.items() if word in error.msg), "json.syntax")
        raise ArticleError(passage.problem(error.pos, code, error.msg)) from None
    tree = Tree(passage, offsets)
    for match in _TOKEN.finditer(passage.text):
        word, offset = match[0], match.start()
        if word in {"{", "["}:
            tree.start({} if word == "{" else [], offset)
        elif word in {"}", "]"}:
            tree.end()
        else:
            tree.scalar(_json_scalar(word, offset, passage), offset)
    return tree.root()


def _json_scalar(word: str, offset: int, passage: Passage) -> Any:
    if word[0] == '"':
        return orjson.loads(word)
    if word in _LITERALS:
        return _LITERALS[word]
    if word.lstrip("-").isdecimal():
        number: float = int(word) if len(word) <= 20 else JSON_INT.stop
        within = number in JSON_INT
    else:
        number = float(word)
        within = abs(number) < float("inf")
    if not within:
        raise ArticleError(passage.problem(offset, "value.range", f"the number {word[:40]} does not fit 64 bits"))
    return number
