"""Encodes the position of an item in an order as an opaque cursor, and decodes it.

A cursor holds the item's values in that order, its identity last, and so stays valid whatever is added around the item,
and when the item is gone. A checksum detects a damaged one.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import TypeVar, overload

import orjson

from store.errors import CriteriaError
from store.tiny.memory.orders import Raw

T = TypeVar("T")


def encode(signature: str, raw: Sequence[Raw]) -> str:
    """Return the cursor of an item that *raw* places in the order of this *signature*."""
    text = orjson.dumps([signature, *raw])
    return urlsafe_b64encode(zlib.crc32(text).to_bytes(4, "big") + text).decode().rstrip("=")


def decode(cursor: str, signature: str) -> list[Raw]:
    """Return what `encode` was given. Raises CriteriaError for a damaged cursor and for one of another order."""
    try:
        packed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        text = packed[4:]
        if zlib.crc32(text).to_bytes(4, "big") != packed[:4]:
            raise ValueError("checksum")
        found, *raw = orjson.loads(text)
    except ValueError:
        raise CriteriaError(f"{cursor[:100]!r} is no cursor of this server") from None
    if found != signature:
        raise CriteriaError(f"the cursor is one of the order {found!r}, the list has the order {signature!r}")
    return list(raw)


class Cursors(Sequence[str]):
    """The cursors of a page, each made when it is asked for: most answers show none."""

    __slots__ = ("_items", "_signature", "_values")

    def __init__(self, signature: str, items: Sequence[T], values: Callable[[T], Sequence[Raw]]) -> None:
        self._signature, self._items = signature, items
        self._values: Callable[..., Sequence[Raw]] = values

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        return encode(self._signature, self._values(self._items[index]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # equal to a list, which has no hash either
