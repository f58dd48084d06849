"""The findings of a coding table stand in the order in which a review numbers them."""

from __future__ import annotations

import numpy as np

from learntogether_kg.recurrence.findings import Findings
from learntogether_kg.recurrence.practice import Rows

NUMBERS = ("F10", "F2", "F9")
FINDINGS = Findings(
    Rows(
        np.array([0, 0, 1, 0], np.int32),
        {"item": np.array([0, 1, 3, 4], np.int32), "label": np.array([0, 1, 2, -1], np.int32)},
        {"item": ("r/F10", "r/F2", "r/X1", "s/F9", "r/none"), "label": NUMBERS},
    ),
    count=5,
)


def test_a_shorter_number_comes_first_and_none_before_any() -> None:
    assert FINDINGS.of_review(0) == [4, 1, 0]
    assert [FINDINGS.number(item) for item in FINDINGS.of_review(0)] == ["", "F2", "F10"]
    assert FINDINGS.of_review(1) == [3]
    assert FINDINGS.of_review(2) == []


def test_one_is_found_by_its_number() -> None:
    assert FINDINGS.of_review(0, "F10") == [0]
    assert FINDINGS.of_review(0, "F9") == []


def test_what_is_no_finding_belongs_to_no_review() -> None:
    assert FINDINGS.review.tolist() == [0, 0, -1, 1, 0]
