"""Finds the fragments of a document by name, for all that follow spreads."""

from graphql import DocumentNode, FragmentDefinitionNode


def fragments_by_name(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """Return the fragment definitions of a document; of two with one name, which validation refuses, the last."""
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
