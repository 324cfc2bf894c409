"""Declares the enums: those of the store, with a description of each value, and four of the schema's own."""

from enum import Enum

import strawberry

from store.base import ChangeKind, DateUnit
from store.criteria import SearchField


class TextFormat(Enum):
    """The two forms of a title or an excerpt."""

    TEXT = "text"
    RAW = "raw"


class Direction(Enum):
    """Which end of an order comes first."""

    ASC = "asc"
    DESC = "desc"


class Nulls(Enum):
    """Where articles stand that have no value to order by."""

    FIRST = "first"
    LAST = "last"


class ArticleOrderField(Enum):
    """What articles are ordered by; the values are the store's names."""

    PUBLISHED_DATE_TIME = "published_at"
    HEAT = "heat"
    QUALITY = "quality"
    TITLE = "title"
    RELEVANCE = "relevance"
    INGESTED_AT = "ingested_at"


def describe(kind: type[Enum], description: str, **values: str) -> None:
    """Declare *kind* as an enum of the schema, with a description of it and of each of its values."""
    definition = strawberry.enum(kind, description=description).__strawberry_definition__  # type: ignore[attr-defined]  # set by strawberry
    for value in definition.values:
        value.description = values.pop(value.name)


describe(
    TextFormat,
    "How a title or an excerpt is written.",
    TEXT="Entities decoded, tags stripped, spaces folded.",
    RAW="As in the file.",
)
describe(
    Direction,
    "Which end of an order comes first.",
    ASC="Smallest, oldest, or A first.",
    DESC="Largest, newest, or Z first.",
)
describe(
    Nulls,
    "Where articles stand that have no value to order by.",
    FIRST="Before all others.",
    LAST="After all others.",
)
describe(
    ArticleOrderField,
    "What articles are ordered by; ties are broken by path.",
    PUBLISHED_DATE_TIME="When the article was published.",
    HEAT="How much it is talked about.",
    QUALITY="How good its source says it is.",
    TITLE="Its title in text form, without case.",
    RELEVANCE="How well it matches the search; an error without one.",
    INGESTED_AT="When its file was first read.",
)
describe(
    DateUnit,
    "The width of a histogram's bars, in UTC.",
    HOUR="One hour.",
    DAY="One day.",
    WEEK="Seven days from Monday.",
    MONTH="A calendar month.",
    QUARTER="Three calendar months, from January, April, July or October.",
    YEAR="A calendar year.",
)
describe(
    SearchField,
    "Where a search looks.",
    TITLE="The title, which weighs most.",
    EXCERPT="The excerpt.",
    BODY="The text below the front matter.",
    PROVIDER="The provider's name and domain.",
    TOPICS="The names of the topics.",
)
describe(
    ChangeKind,
    "What happened to an article.",
    ADDED="It is new, or became visible.",
    UPDATED="Some of its keys or its body changed.",
    HEAT="Nothing but its heat changed.",
    REMOVED="It is gone, or no longer visible.",
)
