"""Tests that DateTime takes what RFC 3339 calls a date-time, leap seconds included, and nothing else."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from graph.schema.scalars import format_instant, parse_instant

LATE = datetime(2023, 12, 31, 23, 59, 59, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEW_YEAR = datetime(2017, 1, 1, tzinfo=UTC)
offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.integers(-(62 * 10**9), 253 * 10**9).flatmap(
    lambda seconds: st.builds(
        lambda micros, offset: (EPOCH + timedelta(seconds=seconds, microseconds=micros)).astimezone(offset),
        st.sampled_from([0, 1, 500_000]) | st.integers(0, 999_999),
        offsets,
    )
)
"""From the first days of the year 5 to those of the year 9987."""


@given(instants, st.sampled_from("Tt"), st.sampled_from("Zz"), st.text("0123456789", max_size=12))
def test_every_instant_is_read_with_any_offset_either_case_and_a_fraction_of_any_length(
    instant: datetime, t: str, z: str, digits: str
) -> None:
    written = instant.isoformat().replace("T", t).replace("+00:00", z)
    assert parse_instant(written) == instant
    whole = instant.replace(microsecond=0)
    fraction = timedelta(microseconds=int(f"{digits[:6]:0<6}"))
    written = whole.isoformat().replace("T", t)
    point = f".{digits}" if digits else ""
    assert parse_instant(f"{written[:19]}{point}{written[19:]}") == whole + fraction


@given(instants)
def test_what_is_written_is_read_as_the_same_instant(instant: datetime) -> None:
    assert parse_instant(format_instant(instant)) == instant


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2016-12-31T23:59:60Z", NEW_YEAR),
        ("2016-12-31T15:59:60-08:00", NEW_YEAR),
        ("2017-01-01T05:29:60+05:30", NEW_YEAR),
        ("2016-12-31t23:59:60.5z", NEW_YEAR + timedelta(seconds=0.5)),
        ("2012-06-30T23:59:60Z", datetime(2012, 7, 1, tzinfo=UTC)),
    ],
)
def test_a_leap_second_is_the_instant_that_follows_it(written: str, instant: datetime) -> None:
    assert parse_instant(written) == instant


def test_an_offset_of_minus_zero_or_none_is_utc() -> None:
    assert parse_instant("2023-12-31T23:59:59-00:00") == parse_instant("2023-12-31T23:59:59") == LATE


@pytest.mark.parametrize(
    "written",
    [
        *("2023-W52-7", "2023-W52-7T00:00:00Z", "2023-365T00:00:00Z", "2023W527", "20231231T235959Z"),
        *("2023-12-31", "2023-12-31T23", "2023-12-31T23:59", "2023-12-31T23:59Z", "2023-12", "2023", "T23:59:59Z"),
        *(f"2023-12-31{sign}23:59:59Z" for sign in " _-x\t\u2003"),
        *(f"2023-12-31T23:59:59{offset}" for offset in ("+05", "+0530", "+05:30:15", "+24:00", "+05:60", "ZZ")),
        *("2023-12-31T24:00:00Z", "2023-12-31T23:60:00Z", "2023-12-31T23:59:61Z", "2023-02-29T00:00:00Z"),
        *("2016-12-30T23:59:60Z", "2016-12-31T22:59:60Z", "2016-12-31T23:58:60Z", "2016-12-31T23:59:60+01:00"),
        *("2023-12-31T23:59:59,5Z", "2023-12-31T23:59:59.Z", "2023-12-31T23:59:59Z\n", " 2023-12-31T23:59:59Z", ""),
        *("2023-12-31T23:59:59 Z", "02023-12-31T23:59:59Z", "+2023-12-31T23:59:59Z", "-001-12-31T23:59:59Z"),
        *("٢٠٢٣-12-31T23:59:59Z", "2023-12-31T23:59:5９Z", "2023−12−31T23:59:59Z", "now", "1703980800"),
        *("9999-12-31T23:59:60Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"),
    ],
)  # fmt: skip
def test_what_is_no_date_time_of_rfc_3339_is_refused_with_one_that_is(written: str) -> None:
    with pytest.raises(GraphQLError, match="write 2021-07-29T11:09:00Z"):
        parse_instant(written)


@pytest.mark.parametrize("value", [None, 1703980800, 1.5, True, ["2023-12-31T23:59:59Z"], {}])
def test_an_instant_is_text(value: object) -> None:
    with pytest.raises(GraphQLError, match="must be a string"):
        parse_instant(value)
