"""Adds and multiplies costs, the numbers of objects that are asked for, where page sizes may depend on variables.

A cost is a sum of products. `articles(first: $n) { nodes { related(first: 3) { title } } }` asks for 1 + n + 3n.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec import Struct

TERMS = 64
"""Most products in one cost; beyond them each variable counts as the most it may be."""


class Slicing(NamedTuple):
    """A page size given by variables: by the largest of those that are numbers, or by the length of one that is a list.

    *default* is the size where all are null or left out, *most* what may be asked for.
    """

    variables: tuple[str, ...]
    default: int
    most: int
    is_list: bool = False


Factor = int | Slicing


class Cost(Struct, frozen=True):
    """A sum of products: how often each product of page sizes (in order) is counted."""

    terms: Mapping[tuple[Slicing, ...], int]

    def __add__(self, other: "Cost") -> "Cost":
        if not other.terms:
            return self
        terms = dict(self.terms)
        for product, times in other.terms.items():
            terms[product] = terms.get(product, 0) + times
        return Cost(terms).bounded()

    def __mul__(self, factor: Factor) -> "Cost":
        if isinstance(factor, int):
            return Cost({product: times * factor for product, times in self.terms.items()})
        return Cost({tuple(sorted((*product, factor))): times for product, times in self.terms.items()})

    def bounded(self) -> "Cost":
        """Return this cost, or a larger one that has few terms."""
        return self if len(self.terms) <= TERMS else objects(self.most())

    def most(self) -> int:
        """Return the cost with every variable at its most."""
        return sum(
            times * _product(max(slicing.most, slicing.default) for slicing in product)
            for product, times in self.terms.items()
        )

    @property
    def slicings(self) -> frozenset[Slicing]:
        """The page sizes that it depends on."""
        return frozenset(slicing for product in self.terms for slicing in product)

    def of(self, variables: Mapping[str, Any]) -> int:
        """Return the cost with these variables; one of the wrong type counts as its default."""
        return sum(
            times * _product(size(slicing, variables) for slicing in product)
            for product, times in self.terms.items()
        )  # fmt: skip


def objects(count: int) -> Cost:
    """Return the cost of *count* objects."""
    return Cost({(): count} if count else {})


def size(slicing: Slicing, variables: Mapping[str, Any]) -> int:
    """Return the page size that the variables give, coerced as they are before execution."""
    given = [
        entries for name in slicing.variables if (entries := _entries(variables.get(name), slicing.is_list)) is not None
    ]
    return max(given, default=slicing.default)


def _entries(value: Any, is_list: bool) -> int | None:
    """Return how many entries a value asks for, None where it is null or will be refused.

    A JSON number without a fraction is an `Int` however it is written (100.0, 1e2; specification 3.5.1), and what is
    no list is one of a single entry where a list is asked for (3.11).
    """
    if is_list:
        return None if value is None else len(value) if isinstance(value, list) else 1
    if isinstance(value, int):
        return max(value, 0)
    return max(int(value), 0) if isinstance(value, float) and value.is_integer() else None


def _product(factors: Any) -> int:
    product = 1
    for factor in factors:
        product *= factor
    return product
