"""Declares the scalars DateTime, URL and JSON: how each is read from a request and written into an answer."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from graph.schema.extensions import written_as

URL = NewType("URL", str)
EXAMPLE = "2021-07-29T11:09:00Z"
INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-5][0-9]):([0-5][0-9]|60)(\.[0-9]+)?([Zz]|[-+][0-9]{2}:[0-5][0-9])?"
)
LEAP = "60"
"""The second that a minute has besides 00 to 59 where a leap second ends it."""


def format_instant(value: datetime) -> str:
    """Return an RFC 3339 instant in UTC, as `orjson.OPT_UTC_Z` writes it: fractions only where there are some."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_instant(value: Any) -> datetime:
    """Read a `date-time` of RFC 3339, section 5.6; one without an offset is taken as UTC.

    Digits past the microsecond are dropped. A leap second, which is the last of a month in UTC, is the instant that
    follows it, as in POSIX time. Raises GraphQLError, so that the client sees the reason.
    """
    if not isinstance(value, str):
        raise GraphQLError(f"DateTime must be a string such as {EXAMPLE}.")
    match = INSTANT.fullmatch(value)
    if match is None:
        raise GraphQLError(f"DateTime cannot read {value[:40]!r}; write {EXAMPLE}.")
    date, minute, second, fraction, offset = match.groups(default="")
    try:
        return _instant(f"{date}T{minute}:", second, fraction[:7], offset.upper() or "Z")
    except (ValueError, OverflowError):
        raise GraphQLError(f"DateTime has no instant {value[:40]!r}; write {EXAMPLE}.") from None


def _instant(minute: str, second: str, fraction: str, offset: str) -> datetime:
    if second != LEAP:
        return datetime.fromisoformat(minute + second + fraction + offset).astimezone(UTC)
    before = datetime.fromisoformat(f"{minute}59{fraction}{offset}").astimezone(UTC)
    after = before + timedelta(seconds=1)
    if (after.day, after.hour, after.minute) != (1, 0, 0):
        raise ValueError("a leap second within a month")
    return after


def parse_url(value: Any) -> str:
    """Read a URL; it is cleaned where it is looked up. Raises GraphQLError where it is no text or has no scheme."""
    if not isinstance(value, str) or "://" not in value:
        raise GraphQLError("URL must be an absolute address such as https://example.com/article.")
    return value


SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: written_as(datetime)(
        strawberry.scalar(
            name="DateTime",
            description=f"RFC 3339 instant, e.g. {EXAMPLE}. Answers are in UTC; without an offset, UTC is meant.",
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
