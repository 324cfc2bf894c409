"""Draws documents for the store's tests, whose values meet often, so that filters, orders and links have work."""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson
from hypothesis import strategies as st

from store.base import Document, Kind

START = datetime(2021, 1, 1, tzinfo=UTC)
STEP = timedelta(hours=31)
WORDS = ("Robots", "robots", "éclair", "Straße", "News & views", "Zürich", "a robot's news")
PATHS = tuple(f"news/{name}.md" for name in "ABCDEFGHIJa")
URLS = tuple(f"https://{host}.org/{page}" for host in ("One", "two") for page in ("a", "B", "c/amp/"))
DOMAINS = ("one.org", "two.org", "three.org")


def document(path: str, metadata: dict[str, Any], body: str | None = None, kind: Kind = Kind.ARTICLE) -> Document:
    """Return a document whose digest is that of what it says."""
    said = orjson.dumps((metadata, body, kind.value))
    return Document(path, "test", kind, blake2b(said, digest_size=16).hexdigest(), START, metadata, body)


def news(path: str, title: str = "News", **metadata: Any) -> Document:
    """Return an article of One."""
    body = metadata.pop("body", None)
    return document(path, {"title": title, "provider": {"name": "One", "domain": "one.org"}, **metadata}, body)


instants = st.integers(0, 60).map(lambda step: f"{START + step * STEP:%Y-%m-%dT%H:%M:%SZ}")
providers = st.fixed_dictionaries({"domain": st.sampled_from(DOMAINS), "name": st.sampled_from(WORDS)})
images = st.fixed_dictionaries(
    {"url": st.sampled_from(["https://one.org/a.jpg", "https://one.org/A.jpg", "https://one.org/b.jpg"])},
    optional={"width": st.integers(1, 3), "height": st.integers(1, 3), "isCached": st.booleans()},
)
_SUMMARY = {
    "excerpt": st.sampled_from(WORDS),
    "publishedDateTime": instants,
    "quality": st.integers(0, 3),
    "webUrl": st.sampled_from(URLS),
    "originalUrl": st.sampled_from(URLS),
}
summaries = st.fixed_dictionaries({"title": st.sampled_from(WORDS), "provider": providers}, optional=_SUMMARY)
metadata = st.fixed_dictionaries(
    {"title": st.sampled_from(WORDS), "provider": providers},
    optional={
        **_SUMMARY,
        "type": st.sampled_from(["article", "video"]),
        "category": st.sampled_from(["News", "news", "tips"]),
        "heat": st.integers(-1, 2),
        "published": st.booleans(),
        "topics": st.lists(
            st.sampled_from(["AI", "ai", "Robots", "C++", "Straße", "STRASSE", "Κόσμος"]), max_size=3, unique=True
        ),
        "images": st.lists(images, max_size=2),
        "related": st.lists(summaries, max_size=3),
    },
)
articles = st.builds(document, st.sampled_from(PATHS), metadata, st.sampled_from([None, "A body of robots."]))
stores = st.lists(articles, max_size=11)
"""Put one after the other: paths repeat, so that articles are replaced too."""
