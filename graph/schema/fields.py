"""A field declared once: what stands in its Strawberry type, and the reading that a plan takes from it.

A field without a function is an attribute of the store's record. `computed` takes one record; `linked` takes all
records of a level and asks the store once for them, both under the interpreter and in a plan.
"""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import strawberry
from graphql import GraphQLField, Undefined
from strawberry import Info
from strawberry.types.field import StrawberryField

from graph.execute.plan.reading import FLEETING, READING, Attribute, Batch, Call, Reading
from graph.schema.conversion import Conversion
from graph.schema.loaders import load

COMPUTE, PLAIN, BATCH = "compute", "plain", "batch"


def attribute(description: str, name: str | None = None) -> Any:
    """Declare a field that is an attribute of the record; *name* is the GraphQL one where it differs."""
    return strawberry.field(name=name, description=description)


def computed(description: str, plain: str | None = None) -> Callable[[Callable[..., Any]], Any]:
    """Declare a field by `function(record, **arguments)`: pure, and the same for every caller.

    *plain* names the attribute of the record that it is where no argument is given, if it is one.
    """

    def declare(function: Callable[..., Any]) -> Any:
        def compute(root: Any, info: Info, **arguments: Any) -> Any:  # noqa: ARG001  # strawberry passes it
            return function(root, **arguments)

        resolve = _resolver(function, compute, skip=1)
        return strawberry.field(resolver=resolve, description=description, metadata={COMPUTE: function, PLAIN: plain})

    return declare


def linked(description: str) -> Callable[[Callable[..., Awaitable[Sequence[Any]]]], Any]:
    """Declare a field by `async function(records, context, **arguments)`, which answers for a whole level at once.

    The function's return annotation is `list[T]`, and T is the field's type.
    """

    def declare(function: Callable[..., Awaitable[Sequence[Any]]]) -> Any:
        def resolve_one(root: Any, info: Info, **arguments: Any) -> Any:
            return load(info.context, function, root, arguments, info.path)

        resolve = _resolver(function, resolve_one, skip=2, each=True)
        return strawberry.field(resolver=resolve, description=description, metadata={BATCH: function})

    return declare


def reading(field: StrawberryField, conversion: Conversion) -> Reading | None:
    """Return how a plan reads *field*, or None where only the interpreter can."""
    if COMPUTE in field.metadata:
        return Call(field.metadata[COMPUTE], conversion.arguments(field.arguments), field.metadata[PLAIN])
    if BATCH in field.metadata:
        return Batch(field.metadata[BATCH], conversion.arguments(field.arguments))
    return Attribute(field.python_name) if field.base_resolver is None else None


def attach(core: GraphQLField, conversion: Conversion) -> None:
    """Put the reading of a built field where plans find it; an argument's default of null means: it may be left out."""
    field = core.extensions.get("strawberry-definition")
    if not isinstance(field, StrawberryField):
        return
    for argument in core.args.values():
        if argument.default_value is None:
            argument.default_value = Undefined
    if "filter" in core.args:
        core.extensions[FLEETING] = ("filter",)  # it may hold `within`, which depends on the time
    found = reading(field, conversion)
    if found is not None:
        core.extensions[READING] = found


def _resolver(function: Callable[..., Any], resolve: Callable[..., Any], skip: int, each: bool = False) -> Any:
    """Give *resolve* the signature that Strawberry reads: the record, the info, and the function's own arguments."""
    signature = inspect.signature(function, eval_str=False)
    kept = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in list(signature.parameters.values())[skip:]]
    returned = signature.return_annotation
    if each:
        returned = (
            returned.removeprefix("list[").removesuffix("]") if isinstance(returned, str) else returned.__args__[0]
        )

    def parameter(name: str, annotation: Any) -> inspect.Parameter:
        return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)

    head = [parameter("root", Any), parameter("info", Info)]
    vars(resolve)["__signature__"] = inspect.Signature([*head, *kept], return_annotation=returned)
    resolve.__annotations__ = {p.name: p.annotation for p in [*head, *kept]} | {"return": returned}
    resolve.__module__, resolve.__name__, resolve.__doc__ = function.__module__, function.__name__, None
    return resolve
