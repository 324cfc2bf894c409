"""Evaluates filters to sets of articles, by indexes as far as there are any.

Each filter narrows a set of candidates, and a conjunction begins with the cheapest: first indexes, then lists, then
links; only what these leave is compared article by article.
"""

import sys
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import Any, NamedTuple, cast

from pyroaring import BitMap

from store.article import Article
from store.criteria import AllOf, AnyOf, Count, Every, Filter, Is, Not, Op, Order, OrderField, RelatesTo, Some
from store.errors import CriteriaError
from store.text import slug
from store.tiny.memory.articles import Articles, Of
from store.tiny.memory.links import Links
from store.tiny.memory.orders import LAST, Ordering, Raw, micros, ordering
from store.tiny.memory.pace import PORTION, Work
from store.tiny.memory.predicates import ARTICLE, IMAGE, NAMED, Predicate, comparison, fold, getter, predicate

MEMBERS: Mapping[str, Callable[[Article], Sequence[Any]]] = {
    "topics": attrgetter("topics"),
    "images": attrgetter("images"),
    "related": attrgetter("related"),
}


def _folded(key: str) -> Of[str]:
    get = ARTICLE[key]
    return lambda article: () if (value := get(article)) is None else (value.casefold(),)


BY_VALUE: Mapping[str, Of[Hashable]] = {
    "category": lambda article: (article.category,),
    "type": lambda article: (article.type,),
    "provider.domain": lambda article: (article.provider.domain,),
    "provider.name": lambda article: (article.provider.name,),
}
"""Keys of few distinct values: any operator looks at these values instead of at articles."""
BY_TEXT: Mapping[str, Of[str]] = {
    **{key: _folded(key) for key in ("path", "slug", "original_url", "web_url", "amp_web_url", "cdn_amp_web_url")},
}
"""Keys that nearly each article has its own of: an index finds equal ones."""
BY_RANK = ("published_at", "quality", "heat")
"""Keys that are sorted anyway: an index finds equal ones and ranges."""


def topic_names(article: Article) -> Iterable[str]:
    """Return the topics of *article* as written."""
    return article.topics


def topic_group(name: str) -> str:
    """Return what the spellings of a topic have in common, as filters compare it: its slug, without case.

    A slug is lower case, yet `straße` and `strasse` are equal without case, and so are two forms of a Greek sigma.
    """
    return str(fold(slug(name)))


def image_urls(article: Article) -> Iterable[str]:
    """Return the pictures of *article*, folded."""
    return {image.url.casefold() for image in article.images}


class TopicMention(NamedTuple):
    """A topic as one article names it."""

    name: str
    slug: str


class Matcher:
    """Evaluates filters over the articles that one kind of reader sees."""

    def __init__(self, articles: Articles, links: Links, drafts: bool) -> None:
        self._articles, self._links, self._drafts = articles, links, drafts
        self._visible = articles.visible(drafts)

    def matching(self, where: Filter, among: BitMap) -> Work[BitMap]:  # noqa: PLR0911 # one way for each kind of filter
        """Return the articles of *among* that match *where*."""
        match where:
            case Is():
                return (yield from self._is(where, among))
            case AllOf(filters):
                for each in sorted(filters, key=_cost):
                    among = yield from self.matching(each, among)
                return among
            case AnyOf(filters):
                found = BitMap()
                for each in sorted(filters, key=_cost):
                    found |= yield from self.matching(each, among - found)
                return found
            case Not(negated):
                return among - (yield from self.matching(negated, among))
            case Some(members, inner):
                return (yield from self._some(members, inner, among))
            case Every(members, inner):
                return among - (yield from self._some(members, Not(inner), among))
            case Count(members, op, value):
                return (yield from self._scan(among, getter(members, MEMBERS), _length(op, value)))
            case RelatesTo(target):
                return (yield from self._links.relating(target, among, self._drafts))

    def _is(self, where: Is, among: BitMap) -> Work[BitMap]:
        compare = comparison(where)
        if where.key == "published":
            published = self._articles.published
            found = BitMap()
            for value, holders in ((True, among & published), (False, among - published)):
                if compare(value):
                    found |= holders
            return found
        if where.key in BY_VALUE:
            values = self._articles.values(BY_VALUE[where.key])
            return among & values.where(compare, _sought(where))
        if where.key in BY_TEXT and where.op in (Op.EQ, Op.IN):
            postings = self._articles.postings(BY_TEXT[where.key])
            among = among & BitMap([n for one in _sought(where) or () for n in postings.get(str(one))])
        elif where.key == "title":
            among = self._titled(where, among)
        elif where.key in BY_RANK:
            return self._ranked(where, among)
        return (yield from self._scan(among, getter(where.key, ARTICLE), compare))

    def _titled(self, where: Is, among: BitMap) -> BitMap:
        """Return those of *among* that may match: equal or beginning alike, as far as case does not count."""
        ranking = self._articles.ranking(ordering((Order("title", descending=False),)))
        if where.op in (Op.EQ, Op.IN):
            spans = [ranking.span((1, one), (1, one, LAST)) for one in _sought(where) or ()]
            return among & BitMap.union(BitMap(), *spans)
        start = str(fold(where.value))
        if where.op is Op.STARTS_WITH and start and (last := ord(start[-1])) < sys.maxunicode:
            return among & ranking.span((1, start), (1, start[:-1] + chr(last + 1)))
        return among

    def _ranked(self, where: Is, among: BitMap) -> BitMap:
        """Return the articles of *among* within the range of *where*."""
        ranking = self._articles.ranking(_ascending(where.key))
        if where.op is Op.IS_NULL:
            nulls = ranking.span((2,), (2, LAST))
            return among & nulls if where.value else among - nulls
        raw = [_raw(value) for value in (where.value if isinstance(where.value, tuple) else (where.value,))]
        if where.op in (Op.EQ, Op.IN, Op.NE, Op.NOT_IN):
            equal = BitMap.union(BitMap(), *[ranking.span((1, each), (1, each, LAST)) for each in raw])
            return among & equal if where.op in (Op.EQ, Op.IN) else among - equal
        from_, past = (1, raw[0]), (1, raw[0], LAST)
        low, high = {
            Op.GT: (past, (1, LAST)),
            Op.GTE: (from_, (1, LAST)),
            Op.LT: ((1,), from_),
            Op.LTE: ((1,), past),
        }[where.op]
        return among & ranking.span(low, high)

    def _some(self, members: str, inner: Filter, among: BitMap) -> Work[BitMap]:
        match members:
            case "topics":
                matches = predicate(inner, NAMED)
                names = self._articles.values(topic_names, topic_group)
                slugs = _sought(inner) if isinstance(inner, Is) and inner.key == "slug" else None
                return among & names.where(lambda name: matches(TopicMention(name, slug(name))), slugs)
            case "images":
                if isinstance(inner, Is) and inner.key == "url" and inner.op in (Op.EQ, Op.IN):
                    comparison(inner)
                    postings = self._articles.postings(image_urls)
                    among = among & BitMap([n for one in _sought(inner) or () for n in postings.get(str(one))])
                matches = predicate(inner, IMAGE)
                images = getter("images", MEMBERS)
                return (yield from self._scan(among, images, lambda images: any(map(matches, images))))
            case "related":
                targets = yield from self.matching(inner, self._visible)
                return (yield from self._links.relating_to(targets, among, self._drafts))
            case _:
                raise CriteriaError(f"{members!r} is no list of an article")

    def _scan(self, among: BitMap, get: Callable[[Article], Any], compare: Predicate) -> Work[BitMap]:
        by_number, found, numbers = self._articles.by_number, BitMap(), iter(among)
        while portion := tuple(islice(numbers, PORTION)):
            found.update([n for n in portion if (article := by_number[n]) is not None and compare(get(article))])
            yield
        return found


def _ascending(key: str) -> Ordering:
    return ordering((Order(cast(OrderField, key), descending=False),))


def _raw(value: object) -> Raw:
    return micros(value) if isinstance(value, datetime) else cast(Raw, value)


def _sought(where: Is) -> Iterable[Hashable] | None:
    """Return the folded values that alone can match *where*; None where any can."""
    if where.op is Op.EQ:
        return (fold(where.value),)
    return {fold(value): None for value in cast(tuple[str, ...], where.value)} if where.op is Op.IN else None


def _length(op: Op, value: int | tuple[int, ...]) -> Predicate:
    compare = comparison(Is("quality", op, value))
    return lambda members: compare(len(members))


def _cost(where: Filter) -> int:
    """Return how much there is to look at: 0 an index, 1 links, 2 articles, 3 articles and what they link to."""
    match where:
        case Is(key, op):
            indexed = key in BY_VALUE or key in BY_RANK or key == "published"
            return 0 if indexed or (op in (Op.EQ, Op.IN) and (key in BY_TEXT or key == "title")) else 2
        case AllOf(filters) | AnyOf(filters):
            return max(map(_cost, filters), default=0)
        case Not(negated):
            return _cost(negated)
        case Some(members) | Every(members):
            return {"topics": 0, "images": 2}.get(members, 3)
        case Count():
            return 2
        case RelatesTo():
            return 1
