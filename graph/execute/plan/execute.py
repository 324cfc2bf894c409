"""Walks a plan for one request and returns the answer's data and errors (ExecuteQuery, specification 6.2.1).

A run goes through the plan level by level. A level is the list of parents at one position of the plan, taken over the
whole answer: all articles of a page, then all related entries of all of them. For each field with a batch resolver its
function is called once for the level, with all parents; what it returns are the parents of the next level. On the way
back the objects of each level are built by their shapes. Nothing waits but those functions.
"""

from collections.abc import Callable, Hashable, Mapping
from itertools import chain, repeat
from typing import Any

import orjson
from graphql import GraphQLError

from graph.execute.plan.complete import as_list, assembled, leaves, regrouped, sift, written
from graph.execute.plan.errors import SlowPathError
from graph.execute.plan.field_errors import WithErrors, have_errors, settled
from graph.execute.plan.field_values import batch_values, read_values
from graph.execute.plan.fragment_cache import Region
from graph.execute.plan.resolver import Batch
from graph.execute.plan.tree import LISTS, Field, Position, SelectionSet, Shape
from graph.execute.plan.variables import Inputs

JSON = orjson.OPT_UTC_Z
"""How every answer is written: instants in UTC end in Z."""

RegionOf = Callable[[Hashable, bytes], Region | None]
"""Returns the cache's region for a shape's identity and the values of the variables within it, encoded."""


class Run:
    """One request's walk through a plan; it counts calls of batch resolvers and objects found in the cache or missing.

    `field` is the latest that was resolved, `unconfirmed` an error of a fast path that the slow path did not confirm.
    """

    __slots__ = (
        "calls", "context", "field", "has_errors", "hits", "inputs", "keyed", "misses", "region_of", "regions",
        "unconfirmed",
    )  # fmt: skip

    def __init__(self, context: Any, inputs: Inputs, region_of: RegionOf) -> None:
        self.context, self.inputs, self.region_of = context, inputs, region_of
        self.regions: dict[Shape, Region | None] = {}
        self.keyed: dict[Field, Mapping[str, Any]] = {}
        self.has_errors = False
        self.calls = self.hits = self.misses = 0
        self.field: Field | None = None
        self.unconfirmed: Exception | None = None

    async def execute(self, root: Shape) -> tuple[Any, list[GraphQLError]]:
        """Return the data and the errors of the answer."""
        data = (await self._level(root, [None]))[0]
        if type(data) is WithErrors:
            return data.value, written(data.errors)
        return data, []

    async def _level(self, shape: Shape, parents: list[Any]) -> list[Any]:
        """Return the JSON objects of a level whose parents have one concrete type."""
        return await self._built(shape, parents, [await self._column(field, parents) for field in shape.columns])

    async def _column(self, field: Field, parents: list[Any]) -> list[Any]:
        """Return the values of one field for a level, completed unless it is inline."""
        self.field = field
        if isinstance(field.resolver, Batch):
            self.calls += 1
            values = await batch_values(field, parents, self.context, self.keywords)
        else:
            values = read_values(field, parents, self.keywords)
        return values if field.inline else await self._complete(field.position, values)

    async def _complete(self, position: Position, values: list[Any]) -> list[Any]:
        """Return the completed values of a position; those with errors in them as WithErrors."""
        if not values:
            return values
        kinds = set(map(type, values))
        if position.items is not None:
            if not kinds <= LISTS:
                return await self._sifted(position, values, as_list)
            done = await self._lists(position.items, values)
        elif position.selection_set is not None:
            selection_set = position.selection_set
            if not kinds <= selection_set.by_class.keys():
                return await self._sifted(position, values, selection_set.fit)
            done = await self._objects(selection_set, values, kinds)
        else:
            assert position.leaf is not None  # noqa: S101  # a position is a list, an object or a leaf
            done = leaves(position, position.leaf, values, kinds)
            self.has_errors = self.has_errors or (done is not values and have_errors(done))
        return settled(position.nullable, done) if self.has_errors else done

    async def _sifted(self, position: Position, values: list[Any], fit: Callable[[Any], Any]) -> list[Any]:
        """Complete values of which some are null, failed, or of a class that was not seen before."""
        done, rest = sift(values, fit)
        completed = await self._complete(position, [done[index] for index in rest])
        for index, value in zip(rest, completed, strict=True):
            done[index] = value
        settled(position.nullable, done)
        self.has_errors = self.has_errors or have_errors(done)
        return done

    async def _lists(self, items: Position, values: list[Any]) -> list[Any]:
        flat = list(chain.from_iterable(values))
        done = await self._complete(items, flat)
        return values if done is flat else regrouped(values, done, self.has_errors)

    async def _objects(self, selection_set: SelectionSet, parents: list[Any], kinds: set[type]) -> list[Any]:
        """Return the JSON objects of parents whose classes all have a shape, or their cached bytes."""
        if len(kinds) > 1 and selection_set.united:
            return await self._level(selection_set.united, parents)
        if len(kinds) > 1:
            return await self._mixed(selection_set, parents)
        (kind,) = kinds
        shape = selection_set.by_class[kind]
        region = self._region(shape) if shape.cache_key else None
        return await self._level(shape, parents) if region is None else await self._cached(shape, region, parents)

    async def _cached(self, shape: Shape, region: Region, parents: list[Any]) -> list[Any]:
        """Return the cached bytes of a level, after making and caching those that are missing."""
        assert shape.cache_key is not None  # noqa: S101  # it has a region
        keys, fragments = list(map(shape.cache_key, parents)), region.fragments
        try:
            found: list[Any] = [fragments[key] for key in keys]
        except KeyError:
            pass
        else:
            self.hits += len(keys)
            return found
        missing = {key: parent for key, parent in zip(keys, parents, strict=True) if key not in fragments}
        self.misses += len(missing)
        self.hits += len(keys) - len(missing)
        made = await self._level(shape, list(missing.values()))
        fresh = {key: self._add(region, key, value) for key, value in zip(missing, made, strict=True)}
        found = [fragments[key] if key in fragments else fresh[key] for key in keys]
        return [each.copy() if type(each) is WithErrors else each for each in found] if self.has_errors else found

    def _add(self, region: Region, key: Hashable, value: Any) -> Any:
        """Return an object as it stands in the answer: cached, unless it has errors or orjson cannot write it."""
        if type(value) is WithErrors:
            return value
        try:
            return region.add(key, orjson.dumps(value, option=JSON))
        except TypeError:
            return value

    async def _mixed(self, selection_set: SelectionSet, parents: list[Any]) -> list[Any]:
        """Return the JSON objects of parents of several classes; fields that they share are still resolved once."""
        shapes = [selection_set.by_class[type(parent)] for parent in parents]
        done = [self._lookup(shape, parent) for shape, parent in zip(shapes, parents, strict=True)]
        rest: dict[Shape, list[int]] = {}
        for index, found in enumerate(done):
            if found is None:
                rest.setdefault(shapes[index], []).append(index)
        columns: dict[Field, dict[int, Any]] = {}
        for field in dict.fromkeys(field for shape in rest for field in shape.columns):
            indices = sorted(chain.from_iterable(rest[shape] for shape in rest if field in shape.columns))
            values = await self._column(field, [parents[index] for index in indices])
            columns[field] = dict(zip(indices, values, strict=True))
        for shape, indices in rest.items():
            own = [[columns[field][index] for index in indices] for field in shape.columns]
            built = await self._built(shape, [parents[index] for index in indices], own)
            region = self._region(shape) if shape.cache_key else None
            for index, value in zip(indices, built, strict=True):
                key = shape.cache_key(parents[index]) if shape.cache_key else None
                done[index] = value if region is None else self._add(region, key, value)
        return done

    def _lookup(self, shape: Shape, parent: Any) -> Any:
        """Return the cached bytes of one object, or None."""
        region = self._region(shape) if shape.cache_key else None
        if region is None or shape.cache_key is None:
            return None
        found = region.fragments.get(shape.cache_key(parent))
        self.hits, self.misses = self.hits + (found is not None), self.misses + (found is None)
        return found

    async def _built(self, shape: Shape, parents: list[Any], columns: list[list[Any]]) -> list[Any]:
        """Return the JSON objects of one shape: by its `build`, or on the slow path if that raises."""
        raised = None
        if not self.has_errors or not any(map(have_errors, columns)):
            try:
                return shape.build(parents, *[self.keywords(field) for field in shape.calls], *columns)
            except SlowPathError:
                pass
            except Exception as error:  # the slow path finds out which field it is
                raised = error
        return await self._slow_path(shape, parents, columns, raised)

    async def _slow_path(
        self, shape: Shape, parents: list[Any], columns: list[list[Any]], raised: Exception | None
    ) -> list[Any]:
        """Return the JSON objects of one shape, each value looked at by itself, after its `build` *raised*."""
        known = dict(zip(shape.columns, columns, strict=True))
        whole = []
        for field in (each for each in shape.fields if each.is_column):
            values = known[field] if field in known else await self._column(field, parents)
            whole.append(await self._complete(field.position, list(values)) if field.inline else values)
        rows = zip(*whole, strict=True) if whole else repeat(())
        shapes = (shape.members.get(type(parent), shape) for parent in parents)
        done = [assembled(*each, self.keywords) for each in zip(shapes, parents, rows)]  # noqa: B905  # rows may be endless
        if have_errors(done):
            self.has_errors = True
        else:
            self.unconfirmed = self.unconfirmed or raised
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

    def _region(self, shape: Shape) -> Region | None:
        """Return where a shape's objects are cached for this request's variables and rights."""
        if shape not in self.regions:
            self.regions[shape] = self._find_region(shape)
        return self.regions[shape]

    def _find_region(self, shape: Shape) -> Region | None:
        given = {name: self.inputs.given[name] for name in shape.variables if name in self.inputs.given}
        try:
            encoded = orjson.dumps(given, option=orjson.OPT_SORT_KEYS) if given else b""
        except TypeError:
            return None
        return self.region_of(shape.identity, encoded)
