"""Tests that what arguments hold becomes the criteria that the store is asked for."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from graph.schema import inputs
from graph.schema.enums import ArticleOrderField, Direction, Nulls
from graph.schema.filters import article_filter, duration, orders
from store.criteria import NEWEST, AllOf, AnyOf, Count, Is, Not, Op, Order, Some
from store.errors import CriteriaError

VIDEO = inputs.ArticleFilter(type=inputs.StringFilter(eq="video"))
IS_VIDEO = AllOf((Is("type", Op.EQ, "video"),))


def test_no_filter_matches_everything() -> None:
    assert article_filter(None) == article_filter(inputs.ArticleFilter()) == AllOf(())


def test_sibling_keys_are_anded_and_the_connectives_stand_beside_them() -> None:
    given = inputs.ArticleFilter(and_=[VIDEO], or_=[VIDEO, VIDEO], not_=VIDEO, heat=inputs.IntFilter(gte=1, lt=9))
    assert article_filter(given) == AllOf(
        (
            AllOf((IS_VIDEO,)),
            AnyOf((IS_VIDEO, IS_VIDEO)),
            Not(IS_VIDEO),
            Is("heat", Op.GTE, 1),
            Is("heat", Op.LT, 9),
        )
    )


def test_a_key_of_null_narrows_nothing() -> None:
    assert article_filter(inputs.ArticleFilter(heat=None, published=None)) == AllOf(())


def test_an_empty_or_matches_nothing_as_any_of_nothing_is_false() -> None:
    assert article_filter(inputs.ArticleFilter(or_=[])) == AllOf((AnyOf(()),))


def test_lists_are_asked_for_some_none_and_count() -> None:
    given = inputs.ArticleFilter(
        related=inputs.RelatedFilter(none=VIDEO, count=inputs.IntFilter(in_=[1, 2])),
        topics=inputs.TopicsFilter(some=inputs.TopicFilter(slug=inputs.StringFilter(in_=["a"], case_sensitive=True))),
    )
    assert article_filter(given) == AllOf(
        (
            Some("topics", AllOf((Is("slug", Op.IN, ("a",), case_sensitive=True),))),
            Not(Some("related", IS_VIDEO)),
            Count("related", Op.IN, (1, 2)),
        )
    )


def test_keys_have_the_names_of_the_store() -> None:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    given = inputs.ArticleFilter(
        published_date_time=inputs.DateTimeFilter(lt=when),
        published=False,
        provider=inputs.ProviderFilter(name=inputs.StringFilter(is_null=True)),
    )
    assert article_filter(given) == AllOf(
        (
            Is("published_at", Op.LT, when),
            Is("published", Op.EQ, value=False),
            AllOf((Is("provider.name", Op.IS_NULL, value=True),)),
        )
    )


def test_within_is_newer_than_now_minus_the_duration() -> None:
    given = inputs.ArticleFilter(published_date_time=inputs.DateTimeFilter(within="P1D"))
    before = datetime.now(UTC) - timedelta(days=1)
    found = article_filter(given)
    after = datetime.now(UTC) - timedelta(days=1)
    assert isinstance(found, AllOf)
    (predicate,) = found.filters
    assert isinstance(predicate, Is)
    assert isinstance(predicate.value, datetime)
    assert before <= predicate.value <= after


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("P7D", timedelta(days=7)),
        ("PT12H", timedelta(hours=12)),
        ("PT90M", timedelta(minutes=90)),
        ("PT36H61M", timedelta(hours=37, minutes=1)),
        ("P2W", timedelta(weeks=2)),
        ("P2WT5S", timedelta(weeks=2, seconds=5)),
        ("P1W2DT3H4M5S", timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5)),
        ("P0D", timedelta()),
        ("PT0S", timedelta()),
        ("P007D", timedelta(days=7)),
        ("P1DT", timedelta(days=1)),
        ("P1WT", timedelta(weeks=1)),
        ("PT1000000S", timedelta(seconds=1_000_000)),
        ("PT1000000H", timedelta(hours=1_000_000)),
        ("P700000D", timedelta(days=700_000)),
        ("P100000W", timedelta(weeks=100_000)),
    ],
)
def test_a_duration_is_read(text: str, length: timedelta) -> None:
    assert duration(text) == length


@pytest.mark.parametrize(
    "text",
    [
        *("", "P", "T", "PT", "7D", "PD", "PW", "PTS", "P7", "P7DT5"),  # something is missing
        *("P1Y", "P1M", "P1Y2M3D", "P0001-00-00T00:00:00"),  # of no fixed length
        *("-P7D", "+P7D", "P-1D", "P+1D", "PT-1S"),  # signs
        *("P1.5D", "P1,5D", "PT1.5S", "PT1,5S", "P0.5W"),  # fractions
        *("p7d", "P7d", "Pt1h", "P1w", " P1D", "P1D ", "P1D\n", "P 1D"),  # spelled otherwise
        *("P1D2W", "P1W2W", "PT5S4M", "PT1H1H", "P1H", "PT1D", "PT1W", "P1DT1DT", "PT1ST", "P1DTT"),  # out of order
        *("P1000000D", "P1000000W", "P9999999999999999D", f"P{'9' * 5_000}D", f"P{'9' * 5_000}W"),  # before the year 1
        *("soon", "7 days", "PP1D", "P1DP1W", "P٧D"),
    ],
)
def test_what_is_no_duration_of_fixed_length_is_refused(text: str) -> None:
    says = f"within: cannot read {text[:40]!r}; write a duration such as P7D or PT12H"
    with pytest.raises(CriteriaError, match=f"^{re.escape(says)}$"):
        duration(text)


def test_the_order_is_as_given_else_newest_first_and_by_relevance_under_a_search() -> None:
    words = inputs.Search(query="a")
    given = [inputs.ArticleOrder(field=ArticleOrderField.HEAT, direction=Direction.ASC, nulls=Nulls.FIRST)]
    assert orders(None, None) == NEWEST
    assert orders(None, words) == (Order("relevance"), *NEWEST)
    assert orders(given, words) == (Order("heat", descending=False, nulls_first=True),)
