"""No hidden count can be solved for from all answers that a profile allows, also of several releases together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learntogether_kg.disclosure.population import Category, Dimension, Population, Scheme
from learntogether_kg.disclosure.profile import Profile
from learntogether_kg.disclosure.protection import Protected, agree
from learntogether_kg.disclosure.questions import Question, allow
from learntogether_kg.disclosure.worlds import Worlds, alternatives
from learntogether_kg.errors import DisclosureError
from tests.disclosure.attacker import Attacker, answers, is_open
from tests.disclosure.libraries import DFE, DIMENSIONS, PATTERNS, PROFILES, THREE, Recipe, Told, chosen, recipes


def worlds_of(
    dimensions: Sequence[Dimension], told: Told, profile: Profile, before: Worlds | None = None, seed: int = 1
) -> Worlds:
    return alternatives(Population.of(dimensions, told), profile, before, seed=seed)


def primary_only(worlds: Worlds, profile: Profile) -> Protected:
    """What would be shown if small counts were hidden and nothing beside them."""
    return replace(Protected.of(worlds, profile), counts=agree(worlds.counts()[:1], profile))


@settings(max_examples=25, deadline=None)
@given(recipes(3, 45), chosen(2), st.sampled_from(PROFILES))
def test_no_hidden_count_of_a_release_can_be_solved_for(
    recipe: Recipe, dimensions: tuple[Dimension, ...], profile: Profile
) -> None:
    try:
        worlds = worlds_of(dimensions, recipe.reviews(dimensions), profile)
    except DisclosureError:
        return  # nothing is published, so there is nothing to solve
    protected = Protected.of(worlds, profile)
    assert Attacker(worlds.population.scheme, [(protected, [0])]).solved() == {}


@settings(max_examples=15, deadline=None)
@given(recipes(8, 30), recipes(3, 15), st.integers(0, 4), chosen(2), st.sampled_from(PROFILES), st.integers(0, 99))
def test_nor_from_two_releases_that_share_reviews(
    old: Recipe, new: Recipe, withdrawn: int, dimensions: tuple[Dimension, ...], profile: Profile, seed: int
) -> None:
    first = old.reviews(dimensions)
    second = dict(list(first.items())[withdrawn:]) | new.reviews(dimensions, "new")
    try:
        before = worlds_of(dimensions, first, profile, seed=seed)
        after = worlds_of(dimensions, second, profile, before, seed=seed)
    except DisclosureError:
        return
    released = [(Protected.of(before, profile), [0, 1]), (Protected.of(after, profile), [1, 2])]
    assert Attacker(before.population.scheme, released).solved() == {}


@settings(max_examples=8, deadline=None)
@given(recipes(10, 25), st.integers(0, 99))
def test_nor_from_a_chain_of_three(recipe: Recipe, seed: int) -> None:
    dimensions = (DIMENSIONS[0], PATTERNS)
    told: Told = {}
    released, worlds = [], None
    for number in range(3):
        told |= replace(recipe, seed=recipe.seed + number, size=6 + recipe.size % 5).reviews(dimensions, f"r{number}-")
        try:
            worlds = worlds_of(dimensions, told, THREE, worlds, seed=seed)
        except DisclosureError:
            break
        released.append((Protected.of(worlds, THREE), list(range(number + 1))))
    if released:
        assert Attacker(Scheme(dimensions), released).solved() == {}


@settings(max_examples=20, deadline=None)
@given(recipes(6, 45), chosen(3), st.sampled_from(PROFILES))
def test_the_answers_do_not_depend_on_which_world_is_the_real_one(
    recipe: Recipe, dimensions: tuple[Dimension, ...], profile: Profile
) -> None:
    try:
        worlds = worlds_of(dimensions, recipe.reviews(dimensions), profile)
    except DisclosureError:
        return
    shown = Protected.of(worlds, profile)
    for place, facts in enumerate(worlds.others):
        others = [*worlds.others]
        others[place] = worlds.population.facts
        swapped = Worlds(replace(worlds.population, facts=facts), tuple(others), worlds.watched)
        said = Protected.of(swapped, profile)
        assert (said.counts == shown.counts).all()
        assert (said.near, said.reviews) == (shown.near, shown.reviews)


@settings(max_examples=60, deadline=None)
@given(recipes(3, 45), chosen(3), st.sampled_from(PROFILES))
def test_every_small_count_is_another_one_in_some_world(
    recipe: Recipe, dimensions: tuple[Dimension, ...], profile: Profile
) -> None:
    try:
        worlds = worlds_of(dimensions, recipe.reviews(dimensions), profile)
    except DisclosureError:
        return
    real, *others = worlds.counts()
    for one, other, _ in answers(Protected.of(worlds, profile)):
        if 0 < real[one, other] < profile.threshold:
            assert any(each[one, other] != real[one, other] for each in others)


@settings(max_examples=20, deadline=None)
@given(recipes(6, 45), chosen(3), st.sampled_from(PROFILES))
def test_what_is_shown_is_true(recipe: Recipe, dimensions: tuple[Dimension, ...], profile: Profile) -> None:
    try:
        worlds = worlds_of(dimensions, recipe.reviews(dimensions), profile)
    except DisclosureError:
        return
    told = recipe.reviews(dimensions)
    protected = Protected.of(worlds, profile)
    for one, other, shown in answers(protected):
        pair = {protected.categories[one], protected.categories[other]}
        true = sum(all(_has(review, each, dimensions) for each in pair) for review in told.values())
        if shown is not None:
            assert abs(shown - true) <= profile.off_by
            assert true >= profile.threshold or (true == 0 and profile.zeros == "shown")
            assert shown % profile.rounding == 0


def _has(review: dict[str, str | list[str]], category: Category, dimensions: Sequence[Dimension]) -> bool:
    """Whether a review counts for a category, worked out from the review itself."""
    for each in dimensions:
        value = review[each.name]
        for fact in [value] if isinstance(value, str) else value:
            if category in each.rolls_up.get(fact, [Category(each.name, fact)]):
                return True
    return False


def test_every_question_that_is_allowed_is_one_of_the_answers_that_were_attacked() -> None:
    told = Recipe(7, 40, (0.5, 0.3, 0.2, 0.8)).reviews(DIMENSIONS)
    protected = Protected.of(worlds_of(DIMENSIONS, told, DFE), DFE)
    attacked = {
        frozenset((protected.categories[one], protected.categories[other])) for one, other, _ in answers(protected)
    }
    names = sorted({each.dimension for each in protected.categories})
    asked = 0
    for by in [(), *((one,) for one in names), *product(names, repeat=2), *product(names, repeat=3)]:
        for where in [(), *((one,) for one in protected.categories), *product(protected.categories, repeat=2)]:
            try:
                allow(Question(by, where), DFE, protected)
            except DisclosureError:
                continue
            asked += 1
            breakdowns = [[each for each in protected.categories if each.dimension == name] for name in by]
            for cell in product(*breakdowns):
                told_by = frozenset((*cell, *where))
                assert not told_by or told_by in attacked or not protected.count(*told_by).is_shown
    assert asked > len(names)


# What the attacker can do when something is left out: each of these would pass if the attack had no teeth.

HAND_MADE: Told = {
    **{f"a{number}": {"year": "2007", "pattern": ["p1"]} for number in range(10)},
    **{f"b{number}": {"year": "2007", "pattern": ["p2"]} for number in range(2)},
    **{f"c{number}": {"year": "2008", "pattern": []} for number in range(12)},
}
"""2007: ten reviews with p1, two with p2, none with both; p1 and p2 stand under t1, so twelve have t1. 2008: twelve."""
TWO = (Dimension("year", ("2007", "2008")), PATTERNS)
P2 = Category("pattern", "p2")


def test_without_secondary_suppression_a_small_count_is_solved_for() -> None:
    worlds = worlds_of(TWO, HAND_MADE, DFE)
    assert primary_only(worlds, DFE).count(P2).symbol == "c"
    solved = Attacker(worlds.population.scheme, [(primary_only(worlds, DFE), [0])]).solved()
    assert solved[0, P2, P2] == 2  # 12 of t1, 10 of p1, 0 of both
    assert Attacker(worlds.population.scheme, [(Protected.of(worlds, DFE), [0])]).solved() == {}


def test_with_the_roll_up_forgotten_a_small_count_is_solved_for() -> None:
    types = Dimension("type", ("t1", "t2"), single=False)
    flat = Dimension("pattern", PATTERNS.facts, single=False, pairs=True)
    told = {name: {**review, "type": ["t1"] if review["pattern"] else []} for name, review in HAND_MADE.items()}
    real = Population.of((TWO[0], flat, types), told)
    alternative = Population.of((TWO[0], flat, types), told | {"b0": {"year": "2007", "pattern": [], "type": ["t1"]}})
    # As a library without the pattern could be made where nobody knew that a review with a pattern has its type.
    forgetful = Protected.of(Worlds(real, (alternative.facts,), np.zeros((8, 0), dtype=np.int8)), DFE)
    assert forgetful.count(P2).symbol == "c"
    true = Scheme(TWO)
    order = [forgetful.categories.index(each) for each in true.categories]
    known = replace(
        forgetful, categories=true.categories, askable=true.askable, counts=forgetful.counts[np.ix_(order, order)]
    )
    assert Attacker(true, [(known, [0])]).solved()[0, P2, P2] == 2


def test_with_the_release_before_forgotten_counts_are_solved_for() -> None:
    solved = {"kept": 0, "forgotten": 0}
    three, shares = (DIMENSIONS[0], DIMENSIONS[1], PATTERNS), (0.5, 0.3, 0.2, 0.8, 0.2, 0.6, 0.3, 0.2)
    for seed in (0, 2, 4):
        first = Recipe(seed, 12, shares).reviews(three)
        second = first | Recipe(seed + 50, 5, shares).reviews(three, "new")
        before = worlds_of(three, first, THREE)
        for way, known in (("kept", before), ("forgotten", None)):
            after = worlds_of(three, second, THREE, known, seed=2)
            released = [(Protected.of(before, THREE), [0]), (Protected.of(after, THREE), [0, 1])]
            solved[way] += len(Attacker(before.population.scheme, released).solved())
    assert solved["kept"] == 0
    assert solved["forgotten"] > 0


def test_two_populations_that_are_almost_the_same_cannot_be_subtracted() -> None:
    # 57 of 60 reviews involve the police; what the other three have would be the difference of two tables.
    told: Told = {
        f"r{number}": {
            "year": "2007" if number % 2 else "2008",
            "agency": [*(["police"] if number < 57 else []), *(["health"] if number % 3 == 0 or number >= 57 else [])],
            "pattern": [["p1"], ["p2"], [], ["p1", "p2"]][number // 2 % 4],
        }
        for number in range(60)
    }
    dimensions = (DIMENSIONS[0], DIMENSIONS[2], PATTERNS)
    worlds = worlds_of(dimensions, told, DFE)
    protected = Protected.of(worlds, DFE)
    police = Category("agency", "police")
    assert police in protected.near
    scheme = worlds.population.scheme
    attacker = Attacker(scheme, [(protected, [0])])
    looked_at = 0
    for place, each in enumerate(scheme.categories):
        true = sum(_has(review, each, dimensions) for review in list(told.values())[57:])
        if each.dimension != "agency" and true:
            left = attacker.row(0, place) - attacker.row(0, place, scheme.place(police))
            assert is_open(*attacker.bounds(left)), each
            looked_at += 1
    assert looked_at > 3


def test_refuses_what_cannot_be_protected() -> None:
    told: Told = {f"r{number}": {"year": "2007", "pattern": ["p1"] if number else ["p1", "p2"]} for number in range(9)}
    before = worlds_of(TWO, told, THREE)
    with pytest.raises(DisclosureError, match="publish when more reviews are there"):
        # Nothing is new, so nothing may be altered, and now only a review that was never altered has the pattern p3.
        worlds_of(TWO, told, DFE, replace(before, others=()))
