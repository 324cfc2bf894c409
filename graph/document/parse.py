"""Parses the text of a document, after scanning it for its tokens and nesting, so that none takes long to parse."""

import re

from graphql import DocumentNode, GraphQLSyntaxError, parse

from graph.errors import PARSE_FAILED, InvalidDocument, over_limit
from graph.settings import Settings

NESTING = 64
"""Deepest nesting of brackets in a document: far more than any depth allowed, far less than the parser's stack."""

TOKEN = re.compile(
    r"""
    (?:[\s,\ufeff]|\#[^\n\r]*+)++            # ignored
    | (?P<open>[{\[(]) | (?P<close>[}\])])
    | (?P<token>
        [_A-Za-z][_0-9A-Za-z]*+ | -?[0-9][0-9.eE+-]*+ | \.\.\. | [!$&:=@|]
        | \"""(?>[^"\\]|\\.|"(?!""))*+\""" | "(?!"")(?>[^"\\\n\r]|\\.)*+" | ""(?!")
    )""",
    re.VERBOSE | re.DOTALL,
)


def parsed(text: str, settings: Settings) -> DocumentNode:
    """Return the document. Raises Refusal if it is too large, InvalidDocument if it does not parse."""
    if len(text) > settings.document_bytes or len(text.encode(errors="replace")) > settings.document_bytes:
        raise over_limit("DOCUMENT_TOO_LARGE", f"The document is larger than {settings.document_bytes} bytes.")
    scan(text, settings.tokens)
    try:
        return parse(text, max_tokens=settings.tokens + text.count("#"))
    except GraphQLSyntaxError as error:
        raise InvalidDocument(PARSE_FAILED, [error], settings.shows_suggestions) from None


def scan(text: str, most: int) -> int:
    """Return how many tokens a text has, up to where it is no GraphQL. Raises Refusal over the limits."""
    tokens = nesting = position = 0
    while position < len(text) and (match := TOKEN.match(text, position)):
        position, kind = match.end(), match.lastgroup
        if kind is None:
            continue
        tokens += 1
        if kind == "open":
            nesting += 1
        elif kind == "close":
            nesting -= 1
        if nesting > NESTING:
            raise over_limit("TOO_DEEP", f"The document nests deeper than {NESTING} brackets.")
        if tokens > most:
            raise over_limit("TOO_MANY_TOKENS", f"The document has more than {most} tokens.")
    return tokens
