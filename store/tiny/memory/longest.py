"""Notes how long the lists are at most that answers hold whole: pictures of an article, bars of a histogram, and so on.

They are upper bounds, for those who must know what an answer may hold before it is made. So they never shrink while
the process runs, and an article that becomes shorter or goes away costs nothing.
"""

from collections.abc import Mapping
from datetime import datetime

from store.article import Article
from store.base import DateUnit
from store.tiny.memory.facets import bars


class Longest:
    """The longest lists among the articles that were ever there, and their earliest and latest date."""

    def __init__(self) -> None:
        self.images = self.provider_images = self.related = self.topics = 0
        self.earliest: datetime | None = None
        self.latest: datetime | None = None

    def add(self, _number: int, article: Article) -> None:
        """Count an article in."""
        entries = article.related
        if article.images:
            self.images = max(self.images, len(article.images))
        if entries:
            self.related = max(self.related, len(entries))
            self.images = max(self.images, *(len(each.images) for each in entries))
        self.topics = max(self.topics, len(article.topics))
        self.provider_images = max(self.provider_images, len(article.provider.images))
        published = article.published_at
        if published is not None:
            self.earliest = min(self.earliest or published, published)
            self.latest = max(self.latest or published, published)

    def remove(self, _number: int, _article: Article) -> None:
        """Do nothing: what is no longer there is still no longer than the bound."""

    def histograms(self, articles: int) -> Mapping[str, int]:
        """Return how many bars a histogram of so many articles has at most, by `histogram.` and its unit."""
        if self.earliest is None or self.latest is None:
            return {}
        return {f"histogram.{unit.name}": min(articles, bars(self.earliest, self.latest, unit)) for unit in DateUnit}
