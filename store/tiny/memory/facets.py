"""Counts how many articles of a set have each provider, topic, type, category or date."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial

from pyroaring import BitMap

from store.article import Article
from store.base import Bucket, DateUnit, Facet
from store.errors import CriteriaError
from store.text import slug
from store.tiny.memory.articles import Articles, Of
from store.tiny.memory.filtering import BY_VALUE


def topic_slugs(article: Article) -> Iterable[str]:
    """Return the topics of *article*."""
    return dict.fromkeys(map(slug, article.topics))


FACETS: Mapping[str, Of[Hashable]] = {
    "providers": BY_VALUE["provider.domain"],
    "topics": topic_slugs,
    "types": BY_VALUE["type"],
    "categories": BY_VALUE["category"],
}


_HOURS: Mapping[DateUnit, int] = {DateUnit.HOUR: 1, DateUnit.DAY: 24, DateUnit.WEEK: 168}
_MONTHS: Mapping[DateUnit, int] = {DateUnit.MONTH: 1, DateUnit.QUARTER: 3, DateUnit.YEAR: 12}


def counted(articles: Articles, among: BitMap, facet: Facet) -> list[Bucket]:
    """Return the buckets of *facet* for the articles *among*. Raises CriteriaError where there is no such facet."""
    if facet.first is not None and facet.first < 0:
        raise CriteriaError(f"first is a number of values, and so not {facet.first}")
    if facet.name == "histogram":
        if facet.unit is None:
            raise CriteriaError("a histogram needs the unit of its bars")
        starts = _counts(articles, among, _starts(facet.unit))
        bars = sorted((start, count) for start, count in starts if isinstance(start, datetime))
        return [Bucket(start, count, _bar_end(start, facet.unit)) for start, count in bars]
    if facet.name not in FACETS:
        raise CriteriaError(f"{facet.name!r} is none of {', '.join((*FACETS, 'histogram'))}")
    counts = ((value, count) for value, count in _counts(articles, among, FACETS[facet.name]) if isinstance(value, str))
    ranked = sorted(counts, key=lambda each: (-each[1], each[0]))
    return [Bucket(value, count) for value, count in ranked[: facet.first]]


def _bar_start(instant: datetime, unit: DateUnit) -> datetime:
    """Return when the bar that holds *instant* starts, in UTC."""
    hour = instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    match unit:
        case DateUnit.HOUR:
            return hour
        case DateUnit.DAY:
            return day
        case DateUnit.WEEK:
            return day - min(timedelta(days=day.weekday()), day - _FIRST_DAY)
        case DateUnit.MONTH:
            return day.replace(day=1)
        case DateUnit.QUARTER:
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case DateUnit.YEAR:
            return day.replace(month=1, day=1)


def _bar_end(start: datetime, unit: DateUnit) -> datetime:
    """Return when the bar that starts at *start* ends; the last instant there is, where a calendar ends before it."""
    try:
        match unit:
            case DateUnit.HOUR | DateUnit.DAY | DateUnit.WEEK:
                return start + timedelta(hours=_HOURS[unit])
            case _:
                months = start.year * 12 + start.month - 1 + _MONTHS[unit]
                return start.replace(year=months // 12, month=months % 12 + 1)
    except (OverflowError, ValueError):
        return datetime.max.replace(tzinfo=UTC)


def bars(earliest: datetime, latest: datetime, unit: DateUnit) -> int:
    """Return how many bars there are from the one that holds *earliest* to the one that holds *latest*."""
    first, last = _bar_start(earliest, unit), _bar_start(latest, unit)
    if unit in _HOURS:
        return (last - first) // timedelta(hours=_HOURS[unit]) + 2  # the first week there is may be shorter
    return (last.year * 12 + last.month - first.year * 12 - first.month) // _MONTHS[unit] + 1


_FIRST_DAY = datetime.min.replace(tzinfo=UTC)


@lru_cache(maxsize=len(DateUnit))
def _starts(unit: DateUnit) -> Of[Hashable]:
    return partial(_start, unit)


def _start(unit: DateUnit, article: Article) -> Iterable[Hashable]:
    return () if article.published_at is None else (_bar_start(article.published_at, unit),)


def _counts(
    articles: Articles, among: BitMap, of: Callable[[Article], Iterable[Hashable]]
) -> Iterable[tuple[Hashable, int]]:
    """Count by whatever there is less of: values or articles."""
    bitmaps = articles.values(of).bitmaps
    if len(bitmaps) > len(among):
        return Counter(value for number in among for value in of(articles.number(number))).items()
    counts = ((value, bitmap.intersection_cardinality(among)) for value, bitmap in bitmaps.items())
    return ((value, count) for value, count in counts if count)
