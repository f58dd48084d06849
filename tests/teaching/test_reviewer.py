"""The questions of reviewers, answered over the teaching library as its tables say: every row, every column."""

from __future__ import annotations

import pytest

import tests.teaching.reviewer  # noqa: F401 - brings its oracles
from tests.teaching.coding import coders
from tests.teaching.compare import Asker
from tests.teaching.truth import review_labels

CODERS = coders()
SOME_REVIEWS = ("", *review_labels()[::6])
some_reviews = pytest.mark.parametrize("review", SOME_REVIEWS)


@some_reviews
def test_findings_rest_on_nobody_s_perspective_or_on_one_source(ask: Asker, review: str) -> None:
    ask.agrees("thinly-supported-findings", review=review)


@some_reviews
def test_events_were_seen_differently_or_alike(ask: Asker, review: str) -> None:
    ask.agrees("seen-differently-or-alike", review=review)


@some_reviews
def test_the_perspectives_that_a_review_lacks(ask: Asker, review: str) -> None:
    assert ask.agrees("missing-voices", review=review)


@some_reviews
def test_the_professions_that_mattered_and_the_team(ask: Asker, review: str) -> None:
    assert ask.agrees("review-team-professions", review=review)


@pytest.mark.parametrize("one", ["", *CODERS])
@pytest.mark.parametrize("other", ["", *CODERS])
def test_two_coders_differ_in_these_items(ask: Asker, one: str, other: str) -> None:
    ask.agrees("coder-differences", coderA=one, coderB=other)


@pytest.mark.parametrize("review", SOME_REVIEWS[:4])
def test_two_coders_differ_in_these_items_of_one_review(ask: Asker, review: str) -> None:
    ask.agrees("coder-differences", review=review)


@pytest.mark.parametrize("review", review_labels())
def test_the_findings_of_other_reviews_most_like_these(ask: Asker, review: str) -> None:
    rows = ask.agrees("similar-findings", review=review)
    for finding in {row["finding"] for row in rows}:
        likeness = [row["likeness"] for row in rows if row["finding"] == finding]
        assert likeness == sorted(likeness, reverse=True), "the most like first"


@pytest.mark.parametrize("coder", CODERS)
def test_the_findings_most_like_one_by_any_code_of_each_coder(ask: Asker, coder: str) -> None:
    ask.agrees("similar-findings", review="Synthetic review 01", localId="F3", coder=coder, codes="any")


@some_reviews
def test_classifications_rest_on_terms_that_changed(ask: Asker, review: str) -> None:
    ask.agrees("classifications-under-deprecated-terms", review=review)
