"""What reviews say of practice, without any coding: trade-offs, and what people at one event say of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class TradeOff:
    """One trade-off: the place of its review, its goals, what pushed towards one, and whether staff speak of it."""

    review: int
    goals: frozenset[str]
    pushes: frozenset[str]
    by_staff: bool


@dataclass(frozen=True)
class Comparison:
    """What people of two levels, or two kinds of agency, say of one thing about one event.

    Attributes:
        by: level or agency.
        one: The one, by IRI.
        other: The other.
        review: The place of the review.
        item: The place of the event.
        differs: Whether their words do.
    """

    by: str
    one: str
    other: str
    review: int
    item: int
    differs: bool


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of a coding table, each column as places among its words.

    Attributes:
        reviews: The place of the review of each row.
        columns: The places of each row, by column.
        words: The words of each column.
    """

    reviews: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    columns: Mapping[str, npt.NDArray[np.int32]] = field(default_factory=dict)
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def text(self, name: str) -> list[str]:
        """Returns a column as text; empty where a row has nothing."""
        if name not in self.columns:
            return []
        words = [*self.words[name], ""]
        return [words[place] for place in self.columns[name].tolist()]

    def places(self, name: str) -> list[int]:
        """Returns a column as places."""
        return self.columns[name].tolist() if name in self.columns else []


@dataclass(frozen=True, eq=False)
class Practice:
    """What two named queries count. A server starts without it: its objects are made when one of them is asked.

    Attributes:
        of_trade_offs: The rows of trade-offs.
        of_comparisons: The rows of comparisons between people.
    """

    of_trade_offs: Rows = field(default_factory=Rows)
    of_comparisons: Rows = field(default_factory=Rows)

    @cached_property
    def trade_offs(self) -> tuple[TradeOff, ...]:
        """The trade-offs."""
        said: dict[tuple[int, int], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        rows = self.of_trade_offs
        for review, item, dimension, value in zip(
            rows.reviews.tolist(), rows.places("item"), rows.text("dimension"), rows.text("value"), strict=True
        ):
            said[review, item][dimension].add(value)
        return tuple(
            TradeOff(review, frozenset(each["goal"]), frozenset(each["pushed-by"]), bool(each["by-staff"]))
            for (review, _), each in said.items()
        )

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """The comparisons between people."""
        rows = self.of_comparisons
        told = (rows.text(name) for name in ("dimension", "value", "label", "result"))
        return tuple(
            Comparison(by, one, other, review, item, result == "different")
            for by, one, other, result, review, item in zip(
                *told, rows.reviews.tolist(), rows.places("item"), strict=True
            )
        )
