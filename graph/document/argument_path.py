"""An argument of a document in, the response path of the first field that has it out: where a refusal points to."""

from collections.abc import Callable

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
)

Path = list[str]


def path_to(document: DocumentNode, sought: Callable[[ValueNode], bool]) -> Path:
    """Return the keys from the root to the first field with an argument that is *sought*; empty if there is none.

    Each fragment is entered once, so this takes no longer than reading the document.
    """
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
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
