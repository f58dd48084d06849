"""Counts as they stand before anything is worked out from them.

Disclosure control protects these counts and nothing else; shares, intervals, ratios, sentences and pictures are worked
out afterwards, from what it left. So no number can go round it. A count that may not be shown is None.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

Count = int | None
"""How many reviews; None where that may not be shown."""

FEW: Final = 10
"""Of fewer reviews no share is shown, whatever the profile."""


@dataclass(frozen=True)
class AxisValue:
    """One row or column of a table.

    Attributes:
        key: How it is called in an address: the last part of its IRI, a year, or "not-known".
        label: What it is called.
        iri: Its IRI; empty where it has none.
        told_apart: What a person reads in its place, where others have the same label or it is no longer used.
    """

    key: str
    label: str
    iri: str = ""
    told_apart: str = ""

    @property
    def reading(self) -> str:
        """What a person reads in a table or a picture: no two patterns read the same."""
        return self.told_apart or self.label


@dataclass(frozen=True)
class Axis:
    """What a table is counted by.

    Attributes:
        dimension: The name of the dimension.
        label: What a person reads.
        values: Its rows or columns, in order, also those with no review.
        several: Whether one review can stand under several values, so that they do not add up.
        of_reviews: Whether it is a fact about the review as a whole, so that denominators differ between its values.
    """

    dimension: str
    label: str
    values: tuple[AxisValue, ...]
    several: bool
    of_reviews: bool


@dataclass(frozen=True)
class CoderCount:
    """The same count by one coder.

    Attributes:
        coder: The coder's code.
        kind: Human, machine, agreed or as published.
        reviews: Reviews in which this coder found it.
        coded: Of so many that this coder has coded at the pattern's level, under a version that has it.
    """

    coder: str
    kind: str
    reviews: Count
    coded: Count


@dataclass(frozen=True)
class Cell:
    """The counts of one cell; each counts reviews, each review once.

    Attributes:
        reviews: Reviews in which the counted coding found it.
        findings_read: Of so many whose findings were read.
        looked: Of so many where the coder looked for it.
        looked_not_found: Of those that looked, where nothing of the pattern was found under any code or influence.
        cannot_tell: Where the coder says that it cannot be told.
        found_in_part: Where it was found, under any code or influence, though not the whole report was coded.
        all_reviews: Of so many in the library.
        by_coder: The same count by every coder.
        few: Of fewer reviews that looked no share is shown.
    """

    reviews: Count
    findings_read: Count
    looked: Count
    looked_not_found: Count
    cannot_tell: Count
    found_in_part: Count
    all_reviews: Count
    by_coder: tuple[CoderCount, ...] = ()
    few: int = FEW


@dataclass(frozen=True)
class Counts:
    """A table of counts.

    Attributes:
        axes: None, one or two.
        cells: Every combination of the axes' values, the last axis fastest; one cell where there is no axis.
        total: The counts over all values, each review once.
        pattern: Whether a pattern is in play; if not, "it" is any pattern at all.
    """

    axes: tuple[Axis, ...]
    cells: tuple[Cell, ...]
    total: Cell
    pattern: bool = True

    def items(self) -> Iterator[tuple[tuple[AxisValue, ...], Cell]]:
        """Yields each cell with the values it stands under."""
        if not self.axes:
            yield (), self.cells[0]
        elif len(self.axes) == 1:
            yield from (((value,), cell) for value, cell in zip(self.axes[0].values, self.cells, strict=True))
        else:
            keys = [(one, other) for one in self.axes[0].values for other in self.axes[1].values]
            yield from zip(keys, self.cells, strict=True)


@dataclass(frozen=True)
class Together:
    """Two or three patterns in one review.

    Attributes:
        patterns: Which.
        together: Reviews in which the counted coding found all of them, in whichever findings.
        each: Reviews in which it found each of them.
        in_one_finding: Reviews in which one finding, factor or interaction has all of them among its codes.
        coded: Of so many coded at this level under a version that has them.
        whole: Those of them whose whole report was coded.
        p_value: How often chance alone gives as unusual a count; None where it is not tested or not shown.
        q_value: The share of false finds among pairs that are as unusual or more.
        expected: The mean count under the null model.
        by_coder: Reviews with all of them by every coder.
    """

    patterns: tuple[AxisValue, ...]
    together: Count
    each: tuple[Count, ...]
    in_one_finding: Count
    coded: Count
    whole: Count
    p_value: float | None = None
    q_value: float | None = None
    expected: float | None = None
    by_coder: tuple[CoderCount, ...] = ()
