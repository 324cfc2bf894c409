"""Holds requests and responses as bytes, whichever protocol reads and writes them."""

from collections.abc import Sequence

from msgspec import Struct

Headers = Sequence[tuple[bytes, bytes]]
"""Names in lower case."""
READS = ("GET", "HEAD")
"""Methods that may only read, and that say in their query string what."""


class Request(Struct, frozen=True):
    """One request, received whole; `client` is the address it came from."""

    method: str
    path: str
    query: bytes = b""
    headers: Headers = ()
    body: bytes = b""
    client: str | None = None

    @property
    def asked(self) -> bytes:
        """Where the request says what it asks for: its body, or its query string."""
        return self.query if self.method in READS else self.body


class Response(Struct, frozen=True):
    """One response; the road that sends it adds `content-length` and what belongs to the connection."""

    status: int
    headers: Headers
    body: bytes = b""


def header(headers: Headers, name: bytes) -> bytes:
    """Return a header's value, several joined by commas as RFC 9110 section 5.3 has it; empty where there is none."""
    return b", ".join([value for key, value in headers if key == name])
