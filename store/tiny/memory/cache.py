"""Caches all articles in a file, so that the next start need not build them from their documents.

The file carries the stamp of the state that it was made of. It is ignored once the store has another stamp, and made
anew if it is damaged or missing.
"""

import fcntl
import logging
import mmap
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

import msgspec
from msgspec import Struct
from msgspec.structs import force_setattr

from store.article import Article, Image, Mention, Summary
from store.files.documents import EDITION

logger = logging.getLogger(__name__)

_FORM = zlib.crc32(repr([each.__struct_fields__ for each in (Article, Summary, Mention, Image)]).encode())
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Article)
_REPEATED_WITHIN = (("title_text", "title"), ("excerpt_text", "excerpt"), ("original_url", "web_url"))
"""Fields that mostly equal another one of the same entity."""
_REPEATED_ACROSS = tuple((name, name) for name in (
    "title", "title_text", "excerpt", "excerpt_text", "images", "urls",
    "web_url", "original_url", "amp_web_url", "cdn_amp_web_url",
))  # fmt: skip
"""Fields that are mostly equal in an article and in the summaries of it that other articles embed."""
_SIZE = 4
_HEAD = 4096


class _Head(Struct):
    stamp: str
    form: int
    edition: int
    size: int
    checksum: int


def path_of(store: Path) -> Path:
    """Return where the copy of a store's articles is."""
    return store.with_name(f"{store.name}.cache")


def is_current(path: Path, stamp: str) -> bool:
    """Return whether the file at *path* is of the state *stamp*, by its head alone."""
    try:
        with path.open("rb") as file:
            return _head(file.read(_HEAD)).stamp == stamp
    except (OSError, ValueError):
        return False


def read(path: Path, stamp: str) -> Iterator[Article]:
    """Yield the articles at *path*. Raises ValueError where they are not those of *stamp*, or not there, or damaged."""
    try:
        with (
            path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
            memoryview(mapped) as data,
        ):
            head = _head(bytes(data[:_HEAD]))
            if head.stamp != stamp:
                raise ValueError("it is of another state")
            if head.size != len(data) - _HEAD or head.checksum != zlib.crc32(data[_HEAD:]):
                raise ValueError("it is damaged")
            yield from _articles(data)
    except OSError as error:
        raise ValueError(str(error)) from error


def write(path: Path, stamp: str, articles: Iterable[Article]) -> None:
    """Replace the file at *path*; where that cannot be done, the next start is slower, and the log says why."""
    temporary = ""
    try:
        _sweep(path)
        handle, temporary = mkstemp(dir=path.parent, prefix=f"{path.name}.")
        with os.fdopen(handle, "wb") as file:
            with suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX)
            file.write(bytes(_HEAD))
            size = checksum = 0
            for article in articles:
                packed = _encoder.encode(article)
                piece = len(packed).to_bytes(_SIZE, "big") + packed
                checksum, size = zlib.crc32(piece, checksum), size + len(piece)
                file.write(piece)
            file.seek(0)
            file.write(_encoder.encode(_Head(stamp, _FORM, EDITION, size, checksum)).ljust(_HEAD, b"\0"))
            file.flush()
            Path(temporary).replace(path)
    except OSError as error:
        logger.warning("%s: not written: %s", path, error.strerror)
        with suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108 # also where there is none


def _sweep(path: Path) -> None:
    """Remove what processes left that were killed while they wrote a cache; one that writes has its file locked."""
    for left in path.parent.iterdir():
        if left.name.startswith(f"{path.name}.") and left.is_file():
            with suppress(OSError), left.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                left.unlink()


def _head(data: bytes) -> _Head:
    head = msgspec.msgpack.decode(data.rstrip(b"\0"), type=_Head)
    if (head.form, head.edition) != (_FORM, EDITION):
        raise ValueError("it is of another edition")
    return head


def _articles(data: memoryview) -> Iterator[Article]:
    shared = _Shared()
    at = _HEAD
    while at < len(data):
        start = at + _SIZE
        at = start + int.from_bytes(data[at:start], "big")
        article = _decoder.decode(data[start:at])
        shared.take(article, article.urls[0] if article.urls else article.path)
        _share(article, "canonical_url", article.web_url)
        _share(article, "topics", shared.topics.setdefault(article.topics, article.topics))
        for entry in article.related:
            if entry.urls:
                _share(entry, "key", entry.urls[0])
            shared.take(entry, entry.key)
        yield article


class _Shared:
    """What was read, by its URL: an article and the summaries of it share the objects that are equal in them."""

    def __init__(self) -> None:
        self.topics: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._entities: dict[str, Article | Summary] = {}
        self._mentions: dict[str, Mention] = {}

    def take(self, entity: Article | Summary, key: str) -> None:
        """Replace objects of *entity* by equal ones of those before it, and remember it for those after it."""
        _share(entity, "provider", self._mentions.setdefault(entity.provider.domain, entity.provider))
        known = self._entities.setdefault(key, entity)
        for name, other in _REPEATED_WITHIN if known is entity else _REPEATED_ACROSS:
            value = getattr(entity, name)
            if value and value == (said := getattr(known, other)):
                force_setattr(entity, name, said)


def _share(entity: Struct, name: str, known: object) -> None:
    value = getattr(entity, name)
    if value and value is not known and value == known:
        force_setattr(entity, name, known)
