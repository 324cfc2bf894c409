"""Describes errors as they stand in answers, with message, place and a stable code; masks what was not foreseen.

What was raised on purpose is shown: a `Refusal`, a `GraphQLError` with a code, an error of the store that speaks of
what was asked. Anything else is `INTERNAL` with an id, and the log line with that id has the rest.
"""

import logging
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from graphql import GraphQLError, ValueNode

from store.errors import ArticleError, CriteriaError, FileChangedError, FileNotWrittenError, StoreError

log = logging.getLogger("broadsheet.errors")

SUGGESTION = re.compile(r" Did you mean .*\?", re.DOTALL)
PUBLIC = (ArticleError, CriteriaError, FileChangedError, FileNotWrittenError)
"""Errors of the store whose words are about what was asked; those of others are about our files."""

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
BAD_USER_INPUT = "BAD_USER_INPUT"
PAGE_TOO_LARGE = "PAGE_TOO_LARGE"
"""A reason: it stands beside the code BAD_USER_INPUT, which tools know."""
INTERNAL = "INTERNAL"
RESET = "RESET"


class Refusal(Exception):  # noqa: N818 - it is an answer, and names itself so everywhere
    """A request that is not executed.

    *status* is its status code; a *well_formed* one (a GraphQL request that is refused for what it asks) is answered
    with 200 to clients that only take `application/json`, as GraphQL over HTTP section 6.4.1 has it.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        headers: Sequence[tuple[bytes, bytes]] = (),
        well_formed: bool = False,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.headers, self.well_formed = (
            code,
            message,
            status,
            headers,
            well_formed,
        )

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Return the `errors` of its answer."""
        return [{"message": self.message, "extensions": {"code": self.code}}]


class RefusedAt(Refusal):
    """An operation that is refused for what it asks of one field; `path` has the response keys that lead to it."""

    def __init__(self, code: str, message: str, path: list[str]) -> None:
        super().__init__(code, message, well_formed=True)
        self.path = path

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Return the `errors` of its answer."""
        (error,) = super().errors
        return [{**error, "path": self.path}]


class PageTooLarge(RefusedAt):
    """A page of more than may be asked for; `sought` finds its argument, and `path` leads to the field, once known."""

    def __init__(self, name: str, asked: int | str, most: int, sought: Callable[[ValueNode], bool]) -> None:
        words = f"{name} is {asked}, more than {most}: ask for at most {most} at once"
        super().__init__(BAD_USER_INPUT, f"{words}, and for the rest page by page, with `after` or `before`.", [])
        self.sought = sought

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Return the `errors` of its answer."""
        (error,) = super().errors
        return [{**error, "extensions": {**error["extensions"], "reason": PAGE_TOO_LARGE}}]


class InvalidDocument(Refusal):
    """A document that does not parse or is not valid; each error has its place."""

    def __init__(self, code: str, errors: Sequence[GraphQLError], suggestions: bool = True) -> None:
        super().__init__(code, errors[0].message, well_formed=True)
        self._errors = [described(error, suggestions, code) for error in errors]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Return the `errors` of its answer."""
        return self._errors


class Interrupted(Refusal):
    """The end of a subscription in which something went wrong: shown if it was raised on purpose, else masked."""

    def __init__(self, error: Exception) -> None:
        located = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
        self._entry = described(located)
        super().__init__(self._entry["extensions"]["code"], self._entry["message"])

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Return the `errors` of its last answer."""
        return [self._entry]


class Failure(Refusal):
    """The end of a request or subscription that we failed at: an id, under which what went wrong is in the log."""

    def __init__(self, error: BaseException, place: str) -> None:
        message, self._extensions = masked(error, place)
        super().__init__(INTERNAL, message, 500)

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Return the `errors` of its answer."""
        return [{"message": self.message, "extensions": self._extensions}]


def over_limit(code: str, message: str) -> Refusal:
    """Return the refusal of a document or of variables that go over a limit."""
    return Refusal(code, message, well_formed=True)


def answered(errors: Iterable[GraphQLError], most: int, suggestions: bool = True) -> list[dict[str, Any]]:
    """Return the first *most* of the errors of an execution as they stand in an answer; all are logged that must be."""
    return [described(error, suggestions) for error in errors][:most]


def described(error: GraphQLError, suggestions: bool = True, code: str | None = None) -> dict[str, Any]:
    """Return one error as it stands in an answer; *code* is that of an error which has none of its own."""
    message, extensions = _public(error, code) or masked(_cause(error), error.path)
    entry: dict[str, Any] = {"message": message if suggestions else SUGGESTION.sub("", message)}
    if error.locations:
        entry["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        entry["path"] = list(error.path)
    entry["extensions"] = extensions
    return entry


def _public(error: GraphQLError, code: str | None) -> tuple[str, dict[str, Any]] | None:
    """Return the words and extensions of an error that was raised on purpose, else None."""
    cause = _cause(error)
    if isinstance(cause, GraphQLError):
        return _public_by_graphql(error, cause, code)
    if isinstance(cause, Refusal):
        return cause.message, {"code": cause.code}
    if isinstance(cause, CriteriaError):
        return str(cause), {"code": BAD_USER_INPUT, "reason": cause.code}
    if isinstance(cause, PUBLIC):
        return str(cause), {"code": cause.code}
    if isinstance(cause, StoreError):
        log.error("store error at %s", error.path, exc_info=cause)
        return "The store cannot do this now.", {"code": cause.code}
    return None


def _public_by_graphql(error: GraphQLError, cause: GraphQLError, code: str | None) -> tuple[str, dict[str, Any]] | None:
    if "code" in (cause.extensions or {}):
        return cause.message, dict(cause.extensions or {})
    # Without a field's path it speaks of the document or its variables.
    if code or error.path is None:
        return error.message, {"code": code or BAD_USER_INPUT}
    # With one, an argument's has nodes or is an input type's own; what a scalar cannot write is not shown.
    if cause.nodes or type(cause) is not GraphQLError:
        return cause.message, {"code": BAD_USER_INPUT}
    return None


def _cause(error: GraphQLError) -> BaseException:
    """Return what was raised first."""
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def masked(error: BaseException, place: Any = None) -> tuple[str, dict[str, Any]]:
    """Log an error that nobody raised on purpose, and return what may be said of it."""
    sign = secrets.token_hex(8)
    log.error("internal error %s at %s", sign, place, exc_info=error)
    return "Internal error.", {"code": INTERNAL, "id": sign}
