"""Document text in, operations that are parsed, counted, validated and planned once; their answers' bytes out.

A query is answered by its plan (`graph.execute.plan`), which suspends only where the store does. What plans do not take
goes to the interpreter, and so does an operation whose plan turns out to have a defect: both roads give the same
answer.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError, GraphQLSchema

from graph.execute.context import Context
from graph.execute.execution import PLANNED, Answer, Counts
from graph.execute.interpreter import Interpreted, Interpreter
from graph.execute.plan.collect import UnplannedError
from graph.execute.plan.execute import JSON, Run
from graph.execute.plan.kept import KeptBytes
from graph.execute.plan.plan import Plan
from graph.execute.plan.selection import Shape
from graph.execute.plan.variables import Inputs, Variables, VariablesError
from graph.settings import Settings

log = logging.getLogger("broadsheet.operations")


class Operation:
    """One operation of a document; it answers as often as it is asked."""

    __slots__ = ("cost", "counts", "interpreted", "kept", "kind", "name", "plan", "unplanned", "variables")

    def __init__(self, interpreted: Interpreted, kept: KeptBytes, counts: Counts) -> None:
        self.interpreted, self.kept, self.counts = interpreted, kept, counts
        self.kind, self.name, self.cost = interpreted.kind, interpreted.name, interpreted.cost
        self.variables = Variables(interpreted.schema, interpreted.definition.variable_definitions or ())
        self.plan: Plan | None = None
        self.unplanned = ""
        try:
            self.plan = Plan(interpreted.schema, interpreted.document, interpreted.definition)
        except UnplannedError as reason:
            self.unplanned = str(reason)
        except Exception as error:  # the operation is valid, so the interpreter can answer it
            self.unplanned = repr(error)
            counts.defects += 1
            log.exception("an operation could not be planned")

    @property
    def planned(self) -> bool:
        """Whether it is answered without waiting for anything but the store."""
        return self.plan is not None

    async def execute(self, variables: Mapping[str, Any], context: Context) -> Answer:
        """Return the answer of a query or mutation; no error of a field or of the variables is raised."""
        if self.plan is None:
            return await self.interpreted.execute(variables, context)
        try:
            inputs = self.variables.inputs(variables)
        except VariablesError as refused:
            return self.interpreted.answer(ExecutionResult(None, list(refused.errors)))
        try:
            root = self.plan.variant(inputs.coerced)
            async with context.reading():
                return await self._planned(root, inputs, context)
        except UnplannedError:
            pass
        except Exception:  # whatever it is, the interpreter gives the answer
            self.counts.defects += 1
            log.exception("a plan failed; the interpreter answers instead")
        return await self.interpreted.execute(variables, context)

    def subscribe(self, variables: Mapping[str, Any], context: Context) -> AsyncIterator[Answer]:
        """Return the answers of a subscription."""
        return self.interpreted.subscribe(variables, context)

    async def _planned(self, root: Shape, inputs: Inputs, context: Context) -> Answer:
        run = Run(context, inputs, partial(self.kept.shelf, context.store.sequence, context.viewer))
        try:
            data, errors = await run.execute(root, None)
        except Exception:
            log.warning("the plan had come to the field %s", run.place and run.place.name)
            raise
        if run.slow is not None:
            log.warning("a shape failed where nothing was amiss", exc_info=run.slow)
        self.counts.add(run)
        return self._answer(data, errors)

    def _answer(self, data: Any, errors: list[GraphQLError]) -> Answer:
        if not errors:
            try:
                return Answer(orjson.dumps({"data": data}, option=JSON), how=PLANNED)
            except TypeError:  # a value that JSON cannot hold: the interpreter's words for it are below
                pass
        told = self.interpreted.answer(ExecutionResult(data, errors or None))
        return Answer(told.body, told.codes, told.executed, PLANNED)


class Operations(Interpreter):
    """The operations of all documents; the latest are kept, planned."""

    def __init__(self, schema: GraphQLSchema, settings: Settings) -> None:
        super().__init__(schema, settings)
        self.bytes_kept = KeptBytes(settings.kept_articles_bytes)

    def operation(self, interpreted: Interpreted) -> Operation:
        """Return the operation with its plan, if it can have one."""
        return Operation(interpreted, self.bytes_kept, self.counts)
