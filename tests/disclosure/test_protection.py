"""What is worked out from counts knows nothing that the counts do not show."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learntogether_kg.disclosure.population import Category, Population
from learntogether_kg.disclosure.profile import Profile, bundled
from learntogether_kg.disclosure.protection import Figure, Protected, agree, lift, odds_ratio, share
from learntogether_kg.disclosure.questions import Question, allow, check_release
from learntogether_kg.disclosure.worlds import alternatives
from learntogether_kg.errors import DisclosureError
from tests.disclosure.libraries import DFE, DIMENSIONS, ONE_WAY, PROFILES, TEN, Recipe

OPEN = Profile.load("open")
C = Figure(None, "c")
RECIPE = Recipe(11, 80, (0.5, 0.3, 0.2, 0.8, 0.2, 0.6, 0.3, 0.2))


def protected(profile: Profile, recipe: Recipe = RECIPE) -> Protected:
    population = Population.of(DIMENSIONS, recipe.reviews(DIMENSIONS))
    return Protected.of(alternatives(population, profile, seed=3), profile)


@pytest.mark.parametrize(
    ("profile", "counts", "shown"),
    [
        (DFE, (0, 0), 0),
        (DFE, (1, 2), -1),
        (DFE, (5, 6), -1),
        (DFE, (6, 6), 6),
        (DFE, (6, 7), -1),
        (DFE, (0, 1), -1),
        (TEN, (0, 0), -1),
        (TEN, (9, 9), -1),
        (TEN, (9, 10), -1),
        (TEN, (10, 10), 10),
        (TEN, (12, 12), 10),
        (TEN, (13, 13), 15),
        (TEN, (12, 14), 15),
        (TEN, (12, 13), 15),
        (TEN, (11, 14), -1),
        (TEN, (22, 24, 23), 25),
    ],
)
def test_a_count_is_shown_where_the_worlds_agree(profile: Profile, counts: tuple[int, ...], shown: int) -> None:
    assert agree([np.array(each) for each in counts], profile) == shown


@given(st.lists(st.integers(0, 40), min_size=2, max_size=4), st.sampled_from(PROFILES))
def test_the_order_of_the_worlds_does_not_matter_and_no_true_count_is_far_off(
    counts: list[int], profile: Profile
) -> None:
    shown = {int(agree([np.array(each) for each in order], profile)) for order in permutations(counts)}
    assert len(shown) == 1
    if (one := shown.pop()) >= 0:
        assert all(abs(one - each) <= profile.off_by for each in counts)


@pytest.mark.parametrize("hidden", range(4))
@pytest.mark.parametrize("worked_out", [lift, odds_ratio])
def test_nothing_is_worked_out_from_a_count_that_is_not_shown(hidden: int, worked_out: object) -> None:
    figures = [Figure(20), Figure(40), Figure(50), Figure(100)]
    assert worked_out(*figures, DFE).is_shown  # type: ignore[operator]
    figures[hidden] = C
    assert worked_out(*figures, DFE) == C  # type: ignore[operator]


def test_shares_ratios_and_lift_by_hand() -> None:
    assert share(Figure(30), Figure(120), DFE) == Figure(25)
    assert share(Figure(1), Figure(3), OPEN).symbol == "z"  # of so few no share is shown
    assert share(Figure(10), Figure(30), OPEN) == Figure(33.3)
    assert share(Figure(10), Figure(30), DFE) == Figure(33)
    assert share(C, Figure(120), DFE) == share(Figure(30), C, DFE) == C
    assert share(Figure(25), Figure(20), TEN) == Figure(100)  # each rounded by itself
    assert lift(Figure(20), Figure(40), Figure(50), Figure(100), DFE) == Figure(1)
    assert lift(Figure(0), Figure(0), Figure(50), Figure(100), DFE).symbol == "z"
    # (20.5 × 30.5) / (20.5 × 30.5): as often as by chance.
    assert odds_ratio(Figure(20), Figure(40), Figure(50), Figure(100), DFE) == Figure(1)
    assert odds_ratio(Figure(30), Figure(40), Figure(50), Figure(100), DFE) == Figure(5.74)  # 1235.25 / 215.25


def test_a_table_holds_symbols_where_numbers_may_not_be() -> None:
    table = protected(DFE).table("year", "type")
    shown = [figure for row in table.cells for figure in row]
    assert len(table.rows) == len(table.cells) == 3
    assert {figure.symbol for figure in shown} <= {"", "c"}
    assert all(figure.is_shown != bool(figure.symbol) for figure in shown)
    assert any(figure.is_shown for figure in shown)
    assert table.note == DFE.explanation
    assert table.total == Figure(80)
    assert str(Figure(12.5)) == "12.5"
    assert str(C) == "c"


def test_what_cannot_be_asked_for_is_not_available() -> None:
    counts = protected(ONE_WAY)
    year, method = Category("year", "2007"), Category("method", "stated")
    assert counts.count(year).is_shown
    assert counts.count(year, method).symbol == ":"
    assert counts.count(Category("year", "1066")).symbol == ":"
    assert (counts.counts[~np.eye(len(counts.categories), dtype=bool)] == -1).all()


def test_an_open_profile_shows_every_count() -> None:
    counts = protected(OPEN)
    population = Population.of(DIMENSIONS, RECIPE.reviews(DIMENSIONS))
    asked = counts.askable
    assert (counts.counts[asked] == population.counts[asked]).all()


def test_most_large_counts_of_eighty_reviews_are_still_shown() -> None:
    counts = protected(DFE)
    population = Population.of(DIMENSIONS, RECIPE.reviews(DIMENSIONS))
    one_way = np.eye(len(counts.categories), dtype=bool)
    large = (population.counts >= DFE.threshold) & counts.askable
    assert (counts.counts[large & one_way] >= 0).mean() > 0.8
    assert (counts.counts[large & ~one_way] >= 0).mean() > 0.5


YEAR, POLICE = Category("year", "2007"), Category("agency", "police")
REFUSED = [
    (Question(("year", "type", "agency")), "dimensions", "leave out"),
    (Question(("year", "type"), (POLICE,)), "dimensions", "leave out"),
    (Question(("type",), (POLICE, YEAR)), "dimensions", "leave out"),
    (Question(("type",), codes="any"), "codes", "ask for primary codes"),
    (Question(("type",), coder="B"), "coders", "default coding"),
    (Question(("type",), (YEAR,), ranges=True), "filters", "ask for one value"),
]


@pytest.mark.parametrize(("question", "rule", "instead"), REFUSED)
def test_a_question_is_refused_with_the_rule_and_what_can_be_asked_instead(
    question: Question, rule: str, instead: str
) -> None:
    with pytest.raises(DisclosureError, match=instead) as caught:
        allow(question, DFE)
    assert caught.value.rule == rule
    allow(question, OPEN)


def test_filters_are_those_of_the_profile_and_leave_enough_reviews() -> None:
    few = replace(DFE, filters=("year",))
    allow(Question(("type",), (YEAR,)), few)
    with pytest.raises(DisclosureError, match="agency is not a filter here; filter by one of these: year"):
        allow(Question(("type",), (POLICE,)), few)
    counts = protected(DFE)
    allow(Question(("type",), (YEAR,)), DFE, counts)
    none = replace(counts, counts=np.full_like(counts.counts, -1))
    with pytest.raises(DisclosureError, match="fewer than 6 reviews may have year '2007'"):
        allow(Question(("type",), (YEAR,)), DFE, none)
    with pytest.raises(DisclosureError, match="are those of another population but for fewer than 6"):
        allow(Question(("type",), (YEAR,)), DFE, replace(counts, near=frozenset({YEAR})))


def test_a_release_that_nearly_is_another_is_refused() -> None:
    kept = [("spring", {f"r{number}" for number in range(20)})]
    check_release(kept[0][1], kept, DFE)
    check_release({f"r{number}" for number in range(26)}, kept, DFE)
    for size in (15, 19, 21, 25):
        with pytest.raises(DisclosureError, match="differs from release spring by fewer than 6 reviews"):
            check_release({f"r{number}" for number in range(size)}, kept, DFE)
        check_release({f"r{number}" for number in range(size)}, kept, OPEN)
    changed = {f"r{number}" for number in range(18)} | {"r18 as changed", "r19 as changed"}
    with pytest.raises(DisclosureError, match="new, changed, withdrawn or purged"):
        check_release(changed, kept, DFE)


def test_the_profiles_of_the_tests_are_among_the_bundled_ones() -> None:
    assert {DFE.name, TEN.name, OPEN.name, "dfe-one-way"} == set(bundled())
