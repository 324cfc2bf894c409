r"""Parses the simple YAML that most article files are, so that an ingest needs the slow full reader only for the rest.

Read here: block mappings and lists, one scalar a line, unquoted or in double quotes with no escape but `\"` and `\\`.
Everything else (comments, flow style, block scalars, text over several lines, odd spacing, any error) is left to
`store.files.yaml_nodes`, which gives the same tree five times slower; tests hold the two together.
"""

import re
from typing import Any

from store.files.scalars import Unresolved, scalar
from store.files.yaml_nodes import DEEPEST, MOST_NODES

MOST_LINES = MOST_NODES // 3
"""A line makes three nodes at most, so this many need not be counted; more are for the full reader."""

_ODD = "\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff"
"""What YAML does not take as it stands, or takes for the end of a line."""
_QUOTED = rf'"[^"\\{_ODD}]*(?:\\["\\][^"\\{_ODD}]*)*"'
_UNQUOTED = (
    rf"(?:[^\s\-?:,\[\]{{}}#&*!|>'\"%@`{_ODD}]|-(?=[0-9]))[^:#{_ODD}]*(?:(?::(?=[^\s])|(?<=\S)#)[^:#{_ODD}]*)*(?<! )"
)
_LINE = re.compile(
    rf"^(?:( *)(- )?(?:([A-Za-z_][\w-]*):(?: ({_QUOTED}|{_UNQUOTED}))?|({_QUOTED}|{_UNQUOTED}))|(.+))$",
    re.MULTILINE | re.ASCII,
)
"""indent, dash, key, its value; or indent, dash, item; or any other line. `\\s` and `\\w` are those of ASCII."""
_ESCAPE = re.compile(r'\\(["\\])')
_MAYBE_TYPED = frozenset("0123456789-+.~nNtTfF")


def read(text: str) -> dict[str, Any] | None:  # noqa: PLR0911, PLR0912 -- a call a line costs as much as it
    """Return the mapping that *text* holds, or None if the full reader is needed."""
    root: dict[str, Any] = {}
    top: Any = root
    column = 0
    outer: list[tuple[int, Any]] = []
    waiting: str | None = None
    for indent, dash, key, value, item, other in _LINE.findall(text):
        at = len(indent)
        if value and at == column and waiting is None and not dash and type(top) is dict:
            if key in top:  # most lines are one more key of the innermost mapping
                return None
            top[key] = _value(value)
            continue
        if other:
            return None
        if waiting is not None:
            if at > column or (dash and at == column):
                outer.append((column, top))
                top[waiting] = top = [] if dash else {}
                column = at
                if len(outer) >= DEEPEST - 1:
                    return None
            else:
                top[waiting] = scalar("")
            waiting = None
        while outer and (at < column or (at == column and not dash and type(top) is list)):
            column, top = outer.pop()
        if at != column or (type(top) is list) is not bool(dash):
            return None
        if dash and key:
            outer.append((column, top))
            made: dict[str, Any] = {}
            top.append(made)
            top, column = made, column + 2
        if item:
            if not dash:
                return None
            top.append(_value(item))
        elif key in top:
            return None
        elif value:
            top[key] = _value(value)
        else:
            waiting = key
    if waiting is not None:
        top[waiting] = scalar("")
    return root or None


def _value(written: str) -> str:
    first = written[0]
    if first == '"':
        inner = written[1:-1]
        return _ESCAPE.sub(r"\1", inner) if "\\" in inner else inner
    if first in _MAYBE_TYPED:
        return Unresolved(written) if written.isascii() and written.isdecimal() else scalar(written)
    return written
