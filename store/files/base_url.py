"""Finds what relative image URLs of a folder stand below, the last good one while its configuration is broken.

An editor that truncates a file before it writes it, or a save too early, would otherwise rewrite every article twice.
"""

from collections import Counter

from store.base import Store
from store.errors import ArticleError, Problem
from store.files.folder import EMPTY, Folder
from store.files.source import Source

SAMPLE = 100
"""Documents that are asked for the base URL they were read with: a broken file keeps that of its last good version."""


async def base_url(source: Source, folder: Folder, store: Store | None) -> tuple[str | None, tuple[Problem, ...]]:
    """Return the base URL, and what is wrong with the configuration; nothing is where it is empty and always was."""
    if source.base_url:
        return source.base_url, ()
    try:
        return folder.base_url(), ()
    except ArticleError as error:
        last = None if store is None else await _last_good(store, source.identity)
        is_empty = all(problem.code == EMPTY for problem in error.problems)
        return last, () if is_empty and last is None else error.problems


async def _last_good(store: Store, identity: str) -> str | None:
    paths = list(await store.digests(identity))
    documents = await store.documents(paths[:: max(1, len(paths) // SAMPLE)])
    counted = Counter(each.base_url for each in documents if each is not None)
    return counted.most_common(1)[0][0] if counted else None
