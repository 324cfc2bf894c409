"""Finds the document of a request: given in full, remembered by its hash, or trusted.

Automatically persisted documents follow Apollo's protocol; ids may also come as `documentId`, bare or as `sha256:HASH`.
"""

from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from cachetools import LRUCache

from graph.edge.parameters import Parameters, bad_request
from graph.errors import Refusal, over_limit
from graph.settings import Settings, SettingsError, variable

BOM = "\ufeff"
LINE_ENDS = ("\n", "\r\n", "\r")


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
    """Return the documents of the reader by their hash. Raises SettingsError where one cannot be read."""
    texts = [read(path) for path in reader.glob("*.graphql")]
    return {hashed(text): text for text in texts}


def read(path: Path) -> str:
    """Return the text of a document as it stands in its file, in UTF-8. Raises SettingsError, which names the file."""
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None


class NotHere(Refusal):
    """No document is remembered under a hash. The message is the protocol's word; the hint says what to do."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(code, message, well_formed=True)
        self.hint = hint

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Return the `errors` of its answer."""
        return [{"message": self.message, "extensions": {"code": self.code, "hint": self.hint}}]


NOT_SUPPORTED = "Send the document itself as `query`: this server remembers none by their hash."
NOT_FOUND = "Send the document itself as `query` beside its hash, once: then the hash alone suffices."
MISMATCH = "The hash or id is not that of the document: leave it out, or send the one that belongs to the document."
NOT_TRUSTED = (
    "Only trusted documents are executed here: put this one into the folder of --trusted-documents, and start anew."
)


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
                raise mismatch()
            return asked.query
        if not digest:
            raise bad_request("`query` is missing.")
        if digest in self.known:
            return self.known[digest]
        if not self.most:
            raise NotHere("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported", NOT_SUPPORTED)
        document = self.remembered.get(digest)
        if document is None:
            raise NotHere("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound", NOT_FOUND)
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
    """Only the documents of a folder and the reader's own, named by a SHA-256 or by their file, or given in full.

    A checkout may have other line ends than the client's build, a byte order mark, or a line end at the end: a document
    is known in each of these spellings, as it stands in its file above all. What is executed is the trusted text.
    """

    def __init__(self, folder: Path, reader: Mapping[str, str]) -> None:
        if not folder.is_dir():
            raise untrusted(f"{folder} is no folder")
        self.by_text = {plain(text): text for text in reader.values()}
        names, hashes = dict[str, str](), dict(reader)
        for path in sorted(folder.rglob("*.graphql")):
            if _is_hidden(path.relative_to(folder)):  # as the folder behind `..data`, where a ConfigMap is mounted
                continue
            if path.stem in names:
                raise untrusted(f"{path} has the name of another document")
            try:
                text = read(path)
            except SettingsError as error:
                raise untrusted(str(error)) from None
            document = names[path.stem] = self.by_text.setdefault(plain(text), plain(text))
            hashes |= {hashed(spelling): document for spelling in spellings(text)}
        self.by_id = {**names, **hashes}

    def of(self, asked: Parameters) -> str:
        """Return the trusted document that is named, or given in full. Raises Refusal for any other."""
        name = identifier(asked)
        document = self.by_id.get(name) if asked.query is None else self.by_text.get(plain(asked.query))
        if document is None:
            raise over_limit("DOCUMENT_NOT_TRUSTED", NOT_TRUSTED)
        if name and asked.query is not None and self.by_id.get(name) != document and name != hashed(asked.query):
            raise mismatch()
        return document

    def executable(self, asked: Parameters, document: str) -> None:
        """Nothing is remembered: the folder has them all."""


def lined(text: str) -> str:
    """Return a document without byte order mark, its lines ended by LF."""
    return text.removeprefix(BOM).replace("\r\n", "\n").replace("\r", "\n")


def plain(text: str) -> str:
    """Return a document without blank ends either: to GraphQL it is the same."""
    return lined(text).strip()


def spellings(text: str) -> set[str]:
    """Return the texts that are the same document, *text* itself among them."""
    ends = (lined(text), plain(text), plain(text) + "\n")
    return {text, *(bom + each.replace("\n", end) for bom in ("", BOM) for each in ends for end in LINE_ENDS)}


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def mismatch() -> Refusal:
    """Return the refusal of a document that came with the id of another."""
    return Refusal("PERSISTED_QUERY_HASH_MISMATCH", MISMATCH, well_formed=True)


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
