"""Small random libraries, and profiles strict enough to bite on them. Nobody in them is real."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st

from learntogether_kg.disclosure.population import Category, Dimension
from learntogether_kg.disclosure.profile import Profile

Told = dict[str, dict[str, str | list[str]]]

DFE = Profile.load("dfe")
TEN = Profile.load("threshold-10")
THREE = replace(DFE, name="three", threshold=3, minimum_population=3, release_gap=3)
ONE_WAY = replace(THREE, name="one-way", dimensions=1)
PROFILES = [DFE, TEN, THREE, ONE_WAY]

PATTERNS = Dimension(
    "pattern",
    ("p1", "p2", "p3"),
    single=False,
    pairs=True,
    rolls_up={
        "p1": (Category("pattern", "p1"), Category("type", "t1")),
        "p2": (Category("pattern", "p2"), Category("type", "t1")),
        "p3": (Category("pattern", "p3"), Category("type", "t2"), Category("type", "t1")),
    },
)
DIMENSIONS = (
    Dimension("year", ("2007", "2008", "not known")),
    Dimension("method", ("stated", "other")),
    Dimension("agency", ("police", "health"), single=False),
    PATTERNS,
)


@dataclass(frozen=True)
class Recipe:
    """What a random library is made from: a seed, its size, and how common each fact is."""

    seed: int
    size: int
    common: tuple[float, ...]

    def reviews(self, dimensions: Sequence[Dimension], prefix: str = "r") -> Told:
        random = np.random.default_rng(self.seed)
        told: Told = {}
        for number in range(self.size):
            review = told.setdefault(f"{prefix}{number}", {})
            share = iter(np.resize(self.common, sum(len(each.facts) for each in dimensions)))
            for each in dimensions:
                shares = np.array([next(share) for _ in each.facts])
                if each.single:
                    review[each.name] = str(random.choice(each.facts, p=shares / shares.sum()))
                else:
                    review[each.name] = [
                        fact for fact, one in zip(each.facts, shares, strict=True) if random.random() < one
                    ]
        return told


def recipes(least: int, most: int) -> st.SearchStrategy[Recipe]:
    shares = st.lists(st.sampled_from([0.05, 0.15, 0.3, 0.5, 0.8, 0.95]), min_size=5, max_size=10).map(tuple)
    return st.builds(Recipe, st.integers(0, 2**32), st.integers(least, most), shares)


def chosen(count: int) -> st.SearchStrategy[tuple[Dimension, ...]]:
    """Some of the dimensions, the patterns always among them."""
    return st.sets(st.sampled_from(range(len(DIMENSIONS) - 1)), min_size=1, max_size=count).map(
        lambda some: (*(DIMENSIONS[place] for place in sorted(some)), PATTERNS)
    )
