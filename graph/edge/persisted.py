"""Finds the document of a request: given in full, remembered by its hash, or trusted.

Automatically persisted documents follow Apollo's protocol; ids may also come as `documentId`, bare or as `sha256:HASH`.
"""

from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from cachetools import LRUCache

from graph.edge.parameters import Parameters, bad_request
from graph.errors import Refusal, over_limit
from graph.settings import Settings, SettingsError, variable


class Documents(Protocol):
    """Where the documents of requests come from."""

    def of(self, asked: Parameters) -> str:
        """Return the document that a request names or carries. Raises Refusal."""

    def executable(self, asked: Parameters, document: str) -> None:
        """Hear that the document passed every limit, so it is worth remembering."""


def documents(settings: Settings, reader: Path) -> Documents:
    """Return the documents that the settings allow, those in the folder *reader* with them. Raises SettingsError."""
    if settings.trusted_documents is None:
        return RememberedDocuments(settings, reader)
    return TrustedDocuments(settings.trusted_documents, known(reader) if settings.web else {})


def known(reader: Path) -> dict[str, str]:
    """Return the documents of the reader by their hash."""
    return {hashed(text): text for text in (path.read_text() for path in reader.glob("*.graphql"))}


class RememberedDocuments:
    """Any document; the reader's are known, and the latest that came with their hash are remembered, within bounds."""

    def __init__(self, settings: Settings, reader: Path) -> None:
        self.known = known(reader)
        self.most = settings.persisted
        self.remembered: LRUCache[str, str] = LRUCache(settings.persisted_bytes, getsizeof=len)

    def of(self, asked: Parameters) -> str:
        """Return the document given, or the one remembered under the hash. Raises Refusal."""
        digest = identifier(asked)
        if asked.query is not None:
            if digest and digest != hashed(asked.query):
                raise Refusal(
                    "PERSISTED_QUERY_HASH_MISMATCH", "The hash is not that of the document.", well_formed=True
                )
            return asked.query
        if not digest:
            raise bad_request("`query` is missing.")
        if digest in self.known:
            return self.known[digest]
        if not self.most:
            raise Refusal("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported", well_formed=True)
        document = self.remembered.get(digest)
        if document is None:
            raise Refusal("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound", well_formed=True)
        return document

    def executable(self, asked: Parameters, document: str) -> None:
        """Remember a document that came with its hash."""
        if asked.query is None or not self.most or not (digest := identifier(asked)):
            return
        with suppress(ValueError):  # it alone is larger than all that may be remembered
            self.remembered[digest] = document
        while len(self.remembered) > self.most:
            self.remembered.popitem()


class TrustedDocuments:
    """Only the documents of a folder, by the SHA-256 of their text or the name of their file, and the reader's own."""

    def __init__(self, folder: Path, reader: Mapping[str, str]) -> None:
        if not folder.is_dir():
            raise untrusted(f"{folder} is no folder")
        self.by_name: dict[str, str] = {}
        self.by_hash = dict(reader)
        for path in sorted(folder.rglob("*.graphql")):
            if path.stem in self.by_name:
                raise untrusted(f"{path} has the name of another document")
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise untrusted(f"{path} cannot be read: {error}") from None
            self.by_name[path.stem] = text
            self.by_hash |= {hashed(each): text for each in (text, text.strip())}

    def of(self, asked: Parameters) -> str:
        """Return the trusted document that is named, or given in full. Raises Refusal for any other."""
        name = hashed(asked.query) if asked.query is not None else identifier(asked)
        document = self.by_hash.get(name) or (self.by_name.get(name) if asked.query is None else None)
        if document is None:
            raise over_limit("DOCUMENT_NOT_TRUSTED", "Only trusted documents are executed here.")
        return document

    def executable(self, asked: Parameters, document: str) -> None:
        """Nothing is remembered: the folder has them all."""


def untrusted(reason: str) -> SettingsError:
    """Return what is wrong with the folder of trusted documents."""
    return SettingsError(f"{variable('trusted_documents')}: {reason}")


def identifier(asked: Parameters) -> str:
    """Return the id that a request names its document by, empty for none. Raises Refusal for a malformed one."""
    if asked.document_id is not None:
        return asked.document_id.removeprefix("sha256:")
    persisted = asked.extensions.get("persistedQuery")
    if persisted is None:
        return ""
    if (
        not isinstance(persisted, dict)
        or persisted.get("version") != 1
        or not isinstance(persisted.get("sha256Hash"), str)
    ):
        raise bad_request("`extensions.persistedQuery` has a `version` of 1 and a `sha256Hash`.")
    return str(persisted["sha256Hash"])


def hashed(document: str) -> str:
    """Return the SHA-256 of a document in hexadecimal."""
    return sha256(document.encode(errors="replace")).hexdigest()
