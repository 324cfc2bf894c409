"""Adds and multiplies costs, the numbers of objects that are asked for, where page sizes may depend on variables.

A cost is a sum of products. `articles(first: $n) { nodes { related(first: 3) { title } } }` asks for 1 + n + 3n.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec import Struct

TERMS = 64
"""Most products in one cost; beyond them each variable counts as the most it may be."""


class Slicing(NamedTuple):
    """A page size given by a variable, as a number or a list: its size where it is null, and the most it may be."""

    variable: str
    default: int
    most: int


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
        return sum(times * _product(slicing.most for slicing in product) for product, times in self.terms.items())

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
    """Return the page size that the variables give."""
    value = variables.get(slicing.variable)
    if isinstance(value, list):
        return len(value)
    return max(value, 0) if isinstance(value, int) else slicing.default


def _product(factors: Any) -> int:
    product = 1
    for factor in factors:
        product *= factor
    return product
