"""Chooses the media type of an answer by its Accept header: by q, then by the client's order (RFC 9110, 12.5.1)."""

from collections.abc import Sequence

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
EVENT_STREAM = "text/event-stream"
HTML = "text/html"

WILDCARDS = ("*/*", "application/*")
MOST = 64
"""Most entries that are read of one header."""


def weighed(header: str) -> list[tuple[str, float]]:
    """Return the entries of an Accept or Accept-Encoding header, the client's favourites first; those of q=0 last."""
    entries = []
    for entry in header.split(",")[:MOST]:
        name, *parameters = (part.strip().lower() for part in entry.split(";"))
        if name:
            entries.append((name, _weight(parameters)))
    return sorted(entries, key=lambda entry: -entry[1])


def accepted(header: str, offers: Sequence[str]) -> str | None:
    """Return the offer that the client likes best, None where it takes none of them.

    A wildcard stands for JSON; pages and streams are for those who name them.
    """
    entries = weighed(header)
    named = {name for name, _ in entries}
    for name, weight in entries:
        if weight <= 0:
            break
        if name in offers:
            return name
        if name in WILDCARDS:
            for offer in (JSON, GRAPHQL):
                if offer not in named:
                    return offer
    return None


def _weight(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(0.0, float(value)), 1.0)  # in this order "nan" is 0
            except ValueError:
                return 0.0
    return 1.0
