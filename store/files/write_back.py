"""Saves or removes one article, in the store and in its file, so that both say the same.

The file is written first. If the store then refuses, the file is put back as it was; if the process dies in between,
nothing was acknowledged, and the next ingest reads what the file says. A file that was edited or broken since the store
read it is left alone. Folder and store change under one lock, which an ingest takes too.
"""

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from errno import EACCES, EDQUOT, EFBIG, EIO, ENOSPC, EPERM, EROFS

from store.base import Document, Kind, Put, Remove, Store
from store.errors import ArticleError, FileChangedError, FileNotWrittenError, Problem
from store.files.base_url import base_url
from store.files.documents import Origin, digest, read
from store.files.folder import CONFIGURATION, LARGEST_FILE, Folder
from store.files.front_matter import FENCED, WHOLE
from store.files.listing import DEEPEST
from store.files.place import Content, Place, placed
from store.files.source import Source
from store.paths import alike, path_form

log = logging.getLogger(__name__)

ENDINGS = (*FENCED, *WHOLE)
LONGEST = 1024
"""Bytes of a path."""
PATIENCE = 5.0
"""Seconds to wait for a folder that is being ingested."""
BEHIND = 0.5
"""Seconds to wait until the store has followed what another process wrote to file and store."""
PAUSE = 0.01
DISK = {EACCES, EDQUOT, EFBIG, EIO, ENOSPC, EPERM, EROFS}
"""What every save would meet, whatever its path."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was saved: the document, and whether it is new."""

    document: Document
    created: bool


class Desk:
    """Edits articles one by one; articles in the folders of *sources* also in their files."""

    def __init__(self, store: Store, sources: Sequence[Source] = ()) -> None:
        self._store, self._sources = store, sources
        self._swept: set[str] = set()
        self.failure: str | None = None
        """What the disk refused when an article was last to be saved or removed, in words; None once it did not."""

    async def save(self, path: str, text: str) -> Written:
        """Create or replace one article, checked exactly as a file is, and return what is on disk.

        An article whose path differs from that of another one only by case, or by how its letters are composed, is
        refused: there are file systems that cannot hold both.

        Raises ArticleError, FileNotWrittenError, FileChangedError, and what the store raises.
        """
        raw = text.encode("utf-8", "surrogatepass")
        check_path(path)
        before = await self._stored(path)
        source = self._source(path, before)
        if source is None:
            origin = Origin(before.source, before.ingested_at, before.base_url) if before else Origin("", _now())
            document = article(raw, path, origin)
            await self._store.apply([Put(document, distinct=True)])
            return Written(document, before is None)
        return await asyncio.to_thread(lambda: asyncio.run(self._save(source, path, raw)))

    async def remove(self, path: str) -> None:
        """Take one article out. Raises FileNotWrittenError, FileChangedError, and what the store raises."""
        before = await self._stored(path)
        source = self._source(path, before) if before and before.source else None
        if source is None:
            await self._store.apply([Remove(path)])
            return
        await asyncio.to_thread(lambda: asyncio.run(self._remove(source, path)))

    async def _save(self, source: Source, path: str, raw: bytes) -> Written:
        with _alone(source) as folder, self._at(folder, source, path) as (place, there):
            before = await self._unless_changed(source, path, there)
            if there is None:
                _refuse_alike(path, place)
            base, _ = await base_url(source, folder, self._store)
            document = article(raw, path, Origin(source.identity, before.ingested_at if before else _now(), base))
            wanted = Content(raw, there.mode if there else None)
            await self._change(Put(document, distinct=True), place, there, wanted)
        return Written(document, before is None)

    async def _remove(self, source: Source, path: str) -> None:
        with _alone(source) as folder, self._at(folder, source, path) as (place, there):
            if there is not None:
                await self._unless_changed(source, path, there)
            await self._change(Remove(path), place, there, None)

    async def _change(self, change: Put | Remove, place: Place, there: Content | None, wanted: Content | None) -> None:
        """Write the file as *wanted*, then apply the change; if either fails, put back what was *there*."""
        try:
            if wanted != there:
                with self._in_words(change.document.path if isinstance(change, Put) else change.path):
                    place.put(wanted)
                self.failure = None
            await self._store.apply([change])
        except BaseException:
            try:
                if place.read() != there:
                    place.put(there)
            except OSError:
                log.exception("%s: nothing was saved, and the file cannot be put back: ingest the folder", place.name)
            raise

    async def _unless_changed(self, source: Source, path: str, there: Content | None) -> Document | None:
        """Return the stored document. Raises FileChangedError unless it is what its file holds."""
        until = time.monotonic() + BEHIND
        while True:
            before = await self._stored(path)
            mine = before if before and before.source == source.identity else None
            known = None if mine is None else mine.digest
            if known == (digest(there.raw, mine.base_url if mine else None) if there else None):
                return before
            if time.monotonic() > until:
                raise FileChangedError(
                    f"{path}: the file is not what the server has read from it; nothing was changed. "
                    "Try again once it is taken up (with --watch within a second, else by an ingest), or mend it"
                )
            await asyncio.sleep(PAUSE)

    @contextmanager
    def _at(self, folder: Folder, source: Source, path: str) -> Iterator[tuple[Place, Content | None]]:
        """Yield the place of an article's file, and what is there. Raises FileNotWrittenError."""
        with ExitStack() as stack:
            with self._in_words(path):
                inner = path.removeprefix(source.prefix)
                place = stack.enter_context(placed(folder.directory(""), inner, durable=True))
                there = place.read()
                self._sweep(f"{source.identity}/{inner.rpartition('/')[0]}", place)
            yield place, there

    def _sweep(self, directory: str, place: Place) -> None:
        """Sweep a directory once: whoever left something there was killed, and this process began later."""
        if directory not in self._swept:
            place.sweep()
            self._swept.add(directory)

    @contextmanager
    def _in_words(self, path: str) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            if isinstance(error, OSError) and error.errno in DISK:
                self.failure = f"{path}: {reason}"
            raise FileNotWrittenError(f"{path}: the file cannot be written: {reason}. Nothing was changed") from error

    async def _stored(self, path: str) -> Document | None:
        (document,) = await self._store.documents([path])
        return document

    def _source(self, path: str, before: Document | None) -> Source | None:
        """Return the folder that a path belongs to, or None for a document of no folder here. Raises ArticleError.

        A stored document stays in its folder. A new one goes to the folder whose `NAME/` its path begins with, else to
        the first folder without a name.
        """
        if not self._sources:
            return None
        if before is not None and before.source:
            return next((each for each in self._sources if each.identity == before.source), None)
        fitting = [each for each in self._sources if path.startswith(each.prefix)]
        if not fitting:
            names = ", ".join(each.prefix for each in self._sources)
            message = f"belongs to none of the folders: it begins with one of {names}"
            raise ArticleError(Problem(path, None, "path.invalid", message))
        found = max(fitting, key=lambda each: len(each.prefix))
        if path == found.path(CONFIGURATION):
            raise not_a_path(path)
        return found


def article(raw: bytes, path: str, origin: Origin) -> Document:
    """Return the article that *raw* is. Raises ArticleError."""
    if len(raw) > LARGEST_FILE:
        raise ArticleError(Problem(path, None, "file.size", f"is larger than {LARGEST_FILE:,} bytes"))
    document = read(raw, path, origin)
    if document is None or document.kind is not Kind.ARTICLE:
        raise ArticleError(Problem(path, 1, "yaml.fence", "the text is no article"))
    return document


def check_path(path: str) -> None:
    """Raise ArticleError unless *path* could be that of an article's file below a folder."""
    parts = path.split("/")
    readable = path.isprintable() and "\\" not in path and len(path.encode()) <= LONGEST and len(parts) <= DEEPEST
    hidden = any(part == "" or part.startswith(".") for part in parts)
    if not readable or hidden or not path.lower().endswith(ENDINGS):
        raise not_a_path(path)


def not_a_path(path: str) -> ArticleError:
    """Return what is wrong with a path that no article has."""
    message = f"is no path of an article: write folder/name.md; the endings are {', '.join(ENDINGS)}"
    return ArticleError(Problem(path[:200], None, "path.invalid", message))


@contextmanager
def _alone(source: Source) -> Iterator[Folder]:
    """Yield a source's folder, locked. Raises FileNotWrittenError."""
    with source.open() as folder:
        until = time.monotonic() + PATIENCE
        try:
            while not folder.lock():
                if time.monotonic() > until:
                    raise FileNotWrittenError("The folder is being read into the store; try again. Nothing was changed")
                time.sleep(PAUSE)
        except OSError as error:
            raise FileNotWrittenError(f"The folder cannot be locked: {error.strerror}. Nothing was changed") from error
        yield folder


def _refuse_alike(path: str, place: Place) -> None:
    """Raise ArticleError where the directory has a file whose name is that of *place* to some file systems."""
    form = path_form(place.name)
    for name in place.siblings():
        if path_form(name) == form and name != place.name:
            raise alike(path, path.removesuffix(place.name) + name)


def _now() -> datetime:
    return datetime.now(UTC)
