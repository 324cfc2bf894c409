"""Reads files into documents and problems, in worker processes if there are many files, else in this process.

A worker opens the files itself and hands back encoded documents. Workers are spawned, not forked, since this process
may have threads; where none can be started, or one is killed, the rest is read here.
"""

import asyncio
import gc
import logging
import os
import signal
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import msgspec

from store.base import Document
from store.errors import ArticleError, Problem
from store.files.documents import Origin, read
from store.files.folder import File, Folder
from store.parent import when_parent_is_gone

logger = logging.getLogger(__name__)

FEW = 1000
"""Files that are read here, since starting processes takes longer."""
CHUNK = 125
"""Files that a worker reads before it answers."""
AHEAD = 16
"""Chunks for each worker that are read or wait to be taken; bounds what is held in memory."""


@dataclass(frozen=True, slots=True)
class Task:
    """Which folder is read, what stands before its paths, and where documents say they come from."""

    folder: str
    prefix: str
    origin: Origin


class Outcomes(msgspec.Struct):
    """What came of some files: documents, paths of those that are none, and problems."""

    files: int
    documents: list[Document] = []
    skipped: list[str] = []
    problems: list[Problem] = []


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Outcomes)


async def read_files(task: Task, files: Sequence[File], processes: int | None = None) -> AsyncGenerator[Outcomes, None]:
    """Read *files*, in their order, some at a time."""
    workers = processes or len(os.sched_getaffinity(0))
    chunks = deque(files[start : start + CHUNK] for start in range(0, len(files), CHUNK))
    if len(files) > FEW and workers > 1:
        with ProcessPoolExecutor(workers, get_context("spawn"), _start, (task,)) as pool:
            loop = asyncio.get_running_loop()
            running: deque[tuple[Sequence[File], asyncio.Future[bytes]]] = deque()
            try:
                while chunks or running:
                    while chunks and len(running) < AHEAD * workers:
                        chunk = chunks[0]
                        running.append((chunk, loop.run_in_executor(pool, _encoded, list(chunk))))
                        chunks.popleft()
                    yield _DECODER.decode(await running[0][1])
                    running.popleft()
            except BrokenProcessPool:
                logger.warning("%s: a process that read files was killed; the rest is read by this one", task.folder)
                chunks.extendleft(chunk for chunk, _ in reversed(running))
                await asyncio.gather(*(future for _, future in running), return_exceptions=True)
    with Folder(Path(task.folder)) as folder:
        while chunks:
            yield await asyncio.to_thread(outcomes, folder, task, chunks.popleft())


def outcomes(folder: Folder, task: Task, files: Sequence[File]) -> Outcomes:
    """Read some files of an open folder; one that is broken is named and disturbs no other."""
    made = Outcomes(len(files))
    for file in files:
        path = task.prefix + file.path
        try:
            raw = folder.read(file)
            document = None if raw is None else read(raw, path, task.origin)
        except ArticleError as error:
            made.problems += (replace(problem, path=path) for problem in error.problems)
            continue
        if document is None:
            made.skipped.append(path)
        else:
            made.documents.append(document)
    return made


class _Worker:
    """What a worker process reads from; set once it has started."""

    task: Task
    folder: Folder


def _start(task: Task) -> None:
    gc.disable()  # nothing read here refers to itself
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal interrupts them all; the parent ends this one
    # A process that waits for work holds both ends of the pipe that it waits at, so it would never see it close.
    when_parent_is_gone(lambda: os._exit(1))
    _Worker.task, _Worker.folder = task, Folder(Path(task.folder))


def _encoded(files: Sequence[File]) -> bytes:
    return _ENCODER.encode(outcomes(_Worker.folder, _Worker.task, files))
