"""Serves the pictures of the served folders to browsers, but none that is hidden or that only drafts show.

An article names such a picture by an address relative to its folder. A picture that no article names, as one in a
text's body, is shown too.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from posixpath import normpath
from urllib.parse import quote, unquote

from cachetools import LRUCache
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from store.base import Store
from store.criteria import AllOf, AnyOf, Criteria, Is, Op, Page, Some

PICTURES = {".avif", ".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp"}
DRAFTS = "_drafts"
"""Jekyll's folder of articles that are not published yet, and of what belongs to them."""
MOST_CACHED = 1_000
"""Pictures of which it is remembered whether only drafts show them, for as long as the store does not change."""

POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "style-src 'unsafe-inline'; sandbox"  # an SVG may style itself and nothing else
)
HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
PUBLIC = {**HEADERS, "Cache-Control": "public, max-age=300"}
PRIVATE = {**HEADERS, "Cache-Control": "private, no-cache"}


class Pictures:
    """The pictures of one server's folders; *store* tells which articles show them, if there is one."""

    def __init__(self, folders: Sequence[Path], store: Store | None = None) -> None:
        self.folders = [folder.absolute() for folder in folders]
        self.store = store
        self.private: LRUCache[tuple[int, str], bool] = LRUCache(MOST_CACHED)

    async def picture(self, request: Request) -> Response:
        """Answer with a picture; those of drafts are for callers who may read drafts."""
        name = request.path_params["name"]
        path = await run_in_threadpool(self.find, name)
        if path is None:
            return Response(status_code=404)
        private = await self.is_private(name)
        if private and not request.app.state.callers.of(request.method, request.headers.raw).viewer.drafts:
            return Response(status_code=404)
        return FileResponse(path, headers=PRIVATE if private else PUBLIC)

    def find(self, name: str) -> Path | None:
        """Return the file of a picture, of the first folder that has it; a folder may be a link that is moved on."""
        found = (inside(Path(os.path.realpath(folder)), name) for folder in self.folders)
        return next((path for path in found if path and path.suffix.lower() in PICTURES), None)

    async def is_private(self, name: str) -> bool:
        """Whether a picture lies with the drafts, or unpublished articles show it and no published one does."""
        if DRAFTS in name.lower().split("/"):
            return True
        if self.store is None:
            return False
        key = (self.store.sequence, name)
        private = self.private.get(key)
        if private is None:
            private = await _is_shown(self.store, name, False) and not await _is_shown(self.store, name, True)
            self.private[key] = private
        return private


async def _is_shown(store: Store, name: str, published: bool) -> bool:
    """Whether an article shows the picture as its own, of those that are *published* or of the others."""
    after = None
    while True:
        (found,) = await store.find([_criteria(name, published, after)])
        if any(name == named(image.raw_url) for article in found.items for image in article.images):
            return True
        if not found.has_next:
            return False
        after = found.cursors[-1]


def _criteria(name: str, published: bool, after: str | None) -> Criteria:
    """Return what finds articles that may show the picture; how its address is escaped is left open."""
    last = name.rpartition("/")[2]
    spelled = AnyOf((Is("url", Op.CONTAINS, last), Is("url", Op.CONTAINS, quote(last))))
    among = AllOf((Is("published", Op.EQ, published), Some("images", spelled)))
    return Criteria(among, page=Page(first=100, after=after), drafts=True)


def named(raw_url: str) -> str:
    """Return the file that a relative address names, as the reader asks for it."""
    return normpath("/" + unquote(raw_url.partition("#")[0].partition("?")[0])).lstrip("/")


def inside(folder: Path, name: str) -> Path | None:
    """Return the file *name* of *folder*; None where none can be read, is hidden, or where the name leads out of it.

    Hidden is what the name itself says, not what a link leads to: in a mounted ConfigMap each file leads to `..data`.
    """
    if name.startswith("/") or any(part.startswith(".") for part in name.split("/")):
        return None
    try:
        path = (folder / name).resolve()
        readable = path.is_relative_to(folder) and path.is_file() and os.access(path, os.R_OK)
    except (OSError, ValueError, RuntimeError):  # too long, no text of this system, a circle of links
        return None
    return path if readable else None
