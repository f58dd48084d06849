"""Somebody who has every answer that a profile allows, and solves for what is not shown.

What is unknown to the attacker is how many reviews there are of each possible kind, a kind being one whole combination
of facts. Every relation between counts follows from that: sums over a single-valued dimension, unions, complements, a
pattern and the type above it, the bounds of an intersection, releases that share reviews. So no relation is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from learntogether_kg.disclosure.population import Category, Scheme
from learntogether_kg.disclosure.protection import Protected

Row = NDArray[np.float64]


class Attacker:
    """Knows answers about one or more releases.

    Args:
        scheme: What reviews can be counted by, public like the typology.
        releases: For each release its answers, and which blocks of reviews it holds. A block is reviews that are in the
            same releases, say those that came with the second.
    """

    def __init__(self, scheme: Scheme, releases: Sequence[tuple[Protected, Sequence[int]]]) -> None:
        self.scheme = scheme
        self.kinds = scheme.complete(np.array(list(_kinds(scheme)), dtype=bool)).astype(float)
        self.releases = list(releases)
        self.blocks = 1 + max(block for _, blocks in releases for block in blocks)
        self.equal: list[tuple[Row, float]] = []
        self.most: list[tuple[Row, float]] = []
        for number, (protected, _) in enumerate(self.releases):
            self._know(number, protected)

    def row(self, release: int, one: int | None, other: int | None = None) -> Row:
        """Returns a count as a sum over the unknowns: all reviews of a release, or those of one or two categories."""
        kinds = np.ones(len(self.kinds)) if one is None else self.kinds[:, one]
        kinds = kinds if other is None else kinds * self.kinds[:, other]
        blocks = self.releases[release][1]
        return np.concatenate([kinds if block in blocks else 0 * kinds for block in range(self.blocks)])

    def _know(self, number: int, protected: Protected) -> None:
        self.equal.append((self.row(number, None), protected.reviews))
        off = protected.profile.off_by
        for one, other, shown in answers(protected):
            row = self.row(number, one, other)
            if shown is None:
                continue
            if off == 0 or shown == 0:
                self.equal.append((row, shown))
            else:
                self.most += [(row, shown + off), (-row, off - shown)]

    def bounds(self, row: Row) -> tuple[float, float]:
        """Returns the least and the most that a sum over the unknowns can be, given everything that is known."""
        ends = []
        for sign in (1, -1):
            found = linprog(
                sign * row,
                bounds=(0, None),
                method="highs",
                A_ub=np.array([each for each, _ in self.most]) if self.most else None,
                b_ub=[value for _, value in self.most] if self.most else None,
                A_eq=np.array([each for each, _ in self.equal]),
                b_eq=[value for _, value in self.equal],
            )  # never unbounded, since the number of all reviews is known
            assert found.status == 0, found.message
            ends.append(sign * found.fun)
        return ends[0], ends[1]

    def solved(self) -> dict[tuple[int, Category, Category], int]:
        """Returns each count that is not shown and can be told all the same: fewer than two whole numbers are
        possible."""
        found = {}
        for number, (protected, _) in enumerate(self.releases):
            for one, other, shown in answers(protected):
                if shown is not None:
                    continue
                least, most = self.bounds(self.row(number, one, other))
                if not is_open(least, most):
                    found[number, self.scheme.categories[one], self.scheme.categories[other]] = round(least)
        return found


def is_open(least: float, most: float) -> bool:
    """Whether two whole numbers or more lie between two bounds; a millionth is the solver's own error."""
    return bool(np.floor(most + 1e-6) - np.ceil(least - 1e-6) >= 1)


def answers(protected: Protected) -> Iterator[tuple[int, int, int | None]]:
    """Yields every count that can be asked for, with what is shown of it; None where it is not."""
    size = len(protected.categories)
    for one, other in [(each, each) for each in range(size)] + list(combinations(range(size), 2)):
        if protected.askable[one, other] and (one == other or protected.profile.dimensions > 1):
            shown = protected.count(*{protected.categories[one]: 0, protected.categories[other]: 0})
            yield one, other, None if shown.value is None else int(shown.value)


def _kinds(scheme: Scheme) -> Iterator[list[bool]]:
    ways = []
    for dimension in scheme.dimensions:
        size = len(dimension.facts)
        if dimension.single:
            ways.append([[place == chosen for place in range(size)] for chosen in range(size)])
        else:
            ways.append([list(chosen) for chosen in product([False, True], repeat=size)])
    for parts in product(*ways):
        yield [each for part in parts for each in part]
