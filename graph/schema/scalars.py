"""Declares the scalars DateTime, URL and JSON: how each is read from a request and written into an answer."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from graph.schema.extensions import written_as

URL = NewType("URL", str)


def format_instant(value: datetime) -> str:
    """Return an RFC 3339 instant in UTC, as `orjson.OPT_UTC_Z` writes it: fractions only where there are some."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_instant(value: Any) -> datetime:
    """Read an RFC 3339 instant; without an offset it is UTC.

    Raises GraphQLError, so that the client sees the reason.
    """
    if not isinstance(value, str):
        raise GraphQLError("DateTime must be a string such as 2021-07-29T11:09:00Z.")
    try:
        read = datetime.fromisoformat(value)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise GraphQLError(f"DateTime cannot read {value[:40]!r}; write 2021-07-29T11:09:00Z.") from None


def parse_url(value: Any) -> str:
    """Read a URL; it is cleaned where it is looked up. Raises GraphQLError where it is no text or has no scheme."""
    if not isinstance(value, str) or "://" not in value:
        raise GraphQLError("URL must be an absolute address such as https://example.com/article.")
    return value


SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: written_as(datetime)(
        strawberry.scalar(
            name="DateTime",
            description="RFC 3339 instant in UTC, e.g. 2021-07-29T11:09:00Z.",
            specified_by_url="https://scalars.graphql.org/andimarek/date-time",
            serialize=format_instant,
            parse_value=parse_instant,
        )
    ),
    URL: written_as(str)(
        strawberry.scalar(
            name="URL",
            description="Absolute URL.",
            specified_by_url="https://url.spec.whatwg.org/",
            serialize=str,
            parse_value=parse_url,
        )
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value: an object, a list, text, a number, a boolean or null.",
        specified_by_url="https://ecma-international.org/publications-and-standards/standards/ecma-404/",
    ),
}
