"""A document in, its operations out, executed by graphql-core value by value: what answers where there is no plan."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    execute,
    subscribe,
)

from graph.document.limits import Allowance, counted
from graph.document.parse import parsed, scan
from graph.document.validate import validated
from graph.errors import Refusal, answered
from graph.execute.context import Context
from graph.execute.execution import Answer, Counts, Operation
from graph.settings import Settings

TOKEN_BYTES = 1_024
"""What a token of a document takes once it is parsed and planned."""


@dataclass(frozen=True, slots=True)
class Interpreted:
    """One operation of a document that was parsed, counted and validated."""

    schema: GraphQLSchema
    settings: Settings
    document: DocumentNode
    definition: OperationDefinitionNode
    allowance: Allowance

    @property
    def kind(self) -> str:
        """Return `query`, `mutation` or `subscription`."""
        return self.definition.operation.value

    @property
    def name(self) -> str | None:
        """Return its name."""
        return self.definition.name.value if self.definition.name else None

    @property
    def planned(self) -> bool:
        """Interpreted operations may wait for anything."""
        return False

    def cost(self, variables: Mapping[str, Any]) -> int:
        """Return what it costs with these variables. Raises Refusal over the limits."""
        return self.allowance.check(variables)

    async def execute(self, variables: Mapping[str, Any], context: Context) -> Answer:
        """Return the answer of a query or mutation."""
        if self.kind == "query":
            async with context.reading():
                return self.answer(await self._executed(variables, context))
        return self.answer(await self._executed(variables, context))

    async def _executed(self, variables: Mapping[str, Any], context: Context) -> ExecutionResult:
        result = execute(
            self.schema,
            self.document,
            context_value=context,
            variable_values=dict(variables),
            operation_name=self.name,
        )
        return result if isinstance(result, ExecutionResult) else await result

    async def subscribe(self, variables: Mapping[str, Any], context: Context) -> AsyncIterator[Answer]:
        """Yield the answers of a subscription; the only one of a subscription that cannot start is its error."""
        source = subscribe(
            self.schema,
            self.document,
            context_value=context,
            variable_values=dict(variables),
            operation_name=self.name,
        )
        results = await source if isinstance(source, Awaitable) else source
        if isinstance(results, ExecutionResult):
            yield self.answer(results)
            return
        async with aclosing(cast("AsyncGenerator[ExecutionResult, None]", results)) as stream:
            async for result in stream:
                yield self.answer(result)

    def answer(self, result: ExecutionResult) -> Answer:
        """Encode what graphql-core returns."""
        errors = answered(result.errors or (), self.settings.errors, self.settings.shows_suggestions)
        codes = tuple(error["extensions"]["code"] for error in errors)
        executed = not errors or result.data is not None or any("path" in error for error in errors)
        value: dict[str, Any] = {"data": result.data} if executed else {}
        if errors:
            value["errors"] = errors
        try:
            return Answer(orjson.dumps(value, option=orjson.OPT_UTC_Z), codes, executed)
        except TypeError as error:
            failed = answered([GraphQLError("The answer has no JSON.", original_error=error)], 1)
            return Answer(orjson.dumps({"data": None, "errors": failed}), ("INTERNAL",))


@dataclass(frozen=True, slots=True)
class Read:
    """A document's operations, and those that were asked for: a document of many would take long to prepare."""

    interpreted: Mapping[str | None, Interpreted]
    prepared: dict[str | None, Operation] = field(default_factory=dict)


class Interpreter:
    """The operations of all documents, the latest of them kept; a document that is refused is not."""

    def __init__(self, schema: GraphQLSchema, settings: Settings) -> None:
        self.schema, self.settings, self.bytes, self.counts = schema, settings, 0, Counts()
        self.kept: OrderedDict[str, Read] = OrderedDict()
        self.sizes: dict[str, int] = {}

    def prepare(self, document: str, operation_name: str | None) -> Operation:
        """Return an operation, from those kept or anew. Raises Refusal where it may not be executed."""
        read = self.kept.get(document)
        if read is None:
            read = Read(self._read(document))
            self._keep(document, read)
        else:
            self.kept.move_to_end(document)
        chosen = selected(read.interpreted, operation_name)
        operation = read.prepared.get(chosen.name)
        if operation is None:
            operation = read.prepared[chosen.name] = self.operation(chosen)
        return operation

    def _keep(self, document: str, operations: "Read") -> None:
        self.kept[document] = operations
        self.sizes[document] = len(document) + scan(document, self.settings.tokens) * TOKEN_BYTES
        self.bytes += self.sizes[document]
        while len(self.kept) > self.settings.operations or self.bytes > self.settings.operations_bytes:
            self.bytes -= self.sizes.pop(self.kept.popitem(last=False)[0])

    def operation(self, interpreted: Interpreted) -> Operation:
        """Return what is kept for one operation."""
        return interpreted

    def _read(self, text: str) -> Mapping[str | None, Interpreted]:
        document = parsed(text, self.settings)
        allowances = counted(document, self.schema, self.settings)
        validated(document, self.schema, self.settings)
        definitions = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
        names = [each.name.value if each.name else None for each in definitions]
        return {
            name: Interpreted(self.schema, self.settings, document, definition, allowances[name])
            for name, definition in zip(names, definitions, strict=True)
        }


def selected(operations: Mapping[str | None, Interpreted], name: str | None) -> Interpreted:
    """Return the operation of that name, or the only one (section 6.1 of the specification). Raises Refusal."""
    if name is not None and name in operations:
        return operations[name]
    if name is not None:
        raise Refusal("OPERATION_NOT_FOUND", "The document has no operation of that name.", well_formed=True)
    if len(operations) == 1:
        return next(iter(operations.values()))
    message = "`operationName` must say which operation." if operations else "The document has no operation."
    raise Refusal("OPERATION_NOT_FOUND", message, well_formed=True)
