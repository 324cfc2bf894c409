"""Declares a field once: its GraphQL type for Strawberry, how a plan resolves it, and what it costs.

`attribute` is for what the parent object has as an attribute, `computed` for a pure function of one parent, `batched`
for a function of all parents of a level, which asks the store once for them: under the interpreter and in a plan.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import strawberry
from graphql import GraphQLField, Undefined
from strawberry import Info
from strawberry.types import get_object_definition
from strawberry.types.field import StrawberryField

from graph.document.cost.conditions import CONDITIONS
from graph.document.cost.selections import LENGTH, PAGE, VALUES, Whole
from graph.execute.plan.resolver import FLEETING, RESOLVER, Attribute, Batch, Call, Resolver
from graph.schema.conversion import Conversion
from graph.schema.extensions import holds_time
from graph.schema.loaders import load

T = TypeVar("T")
COSTS = (VALUES, CONDITIONS, PAGE, LENGTH)
"""What a declaration says of what its field costs."""
COMPUTE, DEFAULT, BATCH = "compute", "default", "batch"
"""What a declaration says of its resolver, in the metadata of Strawberry's field."""


def attribute(description: str, name: str | None = None) -> Any:
    """Declare a field that is an attribute of the parent object; *name* is the GraphQL one where it differs."""
    return strawberry.field(name=name, description=description)


def computed(
    description: str, default: str | None = None, length: Whole | None = None
) -> Callable[[Callable[..., Any]], Any]:
    """Declare a field by `function(parent, **arguments)`: pure, and the same for every caller.

    *default* names the parent's attribute that holds the value where no argument is given, if there is one, *length*
    what is known of a list that is answered whole.
    """

    def declare(function: Callable[..., Any]) -> Any:
        def resolve(root: Any, info: Info, **arguments: Any) -> Any:  # noqa: ARG001  # strawberry passes it
            return function(root, **arguments)

        _sign(resolve, function, skip=1)
        return strawberry.field(
            resolver=resolve,
            description=description,
            metadata={COMPUTE: function, DEFAULT: default, **_costs(length=length)},
        )

    return declare


def batched(
    description: str,
    *,
    values: int | None = None,
    conditions: int | None = None,
    page: int | None = None,
    length: Whole | None = None,
) -> Callable[[Callable[..., Awaitable[Sequence[Any]]]], Any]:
    """Declare a field by `async function(parents, context, **arguments)`, which answers for a whole level at once.

    The function's return annotation is `list[T]`, and T is the field's type. Against the limits of an operation the
    field counts as so many *values* (more than one if documents are read for it) and *conditions* (more than none if
    the store goes through many articles for it); *page* is the size of a page where nothing is said, *length* what is
    known of a list that is answered whole.
    """

    def declare(function: Callable[..., Awaitable[Sequence[Any]]]) -> Any:
        def resolve(root: Any, info: Info, **arguments: Any) -> Any:
            return load(info.context, function, root, arguments, info.path)

        _sign(resolve, function, skip=2, each=True)
        costs = _costs(values=values, conditions=conditions, page=page, length=length)
        return strawberry.field(resolver=resolve, description=description, metadata={BATCH: function, **costs})

    return declare


def fields_of(declared: type[T]) -> Callable[[type], type[T]]:
    """Declare, as a class, the fields of a type that stands in a module below, because types of its fields name it.

    Strawberry looks at the fields of a type only when the schema is built, so that they may come after the type.
    """

    def define(fields: type) -> type[T]:
        own = get_object_definition(strawberry.type(fields), strict=True)
        get_object_definition(declared, strict=True).fields.extend(own.fields)
        return declared

    return define


def attach(core: GraphQLField, conversion: Conversion) -> None:
    """Put into a built field's extensions how a plan resolves it, what it costs, and when it must not be cached.

    An argument's default of null means that it may be left out.
    """
    field = core.extensions.get("strawberry-definition")
    if not isinstance(field, StrawberryField):
        return
    for argument in core.args.values():
        if argument.default_value is None:
            argument.default_value = Undefined
    core.extensions.update({key: field.metadata[key] for key in COSTS if key in field.metadata})
    timely = tuple(name for name, argument in core.args.items() if holds_time(argument.type))
    if timely:
        core.extensions[FLEETING] = timely
    resolver = plan_resolver(field, conversion)
    if resolver is not None:
        core.extensions[RESOLVER] = resolver


def plan_resolver(field: StrawberryField, conversion: Conversion) -> Resolver | None:
    """Return how a plan resolves *field*, or None where only the interpreter can."""
    if COMPUTE in field.metadata:
        return Call(field.metadata[COMPUTE], conversion.arguments(field.arguments), field.metadata[DEFAULT])
    if BATCH in field.metadata:
        return Batch(field.metadata[BATCH], conversion.arguments(field.arguments))
    return Attribute(field.python_name) if field.base_resolver is None else None


def _costs(**given: Any) -> Mapping[str, Any]:
    """Return what is known of a field's cost, by the keys that the limits look it up by."""
    return {key: value for key, value in given.items() if value is not None}


def _sign(resolve: Callable[..., Any], function: Callable[..., Any], skip: int, each: bool = False) -> None:
    """Give *resolve* the signature that Strawberry reads: the parent, the info, and the function's own arguments."""
    signature = inspect.signature(function, eval_str=False)
    own = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in list(signature.parameters.values())[skip:]]
    returned = signature.return_annotation
    if each:
        returned = (
            returned.removeprefix("list[").removesuffix("]") if isinstance(returned, str) else returned.__args__[0]
        )

    def parameter(name: str, annotation: Any) -> inspect.Parameter:
        return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)

    head = [parameter("root", Any), parameter("info", Info)]
    vars(resolve)["__signature__"] = inspect.Signature([*head, *own], return_annotation=returned)
    resolve.__annotations__ = {p.name: p.annotation for p in [*head, *own]} | {"return": returned}
    resolve.__module__, resolve.__name__, resolve.__doc__ = function.__module__, function.__name__, None
