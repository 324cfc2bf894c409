"""Answers browsers that ask `/graphql` for a page with GraphiQL, or with how to build it."""

from graph.edge.pages import PLAYGROUND_POLICY, UNBUILT, WEB
from graph.message import Response

HEADERS = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", PLAYGROUND_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
    (b"vary", b"accept"),
)


def page() -> Response:
    """Return the playground."""
    built = WEB / "playground.html"
    return Response(200, HEADERS, built.read_bytes() if built.is_file() else UNBUILT.encode())
