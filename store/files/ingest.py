"""Ingests folders into a store: puts what is new or changed, removes what is gone, and reports what it did.

Whether a file changed is decided by the digest of its bytes and by nothing else, so no edit is missed, whatever clocks
and tools did to its times; reading and digesting an unchanged file takes some 12 µs. Only the others are parsed, by
worker processes where there are many. A file that is broken, unreadable or refused keeps its last good version.
"""

import asyncio
import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from pathlib import Path

from msgspec.structs import replace

from store.base import Document, Put, Remove, Store
from store.errors import ArticleError, Problem, StoreError, by_location
from store.files.base_url import base_url
from store.files.documents import Origin, digest
from store.files.folder import CONFIGURATION, File, Folder
from store.files.garbage import collecting_later
from store.files.listing import Listing, listed
from store.files.pool import Outcomes, Task, read_files
from store.files.report import Report
from store.files.source import Source
from store.paths import path_form

__all__ = ["BATCH", "Progress", "Report", "check", "ingest"]

BATCH = 1000
"""Documents that are read while those before them are applied."""

TRANSACTION = 250
"""Documents that are applied, and so made durable, as one: readers of any process wait some 10 ms for all of them.

With fewer, a server that follows is never done with its full text, and searches wait.
"""

PAUSE = 0.01
"""Seconds between two tries to lock a folder that another process has locked."""
LONG_WAIT = 10.0
"""Seconds after which a folder that is still locked is worth a word."""

MEANT = "--allow-empty says that this is meant"

Progress = Callable[[int, int], None]
"""Called with how many files are done, and of how many."""

Waits = Callable[[str], None]
"""Called with a sentence on what is waited for."""


async def ingest(  # noqa: PLR0913 -- options, by keyword
    store: Store,
    sources: Sequence[Source],
    *,
    keep_missing: bool = False,
    touched: Collection[Path] | None = None,
    beside: Collection[Source] = (),
    progress: Progress | None = None,
    waits: Waits | None = None,
    processes: int | None = None,
) -> Report:
    """Bring *store* to what the folders of *sources* hold, and touch nothing of other sources.

    *touched* is what a watcher saw change: known files that are not among it are taken for unchanged. *beside* are
    sources that others ingest: they keep their articles though their folder may be away. *waits* is told of a folder
    that another process keeps locked. *processes* is how many may parse; by default one for each core.

    A folder that has nothing any more, or is not there, removes nothing: the report says what is held, and why. Raises
    StoreError for a folder that is none and never was one, for a source given twice, and for what the store refuses.
    """
    seen = None if touched is None else frozenset(map(os.path.realpath, touched))
    served = frozenset(source.identity for source in (*sources, *beside))
    run = _Run(progress=progress, processes=processes, touched=seen, served=served, waits=waits)
    with collecting_later():
        for source in _distinct(sources):
            await _Ingest(store, source, run).run(keep_missing)
    return run.finished()


async def check(sources: Sequence[Source], *, progress: Progress | None = None, processes: int | None = None) -> Report:
    """Read the folders as an ingest into an empty store would; `added` counts the good documents."""
    run = _Run(progress=progress, processes=processes)
    with collecting_later():
        for source in _distinct(sources):
            await _Ingest(None, source, run).run(keep_missing=True)
    return run.finished()


@dataclass(slots=True)
class _Run:
    """What the sources of one ingest share: the report, the source of each path, and the progress."""

    progress: Progress | None
    processes: int | None
    touched: frozenset[str] | None = None
    served: frozenset[str] = frozenset()
    waits: Waits | None = None
    report: Report = field(default_factory=Report)
    owners: dict[str, Source] = field(default_factory=dict)
    done: int = 0
    total: int = 0

    def finished(self) -> Report:
        self.report.problems.sort(key=by_location)
        return self.report

    def advance(self, files: int) -> None:
        self.done += files
        if self.progress is not None:
            self.progress(self.done, self.total)


class _Ingest:
    """Ingests one source; without a store, only reads it."""

    def __init__(self, store: Store | None, source: Source, run: _Run) -> None:
        self._store, self._source, self._run, self._report = store, source, run, run.report
        self._good = 0

    async def run(self, keep_missing: bool) -> None:
        source, report = self._source, self._report
        try:
            opened = source.open()
        except StoreError as error:
            await self._hold_all(error)
            return
        with opened as folder:
            if self._store is not None:
                await self._alone(folder)
            listing = await asyncio.to_thread(listed, folder)
            report.skipped += listing.skipped
            report.fail(source.named(problem) for problem in listing.problems)
            await self._adopt(source.real)
            known = {} if self._store is None else dict(await self._store.digests(source.identity))
            files = await self._own(listing.files, known)
            self._run.total += len(files)
            base, problems = await base_url(source, folder, self._store)
            report.fail(map(source.named, problems))
            self._name_alike(files)
            origin = Origin(source.identity, datetime.now(UTC), base)
            changed = await self._changed(folder, files, known, origin)
            await self._read(Task(str(source.location), source.prefix, origin), changed, known)
            if not keep_missing:
                await self._remove(known, listing)

    async def _alone(self, folder: Folder) -> None:
        """Wait for the lock of the folder; go on without it if its file system has no locks."""
        loud = time.monotonic() + LONG_WAIT
        with suppress(OSError):
            while not folder.lock():  # held by other processes, which set no event of ours
                await asyncio.sleep(PAUSE)
                if self._run.waits is not None and time.monotonic() > loud:
                    self._run.waits(f"another process has {self._source.folder} locked; its edits wait for that")
                    loud = inf

    def _is_left(self, identity: str) -> bool:
        """Tell whether a source's articles may be another's now: it is an unnamed folder that exists no more."""
        return identity not in self._run.served and _is_gone(identity)

    async def _adopt(self, former: str) -> dict[str, str]:
        """Take over what the store knows by another path of the same folder, and return its digests."""
        identity = self._source.identity
        if self._store is None or self._source.name or former == identity:
            return {}
        digests = dict(await self._store.digests(former))
        paths = list(digests)
        for start in range(0, len(paths), BATCH):
            documents = await self._store.documents(paths[start : start + BATCH])
            await self._apply([Put(replace(each, source=identity)) for each in documents if each is not None])
        return digests

    def _name_alike(self, files: list[File]) -> None:
        """Warn of paths that some systems take for one; here both are kept."""
        first: dict[str, str] = {}
        for path in map(self._source.path, (file.path for file in files)):
            other = first.setdefault(path_form(path), path)
            if other != path:
                message = f"differs from {other} only by case or composition: macOS and Windows hold one of them"
                self._report.problems.append(Problem(path, None, "path.alike", message))

    async def _own(self, files: list[File], known: dict[str, str]) -> list[File]:
        """Return the files whose paths no other source has."""
        prefix, owners = self._source.prefix, self._run.owners
        paths = [prefix + file.path for file in files]
        names = {path: owners[path].shown for path in owners.keys() & paths}
        fresh = [path for path in paths if path not in known and path not in names]
        if self._store is not None and fresh:
            for path, document in zip(fresh, await self._store.documents(fresh), strict=True):
                if document is None or self._is_left(document.source) or path in known:
                    continue
                if self._source.is_at(document.source):
                    known.update(await self._adopt(document.source))
                else:
                    names[path] = document.source or "the API"
        for path, owner in names.items():
            message = f"comes from {owner} and from {self._source.shown}; name one of them: NAME=FOLDER"
            self._report.fail([Problem(path, None, "path.conflict", message)])
        owners.update(dict.fromkeys([path for path in paths if path not in names], self._source))
        return [file for file, path in zip(files, paths, strict=True) if path not in names]

    async def _changed(self, folder: Folder, files: list[File], known: Mapping[str, str], origin: Origin) -> list[File]:
        if not known:
            return files
        suspects = self._suspects(folder, files, known)
        self._report.unchanged += len(files) - len(suspects)
        self._run.advance(len(files) - len(suspects))
        changed: list[File] = []
        for start in range(0, len(suspects), BATCH):
            batch = suspects[start : start + BATCH]
            found = await asyncio.to_thread(_differing, folder, batch, known, self._source.prefix, origin.base_url)
            self._report.unchanged += len(batch) - len(found)
            self._run.advance(len(batch) - len(found))
            changed += found
        return changed

    def _suspects(self, folder: Folder, files: list[File], known: Mapping[str, str]) -> list[File]:
        touched, root = self._run.touched, folder.real.rstrip("/")
        if touched is None or os.path.realpath(f"{root}/{CONFIGURATION}") in touched:
            return files
        path_of = self._source.path
        return [file for file in files if f"{root}/{file.real}" in touched or path_of(file.path) not in known]

    async def _read(self, task: Task, files: list[File], known: Mapping[str, str]) -> None:
        """Read files, and apply what they hold; one batch is written while the next is read."""
        pending: list[Document] = []
        writing = asyncio.ensure_future(self._put([]))
        try:
            async with aclosing(read_files(task, files, self._run.processes)) as parts:
                async for outcomes in parts:
                    self._note(outcomes, known)
                    self._good += len(outcomes.documents)
                    pending += await self._dated(outcomes.documents, known)
                    if len(pending) >= BATCH:
                        await writing
                        writing, pending = asyncio.ensure_future(self._put(pending)), []
                    self._run.advance(outcomes.files)
        finally:
            await writing
        await self._put(pending)

    async def _put(self, documents: Sequence[Document]) -> None:
        if documents:
            await self._apply([Put(document) for document in documents])

    async def _dated(self, documents: list[Document], known: Mapping[str, str]) -> list[Document]:
        """Return documents with the time their file was first read."""
        paths = [document.path for document in documents if document.path in known]
        if self._store is None or not paths:
            return documents
        before = {each.path: each.ingested_at for each in await self._store.documents(paths) if each is not None}
        return [replace(each, ingested_at=before.get(each.path, each.ingested_at)) for each in documents]

    def _note(self, outcomes: Outcomes, known: Mapping[str, str]) -> None:
        self._report.fail(outcomes.problems)
        for path in outcomes.skipped:
            if path in known:
                message = "has no front matter any more; the last good version is kept"
                self._report.fail([Problem(path, None, "yaml.fence", message)])
            else:
                self._report.skipped += 1

    async def _remove(self, known: Mapping[str, str], listing: Listing) -> None:
        prefix, source = self._source.prefix, self._source
        there = {prefix + file.path for file in listing.files}
        there.update(prefix + problem.path for problem in listing.problems)
        unread = tuple(prefix + path for path in listing.unread)
        gone = {path for path in known if path not in there and not path.startswith(unread)}
        if gone and not source.may_be_empty:
            if self._good == 0 and there.isdisjoint(known):
                message = f"none of its {len(gone)} articles is there any more; they are kept until it is filled, or"
                self._hold(len(gone), Problem(source.shown, None, "folder.empty", f"{message} {MEANT}"))
                return
            gone -= self._hold_hollow(gone, listing)
        if gone:
            await self._apply([Remove(path) for path in known if path in gone])

    def _hold_hollow(self, gone: Set[str], listing: Listing) -> Set[str]:
        """Return what is held of directories that are there and empty; a single document is taken for an edit."""
        held: set[str] = set()
        for directory in listing.hollow:
            path = self._source.path(directory)
            below = {each for each in gone if each.startswith(path)} - held
            if len(below) > 1:
                held |= below
                message = f"is empty; its {len(below)} articles are kept until it is filled or removed itself, or"
                self._hold(len(below), Problem(path.rstrip("/"), None, "folder.empty", f"{message} {MEANT}"))
        return held

    async def _hold_all(self, error: StoreError) -> None:
        """Keep the documents of a folder that cannot be opened. Raises *error* if it has none."""
        known = {} if self._store is None else await self._store.digests(self._source.identity)
        if not known:
            raise error
        if self._source.may_be_empty and _is_gone(str(self._source.location)):
            await self._apply([Remove(path) for path in known])
            return
        message = f"{error}; its {len(known)} articles are kept until it is there, or {MEANT}"
        self._hold(len(known), Problem(self._source.shown, None, "folder.missing", message))

    def _hold(self, documents: int, problem: Problem) -> None:
        self._report.hold(self._source.shown, documents, problem)

    async def _apply(self, changes: Sequence[Put | Remove]) -> None:
        if self._store is None:
            self._report.added += len(changes)
            return
        for start in range(0, len(changes), TRANSACTION):
            applied = await self._store.apply(changes[start : start + TRANSACTION])
            self._report.added += len(applied.added)
            self._report.updated += len(applied.updated)
            self._report.unchanged += len(applied.unchanged)
            self._report.removed += len(applied.removed)


def _differing(
    folder: Folder, files: list[File], known: Mapping[str, str], prefix: str, base_url: str | None
) -> list[File]:
    differing = []
    for file in files:
        before = known.get(prefix + file.path)
        if before is not None:
            try:
                raw = folder.read(file)
            except ArticleError:
                raw = None  # read once more, and then reported
            if raw is not None and digest(raw, base_url) == before:
                continue
        differing.append(file)
    return differing


def _distinct(sources: Sequence[Source]) -> Sequence[Source]:
    seen: dict[str, Source] = {}
    for source in sources:
        other = seen.setdefault(source.name or source.real, source)
        if other is not source:
            raise StoreError(
                f"{source.shown} and {other.shown} are the same source; give each folder a name of its own"
            )
    return sources


def _is_gone(identity: str) -> bool:
    """Tell whether a source is an unnamed folder that exists no more."""
    return identity.startswith("/") and not os.path.lexists(identity)
