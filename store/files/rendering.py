"""Renders metadata as the YAML that an editor would write, quoting only what some reader would not take for text."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

_BARE = re.compile(r"[^\W\d_](?:[\w .,;()/+&'’–—…%$€=_-]*[\w.)%+])?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z")
_TYPED_ELSEWHERE = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
"""What YAML 1.1 readers take for a flag or nothing, in lower case."""
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def render_mapping(metadata: Mapping[str, Any]) -> str:
    """Return block YAML, a line for each scalar; lists and mappings of the first level stand between blank lines."""
    if not metadata:
        return "{}\n"
    lines: list[str] = []
    apart = False
    for key, value in metadata.items():
        grouped = isinstance(value, dict | list) and bool(value)
        if lines and (grouped or apart):
            lines.append("")
        lines += _entry(key, value, "")
        apart = grouped
    return "\n".join(lines) + "\n"


def _entry(key: str, value: Any, pad: str) -> Iterator[str]:
    name = key if _KEY.fullmatch(key) and key.lower() not in _TYPED_ELSEWHERE else _quoted(key)
    # YAML takes a key for one only within 1,024 characters, unless a question mark announces it.
    head, colon = (f"{pad}{name}", ":") if len(name) < 1000 else (f"{pad}? {name}\n{pad}", ":")
    if isinstance(value, dict | list) and value:
        yield f"{head}{colon}"
        yield from _inner(value, pad + "  ")
    else:
        yield f"{head}{colon} {_scalar(value)}".rstrip(" ")


def _inner(value: dict[str, Any] | list[Any], pad: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _entry(key, inner, pad)
        return
    for item in value:
        if not (isinstance(item, dict | list) and item):
            yield f"{pad}- {_scalar(item)}".rstrip(" ")
            continue
        first, *others = "\n".join(_inner(item, pad + "  ")).split("\n")
        yield f"{pad}- {first[len(pad) + 2 :]}"
        yield from others


def _scalar(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value if _BARE.fullmatch(value) and value.lower() not in _TYPED_ELSEWHERE else _quoted(value)
    return orjson.dumps(value).decode()


def _quoted(text: str) -> str:
    """Return JSON's form, which YAML reads alike once the few characters it refuses are escaped."""
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", orjson.dumps(text).decode())
