"""Types the metadata of a file by what each key holds, and names everything that is wrong with it.

Keys without an entry here are kept, typed by YAML's core rules. Dates become RFC 3339 instants in UTC; `key:` with
nothing behind it becomes None.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from store.base import Kind
from store.files.scalars import MismatchError, Unresolved, core, flag, found, instant, text, whole
from store.files.yaml_nodes import Path
from store.urls import domain, home

MOST_FAULTS = 50
"""Faults of one file that are reported; further ones show up once these are mended."""
URL_KEYS = ("webUrl", "originalUrl", "ampWebUrl", "cdnAmpWebUrl")
"""The addresses of an article, the one to show first."""


@dataclass(frozen=True, slots=True)
class Each:
    """A list whose items are all of one kind."""

    kind: "Holds"


Holds = Callable[[Any], Any] | Mapping[str, Any] | Each
"""What a key holds: one scalar, a mapping with keys of its own, or a list."""

IMAGE: Mapping[str, Holds] = {
    "url": text, "width": whole, "height": whole, "isCached": flag, "title": text, "attribution": text,
}  # fmt: skip
PROVIDER: Mapping[str, Holds] = {"name": text, "domain": text, "images": Each(IMAGE)}
SUMMARY: Mapping[str, Holds] = {
    "title": text, "name": text, "excerpt": text, "publishedDateTime": instant, "type": text, "quality": whole,
    **dict.fromkeys(URL_KEYS, text), "provider": PROVIDER, "images": Each(IMAGE),
}  # fmt: skip
ARTICLE: Mapping[str, Holds] = {
    **SUMMARY, "taxonomy": text, "category": text, "heat": whole, "published": flag, "removed": flag,
    "topics": Each(text), "featuredContent": text, "secured": text, "related": Each(SUMMARY),
}  # fmt: skip
ORGANIZATION: Mapping[str, Holds] = {
    "taxonomy": text, "_id": text, "name": text, "otherNames": Each(text), "domain": text, "description": text,
    "images": Each(IMAGE),
}  # fmt: skip
TOPIC: Mapping[str, Holds] = {
    "taxonomy": text, "_id": text, "name": text, "parent": text, "keywords": Each(text), "hashtags": Each(text),
}  # fmt: skip
KEYS: Mapping[Kind, Mapping[str, Holds]] = {
    Kind.ARTICLE: ARTICLE,
    Kind.ORGANIZATION: ORGANIZATION,
    Kind.TOPIC: TOPIC,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with the node at *path*: `value.type`, `value.range` or `value.missing`, and why."""

    path: Path
    code: str
    message: str

    def __str__(self) -> str:
        name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).lstrip(".")
        return f"{name}: {self.message}" if name else self.message


def unknown_keys(metadata: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what an article's metadata holds beyond the keys that have a meaning here; None where that is nothing."""
    return {key: value for key, value in metadata.items() if key not in ARTICLE} or None


class _EnoughError(Exception):
    """So much is wrong that the rest does not matter."""


class _Faults(list[Fault]):
    """What is wrong so far; a file of nothing but faults costs no more than its first ones."""

    def append(self, fault: Fault) -> None:
        super().append(fault)
        if len(self) >= MOST_FAULTS:
            raise _EnoughError


def kind_of(tree: Mapping[str, Any]) -> Kind:
    """Return what a file describes: its `taxonomy`, if that is `organization` or `topic`, else an article."""
    taxonomy = tree.get("taxonomy")
    return Kind(taxonomy) if taxonomy in ("organization", "topic") else Kind.ARTICLE


def typed(tree: Mapping[str, Any], kind: Kind) -> tuple[dict[str, Any], list[Fault]]:
    """Return the metadata of a whole file, and what is wrong with it, up to MOST_FAULTS.

    Typed metadata comes back as it is, so this also checks a document that was never a file.
    """
    faults = _Faults()
    try:
        metadata = _mapping(tree, KEYS[kind], (), faults)
        wrong = {fault.path for fault in faults}
        for fault in _missing(metadata, kind):
            if fault.path not in wrong:
                faults.append(fault)
    except _EnoughError:
        return {}, faults
    return metadata, faults


def _mapping(tree: Mapping[str, Any], keys: Mapping[str, Holds], at: Path, faults: _Faults) -> dict[str, Any]:
    typed: dict[str, Any] = {}
    for key, value in tree.items():
        holds = keys.get(key)
        if holds is text and type(value) is str:
            typed[key] = value
            continue
        try:
            typed[key] = holds(value) if callable(holds) else _value(value, holds, (*at, key), faults)
        except MismatchError as error:
            faults.append(Fault((*at, key), error.code, error.message))
    return typed


def _value(value: Any, holds: Holds | None, at: Path, faults: _Faults) -> Any:
    if holds is None:
        return _unknown(value, at, faults)
    if value is None or (isinstance(value, Unresolved) and core(value) is None):
        return None
    if isinstance(holds, Each):
        if not isinstance(value, list):
            raise MismatchError("value.type", f"found {found(value)}, expected a list")
        return _items(value, holds.kind, at, faults)
    if callable(holds):
        return holds(value)
    if not isinstance(value, dict):
        raise MismatchError("value.type", f"found {found(value)}, expected a mapping")
    return _mapping(value, holds, at, faults)


def _items(items: list[Any], holds: Holds, at: Path, faults: _Faults) -> list[Any]:
    typed = []
    for position, item in enumerate(items):
        try:
            value = holds(item) if callable(holds) else _value(item, holds, (*at, position), faults)
            if value is None:
                expected = "text" if callable(holds) else "a mapping"
                raise MismatchError("value.type", f"found nothing, expected {expected}")
            typed.append(value)
        except MismatchError as error:
            faults.append(Fault((*at, position), error.code, error.message))
    return typed


def _unknown(value: Any, at: Path, faults: _Faults) -> Any:
    if isinstance(value, dict):
        return {key: _unknown(inner, (*at, key), faults) for key, inner in value.items()}
    if isinstance(value, list):
        return [_unknown(inner, (*at, position), faults) for position, inner in enumerate(value)]
    try:
        return core(value)
    except MismatchError as error:
        faults.append(Fault(at, error.code, error.message))
        return None


def _missing(metadata: Mapping[str, Any], kind: Kind) -> Iterator[Fault]:
    if kind is Kind.ARTICLE:
        yield from _missing_of_summary(metadata, ())
        for position, entry in enumerate(metadata.get("related") or ()):
            yield from _missing_of_summary(entry, ("related", position))
        return
    yield from _missing_urls(metadata, ())
    if kind is Kind.TOPIC and not _filled(metadata, "name"):
        yield Fault(("name",), "value.missing", "a topic needs a name")
    if kind is Kind.ORGANIZATION and not any(home(metadata.get(key) or "") for key in ("domain", "_id")):
        yield Fault(("domain",), "value.missing", "an organization needs a domain")


def _missing_of_summary(entry: Mapping[str, Any], at: Path) -> Iterator[Fault]:
    if not (_filled(entry, "title") or _filled(entry, "name")):
        yield Fault((*at, "title"), "value.missing", "expected a title (or a name)")
    provider = entry.get("provider") or {}
    if not (home(provider.get("domain") or "") or any(domain(entry.get(key) or "") for key in URL_KEYS)):
        yield Fault((*at, "provider"), "value.missing", "expected a provider with a domain, or a URL to take it from")
    yield from _missing_urls(entry, at)
    yield from _missing_urls(provider, (*at, "provider"))


def _missing_urls(holder: Mapping[str, Any], at: Path) -> Iterator[Fault]:
    for position, image in enumerate(holder.get("images") or ()):
        if not _filled(image, "url"):
            yield Fault((*at, "images", position, "url"), "value.missing", "an image needs a URL")


def _filled(entry: Mapping[str, Any], key: str) -> bool:
    value = entry.get(key)
    return isinstance(value, str) and bool(value.strip())
