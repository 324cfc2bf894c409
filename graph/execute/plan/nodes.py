"""Finds the nodes of one class, and the variables, within parts of a document."""

from typing import Any, TypeVar

from graphql import Node, VariableNode, Visitor, visit

N = TypeVar("N", bound=Node)


class _Finder(Visitor):
    """Collects the nodes of one class."""

    def __init__(self, kind: type[Node]) -> None:
        super().__init__()
        self.kind, self.found = kind, list[Any]()

    def enter(self, node: Node, *_: Any) -> None:
        """Note a node of that class."""
        if isinstance(node, self.kind):
            self.found.append(node)


def nodes_of(kind: type[N], within: Node) -> list[N]:
    """Return the nodes of a class in the order of the document."""
    finder = _Finder(kind)
    visit(within, finder)
    return finder.found


def variables_in(node: Node) -> frozenset[str]:
    """Return the names of the variables within a node."""
    return frozenset(variable.name.value for variable in nodes_of(VariableNode, node))
