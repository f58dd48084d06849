"""The questions of policy, answered over the teaching library as its tables say: every row, every column."""

from __future__ import annotations

import pytest

import tests.teaching.practice
import tests.teaching.recurrence  # noqa: F401 - each brings its oracles
from tests.teaching.coding import AGREED, coders
from tests.teaching.compare import Asker
from tests.teaching.truth import patterns

CODERS = coders()
CODES = ("primary", "any")
INFLUENCES = ("", "unsafe", "constructive", "neutral")
SEVERAL = ("", "supervision", "referral-procedures-and-feedback", "shared-established-guidance", "incidents-and-crises")
each_coder = pytest.mark.parametrize("coder", CODERS)
each_code = pytest.mark.parametrize("codes", CODES)
each_influence = pytest.mark.parametrize("influence", INFLUENCES)
several_patterns = pytest.mark.parametrize("pattern", SEVERAL)


def test_the_agreed_coding_is_the_default(ask: Asker) -> None:
    assert ask.records("catalogue")[0]["defaultCoder"] == {
        "iri": f"https://w3id.org/learntogether/id/coder/{AGREED}",
        "label": AGREED,
    }


# P1 to P6, P8, P9, P15


@each_coder
@each_code
@pytest.mark.parametrize("minimum", ["1", "2", "5"])
def test_patterns_recur_in_the_reviews_coded_so(ask: Asker, minimum: str, coder: str, codes: str) -> None:
    counts = [row["reviews"] for row in ask.agrees("recurring-patterns", minimum=minimum, coder=coder, codes=codes)]
    assert counts == sorted(counts, reverse=True), "the commonest first"


@each_coder
@each_code
@each_influence
def test_types_are_reported_beside_every_denominator(ask: Asker, coder: str, codes: str, influence: str) -> None:
    assert len(ask.agrees("types-reported", coder=coder, codes=codes, influence=influence)) >= 6


@each_coder
@pytest.mark.parametrize("year_of", ["publication", "report", "period-end"])
def test_years_differ_by_the_year_asked_for(ask: Asker, year_of: str, coder: str) -> None:
    assert ask.agrees("patterns-by-year", yearOf=year_of, coder=coder)


@several_patterns
@pytest.mark.parametrize(("codes", "influence"), [("primary", "unsafe"), ("any", ""), ("any", "constructive")])
def test_years_of_one_pattern(ask: Asker, pattern: str, codes: str, influence: str) -> None:
    assert ask.agrees("patterns-by-year", pattern=pattern, codes=codes, influence=influence)


@each_coder
@each_code
@pytest.mark.parametrize("influence", ["", "unsafe"])
def test_types_stand_together_beside_what_independence_would_give(
    ask: Asker, coder: str, codes: str, influence: str
) -> None:
    ask.agrees("pattern-pairs", coder=coder, codes=codes, influence=influence)


def test_sub_patterns_stand_together_beside_what_independence_would_give(ask: Asker) -> None:
    counts = [row["together"] for row in ask.agrees("pattern-pairs", level="sub-patterns", codes="any", minimum="2")]
    assert counts == sorted(counts, reverse=True)
    assert counts


@several_patterns
@each_influence
def test_agencies_are_involved_where_the_pattern_is_so(ask: Asker, pattern: str, influence: str) -> None:
    assert ask.agrees("agencies-by-pattern", pattern=pattern, influence=influence)


@each_coder
@each_code
def test_agencies_are_involved_as_each_coder_has_it(ask: Asker, coder: str, codes: str) -> None:
    assert ask.agrees("agencies-by-pattern", coder=coder, codes=codes)


@each_coder
@each_code
@pytest.mark.parametrize("minimum", ["1", "2"])
def test_constructive_patterns_recur_by_kind_of_question(ask: Asker, minimum: str, coder: str, codes: str) -> None:
    ask.agrees("constructive-patterns", minimum=minimum, coder=coder, codes=codes)


@each_coder
@each_code
@pytest.mark.parametrize("influence", ["", "unsafe"])
def test_patterns_reach_national_level_by_a_factor_or_a_recommendation(
    ask: Asker, coder: str, codes: str, influence: str
) -> None:
    ask.agrees("national-level-patterns", coder=coder, codes=codes, influence=influence)


@pytest.mark.parametrize("minimum", ["0", "1", "3"])
def test_patterns_that_reach_it_nowhere_are_told_where_asked_for(ask: Asker, minimum: str) -> None:
    ask.agrees("national-level-patterns", minimum=minimum)


@several_patterns
@each_influence
def test_tools_and_guidance_are_concerned_where_the_pattern_is_so(ask: Asker, pattern: str, influence: str) -> None:
    assert ask.agrees("artefacts-by-pattern", pattern=pattern, influence=influence)


@each_coder
def test_tools_and_guidance_are_concerned_as_each_coder_has_it(ask: Asker, coder: str) -> None:
    assert ask.agrees("artefacts-by-pattern", coder=coder, codes="any")


@each_coder
@each_code
@pytest.mark.parametrize("influence", ["", "unsafe", "constructive"])
def test_patterns_come_back_after_the_year_of_the_first_recommendation(
    ask: Asker, coder: str, codes: str, influence: str
) -> None:
    ask.agrees("patterns-after-recommendation", coder=coder, codes=codes, influence=influence)


# P7, P10 to P14, P16


@pytest.mark.parametrize("reach", ["", "within-one-agency", "between-agencies"])
def test_factors_safe_alone_were_unsafe_together(ask: Asker, reach: str) -> None:
    assert len(ask.agrees("unsafe-interactions", reach=reach)) > 1


@pytest.mark.parametrize("pattern", ["", *patterns()])
def test_the_chain_leads_from_each_finding_to_its_sources(ask: Asker, pattern: str) -> None:
    assert ask.agrees("evidence-chain", pattern=pattern)


def test_the_chain_of_one_review_is_part_of_the_whole(ask: Asker) -> None:
    assert ask.agrees("evidence-chain", review="Synthetic review 01", pattern="supervision")


@each_coder
def test_not_found_is_told_apart_from_not_looked_for(ask: Asker, coder: str) -> None:
    ask.agrees("not-found-or-out-of-scope", coder=coder)


@several_patterns
def test_one_pattern_has_one_standing_in_each_review(ask: Asker, pattern: str) -> None:
    ask.agrees("not-found-or-out-of-scope", pattern=pattern)


@several_patterns
@each_influence
def test_recommendations_answer_findings_coded_so(ask: Asker, pattern: str, influence: str) -> None:
    ask.agrees("recommendations-by-pattern", pattern=pattern, influence=influence)


def test_reviews_that_declare_more_than_is_captured(ask: Asker) -> None:
    assert ask.agrees("incomplete-reviews")


@pytest.mark.parametrize("minimum", ["1", "2", "3"])
def test_trade_offs_lie_between_two_goals(ask: Asker, minimum: str) -> None:
    assert ask.agrees("trade-offs", minimum=minimum)


@pytest.mark.parametrize("minimum", ["1", "2", "3"])
def test_guidance_made_elsewhere_is_felt_at_the_front_line(ask: Asker, minimum: str) -> None:
    assert ask.agrees("guidance-felt-at-front-line", minimum=minimum)
