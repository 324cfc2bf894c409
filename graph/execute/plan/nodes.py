"""Finds the nodes of one class, and the variables, within part of a document."""

from typing import Any, TypeVar

from graphql import Node, VariableNode
from graphql.language.ast import QUERY_DOCUMENT_KEYS

N = TypeVar("N", bound=Node)


def nodes_of(kind: type[N], within: Node) -> list[N]:
    """Return the nodes of a class, in no particular order."""
    found: list[N] = []
    pending: list[Any] = [within]
    while pending:
        node = pending.pop()
        if isinstance(node, kind):
            found.append(node)
        for key in QUERY_DOCUMENT_KEYS.get(node.kind, ()):
            below = getattr(node, key)
            if isinstance(below, Node):
                pending.append(below)
            elif below:
                pending.extend(below)
    return found


def variables_in(node: Node) -> frozenset[str]:
    """Return the names of the variables within a node."""
    return frozenset(variable.name.value for variable in nodes_of(VariableNode, node))
