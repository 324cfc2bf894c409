"""Finds the response path of the first field with an argument, so that a refusal can say where it is."""

from collections.abc import Callable

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
)

from graph.document.fragments import fragments_by_name

Path = list[str]


def path_to(document: DocumentNode, sought: Callable[[ValueNode], bool]) -> Path:
    """Return the response keys down to the first field with an argument that is *sought*; empty if there is none.

    Each fragment is entered once, so this takes no longer than reading the document.
    """
    fragments = fragments_by_name(document)
    roots = [each.selection_set for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    pending: list[tuple[SelectionSetNode | None, Path]] = [(root, []) for root in roots]
    while pending:
        selection, path = pending.pop()
        for node in selection.selections if selection else ():
            if isinstance(node, FragmentSpreadNode):
                fragment = fragments.pop(node.name.value, None)
                pending.append((fragment.selection_set if fragment else None, path))
            elif isinstance(node, FieldNode):
                below = [*path, (node.alias or node.name).value]
                if any(sought(argument.value) for argument in node.arguments or ()):
                    return below
                pending.append((node.selection_set, below))
            elif isinstance(node, InlineFragmentNode):
                pending.append((node.selection_set, path))
    return []
