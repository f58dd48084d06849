"""The findings of all reviews, in one order: those of a review together, by their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from learntogether_kg.recurrence.practice import Rows


@dataclass(frozen=True, eq=False)
class Findings:
    """The findings of a coding table.

    Attributes:
        rows: A row for each: its item and, as its label, its number in the review.
        count: How many items there are in the table, findings among them.
    """

    rows: Rows = field(default_factory=Rows)
    count: int = 0

    @cached_property
    def review(self) -> npt.NDArray[np.int32]:
        """For the place of each item the place of its review; -1 where it is no finding."""
        review = np.full(self.count, -1, np.int32)
        review[self.rows.columns["item"]] = self.rows.reviews
        return review

    @cached_property
    def rank(self) -> npt.NDArray[np.int32]:
        """For the place of each item its place among the findings of its review, by number and then by IRI.

        A shorter number comes first, so that F10 follows F9.
        """
        items, numbers, iris = self.rows.places("item"), self.rows.text("label"), self.rows.text("item")
        rank = np.zeros(self.count, np.int32)
        ordered = sorted(range(len(items)), key=lambda row: (len(numbers[row]), numbers[row], iris[row]))
        rank[[items[row] for row in ordered]] = np.arange(len(ordered), dtype=np.int32)
        return rank

    def number(self, item: int) -> str:
        """Returns the number of a finding in its review; empty where it has none."""
        label = int(self._label[item])
        return self.rows.words["label"][label] if label >= 0 else ""

    @cached_property
    def _label(self) -> npt.NDArray[np.int32]:
        label = np.full(self.count, -1, np.int32)
        label[self.rows.columns["item"]] = self.rows.columns["label"]
        return label

    def of_review(self, review: int, number: str = "") -> list[int]:
        """Returns the places of a review's findings in their order; with a number only those that have it."""
        items = self.rows.columns["item"][self.rows.reviews == review].tolist()
        found = [item for item in items if not number or self.number(item) == number]
        return sorted(found, key=lambda item: int(self.rank[item]))

    @property
    def iris(self) -> Sequence[str]:
        """The IRI of each item."""
        return self.rows.words.get("item", ())
