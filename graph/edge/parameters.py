"""Reads the parameters of a GraphQL request from the body of a POST or the query string of a GET.

GraphQL over HTTP sections 5.1 to 5.4. Whatever is malformed is a `Refusal` with status 400, of any JSON and of no JSON.
"""

from typing import Any
from urllib.parse import parse_qsl

import orjson
from msgspec import Struct

from graph.document.limits import check_nesting
from graph.errors import Refusal
from graph.settings import Settings

NO_VARIABLES: dict[str, Any] = {}
FIELDS = 16
"""Most parameters in a query string."""


class Parameters(Struct, frozen=True):
    """A GraphQL request as it was asked; `query` may be missing where `extensions` name a persisted document."""

    query: str | None
    operation_name: str | None
    variables: dict[str, Any]
    extensions: dict[str, Any]
    document_id: str | None = None


def bad_request(message: str) -> Refusal:
    """Return the refusal of something malformed."""
    return Refusal("BAD_REQUEST", message)


def of_body(body: bytes, settings: Settings) -> Parameters:
    """Read the body of a POST. Raises Refusal."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise bad_request("The body is not JSON in UTF-8." if body else "The request has no body.") from None
    return of_value(value, settings)


def of_value(value: Any, settings: Settings) -> Parameters:
    """Read a decoded GraphQL request: a body, or the payload of a socket's message. Raises Refusal."""
    if isinstance(value, list):
        raise Refusal("BATCHING_REFUSED", "One operation a request: a list of them is not executed.")
    if not isinstance(value, dict):
        raise bad_request("A GraphQL request is a JSON object.")
    get = value.get
    query, name, document_id = get("query"), get("operationName"), get("documentId")
    variables, extensions = get("variables"), get("extensions")
    for key, text in (("query", query), ("operationName", name), ("documentId", document_id)):
        if text is not None and not isinstance(text, str):
            raise bad_request(f"`{key}` must be a string.")
    for key, entries in (("variables", variables), ("extensions", extensions)):
        if entries:
            if not isinstance(entries, dict):
                raise bad_request(f"`{key}` must be an object.")
            check_nesting(entries, settings.variables_depth)
        elif entries is not None and not isinstance(entries, dict):
            raise bad_request(f"`{key}` must be an object.")
    return Parameters(query, name or None, variables or NO_VARIABLES, extensions or NO_VARIABLES, document_id)


def of_query(query: bytes, settings: Settings) -> Parameters:
    """Read the query string of a GET. Raises Refusal."""
    if len(query) > settings.url_bytes:
        raise Refusal("URL_TOO_LONG", f"The query string is longer than {settings.url_bytes} bytes.", 414)
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS)
    except ValueError:
        raise bad_request("The query string is not percent-encoded UTF-8.") from None
    given = dict(pairs)
    if len(given) < len(pairs):
        raise bad_request("A parameter is given twice.")
    value: dict[str, Any] = {name: given.get(name) for name in ("query", "operationName", "documentId")}
    for name in ("variables", "extensions"):
        if given.get(name):
            try:
                value[name] = orjson.loads(given[name])
            except orjson.JSONDecodeError:
                raise bad_request(f"`{name}` is not JSON.") from None
    return of_value(value, settings)
