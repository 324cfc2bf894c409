"""Names what a plan cannot do, so that each is caught where something else can: interpreter, slow path, or field.

Errors that an answer reports, on their way up to it, are `graph.execute.plan.field_errors`.
"""

from collections.abc import Sequence
from typing import Literal

from graphql import FieldNode, GraphQLError


class UnplannedError(Exception):
    """The operation contains something that plans do not take; the interpreter does."""


class DefectError(Exception):
    """The plan cannot go on, and no field is to blame: the interpreter must answer."""


class SlowPathError(Exception):
    """The fast path does not take a value; the slow path decides whether it is an error, and says which."""


class MisfitError(Exception):
    """A value does not fit its position; `{}` in the message stands for the field, which is known further up.

    *known_to* says which of graphql-core's errors it becomes there: that of null, of a list, or of a type, which has
    the field's nodes.
    """

    def __init__(self, message: str, known_to: Literal["null", "list", "type"] = "type") -> None:
        super().__init__(message)
        self.message, self.known_to = message, known_to

    def at(self, coordinate: str, nodes: Sequence[FieldNode]) -> Exception:
        """Return the error as it is known at the field of this *coordinate*, `Type.field`."""
        message = self.message.replace("{}", coordinate, 1)
        if self.known_to == "null":
            return TypeError(message)
        return GraphQLError(message, [*nodes] if self.known_to == "type" else None)
