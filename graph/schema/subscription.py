"""Declares the type Subscription: sends changes of articles as they happen, over every transport."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Annotated

import strawberry
from graphql import GraphQLError
from strawberry import Info

from graph.errors import RESET
from graph.execute.context import Context, Subscriber
from graph.schema import filters, inputs
from graph.schema.changes import LONGEST, ArticleChange, ChangeKinds, SinceOrNow, resumable, sequence_of
from store.base import Change, ChangeKind
from store.criteria import AllOf, Criteria, Is, Op, Page

Watched = Annotated[
    inputs.ArticleFilter | None,
    strawberry.argument(
        description="Only changes of articles that match when the change is told; removals are always told."
    ),
]


@strawberry.type(description="What can be watched, over graphql-transport-ws and over SSE.")
class Subscription:
    @strawberry.subscription(description="Resumes after `since`, without gap or repeat; from now on if it is left out.")
    async def changes(
        self, info: Info, since: SinceOrNow = None, kinds: ChangeKinds = None, filter: Watched = None
    ) -> AsyncGenerator[ArticleChange, None]:
        context: Context = info.context
        filters.article_filter(filter)  # what cannot be read is refused now, and not when the first change comes
        subscriber = context.subscriber or Subscriber()
        since = subscriber.resumes or since
        sequence = context.store.sequence if since is None else sequence_of(since, context.store)
        while True:
            if sequence is None:
                raise reset()
            await subscriber.turn()
            async with context.reading():
                page = await context.store.changes(sequence, LONGEST, context.viewer.drafts, kinds or ())
                wanted = await _wanted(page.changes, filter, context)
            if page.reset:
                raise reset()
            for change in wanted:
                await subscriber.turn()
                told = resumable(change, context.store)
                subscriber.reached = told.seq
                yield told
            sequence = page.next
            if not page.has_more:
                subscriber.rest()
                await context.store.wait(sequence)


async def _wanted(changes: Sequence[Change], given: inputs.ArticleFilter | None, context: Context) -> Sequence[Change]:
    """Return the changes whose articles match, and all removals: nothing is left that could match.

    The filter is translated for each page of changes, because its `within` is measured from now.
    """
    if given is None or not changes:
        return changes
    paths = tuple({change.path for change in changes})
    named = AllOf((Is("path", Op.IN, paths, case_sensitive=True), filters.article_filter(given)))
    (found,) = await context.store.find([Criteria(named, page=Page(len(paths)), drafts=context.viewer.drafts)])
    matching = {article.path for article in found.items}
    return [change for change in changes if change.kind is ChangeKind.REMOVED or change.path in matching]


def reset() -> GraphQLError:
    """Return the error that ends a subscription whose client must reload everything."""
    return GraphQLError("since is too old, or of another store: reload everything", extensions={"code": RESET})
