"""Draws what property tests need: text that is hard on YAML, metadata as files hold it, whole article files."""

from typing import Any

from hypothesis import strategies as st

from store.files.scalars import JSON_INT

AWKWARD = [
    *("", " ", "no", "NO", "null", "~", "true", "1e3", "017", "0x1F", "1_000", "12:30:45", "2026-11-01", "-1", ".5"),
    *("=", ".inf", ".nan", "1e999", "-", "--- x", "...", "a: b", "a #b", "#a", "a:", "'", '"', '\\"', "\\", "- a"),
    *("? a", "[a", "{a}", "&a", "*a", "!a", "%a", "@a", "`a`", "|", ">", "<<", ",", "a\nb", "a\r\nb", "\ta", "a "),
    *("a\u00a0b", "\u2028", "\x85", "\ufeff", "\x00", "\x7f", "\ufffe", "😀", "é", "日本"),
    *("2021-07-29T11:09:00Z", "https://example.org/a?b=c#d"),
]  # fmt: skip
texts = st.sampled_from(AWKWARD) | st.text(max_size=20) | st.text(alphabet="ab :#-'\"\\\n\t,[]{}&*!|>%@?", max_size=12)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(JSON_INT.start, JSON_INT.stop - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
filled = texts.filter(lambda text: bool(text.strip()))
instants = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
int32 = st.integers(-(2**31), 2**31 - 1)
addresses = st.sampled_from(
    [f"https://www.example{n}.org/{path}" for n in "12" for path in ("a/", "b/amp/", "c?d=e#f")]
)


def mapping(required: dict[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Draw a mapping in any order of keys; values that may be missing may be None too."""
    drawn = st.fixed_dictionaries(required, optional={key: st.none() | value for key, value in optional.items()})
    return drawn.flatmap(lambda made: st.permutations(list(made.items())).map(dict))


images = st.lists(
    mapping({"url": filled}, width=int32, height=int32, isCached=st.booleans(), title=texts, credit=trees), max_size=2
)
providers = mapping({"domain": st.sampled_from(["example.org", "News.example"])}, name=texts, images=images)
SUMMARY = {
    "excerpt": texts, "publishedDateTime": instants, "type": texts, "quality": int32, "images": images,
    "webUrl": addresses, "originalUrl": addresses, "ampWebUrl": addresses, "cdnAmpWebUrl": addresses,
}  # fmt: skip
summaries = mapping({"title": filled, "provider": providers}, **SUMMARY)
articles = mapping(
    {"title": filled, "provider": providers},
    **SUMMARY,
    category=texts,
    heat=int32,
    published=st.booleans(),
    removed=st.booleans(),
    topics=st.lists(filled, max_size=3),
    related=st.lists(summaries, max_size=2),
    secured=texts,
    services=trees,
)
"""Metadata of articles, typed as `store.files.keys` types it."""
bodies = st.none() | texts.map(lambda text: text.replace("\r\n", "\n").replace("\r", "\n").strip() or None)
