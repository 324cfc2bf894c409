"""A shape in, its `build` out: one plain function, written as source and compiled, that makes a level's JSON objects.

For `{ title related { title } images { url } }` on an article it reads:

    def build(records, c0):
        out = []
        append = out.append
        for r, x0 in zip(records, c0):
            v1 = r.title_text
            if type(v1) is not str: v1 = leaf1(v1)
            v2 = r.images
            if type(v2) not in LISTS: amiss()
            o2 = []
            for v3 in v2:
                if type(v3) not in known3: amiss()
                v4 = v3.url
                if type(v4) is not str: v4 = leaf4(v4)
                o2.append({"url": v4})
            append({"title": v1, "related": x0, "images": o2})
        return out

It knows nothing of errors: what raises here is done again with care in `graph.execute.plan.complete`, which names the
field.
"""

import keyword
from collections.abc import Callable, Mapping
from itertools import count
from operator import attrgetter
from typing import Any, NoReturn

from graphql.type.scalars import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT

from graph.execute.plan.leaf import Leaf
from graph.execute.plan.resolver import Attribute, Batch, Call
from graph.execute.plan.selection import LISTS, AmissError, Field, Position, Selection, Shape, selection_of

DEEPEST = 4
"""Levels of objects that one `build` makes: source that nests deeper is no longer quick to compile."""
BUILTIN = {str, int, bool}
"""Classes whose names source may use."""


def finish(shape: Shape) -> None:
    """Give a shape its columns, the calls whose arguments change with the request, and its `build`."""
    for field in shape.fields:
        field.inline = is_inline(field)
    read_here = [field for field in shape.fields if field.inline and not isinstance(field.resolver, Batch)]
    shape.columns = tuple(field for field in shape.fields if field.is_column and field not in read_here)
    shape.calls = tuple(field for field in shape.fields if is_variable_call(field))
    shape.build = _Writer().build(shape)


def unite(selection: Selection) -> None:
    """Give a selection the shape that all its types share, if they do."""
    first, *others = selection.shapes.values()
    alike = all(each.fields == first.fields and each.cache_key is None for each in (first, *others))
    if others and alike and all(field.resolver for field in first.fields):
        selection.united = Shape(first.kind, first.fields, members=selection.by_class)
        finish(selection.united)


def is_variable_call(field: Field) -> bool:
    """Whether a leaf is read by a call whose arguments hold variables."""
    called = not field.is_column and isinstance(field.resolver, Call)
    return called and field.arguments is not None and field.arguments.constant is None


def is_inline(field: Field, depth: int = 1) -> bool:
    """Whether a field's objects can be made with those that hold them: of one type, from nothing but their records."""
    selection = selection_of(field.position)
    if selection is None or len(selection.shapes) > 1 or depth > DEEPEST:
        return False
    if isinstance(field.resolver, Call) and field.arguments is not None and field.arguments.constant is None:
        return False
    (shape,) = selection.shapes.values()
    return shape.cache_key is None and all(_is_inline_below(each, depth + 1) for each in shape.fields)


def _is_inline_below(field: Field, depth: int) -> bool:
    if not field.is_column:
        return not is_variable_call(field)
    return not isinstance(field.resolver, Batch) and is_inline(field, depth)


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


def _amiss() -> NoReturn:
    raise AmissError


class _Writer:
    """Writes one `build`, line by line; what its source refers to is in `names`."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"LISTS": LISTS, "amiss": _amiss}
        self.lines: list[str] = []
        self.numbers = count(1)

    def build(self, shape: Shape) -> Callable[..., list[Any]]:
        """Return the function for a shape that has its columns and calls."""
        calls, columns = [f"k{n}" for n, _ in enumerate(shape.calls)], [f"c{n}" for n, _ in enumerate(shape.columns)]
        values = {field: f"x{n}" for n, field in enumerate(shape.columns)}
        rows = f"zip({', '.join(['records', *columns])})" if columns else "records"
        self.lines += [
            f"def build({', '.join(['records', *calls, *columns])}):",
            " out = []",
            " append = out.append",
            f" for {', '.join(['r', *values.values()])} in {rows}:",
        ]
        made = self._object(shape, "r", 2, values, dict(zip(shape.calls, calls, strict=True)))
        self.lines += [f"  append({made})", " return out"]
        title = f"<{shape.kind.name} {{{' '.join(field.key for field in shape.fields)}}}>"
        exec(compile("\n".join(self.lines), title, "exec"), self.names)  # noqa: S102  # names are checked in _read; keys are literals
        built: Callable[..., list[Any]] = self.names["build"]
        return built

    def _object(
        self, shape: Shape, record: str, indent: int, values: Mapping[Field, str], keywords: Mapping[Field, str]
    ) -> str:
        """Write what one object needs, and return its expression; *values* has those fields that are read already."""
        entries = []
        for field in shape.fields:
            if field.resolver is None:
                value = repr(shape.kind.name)
            elif field in values and not field.inline:
                value = values[field]
            else:
                number = next(self.numbers)
                value = values.get(field) or f"v{number}"
                if field not in values:
                    self._write(indent, f"{value} = {self._read(field, record, number, keywords.get(field))}")
                value = self._completed(field.position, value, number, indent)
            entries.append(f"{field.key!r}: {value}")
        return f"{{{', '.join(entries)}}}"

    def _read(self, field: Field, record: str, number: int, keywords: str | None) -> str:
        """Return the expression that reads a field of the variable *record*."""
        resolver = field.resolver
        if isinstance(resolver, Attribute):
            if resolver.name.isidentifier() and not keyword.iskeyword(resolver.name):
                return f"{record}.{resolver.name}"
            self.names[f"read{number}"] = attrgetter(resolver.name)
            return f"read{number}({record})"
        assert isinstance(resolver, Call)  # noqa: S101  # batches are columns
        self.names[f"read{number}"] = resolver.function
        if keywords:
            return f"read{number}({record}, **{keywords})"
        given = field.arguments.constant if field.arguments else None
        if not given:
            return f"read{number}({record})"
        self.names[f"given{number}"] = given
        return f"read{number}({record}, **given{number})"

    def _completed(self, position: Position, value: str, number: int, indent: int) -> str:
        """Write how the variable *value* is completed, and return the variable that then holds it."""
        if position.leaf is not None:
            self._leaf(position.leaf, position.nullable, value, number, indent)
            return value
        done = f"o{number}"
        if position.nullable:
            self._write(indent, f"{done} = None")
            self._write(indent, f"if {value} is not None:")
            indent += 1
        if position.items is not None:
            self._list(position.items, value, done, indent)
        elif position.selection is not None:
            (shape,) = position.selection.shapes.values()
            self.names[f"known{number}"] = position.selection.by_class
            self._write(indent, f"if type({value}) not in known{number}: amiss()")
            self._write(indent, f"{done} = {self._object(shape, value, indent, {}, {})}")
        return done

    def _list(self, items: Position, value: str, done: str, indent: int) -> None:
        number = next(self.numbers)
        self._write(indent, f"if type({value}) not in LISTS: amiss()")
        self._write(indent, f"{done} = []")
        self._write(indent, f"for v{number} in {value}:")
        item = self._completed(items, f"v{number}", number, indent + 1)
        self._write(indent + 1, f"{done}.append({item})")

    def _leaf(self, leaf: Leaf, nullable: bool, value: str, number: int, indent: int) -> None:
        """Write how a leaf is completed: as it is where it can be written so, else by its serialiser."""
        self.names[f"leaf{number}"] = leaf_reader(leaf, nullable)
        if leaf.native is None:
            self._write(indent, f"{value} = leaf{number}({value})")
            return
        native = leaf.native.__name__ if leaf.native in BUILTIN else f"native{number}"
        self.names[native] = leaf.native
        empty = f"{value} is not None and " if nullable else ""
        within = f" or not {GRAPHQL_MIN_INT} <= {value} <= {GRAPHQL_MAX_INT}" if leaf.bounded else ""
        self._write(indent, f"if {empty}(type({value}) is not {native}{within}): {value} = leaf{number}({value})")

    def _write(self, indent: int, line: str) -> None:
        self.lines.append(" " * indent + line)
