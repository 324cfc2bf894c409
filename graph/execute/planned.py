"""Executes a query by its plan, and by the interpreter whatever plans do not take.

A planned query waits only where the store does. An operation whose plan turns out to have a defect is interpreted from
then on: both give the same answer.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError

from graph.document.fragments import fragments_by_name
from graph.execute.context import Context
from graph.execute.execution import PLANNED, Answer, Counts
from graph.execute.interpreter import InterpretedOperation
from graph.execute.plan.errors import UnplannedError
from graph.execute.plan.execute import JSON, Run
from graph.execute.plan.fragment_cache import FragmentCache
from graph.execute.plan.plan import Plan
from graph.execute.plan.tree import Shape
from graph.execute.plan.variables import Inputs, Variables, VariablesError

log = logging.getLogger("broadsheet.operations")


class PlannedOperation:
    """One operation of a document that was parsed, counted and validated, with its plan if it can have one."""

    __slots__ = ("conditions", "cost", "counts", "fragments", "interpreted", "kind", "name", "plan", "variables")

    def __init__(self, interpreted: InterpretedOperation, fragments: FragmentCache, counts: Counts) -> None:
        self.interpreted, self.fragments, self.counts = interpreted, fragments, counts
        self.kind, self.name, self.cost = interpreted.kind, interpreted.name, interpreted.cost
        self.conditions = interpreted.conditions
        self.variables = Variables(interpreted.schema, interpreted.definition.variable_definitions or ())
        self.plan = self._plan()

    def _plan(self) -> Plan | None:
        document = self.interpreted.document
        try:
            return Plan(self.interpreted.schema, self.interpreted.definition, fragments_by_name(document))
        except UnplannedError:
            return None
        except Exception:  # the operation is valid, so the interpreter can answer it
            self.counts.defects += 1
            log.exception("an operation could not be planned")
            return None

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
            root = self.plan.root(inputs.coerced)
            async with context.reading(self.interpreted.searches):
                return await self._walk(root, inputs, context)
        except UnplannedError:
            pass
        except Exception:  # whatever it is, the interpreter gives the answer
            self.plan = None
            self.counts.defects += 1
            log.exception("a plan failed; the interpreter answers instead, now and from now on")
        # Who cannot wait learns it here, before anything is executed that the other road would execute again
        await asyncio.sleep(0)
        return await self.interpreted.execute(variables, context)

    def subscribe(self, variables: Mapping[str, Any], context: Context) -> AsyncIterator[Answer]:
        """Return the answers of a subscription."""
        return self.interpreted.subscribe(variables, context)

    async def _walk(self, root: Shape, inputs: Inputs, context: Context) -> Answer:
        run = Run(context, inputs, partial(self.fragments.region, context.store.sequence, context.viewer))
        try:
            data, errors = await run.execute(root)
        except Exception:
            log.warning("the plan had come to the field %s", run.field and run.field.name)
            raise
        if run.unconfirmed is not None:
            log.warning("a fast path failed where the slow path found no error", exc_info=run.unconfirmed)
        self.counts.add(run.calls, run.hits, run.misses)
        return self._answer(data, errors)

    def _answer(self, data: Any, errors: list[GraphQLError]) -> Answer:
        if not errors:
            try:
                return Answer(orjson.dumps({"data": data}, option=JSON), how=PLANNED)
            except TypeError:  # a value that JSON cannot hold: the interpreter's answer to it follows
                pass
        answer = self.interpreted.answer(ExecutionResult(data, errors or None))
        return Answer(answer.body, answer.codes, answer.executed, PLANNED)
