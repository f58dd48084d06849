"""Both engines say the same of 2,000 and more reviews that went wrong, made from the small base of the shapes' cases.

The whole takes some minutes, nearly all of it the reference's: so most mutations are of a few nodes of that base.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from rdflib import Graph

from tests.engines.comparison import assert_equal_reports
from tests.engines.mutations import OPERATORS, mutated
from tests.test_shapes import read_base

EXAMPLES = 90
QUICK = settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def test_there_are_two_thousand_mutations() -> None:
    assert len(OPERATORS) * EXAMPLES >= 2000


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_engines_agree_on_a_small_review(name: str) -> None:
    seen = reported = 0

    @QUICK
    @given(mutated(read_base("base.ttl"), OPERATORS[name], most=3, keep=10))
    def compare(review: Graph) -> None:
        nonlocal seen, reported
        reported += bool(assert_equal_reports(review))
        seen += 1

    compare()
    assert seen >= EXAMPLES
    assert reported > EXAMPLES / 2, "most of these reviews should have something wrong with them"
