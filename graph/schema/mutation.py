"""Declares the type Mutation: saves or removes an article, and says why where it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import strawberry
from strawberry import Info

from graph.execute.context import Context
from graph.schema import inputs
from graph.schema.article import Article
from graph.schema.connection import MOST, at_most
from graph.schema.fields import attribute, computed
from graph.schema.node import global_id_of
from graph.schema.query import path_of
from store import article as stored
from store import errors
from store.files.entities import article as described

WRITE = "articles:write"


@dataclass(frozen=True, slots=True)
class Saved:
    """What is behind an ArticleSaved: an article that is on disk, and whether it is new."""

    article: stored.Article
    created: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """What is behind an Error: why nothing was written."""

    message: str
    code: str
    scope: str = ""
    problems: tuple[errors.Problem, ...] = ()


@strawberry.interface(name="Error", description="Why something was not done.")
class Failure:
    message: str = attribute("The reason in words.")
    code: str = attribute("A stable code.")


@strawberry.type(description="One thing that is wrong with a text.")
class FileProblem:
    path: str = attribute("The article's path.")
    line: int | None = attribute("Counted from 1; null where the whole text is meant.")
    column: int | None = attribute("Counted from 1.")
    code: str = attribute("Stable, e.g. yaml.syntax.")
    message: str = attribute("The reason in words.")


@strawberry.type(description="The text cannot be read as an article.")
class InvalidArticle(Failure):
    @computed("What is wrong with it, in the order of the file.")
    def problems(
        refused: Refused,
        first: Annotated[int, strawberry.argument(description=f"How many from the start; up to {MOST}.")] = MOST,
    ) -> list[FileProblem]:
        return [*refused.problems[: at_most(first)]]

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return isinstance(value, Refused) and value.code == errors.ArticleError.code


@strawberry.type(description="There is no such article.")
class NotFound(Failure):
    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return isinstance(value, Refused) and value.code == "NOT_FOUND"


@strawberry.type(description="The request carries no key with the scope that this needs.")
class NotAllowed(Failure):
    scope: str = attribute("The scope that is missing.")

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return isinstance(value, Refused) and value.code == "FORBIDDEN"


@strawberry.type(description="The article is on disk.")
class ArticleSaved:
    article: Article = attribute("The article as it is now.")
    created: bool = attribute("Whether it is new.")

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return isinstance(value, Saved)


@strawberry.type(description="The article is gone.")
class ArticleRemoved:
    id: strawberry.ID = attribute("The global id that it had.")


SaveArticleResult = Annotated[
    ArticleSaved | InvalidArticle | NotAllowed,
    strawberry.union("SaveArticleResult", description="The saved article, or why it was not saved."),
]
RemoveArticleResult = Annotated[
    ArticleRemoved | NotFound | NotAllowed,
    strawberry.union("RemoveArticleResult", description="The id of the removed article, or why it was not removed."),
]
NOT_ALLOWED = Refused(f"This needs a key with the scope {WRITE}.", "FORBIDDEN", scope=WRITE)
NOT_FOUND = Refused("There is no such article.", "NOT_FOUND")


@strawberry.type(description="What can be written, with a key that has the scope articles:write.")
class Mutation:
    @strawberry.mutation(description="Creates or replaces one article. Acknowledged only once it is durable.")
    async def save_article(
        self,
        info: Info,
        input: Annotated[inputs.SaveArticleInput, strawberry.argument(description="The article.")],
    ) -> SaveArticleResult:
        return await save(info.context, input.path, input.text)

    @strawberry.mutation(description="Removes one article. Acknowledged only once that is durable.")
    async def remove_article(
        self,
        info: Info,
        by: Annotated[inputs.ArticleKey, strawberry.argument(description="Which one.")],
    ) -> RemoveArticleResult:
        return await remove(info.context, by)


async def save(context: Context, path: str, text: str) -> Saved | Refused:
    """Save one article, checked exactly as a file is, and return it once it is durable."""
    if not context.viewer.write:
        return NOT_ALLOWED
    try:
        written = await context.edited.save(path, text)
    except errors.ArticleError as error:
        return Refused(str(error), error.code, problems=error.problems)
    (article,) = await context.store.articles([path], drafts=True)
    return Saved(article or described(written.document), written.created)  # somebody may have removed it since


async def remove(context: Context, by: inputs.ArticleKey) -> Any:
    """Remove one article, and return its id once that is durable."""
    if not context.viewer.write:
        return NOT_ALLOWED
    path = await path_of(by, context)
    (article,) = await context.store.articles([path], drafts=True) if path else [None]
    if article is None:
        return NOT_FOUND
    await context.edited.remove(article.path)
    return ArticleRemoved(id=global_id_of(article))
