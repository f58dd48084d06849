"""Checks one review with both engines."""

from __future__ import annotations

from rdflib import Graph

from learntogether_kg.validation.engine import Engine, validate
from learntogether_kg.validation.report import Result, Stage


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
