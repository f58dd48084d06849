"""Checks one review with both engines."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from rdflib import Graph

from learntogether_kg.validation.engine import Engine, validate
from learntogether_kg.validation.report import Result, Stage
from tests.engines.mutations import Operator, mutated
from tests.test_shapes import read_base

EXAMPLES = 90
"""How many reviews an operator makes; with all operators these are more than two thousand."""

SETTINGS = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),  # to make a failure smaller would take the reference minutes; the message has it whole
)


def told(review: Graph, engine: Engine) -> set[Result]:
    """Returns all results as they are told: node, path, value, shape, severity, and every word."""
    return set(validate(review, engine=engine, stage=Stage.PUBLICATION).results)


def assert_equal_reports(review: Graph) -> set[Result]:
    """Fails where the engines do not say the same of a review, and returns what both say."""
    fast, reference = told(review, Engine.FAST), told(review, Engine.REFERENCE)
    differences = [f"only fast: {each}" for each in fast - reference]
    differences += [f"only reference: {each}" for each in reference - fast]
    assert not differences, "\n".join([*differences, review.serialize(format="turtle")])
    return fast


def assert_equal_reports_on_mutations(operator: Operator) -> None:
    """Fails where the engines do not say the same of what an operator makes of a small review."""
    seen = reported = 0

    @settings(SETTINGS, max_examples=EXAMPLES)
    @given(mutated(read_base("base.ttl"), operator, most=3, keep=4))
    def compare(review: Graph) -> None:
        nonlocal seen, reported
        reported += bool(assert_equal_reports(review))
        seen += 1

    compare()
    assert seen >= EXAMPLES
    assert reported > EXAMPLES / 2, "most of what an operator makes should have something wrong with it"
