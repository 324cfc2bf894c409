"""Resolves URLs and related entries to articles and summaries, and finds the articles that relate to one."""

from collections.abc import Iterable
from itertools import islice

from pyroaring import BitMap

from store.article import Article, Summary
from store.tiny.memory.articles import Articles
from store.tiny.memory.orders import micros
from store.tiny.memory.pace import PORTION, Work

_OLDEST = -(1 << 63)
MANY = 4
"""If more than one in this many articles is a target, the links of all articles are inverted once and cached."""


def urls_of(article: Article) -> Iterable[str]:
    """Return what finds *article*."""
    return article.urls


def named_by(article: Article) -> Iterable[str]:
    """Return the keys and URLs of everything that *article* names as related."""
    return {name for entry in article.related for name in (entry.key, *entry.urls)}


class Links:
    """Which article is behind a URL, which ones an article relates to, and which relate to it."""

    def __init__(self, articles: Articles) -> None:
        self._articles = articles
        self._related: dict[tuple[int, bool], list[Article | Summary]] = {}
        self._naming: dict[bool, dict[int, BitMap]] = {}

    def forget(self) -> None:
        """Drop what was cached before a change."""
        self._related.clear()
        self._naming.clear()

    def behind(self, urls: Iterable[str], drafts: bool) -> int | None:
        """Return the visible article behind the first of the cleaned *urls* that has one; of several, the latest."""
        aliases, visible = self._articles.postings(urls_of), self._articles.visible(drafts)
        for url in urls:
            numbers = [number for number in aliases.get(url) if number in visible]
            if numbers:
                return numbers[0] if len(numbers) == 1 else min(numbers, key=self._age)
        return None

    def related(self, article: Article, drafts: bool) -> list[Article | Summary]:
        """Return what the entries of *article* resolve to, in file order; not to be changed."""
        number = self._articles.numbers.get(article.path)
        if number is None or self._articles.by_number[number] is not article:
            return self._resolved(article, drafts)
        found = self._related.get((number, drafts))
        if found is None:
            found = self._related[number, drafts] = self._resolved(article, drafts)
        return found

    def targets(self, article: Article, drafts: bool) -> list[Article]:
        """Return the visible articles among what *article* relates to."""
        return [found for found in self.related(article, drafts) if isinstance(found, Article)]

    def summary(self, key: str, drafts: bool) -> Summary | None:
        """Return the fullest summary that visible articles embed under *key*."""
        visible = self._articles.visible(drafts)
        embedding = (self._articles.number(n) for n in self._articles.postings(named_by).get(key) if n in visible)
        found = ((article.path, entry) for article in embedding for entry in article.related if entry.key == key)
        return min(found, key=lambda each: (-_fullness(each[1]), each[0]), default=("", None))[1]

    def relating(self, target: str, among: BitMap, drafts: bool) -> Work[BitMap]:
        """Return the articles of *among* that name *target*: an article's path, or a summary's key."""
        number = self._articles.numbers.get(target)
        if number is not None and number in self._articles.visible(drafts):
            return (yield from self.relating_to(BitMap([number]), among, drafts))
        naming = among & BitMap(self._articles.postings(named_by).get(target))
        return BitMap([n for n in naming if any(entry.key == target for entry in self._articles.number(n).related)])

    def relating_to(self, targets: BitMap, among: BitMap, drafts: bool) -> Work[BitMap]:
        """Return the articles of *among* with an entry that resolves to one of *targets*."""
        if len(targets) * MANY > len(among):
            named = yield from self._named(drafts)
            return among & BitMap.union(BitMap(), *[named[number] for number in targets if number in named])
        if len(targets) < len(among):
            naming = self._articles.postings(named_by)
            urls = (url for number in targets for url in self._articles.number(number).urls)
            among = among & BitMap([number for url in urls for number in naming.get(url)])
        numbers, found, left = self._articles.numbers, BitMap(), iter(among)
        while portion := tuple(islice(left, PORTION)):
            for number in portion:
                named_here = self.targets(self._articles.number(number), drafts)
                if any(numbers[target.path] in targets for target in named_here):
                    found.add(number)
            yield
        return found

    def _named(self, drafts: bool) -> Work[dict[int, BitMap]]:
        """Return the articles that name each article; not to be changed."""
        found = self._naming.get(drafts)
        if found is None:
            found, left = {}, iter(self._articles.all)
            while portion := tuple(islice(left, PORTION)):
                for number in portion:
                    for target in self.targets(self._articles.number(number), drafts):
                        found.setdefault(self._articles.numbers[target.path], BitMap()).add(number)
                yield
            self._naming[drafts] = found
        return found

    def _resolved(self, article: Article, drafts: bool) -> list[Article | Summary]:
        found: list[Article | Summary] = []
        for entry in article.related:
            number = self.behind(entry.urls, drafts)
            if number is None:
                found.append(self.summary(entry.key, drafts) or entry)
            else:
                found.append(self._articles.number(number))
        return found

    def _age(self, number: int) -> tuple[int, str]:
        article = self._articles.number(number)
        published = micros(article.published_at)
        return -(_OLDEST if published is None else published), article.path


def _fullness(summary: Summary) -> int:
    """Return how many of a summary's fields say something."""
    return sum(1 for field in summary.__struct_fields__ if getattr(summary, field) not in (None, ()))
