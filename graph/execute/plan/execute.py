"""A planned operation and a request's variables in, the answer's data and errors out (specification, section 6.2).

A run walks the plan once, level by level. A level is the list of records at one place of the plan, taken over the whole
answer: all articles of a page, then all related entries of all of them. For each linked field of a level its function
is called once, with all the records; what it returns are the records of the next level. On the way back the level's
objects are built by its shapes. Nothing suspends that the functions do not suspend.
"""

from collections.abc import Callable, Hashable, Mapping
from itertools import chain, repeat
from typing import Any

import orjson
from graphql import GraphQLError

from graph.execute.plan.complete import as_list, assembled, leaves, regrouped, sift, written
from graph.execute.plan.fetch import fetch, read
from graph.execute.plan.kept import Shelf
from graph.execute.plan.resolver import Batch
from graph.execute.plan.selection import LISTS, AmissError, Field, Position, Selection, Shape
from graph.execute.plan.trouble import Troubled, is_troubled, settled
from graph.execute.plan.variables import Inputs

JSON = orjson.OPT_UTC_Z
"""How every answer is written: instants in UTC end in Z."""

ShelfNamed = Callable[[Hashable, bytes], Shelf | None]
"""Gives the shelf for what a shape gives (its identity) under the values of the variables within it."""


class Run:
    """One request's walk through a plan."""

    __slots__ = (
        "calls", "context", "hits", "inputs", "keyed", "misses", "place", "shelf_named", "shelves", "slow", "troubled",
    )  # fmt: skip

    def __init__(self, context: Any, inputs: Inputs, shelf_named: ShelfNamed | None) -> None:
        """Prepare a walk; without *shelf_named* no bytes are kept."""
        self.context, self.inputs, self.shelf_named = context, inputs, shelf_named
        self.shelves: dict[Shape, Shelf | None] = {}
        self.keyed: dict[Field, Mapping[str, Any]] = {}
        self.troubled = False
        self.calls = self.hits = self.misses = 0
        self.place: Field | None = None
        self.slow: Exception | None = None

    async def execute(self, root: Shape, value: Any) -> tuple[Any, list[GraphQLError]]:
        """Return the data and the errors of the answer."""
        data = (await self._level(root, [value]))[0]
        if type(data) is Troubled:
            return data.value, written(data.errors)
        return data, []

    async def _level(self, shape: Shape, records: list[Any]) -> list[Any]:
        """Return the JSON objects of a level whose records have one concrete type."""
        return await self._built(shape, records, [await self._column(field, records) for field in shape.columns])

    async def _column(self, field: Field, records: list[Any]) -> list[Any]:
        """Return the values of one field for a level, completed unless its objects are made where they stand."""
        self.place = field
        if isinstance(field.resolver, Batch):
            self.calls += 1
            values = await fetch(field, records, self.context, self.keywords)
        else:
            values = read(field, records, self.keywords)
        return values if field.inline else await self._complete(field.position, values)

    async def _complete(self, position: Position, values: list[Any]) -> list[Any]:
        """Return the completed values of a position; one with errors in it is Troubled."""
        if not values:
            return values
        kinds = set(map(type, values))
        if position.items is not None:
            if not kinds <= LISTS:
                return await self._sifted(position, values, as_list)
            done = await self._lists(position.items, values)
        elif position.selection is not None:
            selection = position.selection
            if not kinds <= selection.by_class.keys():
                return await self._sifted(position, values, selection.fit)
            done = await self._objects(selection, values, kinds)
        else:
            assert position.leaf is not None  # noqa: S101  # a position is a list, an object or a leaf
            done = leaves(position, position.leaf, values, kinds)
            self.troubled = self.troubled or (done is not values and is_troubled(done))
        return settled(position.nullable, done) if self.troubled else done

    async def _sifted(self, position: Position, values: list[Any], fit: Callable[[Any], Any]) -> list[Any]:
        """Complete values of which some are null, failed, or of a class that was not seen before."""
        done, rest = sift(values, fit)
        completed = await self._complete(position, [done[index] for index in rest])
        for index, value in zip(rest, completed, strict=True):
            done[index] = value
        settled(position.nullable, done)
        self.troubled = self.troubled or is_troubled(done)
        return done

    async def _lists(self, items: Position, values: list[Any]) -> list[Any]:
        flat = list(chain.from_iterable(values))
        done = await self._complete(items, flat)
        return values if done is flat else regrouped(values, done, self.troubled)

    async def _objects(self, selection: Selection, records: list[Any], kinds: set[type]) -> list[Any]:
        """Return the JSON objects of records that all have a shape, or their kept bytes."""
        if len(kinds) > 1 and selection.united:
            return await self._level(selection.united, records)
        if len(kinds) > 1:
            return await self._mixed(selection, records)
        (kind,) = kinds
        shape = selection.by_class[kind]
        shelf = self._shelf(shape) if shape.cache_key else None
        return await self._level(shape, records) if shelf is None else await self._taken(shape, shelf, records)

    async def _taken(self, shape: Shape, shelf: Shelf, records: list[Any]) -> list[Any]:
        """Return the kept bytes of a level, after making and keeping those that are missing."""
        assert shape.cache_key is not None  # noqa: S101  # it has a shelf
        keys, kept = list(map(shape.cache_key, records)), shelf.kept
        try:
            found: list[Any] = [kept[key] for key in keys]
        except KeyError:
            pass
        else:
            self.hits += len(keys)
            return found
        missing = {key: record for key, record in zip(keys, records, strict=True) if key not in kept}
        self.misses += len(missing)
        self.hits += len(keys) - len(missing)
        made = await self._level(shape, list(missing.values()))
        fresh = {key: self._keep(shelf, key, value) for key, value in zip(missing, made, strict=True)}
        found = [kept[key] if key in kept else fresh[key] for key in keys]
        return [each.copy() if type(each) is Troubled else each for each in found] if self.troubled else found

    def _keep(self, shelf: Shelf, key: Hashable, value: Any) -> Any:
        """Keep an object, unless there are errors in it or orjson cannot write it; return what the answer holds."""
        if type(value) is Troubled:
            return value
        try:
            return shelf.keep(key, orjson.dumps(value, option=JSON))
        except TypeError:
            return value

    async def _mixed(self, selection: Selection, records: list[Any]) -> list[Any]:
        """Return the JSON objects of records of several classes; fields that they share are still read once."""
        shapes = [selection.by_class[type(record)] for record in records]
        done = [self._found(shape, record) for shape, record in zip(shapes, records, strict=True)]
        rest: dict[Shape, list[int]] = {}
        for index, found in enumerate(done):
            if found is None:
                rest.setdefault(shapes[index], []).append(index)
        columns: dict[Field, dict[int, Any]] = {}
        for field in dict.fromkeys(field for shape in rest for field in shape.columns):
            places = sorted(chain.from_iterable(rest[shape] for shape in rest if field in shape.columns))
            values = await self._column(field, [records[index] for index in places])
            columns[field] = dict(zip(places, values, strict=True))
        for shape, places in rest.items():
            own = [[columns[field][index] for index in places] for field in shape.columns]
            built = await self._built(shape, [records[index] for index in places], own)
            shelf = self._shelf(shape) if shape.cache_key else None
            for index, value in zip(places, built, strict=True):
                key = shape.cache_key(records[index]) if shape.cache_key else None
                done[index] = value if shelf is None else self._keep(shelf, key, value)
        return done

    def _found(self, shape: Shape, record: Any) -> Any:
        """Return the kept bytes of one record, or None."""
        shelf = self._shelf(shape) if shape.cache_key else None
        if shelf is None or shape.cache_key is None:
            return None
        found = shelf.kept.get(shape.cache_key(record))
        self.hits, self.misses = self.hits + (found is not None), self.misses + (found is None)
        return found

    async def _built(self, shape: Shape, records: list[Any], columns: list[list[Any]]) -> list[Any]:
        """Return the JSON objects of one shape: by its `build`, or with care where that stumbles over an error."""
        stumbled = None
        if not self.troubled or not any(map(is_troubled, columns)):
            try:
                return shape.build(records, *[self.keywords(field) for field in shape.calls], *columns)
            except AmissError:
                pass
            except Exception as error:  # the careful way finds out which field it is
                stumbled = error
        return await self._with_care(shape, records, columns, stumbled)

    async def _with_care(
        self, shape: Shape, records: list[Any], columns: list[list[Any]], stumbled: Exception | None
    ) -> list[Any]:
        """Return the JSON objects of one shape, each value looked at by itself; its `build` *stumbled*."""
        read_before = dict(zip(shape.columns, columns, strict=True))
        whole = []
        for field in (each for each in shape.fields if each.is_column):
            values = read_before[field] if field in read_before else await self._column(field, records)
            whole.append(await self._complete(field.position, list(values)) if field.inline else values)
        rows = zip(*whole, strict=True) if whole else repeat(())
        shapes = (shape.members.get(type(record), shape) for record in records)
        done = [assembled(*each, self.keywords) for each in zip(shapes, records, rows)]  # noqa: B905  # rows may be endless
        if is_troubled(done):
            self.troubled = True
        else:
            self.slow = self.slow or stumbled
        return done

    def keywords(self, field: Field) -> Mapping[str, Any]:
        """Return a field's keyword arguments. Raises what keeps them from being made."""
        arguments = field.arguments
        if arguments is None:
            return {}
        if arguments.constant is not None:
            return arguments.constant
        if field not in self.keyed:
            self.keyed[field] = arguments.keywords(self.inputs)
        return self.keyed[field]

    def _shelf(self, shape: Shape) -> Shelf | None:
        """Return where a shape's bytes are kept for this request's variables and rights."""
        if shape not in self.shelves:
            self.shelves[shape] = self._named_shelf(shape)
        return self.shelves[shape]

    def _named_shelf(self, shape: Shape) -> Shelf | None:
        if self.shelf_named is None:
            return None
        given = {name: self.inputs.given[name] for name in shape.variables if name in self.inputs.given}
        try:
            within = orjson.dumps(given, option=orjson.OPT_SORT_KEYS) if given else b""
        except TypeError:
            return None
        return self.shelf_named(shape.identity, within)
