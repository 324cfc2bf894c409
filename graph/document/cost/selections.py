"""Counts selection sets: their depth, aliases, directives, fields, objects and values, as if fragments were expanded.

The count of a fragment is remembered by its name and the page size that it inherits. So fragments that double each
other take as many steps as the document has fields, however many those would expand to.
"""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from graphql import (
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)
from graphql.type import is_composite_type, is_introspection_type
from msgspec import Struct
from msgspec.structs import replace

from graph.document.cost.arithmetic import Cost, Factor, Slicing, objects
from graph.document.cost.conditions import CONDITIONS, Uses, count_literal
from graph.errors import PageTooLarge, Refusal, over_limit
from graph.settings import Settings

VALUES = "values"
"""The key of `GraphQLField.extensions` for how many values a field counts as, where that is not one."""
PAGE = "page"
"""The key for how many entries a page of a field has where neither `first` nor `last` is given."""
LENGTH = "length"
"""The key for what is known of a list that is answered whole."""
Lengths = Mapping[str, int]
"""How long the lists may be that are answered whole, by name; one that is missing has as many entries as is assumed."""
LEVELS = 128
"""Deepest nesting of selection sets, through fragments of either kind; it bounds our own stack and the executor's."""
CATALOGUE = 40
"""Most lists of introspection in an operation; GraphiQL's own query has 11."""
EXPANDED = 20_000
"""Most fields of a document, fragments expanded, whatever they cost."""


class Whole(NamedTuple):
    """A list that is answered whole: its name in `Lengths`, or one for each `unit`; and the most that it may hold."""

    name: str
    most: int | None = None


SLICES = ("first", "last")


class Tally(Struct, frozen=True):
    """The count of one selection set. `fields` are those of its own level, `expanded` are all below it too.

    `lists` are those of introspection, `levels` nested selection sets, `uses` the variables that may hold conditions.
    """

    depth: int = 0
    introspection_depth: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0
    expanded: int = 0
    lists: int = 0
    levels: int = 0
    conditions: int = 0
    uses: Uses | None = None
    cost: Cost = objects(0)
    values: Cost = objects(0)

    def __add__(self, other: "Tally") -> "Tally":
        """Return the tally of two selections that stand side by side."""
        if other is NOTHING:
            return self
        return Tally(
            max(self.depth, other.depth),
            max(self.introspection_depth, other.introspection_depth),
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.fields + other.fields,
            self.expanded + other.expanded,
            self.lists + other.lists,
            max(self.levels, other.levels),
            self.conditions + other.conditions,
            self.uses + other.uses if self.uses and other.uses else self.uses or other.uses,
            self.cost + other.cost,
            self.values + other.values,
        )

    @property
    def conditions_alone(self) -> "Tally":
        """The conditions alone, which count twice in a list: the store looks for all its entries at once."""
        return Tally(conditions=self.conditions, uses=self.uses) if self.conditions or self.uses else NOTHING


NOTHING = Tally()


class Tallies:
    """Counts the operations of one document; each fragment is counted once."""

    def __init__(
        self,
        fragments: Mapping[str, FragmentDefinitionNode],
        schema: GraphQLSchema,
        settings: Settings,
        lengths: Lengths = MappingProxyType({}),
    ) -> None:
        self.schema, self.settings, self.lengths = schema, settings, lengths
        self.fragments = fragments
        self.memo: dict[tuple[str, Factor | None], Tally] = {}
        self.chain: set[str] = set()
        self.level = 0

    def operation(self, operation: OperationDefinitionNode) -> Tally:
        """Return the tally of an operation. Raises Refusal where it expands beyond what can be counted or executed."""
        return self.selections(operation.selection_set, self.schema.get_root_type(operation.operation), None)

    def check_fragments(self) -> None:
        """Count also the fragments that no operation spreads, since they are validated too. Raises Refusal."""
        for name in self.fragments:
            self.fragment(name, None)

    def selections(self, selections: SelectionSetNode, parent: GraphQLNamedType | None, page: Factor | None) -> Tally:
        """Return the tally of a selection set on *parent*, whose lists have *page* entries where they do not say."""
        self.level += 1
        if self.level > LEVELS:
            raise _too_deep()
        total = NOTHING
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                definition = self.schema.get_field(parent, selection.name.value) if is_composite_type(parent) else None
                tally = self.field(selection, definition, page) + self.conditions(selection, definition)
            elif isinstance(selection, FragmentSpreadNode):
                tally = self.fragment(selection.name.value, page)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                on = self.schema.get_type(condition.name.value) if condition else parent
                tally = self.selections(selection.selection_set, on, page)
            total = total + tally
            if selection.directives:
                total = total + Tally(directives=len(selection.directives))
        if total.expanded > EXPANDED:
            raise over_limit("TOO_COSTLY", f"The document expands to more than {EXPANDED} fields.")
        if total.lists > CATALOGUE:
            raise over_limit("TOO_COSTLY", f"The operation introspects more than {CATALOGUE} lists.")
        if total.levels >= LEVELS:
            raise _too_deep()
        self.level -= 1
        return replace(total, levels=total.levels + 1)

    def fragment(self, name: str, page: Factor | None) -> Tally:
        """Return the tally of a fragment; nothing for one that is unknown or cyclic, which validation refuses."""
        definition = self.fragments.get(name)
        if definition is None or name in self.chain:
            return NOTHING
        tally = self.memo.get((name, page))
        if tally is None:
            self.chain.add(name)
            on = self.schema.get_type(definition.type_condition.name.value)
            tally = self.selections(definition.selection_set, on, page)
            if definition.directives:
                tally = tally + Tally(directives=len(definition.directives))
            self.chain.remove(name)
            self.memo[name, page] = tally
        return tally

    def field(self, node: FieldNode, definition: GraphQLField | None, page: Factor | None) -> Tally:
        """Return the tally of one field with all below it; validation refuses one without a definition."""
        aliases = 1 if node.alias else 0
        weight = definition.extensions.get(VALUES, 1) if definition else 1
        if node.selection_set is None:
            values = objects(weight)
            return Tally(depth=1, introspection_depth=1, aliases=aliases, fields=1, expanded=1, values=values)
        if definition is None:
            below = self.selections(node.selection_set, None, None)
            return self._above(below, below.cost, below.values, aliases)
        named, is_list = get_named_type(definition.type), is_list_type(get_nullable_type(definition.type))
        times, inherited = self.times(node, definition, page)
        below = self.selections(node.selection_set, named, inherited)
        if is_introspection_type(named):
            introspected = self._above(below, objects(0), objects(0), aliases)
            depth, lists = below.introspection_depth + 1, below.lists + is_list
            return replace(introspected, depth=1, introspection_depth=depth, lists=lists)
        cost, values = (below.cost + objects(1)) * times, (below.values + objects(weight)) * times
        return self._above(below + below.conditions_alone if is_list else below, cost, values, aliases)

    def times(self, node: FieldNode, definition: GraphQLField, page: Factor | None) -> tuple[Factor, Factor | None]:
        """Return how many objects a field has, and how many entries the lists below it have that do not say."""
        sliced = self.page(node, definition)
        if not is_list_type(get_nullable_type(definition.type)):
            return 1, sliced
        return _first_known(sliced, self.length(node, definition), page, self.settings.list_size), None

    def conditions(self, node: FieldNode, definition: GraphQLField | None) -> Tally:
        """Return the conditions of a field: its own, and those of its arguments."""
        count = definition.extensions.get(CONDITIONS, 0) if definition else 0
        if not count and not node.arguments:
            return NOTHING
        uses: Uses = Counter()
        for argument in node.arguments or ():
            known = definition.args.get(argument.name.value) if definition else None
            count += count_literal(argument.value, known.type if known else None, uses)
        return Tally(conditions=count, uses=uses) if count or uses else NOTHING

    def _above(self, below: Tally, cost: Cost, values: Cost, aliases: int) -> Tally:
        return Tally(
            depth=below.depth + 1,
            aliases=aliases + below.aliases,
            directives=below.directives,
            fields=1,
            expanded=below.expanded + 1,
            lists=below.lists,
            levels=below.levels,
            conditions=below.conditions,
            uses=below.uses,
            cost=cost,
            values=values,
        )

    def page(self, node: FieldNode, definition: GraphQLField) -> Factor | None:
        """Return how many entries a field is asked for: by `first`, `last` or a list of keys; None if by none."""
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        is_list = is_list_type(get_nullable_type(definition.type))
        sizes: list[Factor] = []
        for name in definition.args.keys() & given.keys():
            if name in SLICES:
                sizes += self._slice(name, given[name], node, definition)
            elif is_list and is_list_type(get_nullable_type(definition.args[name].type)):
                sizes += self._keys(given[name])
        if not sizes:
            return self._page_of(definition)
        numbers = [size for size in sizes if isinstance(size, int)]
        # Two that are given are an error, and so a variable beside a number is null
        return max(numbers) if numbers else _either([size for size in sizes if isinstance(size, Slicing)])

    def length(self, node: FieldNode, definition: GraphQLField) -> int | None:
        """Return how long a list is at most that is answered whole; None where that is not known."""
        whole: Whole | None = definition.extensions.get(LENGTH)
        if whole is None:
            return None
        names = [f"{whole.name}.{unit}" for unit in self._units(node, definition)] or [whole.name]
        longest = max(self.lengths.get(name, 0) for name in names)
        return max(longest if whole.most is None else min(longest, whole.most), self.settings.list_size)

    def _units(self, node: FieldNode, definition: GraphQLField) -> list[str]:
        """Return the units that a list may have one entry for each of; any of them where a variable says which."""
        kind = get_named_type(definition.args["unit"].type) if "unit" in definition.args else None
        if not isinstance(kind, GraphQLEnumType):
            return []
        values = [argument.value for argument in node.arguments or () if argument.name.value == "unit"]
        return [each.value for each in values if isinstance(each, EnumValueNode)] or list(kind.values)

    def _page_of(self, definition: GraphQLField) -> int | None:
        """Return the size of a page where nothing is said of it."""
        page: int | None = definition.extensions.get(PAGE)
        defaults = (_default(definition.args[name]) for name in SLICES if name in definition.args)
        return page if page is not None else next((default for default in defaults if default is not None), None)

    def _slice(self, name: str, value: ValueNode, node: FieldNode, definition: GraphQLField) -> list[Factor]:
        most = max(self.settings.page, _default(definition.args[name]) or 0)
        if isinstance(value, VariableNode):
            whole = self.length(node, definition)
            fallback = next(n for n in (self._page_of(definition), whole, self.settings.list_size) if n is not None)
            return [Slicing((value.name.value,), fallback, most)]
        if isinstance(value, IntValueNode):
            if len(value.value) > 9 or int(value.value) > most:
                raise PageTooLarge(name, value.value[:20], most, lambda other: other is value)
            return [max(int(value.value), 0)]
        return []

    def _keys(self, value: ValueNode) -> list[Factor]:
        if isinstance(value, VariableNode):
            return [Slicing((value.name.value,), self.settings.list_size, self.settings.cost, is_list=True)]
        return [len(value.values)] if isinstance(value, ListValueNode) else [1]


def _either(slicings: list[Slicing]) -> Slicing:
    """Return the page size that one of several variables gives, those of the others being null."""
    names = tuple(sorted({name for each in slicings for name in each.variables}))
    return Slicing(names, slicings[0].default, max(each.most for each in slicings), slicings[0].is_list)


def _too_deep() -> Refusal:
    return over_limit("TOO_DEEP", f"Selection sets and fragments nest deeper than {LEVELS} levels.")


def _default(argument: GraphQLArgument) -> int | None:
    """Return the whole number that an argument defaults to, a Python value or (in a schema of text) a literal."""
    default: Any = argument.default_value
    if argument.default is not None and isinstance(argument.default.literal, IntValueNode):
        default = int(argument.default.literal.value)
    return default if isinstance(default, int) else None


def _first_known(*sizes: Factor | None) -> Factor:
    return next(size for size in sizes if size is not None)
