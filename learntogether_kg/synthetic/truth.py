"""What is so about a set of synthetic reviews, so that counts can be held against it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from learntogether_kg.synthetic.plan import plan, type_of
from learntogether_kg.synthetic.review import CODER, SyntheticReview

Pair = tuple[str, str]


class Truth:
    """Counts synthetic reviews as they are drawn: by what the first coder coded on findings and factors."""

    def __init__(self, n: int, seed: int) -> None:
        self._about = {"reviews": n, "seed": seed, "synthetic": True, "coder": CODER}
        self._influences: dict[str, Counter[Pair]] = {"primary": Counter(), "any": Counter()}
        self._years: Counter[Pair] = Counter()
        self._pairs: dict[str, Counter[Pair]] = {"anywhere": Counter(), "on findings": Counter()}

    def add(self, review: SyntheticReview) -> None:
        """Counts a review once for each pattern, the types above included, and influence; and once for each pair."""
        primary, further = _with_types(review.primary), _with_types(review.further)
        self._influences["primary"].update(primary)
        self._influences["any"].update(primary | further)
        year = str(review.year or "not known")
        self._years.update({(pattern, year) for pattern, _ in primary})
        self._pairs["anywhere"].update(_pairs(primary))
        self._pairs["on findings"].update(_pairs(review.findings))

    def as_dict(self) -> dict[str, Any]:
        """Returns the truth as JSON has it: patterns by local name, and numbers of reviews."""
        return {
            **self._about,
            "planted": {"associations": plan()["association"], "trends": plan()["trend"]},
            "reviewsByPatternAndInfluence": {rule: _nested(counts) for rule, counts in self._influences.items()},
            "reviewsByPatternAndYear": _nested(self._years),
            "reviewsByPair": _nested(self._pairs["anywhere"]),
            "reviewsByPairOnFindings": _nested(self._pairs["on findings"]),
        }

    def write(self, path: Path) -> None:
        """Writes the truth to a file."""
        path.write_text(json.dumps(self.as_dict(), indent=1, sort_keys=True) + "\n", encoding="utf-8", newline="\n")


def _with_types(codes: Iterable[Pair]) -> set[Pair]:
    return {(name, influence) for pattern, influence in codes for name in (pattern, type_of(pattern))}


def _pairs(codes: Iterable[Pair]) -> Iterator[Pair]:
    return combinations(sorted({pattern for pattern, _ in codes}), 2)


def _nested(counts: Counter[Pair]) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for (first, second), number in sorted(counts.items()):
        nested.setdefault(first, {})[second] = number
    return nested
