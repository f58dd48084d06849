"""The counts of a release that are left after disclosure control, and what may be worked out from them.

Everything that leaves is worked out from `Figure`s: a share, a ratio, a sentence or a picture that rests on one which
is not shown is not shown either. So no number can go round the protection.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from learntogether_kg.disclosure.population import Category, Counts, Members
from learntogether_kg.disclosure.profile import Profile
from learntogether_kg.disclosure.worlds import Worlds, near_populations

_HIDDEN: Final = -1


@dataclass(frozen=True)
class Figure:
    """A number that may leave, or the symbol in its place.

    Attributes:
        value: The number; None where it may not be shown.
        symbol: What a table shows in its place; empty where there is a number.
    """

    value: float | None
    symbol: str = ""

    @property
    def is_shown(self) -> bool:
        """Whether there is a number."""
        return self.value is not None

    def __str__(self) -> str:
        return self.symbol if self.value is None else f"{self.value:g}"


@dataclass(frozen=True)
class ProtectedTable:
    """A table as it may leave.

    Attributes:
        rows: What stands in the rows.
        columns: What stands in the columns.
        cells: Rows × columns.
        row_totals: For each row the reviews that have it, each once.
        column_totals: For each column likewise.
        total: All reviews.
        note: What the profile did to it, for its reader.
    """

    rows: tuple[Category, ...]
    columns: tuple[Category, ...]
    cells: tuple[tuple[Figure, ...], ...]
    row_totals: tuple[Figure, ...]
    column_totals: tuple[Figure, ...]
    total: Figure
    note: str


def agree(counts: Sequence[NDArray[np.int64]], profile: Profile) -> NDArray[np.int64]:
    """Returns what may be shown of the same counts in every world, -1 where nothing may.

    It does not depend on which of the worlds is the real one: the whole guarantee is in that sentence.
    """
    least, most = np.min(counts, axis=0), np.max(counts, axis=0)
    if not profile.restricted:
        return np.asarray(counts[0])
    base = profile.rounding
    # The middle, rounded half up: with one world and base 1 the count itself.
    shown = (least + most + base) // (2 * base) * base
    hidden = (least < profile.threshold) & (most > 0)
    hidden |= most - least > profile.slack
    if profile.zeros == "hidden":
        hidden |= most == 0
    return np.asarray(np.where(hidden, _HIDDEN, shown), dtype=np.int64)


@dataclass(frozen=True)
class Protected:
    """All one- and two-way counts of a release as they may leave. Holds nothing that may not be known.

    Attributes:
        profile: The rules they were protected by.
        categories: What was counted, in the order of the counts.
        reviews: How many reviews there are in all.
        counts: Categories × categories, -1 where the count may not be shown.
        askable: Which of them can be asked for.
        near: Categories of which the reviews are the same but for fewer than the threshold as those of another one, or
            as all reviews, so that they are no populations of their own.
        answered: Which shares can be worked out; see `Worlds.answered`.
    """

    profile: Profile
    categories: tuple[Category, ...]
    reviews: int
    counts: Counts
    askable: Members
    near: frozenset[Category]
    answered: Members

    @classmethod
    def of(cls, worlds: Worlds, profile: Profile) -> Self:
        """Returns the counts of a release under a profile, which may be stricter than that of its worlds."""
        scheme, total = worlds.population.scheme, len(worlds.population.names)
        counts = worlds.counts()
        # What is near in any world is near, since a refusal that hung on the real one would tell it from the others.
        pairs = [pair for each in counts for pair in near_populations(scheme, each, total, profile)]
        near = frozenset(scheme.categories[one] for one, _ in pairs)
        askable = scheme.askable if profile.dimensions != 1 else np.eye(len(scheme.categories), dtype=bool)
        left = np.where(askable, agree(counts, profile), _HIDDEN)
        # Of few reviews nothing is told, neither how they were coded.
        shown = np.append(left.diagonal() != _HIDDEN, True)
        return cls(profile, scheme.categories, total, left, askable, near, worlds.answered() & shown[:, None])

    @property
    def total(self) -> Figure:
        """All reviews of the release."""
        return self._figure(int(agree([np.array(self.reviews)], self.profile)))

    def count(self, *categories: Category) -> Figure:
        """Returns how many reviews have a category, or both of two; "not available" where that cannot be asked for."""
        places = [self.categories.index(each) if each in self.categories else -1 for each in categories]
        if len(places) not in (1, 2) or -1 in places or not self.askable[places[0], places[-1]]:
            return Figure(None, self.profile.symbols.not_available)
        return self._figure(int(self.counts[places[0], places[-1]]))

    def is_answered(self, category: Category, population: Category | None = None) -> bool:
        """Returns whether a category was looked for in each review of a population, so that a share is one.

        Args:
            category: What is counted.
            population: Of which reviews; None for all.
        """
        places = [self.categories.index(each) if each in self.categories else None for each in (category, population)
                  if each is not None]  # fmt: skip
        if None in places:
            return False
        of = -1 if population is None else places[1]
        return bool(self.answered[of, places[0]])

    def table(self, rows: str, columns: str) -> ProtectedTable:
        """Returns the table of two dimensions."""
        across = [each for each in self.categories if each.dimension == columns]
        down = [each for each in self.categories if each.dimension == rows]
        return ProtectedTable(
            tuple(down),
            tuple(across),
            tuple(tuple(self.count(one, other) for other in across) for one in down),
            tuple(map(self.count, down)),
            tuple(map(self.count, across)),
            self.total,
            self.profile.explanation,
        )

    def _figure(self, count: int) -> Figure:
        return Figure(None, self.profile.symbols.suppressed) if count == _HIDDEN else Figure(count)


def share(part: Figure, whole: Figure, profile: Profile) -> Figure:
    """Returns a share in percent, with no more decimals than the counts bear.

    Not shown where one of the counts is not, and "not applicable" where the whole is under the profile's minimum.
    """
    if part.value is None or whole.value is None:
        return Figure(None, profile.symbols.suppressed)
    if whole.value < max(profile.minimum_share, 1):
        return Figure(None, profile.symbols.not_applicable)
    return Figure(round(min(100 * part.value / whole.value, 100), 0 if profile.restricted else 1))


def lift(both: Figure, one: Figure, other: Figure, total: Figure, profile: Profile) -> Figure:
    """Returns how many times as often two categories stand together as if neither had to do with the other."""
    values = [each.value for each in (both, one, other, total)]
    if None in values:
        return Figure(None, profile.symbols.suppressed)
    together, first, second, everyone = (value or 0 for value in values)
    if first == 0 or second == 0:
        return Figure(None, profile.symbols.not_applicable)
    return Figure(_three_digits(together * everyone / (first * second)))


def odds_ratio(both: Figure, one: Figure, other: Figure, total: Figure, profile: Profile) -> Figure:
    """Returns the odds ratio of two categories with 0.5 added to each cell (Haldane 1956, Anscombe 1956)."""
    values = [each.value for each in (both, one, other, total)]
    if None in values:
        return Figure(None, profile.symbols.suppressed)
    together, first, second, everyone = (value or 0 for value in values)
    only_first, only_second = max(first - together, 0), max(second - together, 0)
    neither = max(everyone - first - second + together, 0)
    ratio = (together + 0.5) * (neither + 0.5) / ((only_first + 0.5) * (only_second + 0.5))
    return Figure(_three_digits(ratio))


def _three_digits(number: float) -> float:
    """Returns a number with three significant digits."""
    return 0.0 if number == 0 else round(number, 2 - math.floor(math.log10(abs(number))))
