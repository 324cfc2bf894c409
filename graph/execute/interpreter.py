"""Executes an operation with graphql-core, value by value, so that every operation has an answer."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
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

from graph.document.limits import Allowance
from graph.errors import answered
from graph.execute.context import Context
from graph.execute.execution import Answer
from graph.settings import Settings


@dataclass(frozen=True, slots=True)
class InterpretedOperation:
    """One operation of a document that was parsed, counted and validated."""

    schema: GraphQLSchema
    settings: Settings
    document: DocumentNode
    definition: OperationDefinitionNode
    allowance: Allowance
    searches: bool = False

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
        """Return False: it may wait for anything."""
        return False

    def cost(self, variables: Mapping[str, Any]) -> int:
        """Return what it costs with these variables. Raises Refusal over the limits."""
        return self.allowance.check(variables)

    def conditions(self, variables: Mapping[str, Any]) -> int:
        """Return how many conditions its articles may be compared with."""
        return self.allowance.conditions_of(variables)

    async def execute(self, variables: Mapping[str, Any], context: Context) -> Answer:
        """Return the answer of a query or mutation."""
        if self.kind == "query":
            async with context.reading(self.searches):
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
