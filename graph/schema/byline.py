"""Declares the type Byline: whom an article's own file names."""

import strawberry

from graph.schema.fields import attribute


@strawberry.type(description="Whom an article is by, in the words of its own file.")
class Byline:
    named: str | None = attribute("The provider's name as the file has it; null where it has none.", name="provider")
