"""A shape in, its `build` out: one plain function, written as source and compiled, that makes a level's JSON objects.

For `{ title kind: type provider { name } }` on an article it reads:

    def build(records, c0):
        out = []
        append = out.append
        for r, x0 in zip(records, c0):
            v0 = r.title_text
            if type(v0) is not str: v0 = leaf0(v0)
            v1 = r.type
            if type(v1) is not str: v1 = leaf1(v1)
            append({"title": v0, "kind": v1, "provider": x0})
        return out

It knows nothing of errors: what raises here is done again with care in `graph.plan.complete`, which names the field.
"""

import keyword
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

from graphql.type.scalars import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT

from graph.plan.leaf import Leaf
from graph.plan.reading import Attribute, Call
from graph.plan.selection import Field, Shape


def finish(shape: Shape) -> None:
    """Give a shape its columns, the calls whose arguments change with the request, and its `build`."""
    shape.columns = tuple(field for field in shape.fields if field.is_column)
    shape.calls = tuple(field for field in shape.fields if is_variable_call(field))
    names: dict[str, Any] = {}
    source = "\n".join(_lines(shape, names))
    exec(compile(source, f"<{shape.kind.name} {{{' '.join(f.key for f in shape.fields)}}}>", "exec"), names)  # noqa: S102  # names are checked in _read; keys are literals
    shape.build = names["build"]


def is_variable_call(field: Field) -> bool:
    """Whether a field is read by a call whose arguments hold variables."""
    called = not field.is_column and isinstance(field.reading, Call)
    return called and field.arguments is not None and field.arguments.constant is None


def leaf_reader(leaf: Leaf, nullable: bool) -> Callable[[Any], Any]:
    """Return the function for a value that is not written as it is."""
    serialise = leaf.serialise
    if nullable:
        return lambda value: None if value is None else serialise(value)

    def strict(value: Any) -> Any:
        if value is None:
            raise TypeError("null where none may be")
        return serialise(value)

    return strict


def _lines(shape: Shape, names: dict[str, Any]) -> Iterator[str]:
    """Yield the source of `build`; what it refers to is put among *names*."""
    calls, columns = [f"k{n}" for n, _ in enumerate(shape.calls)], [f"c{n}" for n, _ in enumerate(shape.columns)]
    yield f"def build({', '.join(['records', *calls, *columns])}):"
    yield " out = []"
    yield " append = out.append"
    yield f" for {', '.join(['r', *(f'x{n}' for n, _ in enumerate(columns))])} in {_rows(columns)}:"
    entries = []
    for number, field in enumerate(shape.fields):
        if field.reading is None:
            value = repr(shape.kind.name)
        elif field in shape.columns:
            value = f"x{shape.columns.index(field)}"
        else:
            value = f"v{number}"
            yield f"  {value} = {_read(field, number, shape, names)}"
            yield f"  {_completed(field, number, names)}"
        entries.append(f"{field.key!r}: {value}")
    yield f"  append({{{', '.join(entries)}}})"
    yield " return out"


def _rows(columns: list[str]) -> str:
    return f"zip({', '.join(['records', *columns])})" if columns else "records"


def _read(field: Field, number: int, shape: Shape, names: dict[str, Any]) -> str:
    """Return the expression that reads a field of the record `r`."""
    reading = field.reading
    if isinstance(reading, Attribute):
        if reading.name.isidentifier() and not keyword.iskeyword(reading.name):
            return f"r.{reading.name}"
        names[f"read{number}"] = attrgetter(reading.name)
        return f"read{number}(r)"
    assert isinstance(reading, Call)  # noqa: S101  # batches are columns
    names[f"read{number}"] = reading.function
    if field in shape.calls:
        return f"read{number}(r, **k{shape.calls.index(field)})"
    assert field.arguments is not None  # noqa: S101  # a call has arguments
    assert field.arguments.constant is not None  # noqa: S101  # else it were among the shape's calls
    names[f"given{number}"] = field.arguments.constant
    return f"read{number}(r, **given{number})" if field.arguments.constant else f"read{number}(r)"


def _completed(field: Field, number: int, names: dict[str, Any]) -> str:
    """Return the statement that completes the value `vN` where it cannot be written as it is."""
    leaf, nullable, value = field.position.leaf, field.position.nullable, f"v{number}"
    assert leaf is not None  # noqa: S101  # all else are columns
    names[f"leaf{number}"] = leaf_reader(leaf, nullable)
    if leaf.native is None:
        return f"{value} = leaf{number}({value})"
    names[f"native{number}"] = leaf.native
    native = leaf.native.__name__ if leaf.native in {str, int, bool} else f"native{number}"
    within = f" or not {GRAPHQL_MIN_INT} <= {value} <= {GRAPHQL_MAX_INT}" if leaf.bounded else ""
    test = f"type({value}) is not {native}{within}"
    test = f"{value} is not None and ({test})" if nullable and leaf.bounded else test
    return f"if {test}: {value} = leaf{number}({value})"
