"""Compiles a shape's `build`, the function that makes the JSON objects of a level without a lookup for each.

For `{ title related { title } images { url } }` on an article it reads:

    def build(parents, c0):
        out = []
        append = out.append
        for p, x0 in zip(parents, c0):
            v1 = p.title_text
            if type(v1) is not str: v1 = leaf1(v1)
            v2 = p.images
            if type(v2) not in LISTS: refuse()
            o2 = []
            for v3 in v2:
                if type(v3) not in known3: refuse()
                v4 = v3.url
                if type(v4) is not str: v4 = leaf4(v4)
                o2.append({"url": v4})
            append({"title": v1, "related": x0, "images": o2})
        return out

This is the fast path, which knows nothing of errors: if it raises, the slow path (`graph.execute.plan.complete`) makes
the same objects again and finds the field.
"""

import keyword
from collections.abc import Callable, Mapping
from itertools import count
from operator import attrgetter
from typing import Any, NoReturn

from graphql.type.scalars import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT

from graph.execute.plan.errors import SlowPathError
from graph.execute.plan.leaf import Leaf
from graph.execute.plan.resolver import Attribute, Batch, Call
from graph.execute.plan.tree import LISTS, Field, Position, SelectionSet, Shape, selection_set_of

DEEPEST = 4
"""Levels of objects that one `build` makes: source that nests deeper is no longer quick to compile."""
TITLE = 200
"""Characters of the response keys that tracebacks name the source by; it stays as long as the function does."""
BUILTIN = {str, int, bool}
"""Classes that the source may name, since they are builtins."""


def finish(shape: Shape) -> None:
    """Give a shape its columns, the calls whose arguments change with the request, and its `build`."""
    for field in shape.fields:
        field.inline = is_inline(field)
    read_here = [field for field in shape.fields if field.inline and not isinstance(field.resolver, Batch)]
    shape.columns = tuple(field for field in shape.fields if field.is_column and field not in read_here)
    shape.calls = tuple(field for field in shape.fields if is_variable_call(field))
    shape.build = _Writer().build(shape)


def unite(selection_set: SelectionSet) -> None:
    """Give a selection set one shape for all its types, if their fields are alike."""
    first, *others = selection_set.shapes.values()
    alike = all(each.fields == first.fields and each.cache_key is None for each in (first, *others))
    if others and alike and all(field.resolver for field in first.fields):
        selection_set.united = Shape(first.kind, first.fields, members=selection_set.by_class)
        finish(selection_set.united)


def is_variable_call(field: Field) -> bool:
    """Whether a leaf is read by a call whose arguments depend on variables."""
    called = not field.is_column and isinstance(field.resolver, Call)
    return called and field.arguments is not None and field.arguments.constant is None


def is_inline(field: Field, depth: int = 1) -> bool:
    """Whether the parent's `build` can make a field's objects too: of one type, from nothing but the parent."""
    selection_set = selection_set_of(field.position)
    if selection_set is None or len(selection_set.shapes) > 1 or depth > DEEPEST:
        return False
    if isinstance(field.resolver, Call) and field.arguments is not None and field.arguments.constant is None:
        return False
    (shape,) = selection_set.shapes.values()
    return shape.cache_key is None and all(_is_inline_below(each, depth + 1) for each in shape.fields)


def _is_inline_below(field: Field, depth: int) -> bool:
    if not field.is_column:
        return not is_variable_call(field)
    return not isinstance(field.resolver, Batch) and is_inline(field, depth)


def leaf_reader(leaf: Leaf, nullable: bool) -> Callable[[Any], Any]:
    """Return the function that serialises a value of this type."""
    serialise = leaf.serialise
    if nullable:
        return lambda value: None if value is None else serialise(value)

    def strict(value: Any) -> Any:
        if value is None:
            raise TypeError("null where none may be")
        return serialise(value)

    return strict


def _refuse() -> NoReturn:
    raise SlowPathError


class _Writer:
    """Writes the source of one `build`, line by line; `names` has the objects that the source refers to."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"LISTS": LISTS, "refuse": _refuse}
        self.lines: list[str] = []
        self.numbers = count(1)

    def build(self, shape: Shape) -> Callable[..., list[Any]]:
        """Return the function for a shape that has its columns and calls."""
        calls, columns = [f"k{n}" for n, _ in enumerate(shape.calls)], [f"c{n}" for n, _ in enumerate(shape.columns)]
        values = {field: f"x{n}" for n, field in enumerate(shape.columns)}
        rows = f"zip({', '.join(['parents', *columns])})" if columns else "parents"
        self.lines += [
            f"def build({', '.join(['parents', *calls, *columns])}):",
            " out = []",
            " append = out.append",
            f" for {', '.join(['p', *values.values()])} in {rows}:",
        ]
        made = self._object(shape, "p", 2, values, dict(zip(shape.calls, calls, strict=True)))
        self.lines += [f"  append({made})", " return out"]
        keys = " ".join(field.key for field in shape.fields)
        title = f"<{shape.kind.name} {{{keys[:TITLE]}}}>"
        exec(compile("\n".join(self.lines), title, "exec"), self.names)  # noqa: S102  # names are checked in _read; keys are literals
        built: Callable[..., list[Any]] = self.names["build"]
        return built

    def _object(
        self, shape: Shape, parent: str, indent: int, values: Mapping[Field, str], keywords: Mapping[Field, str]
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
                    self._write(indent, f"{value} = {self._read(field, parent, number, keywords.get(field))}")
                value = self._completed(field.position, value, number, indent)
            entries.append(f"{field.key!r}: {value}")
        return f"{{{', '.join(entries)}}}"

    def _read(self, field: Field, parent: str, number: int, keywords: str | None) -> str:
        """Return the expression that reads a field of the variable *parent*."""
        resolver = field.resolver
        if isinstance(resolver, Attribute):
            if resolver.name.isidentifier() and not keyword.iskeyword(resolver.name):
                return f"{parent}.{resolver.name}"
            self.names[f"read{number}"] = attrgetter(resolver.name)
            return f"read{number}({parent})"
        assert isinstance(resolver, Call)  # noqa: S101  # batches are columns
        self.names[f"read{number}"] = resolver.function
        if keywords:
            return f"read{number}({parent}, **{keywords})"
        given = field.arguments.constant if field.arguments else None
        if not given:
            return f"read{number}({parent})"
        self.names[f"given{number}"] = given
        return f"read{number}({parent}, **given{number})"

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
        elif position.selection_set is not None:
            (shape,) = position.selection_set.shapes.values()
            self.names[f"known{number}"] = position.selection_set.by_class
            self._write(indent, f"if type({value}) not in known{number}: refuse()")
            self._write(indent, f"{done} = {self._object(shape, value, indent, {}, {})}")
        return done

    def _list(self, items: Position, value: str, done: str, indent: int) -> None:
        number = next(self.numbers)
        self._write(indent, f"if type({value}) not in LISTS: refuse()")
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
