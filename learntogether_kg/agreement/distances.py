"""How far two codes of one item are apart, from 0 (the same) to 1 (nothing in common).

A code is a set of categories, so that a coder who gave several codes is compared with one who gave one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Category = frozenset[Hashable]
Distance = Callable[[Category, Category], float]

_SUBSET: Final = 2 / 3
_OVERLAP: Final = 1 / 3


def nominal(one: Category, other: Category) -> float:
    """Returns 0 where two sets are the same, else 1 (Krippendorff 2011, section B)."""
    return float(one != other)


def jaccard(one: Category, other: Category) -> float:
    """Returns 1 less the share of all categories that both sets have (Jaccard 1912); two empty sets are the same."""
    return 1 - _share(one, other)


def masi(one: Category, other: Category) -> float:
    """Returns 1 less the product of Jaccard's share and a weight for how the sets lie to each other.

    The weight is 1 where they are the same, 2/3 where one holds the other, 1/3 where each has something of its own
    besides what they share (Passonneau 2006, "Measuring Agreement on Set-valued Items", LREC).
    """
    inside = one <= other or other <= one
    weight = 1.0 if one == other else _SUBSET if inside else _OVERLAP
    return 1 - _share(one, other) * weight


def matrix(categories: Sequence[Category], distance: Distance) -> Floats:
    """Returns the distance of each category from each, categories × categories."""
    return np.array([[distance(one, other) for other in categories] for one in categories]).reshape(
        len(categories), len(categories)
    )


def _share(one: Category, other: Category) -> float:
    return len(one & other) / len(one | other) if one or other else 1.0
