"""Builds providers and topics from the articles that mention them and the files that describe them.

A provider is a domain and a topic is a slug. Its name is the one in its file, else the most frequent one among the
articles that the reader sees.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from store.article import Article, Image, Organization, Provider, Topic, TopicEntry
from store.base import CoTopic
from store.text import slug
from store.tiny.memory.articles import Articles
from store.tiny.memory.facets import topic_slugs
from store.tiny.memory.filtering import BY_VALUE, topic_group, topic_names
from store.tiny.memory.orders import micros
from store.tiny.memory.predicates import fold
from store.tiny.memory.values import Values

V = TypeVar("V", str, tuple[str, str])
R = TypeVar("R", Provider, Topic)


def spellings(article: Article) -> Iterable[tuple[str, str]]:
    """Return domain and name of each provider that *article* names."""
    return {(mention.domain, mention.name) for mention in (article.provider, *(e.provider for e in article.related))}


def pictured(article: Article) -> Iterable[str]:
    """Return the domain of the provider of *article* where it comes with images."""
    return (article.provider.domain,) if article.provider.images else ()


def domain_of(spelling: tuple[str, str]) -> str:
    """Return what the spellings of a provider's name have in common."""
    return spelling[0]


class Taxonomy:
    """What organization and topic files say; of two for one domain or slug, the one with the smaller path counts."""

    def __init__(self) -> None:
        self.organizations: dict[str, Organization] = {}
        self.topics: dict[str, TopicEntry] = {}
        self._by_path: dict[str, Organization | TopicEntry] = {}
        self._children: dict[str, tuple[str, ...]] = {}

    def put(self, entry: Organization | TopicEntry) -> None:
        """Note what a file says."""
        self._by_path[entry.path] = entry
        self._sort()

    def remove(self, path: str) -> None:
        """Forget the file at *path*, if it is one of these."""
        if self._by_path.pop(path, None):
            self._sort()

    def children(self, name: str) -> tuple[str, ...]:
        """Return the slugs of the topics whose file names this one as their parent, sorted."""
        return self._children.get(name, ())

    def longest(self) -> Mapping[str, int]:
        """Return how long the lists in these files are at most."""
        pictures = max((len(each.images) for each in self.organizations.values()), default=0)
        return {"provider_images": pictures, "children": max(map(len, self._children.values()), default=0)}

    def _sort(self) -> None:
        entries = [self._by_path[path] for path in sorted(self._by_path, reverse=True)]
        self.organizations = {each.domain: each for each in entries if isinstance(each, Organization)}
        self.topics = {each.slug: each for each in entries if isinstance(each, TopicEntry)}
        self._children = {}
        for topic in sorted(self.topics.values(), key=lambda topic: topic.slug):
            if topic.parent is not None:
                self._children[topic.parent] = (*self.children(topic.parent), topic.slug)


class Names:
    """Providers and topics, as one kind of reader sees them."""

    def __init__(self, articles: Articles, taxonomy: Taxonomy, drafts: bool) -> None:
        self._articles, self._taxonomy = articles, taxonomy
        self._visible = articles.visible(drafts)
        self._domains = articles.values(BY_VALUE["provider.domain"])
        self._slugs = articles.values(topic_slugs)
        self._providers: dict[str, Provider] = {}
        self._topics: dict[str, Topic] = {}

    def forget(self) -> None:
        """Drop what was cached before a change."""
        self._providers.clear()
        self._topics.clear()

    def providers(self, domains: Iterable[str]) -> list[Provider | None]:
        """Return the providers with these domains, as far as articles, their related entries or a file name them."""
        known = self._providers.get
        return [known(domain) or self._cached(self._providers, domain, self._provider) for domain in domains]

    def topics(self, names: Iterable[str]) -> list[Topic | None]:
        """Return the topics with these slugs, as far as articles or a file name them."""
        known = self._topics.get
        return [known(name) or self._cached(self._topics, name, self._topic) for name in names]

    def _cached(self, known: dict[str, R], name: str, find: Callable[[str], R | None]) -> R | None:
        found = find(name)
        if found is not None:
            known[name] = found
        return found

    def _provider(self, domain: str) -> Provider | None:
        names = [name for _, name in self._frequent(self._articles.values(spellings, domain_of), domain)]
        entry = self._taxonomy.organizations.get(domain)
        if entry is None:
            return Provider(domain, names[0], tuple(names[1:]), None, self._images(domain)) if names else None
        others = dict.fromkeys(name for name in (*entry.other_names, *names) if name != entry.name)
        return Provider(domain, entry.name, tuple(others), entry.description, entry.images or self._images(domain))

    def _topic(self, name: str) -> Topic | None:
        entry = self._taxonomy.topics.get(name)
        if entry is None:
            alike = self._frequent(self._articles.values(topic_names, topic_group), fold(name))
            names = [each for each in alike if slug(each) == name]
            return Topic(name, names[0], None, self._taxonomy.children(name)) if names else None
        parent = entry.parent if entry.parent is not None and self._knows(entry.parent) else None
        return Topic(name, entry.name, parent, self._taxonomy.children(name), entry.keywords, entry.hashtags)

    def all_providers(self) -> list[Provider]:
        """Return the providers that have articles or a file, by domain."""
        written = (str(each) for each, articles in self._domains.bitmaps.items() if articles.intersect(self._visible))
        found = self.providers(sorted({*written, *self._taxonomy.organizations}))
        return [provider for provider in found if provider]

    def all_topics(self) -> list[Topic]:
        """Return all topics, by slug."""
        written = (each for each, articles in self._slugs.bitmaps.items() if articles.intersect(self._visible))
        found = self.topics(sorted({*written, *self._taxonomy.topics}))
        return [topic for topic in found if topic]

    def co_topics(self, name: str, first: int) -> list[CoTopic]:
        """Return the *first* topics that share most articles with this one, ties by slug."""
        own = self._slugs.holding(name) & self._visible
        shares = ((own.intersection_cardinality(articles), other) for other, articles in self._slugs.bitmaps.items())
        ranked = sorted((-shared, other) for shared, other in shares if shared and other != name)
        chosen = ranked[:first]
        found = self.topics(other for _, other in chosen)
        return [
            CoTopic(topic, -shared, -shared / (len(own) + self._holders(other) + shared))
            for topic, (shared, other) in zip(found, chosen, strict=True)
            if topic
        ]

    def _holders(self, name: str) -> int:
        return self._slugs.holding(name).intersection_cardinality(self._visible)

    def _knows(self, name: str) -> bool:
        return name in self._taxonomy.topics or self._holders(name) > 0

    def _frequent(self, names: Values[V], group: str) -> list[V]:
        """Return what visible articles write for *group*, the most frequent first, ties by alphabet."""
        counts = ((names.holding(name).intersection_cardinality(self._visible), name) for name in names.group(group))
        return [name for _, name in sorted((-count, name) for count, name in counts if count)]

    def _images(self, domain: str) -> tuple[Image, ...]:
        """Return the images that the provider's latest article with any gives it."""
        holders = self._articles.values(pictured).holding(domain) & self._visible
        latest = max(map(self._articles.number, holders), key=_age, default=None)
        return () if latest is None else latest.provider.images


def _age(article: Article) -> tuple[bool, int, str]:
    published = micros(article.published_at)
    return published is not None, published or 0, article.path
