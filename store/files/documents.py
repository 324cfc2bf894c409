"""Reads the bytes of one file into the document to be stored, or names by line everything that is wrong with them."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b

from store.base import Document
from store.errors import ArticleError, Problem, by_location
from store.files.front_matter import WHOLE, Parsed, parse
from store.files.keys import Fault, kind_of, typed

EDITION = 1
"""Grows when the same bytes come to mean another document, so that an ingest reads unchanged files again."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where files come from, and when: the source's identity, and what relative image URLs stand below."""

    source: str
    ingested_at: datetime
    base_url: str | None = None


def digest(raw: bytes, base_url: str | None = None) -> str:
    """Return what identifies a document's content: the bytes, and what else decides how they are read."""
    return blake2b(raw, digest_size=16, key=_salt(base_url)).hexdigest()


def read(raw: bytes, path: str, origin: Origin) -> Document | None:
    """Return the document that *raw* holds, or None where a file is none: no front matter, or a data file of nothing.

    *path* says by its ending how to read it, and identifies it. Raises ArticleError with each problem.
    """
    if not raw.startswith((b"---", b"\xef\xbb\xbf---")) and not path.lower().endswith(WHOLE):
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ArticleError(Problem(path, line, "text.encoding", f"no UTF-8: {error.reason}")) from None
    parsed = parse(text, path)
    if parsed is None:
        return None
    kind = kind_of(parsed.tree)
    metadata, faults = typed(parsed.tree, kind)
    if faults:
        raise ArticleError(*_problems(parsed, faults))
    base = origin.base_url
    return Document(path, origin.source, kind, digest(raw, base), origin.ingested_at, metadata, parsed.body, base)


def _problems(parsed: Parsed, faults: list[Fault]) -> list[Problem]:
    offsets = parsed.offsets()
    problems = []
    for fault in faults:
        at = fault.path
        while at not in offsets and at:
            at = at[:-1]
        problems.append(parsed.passage.problem(offsets.get(at), fault.code, str(fault)))
    return sorted(problems, key=by_location)


@lru_cache(maxsize=64)
def _salt(base_url: str | None) -> bytes:
    return blake2b(f"{EDITION} {base_url or ''}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
