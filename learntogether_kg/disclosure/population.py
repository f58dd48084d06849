"""Reviews and everything they can be counted by, as plain arrays.

What is known of a review is a set of *facts*: one value of each single-valued dimension, any number of each other.
Facts roll up: a pattern counts for the type above it, a pattern found with an influence counts for the pattern. What
may be asked for are *categories*: facts, or what they roll up to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Members = NDArray[np.bool_]
"""Reviews × facts, or reviews × categories: whether the review has it."""
Counts = NDArray[np.int64]
"""Categories × categories: how many reviews have both. On the diagonal how many have the category."""

_FEW_ROWS = 4
"""For so few reviews it is quicker to look at their facts than to multiply matrices."""


@dataclass(frozen=True, order=True)
class Category:
    """What reviews are counted by: one value of one dimension."""

    dimension: str
    value: str


@dataclass(frozen=True)
class Dimension:
    """One way of telling reviews apart.

    Attributes:
        name: Its name.
        facts: The values a review can be given, in order.
        single: Whether every review has exactly one of them, "not known" counting as one.
        rolls_up: For a fact, the categories it counts for; without an entry, for the category of its own name. They may
            belong to other dimensions, so that *found* counts for *looked for* and a pattern with an influence for
            both.
        pairs: Whether reviews with two of its categories are counted, as with patterns that occur together.
        alone: Dimensions of categories it rolls up to that are asked for by themselves only, such as a pattern with an
            influence, which are two dimensions already.
    """

    name: str
    facts: tuple[str, ...]
    single: bool = True
    rolls_up: Mapping[str, Collection[Category]] = field(default_factory=dict)
    pairs: bool = False
    alone: tuple[str, ...] = ()

    def categories_of(self, fact: str) -> Collection[Category]:
        """Returns the categories that a review with this fact counts for."""
        return self.rolls_up.get(fact, (Category(self.name, fact),))


class Scheme:
    """Dimensions together: the facts there are, the categories they make, the pairs of these that can be asked for.

    Attributes:
        dimensions: The dimensions in order.
        categories: Everything that can be asked for, in order.
        spans: The columns of each dimension among the facts.
        closure: Facts × categories: whether the fact counts for the category.
        askable: Categories × categories: whether a question can be about the two together. The diagonal is askable.
    """

    def __init__(self, dimensions: Sequence[Dimension]) -> None:
        self.dimensions = tuple(dimensions)
        facts = [(dimension, fact) for dimension in dimensions for fact in dimension.facts]
        self.categories = tuple(dict.fromkeys(each for one, fact in facts for each in one.categories_of(fact)))
        self._place = {category: number for number, category in enumerate(self.categories)}
        self.spans: list[slice] = []
        for dimension in dimensions:
            start = self.spans[-1].stop if self.spans else 0
            self.spans.append(slice(start, start + len(dimension.facts)))
        self.closure = np.zeros((len(facts), len(self.categories)), dtype=bool)
        for row, (dimension, fact) in enumerate(facts):
            self.closure[row, [self._place[each] for each in dimension.categories_of(fact)]] = True
        self.askable = self._askable()

    def place(self, category: Category) -> int | None:
        """Returns the number of a category, None where there is no such category."""
        return self._place.get(category)

    def complete(self, facts: Members) -> Members:
        """Returns reviews × categories for reviews × facts."""
        if len(facts) <= _FEW_ROWS:
            return np.array([self.closure[row].any(axis=0) for row in facts], bool).reshape(
                len(facts), len(self.categories)
            )
        return np.asarray(facts.astype(np.float32) @ self.closure.astype(np.float32) > 0)

    def of_dimension(self, name: str) -> list[int]:
        """Returns the numbers of the categories of a dimension, in order."""
        return [number for number, each in enumerate(self.categories) if each.dimension == name]

    def _askable(self) -> Members:
        pairs = {dimension.name for dimension in self.dimensions if dimension.pairs}
        names = np.array([each.dimension for each in self.categories])
        askable = names[:, None] != names[None, :]
        askable |= np.isin(names, list(pairs))[:, None] & (names[:, None] == names[None, :])
        alone = np.isin(names, [name for dimension in self.dimensions for name in dimension.alone])
        askable &= ~(alone[:, None] | alone[None, :])
        np.fill_diagonal(askable, True)
        return np.asarray(askable)


@dataclass(frozen=True)
class Population:
    """The reviews of one release.

    Attributes:
        scheme: What they are counted by.
        names: A name for each review, the same in every release, and new where anything known of it has changed.
        facts: Reviews × facts of the scheme.
        answered: Reviews × categories: whether somebody looked for the category in the review as a whole, so that one
            without it does not have it. None where that is not known of any.
    """

    scheme: Scheme
    names: tuple[str, ...]
    facts: Members
    answered: Members | None = None

    def __post_init__(self) -> None:
        for dimension, span in zip(self.scheme.dimensions, self.scheme.spans, strict=True):
            if dimension.single and not (self.facts[:, span].sum(axis=1) == 1).all():
                raise ValueError(f"every review has exactly one value of {dimension.name}")

    @classmethod
    def of(
        cls, dimensions: Sequence[Dimension], reviews: Mapping[str, Mapping[str, str | Collection[str]]]
    ) -> Population:
        """Returns the population of reviews that are told as ``{name: {dimension: value or values}}``."""
        scheme = Scheme(dimensions)
        facts = np.zeros((len(reviews), len(scheme.closure)), dtype=bool)
        for row, told in enumerate(reviews.values()):
            for dimension, span in zip(scheme.dimensions, scheme.spans, strict=True):
                values = told.get(dimension.name, ())
                for value in (values,) if isinstance(values, str) else values:
                    facts[row, span.start + dimension.facts.index(value)] = True
        return cls(scheme, tuple(reviews), facts)

    @cached_property
    def counts(self) -> Counts:
        """How many reviews have both of two categories."""
        return count(self.scheme.complete(self.facts))


def count(members: Members) -> Counts:
    """Returns categories × categories, how many reviews have both; float32 is exact up to 16 million reviews."""
    exact = members.astype(np.float32)
    return np.asarray(np.rint(exact.T @ exact), dtype=np.int64)
