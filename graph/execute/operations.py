"""Prepares operations: parses, counts, validates and plans the text of a document once, and keeps the latest in an LRU.

How an operation is executed is up to `graph.execute.planned` and `graph.execute.interpreter`.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from operator import attrgetter

from cachetools import LRUCache
from graphql import GraphQLSchema, OperationDefinitionNode

from graph.document.cost.selections import Lengths
from graph.document.limits import counted
from graph.document.parse import parsed, scan
from graph.document.validate import validated
from graph.errors import Refusal
from graph.execute.execution import Counts, Operation
from graph.execute.interpreter import InterpretedOperation
from graph.execute.plan.fragment_cache import FragmentCache
from graph.execute.planned import PlannedOperation
from graph.settings import Settings

TOKEN_BYTES = 1_024
"""What a token of a document takes once it is parsed and planned."""
SEARCH = "search"
"""The argument that searches: what does not say it need not wait for the full text."""

COPIES = 6
"""How often the text of a document is held: by names and literals in its tree, tokens, plan and generated functions."""

Make = Callable[[InterpretedOperation, Counts], Operation]
"""Makes the operation that answers requests."""


NOTHING_KNOWN: Lengths = {}


def unknown() -> Lengths:
    """Return that of no list it is known how long it is; each counts as `Settings.list_size`."""
    return NOTHING_KNOWN


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document's operations by name, and those prepared so far: most documents are asked for one. `size` in bytes."""

    size: int
    operations: Mapping[str | None, InterpretedOperation]
    prepared: dict[str | None, Operation] = field(default_factory=dict)


class Operations:
    """The operations of all documents. Kept are the latest, within a number and a size; a refused document is not."""

    def __init__(
        self, schema: GraphQLSchema, settings: Settings, make: Make, longest: Callable[[], Lengths] = unknown
    ) -> None:
        """Execute documents over *schema*; *longest* returns how long the lists are at most that are answered whole."""
        self.schema, self.settings, self.make, self.counts = schema, settings, make, Counts()
        self.longest, self.counted_with = longest, longest()
        self.lengths = rounded(self.counted_with)
        self.documents: LRUCache[str, PreparedDocument] = LRUCache(
            settings.operations_bytes, getsizeof=attrgetter("size")
        )

    def knows(self, text: str) -> bool:
        """Whether the operations of a document are kept, so that nothing has to be read."""
        return text in self.documents

    def prepare(self, text: str, operation_name: str | None) -> Operation:
        """Return an operation, from those kept or anew. Raises Refusal where it may not be executed."""
        self.lengths_now()
        document = self.documents.get(text)
        if document is None:
            document = self._read(text)
            self._keep(text, document)
        chosen = selected(document.operations, operation_name)
        operation = document.prepared.get(chosen.name)
        if operation is None:
            operation = document.prepared[chosen.name] = self.make(chosen, self.counts)
        return operation

    def lengths_now(self) -> Lengths:
        """Return what lists count as; another object once one has grown beyond that, and no cost is true any longer."""
        if (longest := self.longest()) is not self.counted_with:
            self.counted_with, lengths = longest, rounded(longest)
            if lengths != self.lengths:
                self.lengths = lengths
                self.documents.clear()
        return self.lengths

    def _keep(self, text: str, document: PreparedDocument) -> None:
        with suppress(ValueError):  # it alone is larger than all that may be kept
            self.documents[text] = document
        while len(self.documents) > self.settings.operations:
            self.documents.popitem()

    def _read(self, text: str) -> PreparedDocument:
        document = parsed(text, self.settings)
        allowances = counted(document, self.schema, self.settings, self.lengths)
        validated(document, self.schema, self.settings)
        definitions = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
        names = [each.name.value if each.name else None for each in definitions]
        searches = SEARCH in text
        operations = {
            name: InterpretedOperation(self.schema, self.settings, document, definition, allowances[name], searches)
            for name, definition in zip(names, definitions, strict=True)
        }
        size = len(text) * COPIES + scan(text, self.settings.tokens) * TOKEN_BYTES
        return PreparedDocument(size, operations)


def planned_operations(
    schema: GraphQLSchema, settings: Settings, longest: Callable[[], Lengths] = unknown
) -> Operations:
    """Return operations that are answered by plans, and share one cache of encoded objects."""
    fragments = FragmentCache(settings.fragment_cache_bytes)
    return Operations(
        schema, settings, lambda operation, counts: PlannedOperation(operation, fragments, counts), longest
    )


def interpreted_operations(
    schema: GraphQLSchema, settings: Settings, longest: Callable[[], Lengths] = unknown
) -> Operations:
    """Return operations that graphql-core executes, all of them."""
    return Operations(schema, settings, lambda operation, _: operation, longest)


def rounded(longest: Lengths) -> Lengths:
    """Return lengths of which few are different: each at least as long, and ten times a power of two.

    So few changes of the store have all documents counted anew, and a cost tells little of a single article.
    """
    return {name: 10 << max(0, -(-length // 10) - 1).bit_length() for name, length in longest.items()}


def selected(operations: Mapping[str | None, InterpretedOperation], name: str | None) -> InterpretedOperation:
    """Return the operation of that name, or the only one (section 6.1 of the specification). Raises Refusal."""
    if name is not None and name in operations:
        return operations[name]
    if name is not None:
        raise Refusal("OPERATION_NOT_FOUND", "The document has no operation of that name.", well_formed=True)
    if len(operations) == 1:
        return next(iter(operations.values()))
    message = "`operationName` must say which operation." if operations else "The document has no operation."
    raise Refusal("OPERATION_NOT_FOUND", message, well_formed=True)
