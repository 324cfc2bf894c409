"""Evaluates criteria by list comprehensions over articles, without any index, for tests to compare with."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from store.article import Article, Summary
from store.base import Bucket, DateUnit
from store.criteria import AllOf, AnyOf, Count, Criteria, Every, Filter, Is, Not, Op, RelatesTo, Some
from store.text import slug

AGES_AGO = datetime.fromisoformat("0001-01-01T00:00:00+00:00")


class Oracle:
    """Articles as one reader sees them."""

    def __init__(self, articles: list[Article], drafts: bool) -> None:
        self.visible = [article for article in articles if drafts or article.published]

    def find(self, criteria: Criteria) -> list[Article]:
        """Return all matching articles in order."""
        found = sorted((a for a in self.visible if self.matches(a, criteria.filter)), key=lambda a: a.path)
        for term in reversed(criteria.order):
            known = [a for a in found if sort_value(a, term.field) is not None]
            known.sort(key=partial(sort_value, field=term.field), reverse=term.descending)
            unknown = [a for a in found if sort_value(a, term.field) is None]
            found = unknown + known if term.nulls_first else known + unknown
        return found

    def matches(self, article: Article, where: Filter) -> bool:  # noqa: PLR0911 # one way for each kind
        """Tell whether *article* matches."""
        match where:
            case Is():
                return compared(article_value(article, where.key), where)
            case AllOf(filters):
                return all(self.matches(article, each) for each in filters)
            case AnyOf(filters):
                return any(self.matches(article, each) for each in filters)
            case Not(negated):
                return not self.matches(article, negated)
            case Some("related", inner):
                return any(self.matches(target, inner) for target in self.targets(article))
            case Every("related", inner):
                return all(self.matches(target, inner) for target in self.targets(article))
            case Some(members, inner):
                return any(member_matches(member, inner) for member in getattr(article, members))
            case Every(members, inner):
                return all(member_matches(member, inner) for member in getattr(article, members))
            case Count(members, op, value):
                return compared(len(getattr(article, members)), Is("quality", op, value))
            case RelatesTo(target):
                paths = {found.path for found in self.targets(article)}
                return target in paths or target in {entry.key for entry in article.related}

    def resolve(self, urls: tuple[str, ...]) -> Article | None:
        """Return the article behind the first of *urls* that has one: the one published last."""
        for url in urls:
            behind = sorted((a for a in self.visible if url in a.urls), key=lambda a: a.path)
            if behind:
                return max(behind, key=lambda a: a.published_at or AGES_AGO)
        return None

    def related(self, article: Article) -> list[Article | Summary]:
        """Return what the entries of *article* resolve to."""
        return [self.resolve(entry.urls) or self.fullest(entry) for entry in article.related]

    def targets(self, article: Article) -> list[Article]:
        """Return the articles among those."""
        return [target for entry in article.related if (target := self.resolve(entry.urls))]

    def fullest(self, entry: Summary) -> Summary:
        """Return the fullest of the visible summaries with the key of *entry*, else *entry*."""
        by_path = sorted(self.visible, key=lambda a: a.path)
        same = [other for article in by_path for other in article.related if other.key == entry.key]
        return max(same, key=fullness, default=entry)


def fullness(summary: Summary) -> int:
    """Return how many fields say something."""
    return sum(getattr(summary, field) not in (None, ()) for field in summary.__struct_fields__)


def article_value(article: Article, key: str) -> Any:
    """Return what `Is` compares."""
    owner, _, name = key.rpartition(".")
    if key in ("title", "excerpt"):
        name = f"{key}_text"
    return getattr(article.provider if owner else article, name)


def sort_value(article: Article, field: str) -> Any:
    """Return what an order compares."""
    return article.title_text.casefold() if field == "title" else getattr(article, field)


def member_matches(member: Any, where: Filter) -> bool:
    """Tell whether one topic or image matches."""
    match where:
        case Is(key):
            if isinstance(member, str):
                return compared({"name": member, "slug": slug(member)}[key], where)
            return compared(getattr(member, key), where)
        case AllOf(filters):
            return all(member_matches(member, each) for each in filters)
        case AnyOf(filters):
            return any(member_matches(member, each) for each in filters)
        case Not(negated):
            return not member_matches(member, negated)
        case _:
            raise AssertionError(where)


def compared(value: Any, where: Is) -> bool:  # noqa: PLR0911, PLR0912 # one way for each operator
    """Tell whether *value* satisfies *where*."""

    def folded(one: Any) -> Any:
        return one.casefold() if isinstance(one, str) and not where.case_sensitive else one

    sought = tuple(map(folded, where.value)) if isinstance(where.value, tuple) else folded(where.value)
    mine: Any = folded(value)
    match where.op:
        case Op.IS_NULL:
            return bool((value is None) == sought)
        case Op.NE:
            return bool(mine != sought)
        case Op.NOT_IN:
            return bool(mine not in sought)
        case _ if value is None:
            return False
        case Op.EQ:
            return bool(mine == sought)
        case Op.IN:
            return bool(mine in sought)
        case Op.CONTAINS:
            return bool(sought in mine)
        case Op.STARTS_WITH:
            return bool(mine.startswith(sought))
        case Op.ENDS_WITH:
            return bool(mine.endswith(sought))
        case Op.GT:
            return bool(mine > sought)
        case Op.GTE:
            return bool(mine >= sought)
        case Op.LT:
            return bool(mine < sought)
        case _:
            return bool(mine <= sought)


def facet(articles: list[Article], name: str) -> list[Bucket]:
    """Return all counts of one facet."""
    of: dict[str, Callable[[Article], set[Any]]] = {
        "providers": lambda a: {a.provider.domain},
        "topics": lambda a: {slug(topic) for topic in a.topics},
        "types": lambda a: {a.type},
        "categories": lambda a: {a.category} - {None},
    }
    counts = Counter(value for article in articles for value in of[name](article))
    return [Bucket(value, count) for value, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))]


def histogram(articles: list[Article], unit: DateUnit) -> list[Bucket]:
    """Return the bars that hold articles, by walking from the first instant to the last."""
    instants = sorted(a.published_at for a in articles if a.published_at)
    bars: list[Bucket] = []
    start = datetime.fromisoformat(
        "2020-12-28T00:00:00+00:00" if unit is DateUnit.WEEK else "2020-01-01T00:00:00+00:00"
    )
    while instants and start <= instants[-1]:
        end = following(start, unit)
        count = sum(start <= instant < end for instant in instants)
        bars += [Bucket(start, count, end)] * (count > 0)
        start = end
    return bars


def following(start: datetime, unit: DateUnit) -> datetime:
    """Return when the bar after the one at *start* starts."""
    if unit in (DateUnit.HOUR, DateUnit.DAY, DateUnit.WEEK):
        return start + timedelta(hours={DateUnit.HOUR: 1, DateUnit.DAY: 24, DateUnit.WEEK: 168}[unit])
    for _ in range({DateUnit.MONTH: 1, DateUnit.QUARTER: 3, DateUnit.YEAR: 12}[unit]):
        start = (start + timedelta(days=31)).replace(day=1)
    return start
