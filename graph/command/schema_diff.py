"""Compares an older schema with that which is served, by graphql-core's rules of what breaks clients."""

from pathlib import Path

from graphql import GraphQLError, build_schema
from graphql.utilities import BreakingChange, DangerousChange, SafeChange, find_schema_changes

from graph.schema.build import sdl
from store.errors import StoreError

RANKS = {BreakingChange: "breaking", DangerousChange: "dangerous", SafeChange: "safe"}
"""How a change is called, the worst first."""


def changes(old: Path) -> list[tuple[str, str]]:
    """Return how each change since *old* is called, and what it is; the worst first.

    Raises StoreError where *old* is no schema.
    """
    try:
        before = build_schema(old.read_text(encoding="utf-8"))
    except (GraphQLError, TypeError, UnicodeDecodeError) as error:
        raise StoreError(f"{old}: no schema: {error}") from None
    ranked = [(RANKS[type(change)], change.description) for change in find_schema_changes(before, build_schema(sdl()))]
    order = list(RANKS.values())
    return sorted(ranked, key=lambda change: (order.index(change[0]), change[1]))
