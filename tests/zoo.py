"""Makes an awkward schema and worlds for it, so that plans meet all that can go wrong in an answer.

Interfaces, a union, null where none may be, errors, wrong types, nested lists, fields that wait.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, build_schema
from graphql.language import StringValueNode
from hypothesis import strategies as st

from graph.execute.plan.resolver import CACHE_KEY, FLEETING, RESOLVER, Attribute, Batch, Call, Resolver
from graph.schema.loaders import load

SDL = """
scalar Anything
enum Mood { GLAD CROSS }
input Hunger { food: String = "fish" amount: Int! = 2 more: [Hunger!] mood: Mood }
input Key @oneOf { id: ID number: Int }
interface Named { id: ID! name(loud: Boolean = false): String friend: Named friends(first: Int = 2): [Named!]! }
interface Alive implements Named {
  id: ID! name(loud: Boolean = false): String friend: Named friends(first: Int = 2): [Named!]! age: Int! }
type Cat implements Named & Alive {
  id: ID! name(loud: Boolean = false): String friend: Named friends(first: Int = 2): [Named!]! age: Int!
  lives: Int mood: Mood eats(hunger: Hunger, times: [Int!]): Boolean toys: [Toy!] grid: [[Int!]]! keeper: Keeper! }
type Dog implements Named & Alive {
  id: ID! name(loud: Boolean = false): String friend: Named friends(first: Int = 2): [Named!]! age: Int!
  lives: String weight: Float mood: Mood! tags: [String!]! toys: [Toy] keeper: Keeper! }
type Toy { id: ID! name: String! weight: Float owner: Alive! owners: [[Pet]!] anything: Anything
  box: Box boxes: [Box!] regions: [[Box]!]! packed(at: Int = 0): Box! parcels: [Box!] }
type Box { size: Int! note(loud: Boolean = false): String inner: Box mood: Mood parts: [Part!] }
type Part { name: String! kind: String }
type Keeper implements Named {
  id: ID! name(loud: Boolean = false): String friend: Named friends(first: Int = 2): [Named!]!
  pets(mood: Mood = GLAD): [Pet!]! since: Int }
union Pet = Cat | Dog | Toy
type Query {
  pet(key: Key): Pet pets(first: Int = 3, hunger: Hunger): [Pet!] named: [Named!]! alive(id: ID): Alive
  toy: Toy! keepers(ids: [ID!]): [Keeper]! cat: Cat }
"""

CLASSES = {name: type(name, (), {}) for name in ("Cat", "Dog", "Toy", "Keeper")}


class Box:
    """An object that no field links to: it is an attribute of a toy."""

    def __init__(self, **given: Any) -> None:
        vars(self).update(given)


class Part(Box):
    """An object in boxes whose type has no `is_type_of`."""


CLASSES_OF_PETS = ("Cat", "Dog", "Toy")


@dataclass
class World:
    """Cats, dogs, toys and keepers that refer to each other, and the names of the batch resolvers that fail or wait."""

    members: list[Any]
    failing: frozenset[str] = frozenset()
    waiting: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Viewer:
    """Somebody's rights."""

    drafts: bool = False


@dataclass
class Asking:
    """A request's context over a world; it notes the calls of batch resolvers."""

    world: World
    sequence: int = 1
    viewer: Viewer = Viewer()
    loaders: dict[Any, Any] = field(default_factory=dict)
    calls: list[tuple[str, int]] = field(default_factory=list)

    @property
    def store(self) -> "Asking":
        """Return what has the sequence: this."""
        return self

    @asynccontextmanager
    async def reading(self, _searches: bool = False) -> Any:
        """Hold nothing, since nothing moves."""
        yield


class PetError(Exception):
    """What a field fails with."""


def batched(name: str, pick: Callable[[Any, Mapping[str, Any], World], Any]) -> Batch:
    """Return a batch resolver that fails or waits if the world says so."""

    async def function(parents: list[Any], context: Asking, **arguments: Any) -> list[Any]:
        context.calls.append((name, len(parents)))
        if name in context.world.waiting:
            await asyncio.sleep(0)
        if name in context.world.failing:
            raise PetError(name)
        return [pick(parent, arguments, context.world) for parent in parents]

    return Batch(function, dict)


def _nth(world: World, number: Any, *classes: str) -> Any:
    found = [each for each in world.members if type(each).__name__ in classes] if classes else world.members
    return found[number % len(found)] if found and isinstance(number, int) else None


def _some(parent: Any, attribute: str, world: World, *classes: str) -> Any:
    numbers = getattr(parent, attribute)
    return [_nth(world, number, *classes) for number in numbers] if isinstance(numbers, list) else numbers


def _name(parent: Any, loud: bool | None = False) -> Any:
    name = parent.name
    return name.upper() if loud and isinstance(name, str) else name


def _note(parent: Any, loud: bool | None = False) -> Any:
    note = parent.note
    return note.upper() if loud and isinstance(note, str) else note


def _eats(parent: Any, hunger: Any = None, times: Any = None) -> Any:
    if hunger and hunger.get("amount") == 3:
        raise PetError("three is too many")
    return (len(times or ()) + (hunger or {}).get("amount", 0)) % 2 == 0


NAMED: dict[str, Resolver] = {
    "id": Attribute("id"),
    "name": Call(_name, dict, attribute="name"),
    "friend": batched("friend", lambda r, _, w: r.friend if isinstance(r.friend, Exception) else _nth(w, r.friend)),
    "friends": batched("friends", lambda r, a, w: (_some(r, "friends", w) or [None])[: a.get("first") or None]),
}
ALIVE = NAMED | {"age": Attribute("age")}
TOYS = {"toys": batched("toys", lambda r, _, w: _some(r, "toys", w, "Toy"))}
KEEPER = {"keeper": batched("keeper", lambda r, _, w: _nth(w, r.number, "Keeper"))}
RESOLVERS: dict[str, dict[str, Resolver]] = {
    "Cat": ALIVE | TOYS | KEEPER | {
        "lives": Attribute("lives"), "mood": Attribute("mood"), "eats": Call(_eats, dict), "grid": Attribute("grid")},
    "Dog": ALIVE | TOYS | KEEPER | {
        "lives": Attribute("lives"), "weight": Attribute("weight"), "mood": Attribute("mood"),
        "tags": Attribute("tags")},
    "Toy": {
        "id": Attribute("id"), "name": Attribute("name"), "weight": Attribute("weight"),
        "owner": batched("owner", lambda r, _, w: _nth(w, r.number, "Cat", "Dog")),
        "owners": batched("owners", lambda r, _, w: [[_nth(w, r.number), None], [], [_nth(w, r.number + 1)]]),
        "anything": Attribute("anything"), "box": Attribute("box"), "boxes": Attribute("boxes"),
        "regions": Attribute("regions"), "packed": Call(lambda r, at=0: r.boxes[at], dict),
        "parcels": batched("parcels", lambda r, _, __: r.boxes)},
    "Box": {
        "size": Attribute("size"), "note": Call(_note, dict, attribute="note"), "inner": Attribute("inner"),
        "mood": Attribute("mood"), "parts": Attribute("parts")},
    "Part": {"name": Attribute("name"), "kind": Attribute("kind.text")},
    "Keeper": NAMED | {
        "pets": batched("pets", lambda r, _, w: [_nth(w, r.number + n, *CLASSES_OF_PETS) for n in (0, 1)]),
        "since": batched("since", lambda r, _, __: r.age)},
    "Query": {
        "pet": batched("pet", lambda _, a, w: _nth(w, (a.get("key") or {}).get("number"), "Cat", "Dog", "Toy")),
        "pets": batched("pets", lambda _, a, w: w.members[: a.get("first")]),
        "named": batched("named", lambda _, __, w: [each for each in w.members if type(each).__name__ != "Toy"]),
        "alive": batched("alive", lambda _, a, w: _nth(w, len(a.get("id") or "") + 1, "Cat", "Dog", "Keeper")),
        "toy": batched("toy", lambda _, __, w: _nth(w, 0, "Toy")),
        "keepers": batched("keepers", lambda _, a, w: [_nth(w, len(i), "Keeper") for i in a.get("ids") or "ab"]),
        "cat": batched("cat", lambda _, __, w: _nth(w, 0, "Cat"))},
}  # fmt: skip


def schema(cached: bool = True) -> GraphQLSchema:
    """Return the schema with its resolvers; cats and dogs are *cached*."""
    built = build_schema(SDL)
    for name, resolvers in RESOLVERS.items():
        kind = built.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        if name in CLASSES or name == "Box":
            kind.is_type_of = lambda value, _info, name=name: type(value).__name__ == name
        if cached and name in {"Cat", "Dog"}:
            kind.extensions[CACHE_KEY] = attrgetter("id")
        for key, resolver in resolvers.items():
            kind.fields[key].extensions[RESOLVER] = resolver
            kind.fields[key].resolve = interpreted(resolver)
    built.type_map["Toy"].fields["weight"].extensions[FLEETING] = True  # type: ignore[attr-defined]
    return built


def interpreted(resolver: Resolver) -> Callable[..., Any]:
    """Return how the interpreter resolves the same field."""
    if isinstance(resolver, Attribute):
        return lambda parent, _info, **_: attrgetter(resolver.name)(parent)
    if isinstance(resolver, Call):
        return lambda parent, _info, **arguments: resolver.function(parent, **resolver.arguments(arguments))
    return lambda parent, info, **arguments: load(
        info.context, resolver.function, parent, resolver.arguments(arguments), info.path
    )


def _mostly(good: st.SearchStrategy[Any], *odd: Any) -> st.SearchStrategy[Any]:
    return st.one_of(good, good, good, good, good, st.none(), st.sampled_from([PetError("odd"), *odd]))


PARTS = st.builds(
    Part,
    name=_mostly(st.text(max_size=3), 7),
    kind=st.sampled_from(["wood", None, 3]).map(lambda text: SimpleNamespace(text=text)),
)


def _boxes(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        Box,
        size=_mostly(st.integers(0, 9), 2**31, "large", 2.0),
        note=_mostly(st.text(max_size=3), 4),
        inner=_mostly(inner, "no box", Part(name="p", kind=None)),
        mood=_mostly(st.sampled_from(["GLAD", "CROSS"]), "SAD"),
        parts=_mostly(st.lists(_mostly(PARTS), max_size=2), {}, "text", 5),
    )


BOXES = st.recursive(_boxes(st.none()), _boxes, max_leaves=3)
SEVERAL = st.lists(_mostly(BOXES), max_size=2)
NUMBERS = st.integers(0, 5)
ATTRIBUTES = {
    "name": _mostly(st.text(max_size=5), 7, 1.5, [1]),
    "friend": _mostly(NUMBERS),
    "friends": _mostly(st.lists(NUMBERS, max_size=3), 5, "text"),
    "age": _mostly(st.integers(-5, 50), 2**40, "12", "old", True, 2.0, 2.5),
    "lives": _mostly(st.integers(0, 9), 2**31, "many"),
    "mood": _mostly(st.sampled_from(["GLAD", "CROSS"]), "SAD", []),
    "weight": _mostly(st.floats(0, 9), 3, float("nan"), "heavy", True),
    "toys": _mostly(st.lists(NUMBERS, max_size=2), (1, 2), {1}),
    "tags": _mostly(st.lists(st.text(max_size=3), max_size=3), ("a", 1), [None], 3),
    "grid": _mostly(st.lists(st.lists(st.integers(0, 3), max_size=2), max_size=2), [[None]], ((1,), [2**40])),
    "number": NUMBERS,
    "anything": _mostly(st.lists(st.none() | st.booleans() | st.integers(0, 9), max_size=2)),
    "box": _mostly(BOXES, "no box"),
    "boxes": _mostly(SEVERAL | SEVERAL.map(tuple), (1,), 5, "text"),
    "regions": _mostly(st.lists(_mostly(SEVERAL), max_size=2), [5]),
}  # fmt: skip


@st.composite
def worlds(draw: st.DrawFn, sound: bool = False) -> World:
    """Draw a world; in a *sound* one no function fails."""
    members = []
    for number, name in enumerate(draw(st.lists(st.sampled_from(sorted(CLASSES)), min_size=1, max_size=6))):
        member = CLASSES[name]()
        member.id = draw(st.sampled_from([f"{name}{number}"] * 8 + [number]))
        for attribute, values in ATTRIBUTES.items():
            setattr(member, attribute, draw(values))
        members.append(member)
    names = st.frozensets(st.sampled_from(["friend", "friends", "toys", "pets", "keeper", "owner"]), max_size=2)
    return World(members, frozenset() if sound else draw(st.just(frozenset()) | names), draw(names))


ANYTHING = {"Anything": st.just(StringValueNode(value="x"))}
