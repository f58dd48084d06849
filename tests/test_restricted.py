"""Recurrence under a restricted profile: the same counts, of which only protected ones are left."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from learntogether_kg.disclosure.population import Population
from learntogether_kg.disclosure.profile import Profile
from learntogether_kg.disclosure.protection import Protected
from learntogether_kg.disclosure.worlds import Worlds, alternatives
from learntogether_kg.errors import DisclosureError
from learntogether_kg.library import Library
from learntogether_kg.recurrence import restricted
from learntogether_kg.recurrence.derived import NOT_ANSWERED
from learntogether_kg.recurrence.dimensions import dimensions
from learntogether_kg.recurrence.request import Counted, Request

OPEN = Profile.load("open")
ONE_WAY = replace(Profile.load("dfe"), name="one-way", dimensions=1, filters=())
BY = [each.name for each in dimensions().values() if each.of in ("pattern", "influence", "review")]
PAIRS = [pair for pair in combinations(BY, 2) if set(pair) != {"type", "pattern"}]


@pytest.fixture(scope="module")
def counted(teaching_library: Library) -> Counted:
    return Counted.of(teaching_library.release())


@pytest.fixture(scope="module")
def population(counted: Counted) -> Population:
    return restricted.population(counted.coding)


@pytest.fixture(scope="module")
def unprotected(population: Population) -> Protected:
    return Protected.of(alternatives(population, OPEN), OPEN)


@pytest.fixture(scope="module")
def worlds(population: Population) -> Worlds:
    return alternatives(population, ONE_WAY, seed=1)


def counts_of(counted: Counted, request: Request, protected: Protected) -> list[tuple[object, ...]]:
    rows = counted.answer(request, restricted.protection(protected)).rows
    return [(row.values, row.cell.reviews, row.cell.all_reviews) for row in rows]


@pytest.mark.parametrize("by", [(), *((name,) for name in BY), *PAIRS], ids=" × ".join)
def test_disclosure_control_counts_what_recurrence_counts(
    by: tuple[str, ...], counted: Counted, unprotected: Protected
) -> None:
    rows = counted.answer(Request(by=by)).rows
    assert rows
    held = [name for name in by if name not in ("pattern", "type", "influence")]
    for row, (values, reviews, everyone) in zip(rows, counts_of(counted, Request(by=by), unprotected), strict=True):
        assert values == row.values
        # By two facts about reviews and "any pattern" the question has three dimensions, and two are kept.
        assert reviews == (row.cell.reviews if len(held) < 2 else None)
        assert everyone == row.cell.all_reviews


@pytest.mark.parametrize(
    "where",
    [("harm", "neglect"), ("influence", "unsafe"), ("pattern", "supervision"), ("agency", "police")],
    ids="=".join,
)
@pytest.mark.parametrize("by", ["type", "influence", "year", "harm"])
def test_it_counts_the_same_with_a_filter(
    by: str, where: tuple[str, str], counted: Counted, unprotected: Protected
) -> None:
    request = Request(by=(by,), where=(where,))
    if (by, where[0]) in {("year", "harm"), ("year", "agency"), ("harm", "agency")}:
        return  # three dimensions, as above
    expected = [row.cell.reviews for row in counted.answer(request).rows]
    assert [reviews for _, reviews, _ in counts_of(counted, request, unprotected)] == expected


def test_pairs_are_counted_the_same(counted: Counted, unprotected: Protected) -> None:
    request = Request(pairs=True)
    expected = {pair.patterns: (pair.together, pair.each) for pair in counted.answer(request).pairs}
    shown = counted.answer(request, restricted.protection(unprotected)).pairs
    assert {pair.patterns: (pair.together, pair.each) for pair in shown} == expected


def test_what_is_shown_is_true_and_no_small_count_is(counted: Counted, worlds: Worlds) -> None:
    protected = Protected.of(worlds, ONE_WAY)
    shown = 0
    for name in BY:
        rows = counted.answer(Request(by=(name,))).rows
        told = counts_of(counted, Request(by=(name,)), protected)
        for row, (_, reviews, everyone) in zip(rows, told, strict=True):
            if name in ("pattern", "type", "influence"):
                assert reviews in (None, row.cell.reviews)
                assert reviews not in range(1, ONE_WAY.threshold)
                shown += reviews is not None
            else:
                assert reviews is None  # with "any pattern" that is a second dimension
                assert everyone in (None, row.cell.all_reviews)
                assert everyone not in range(1, ONE_WAY.threshold)
                shown += everyone is not None
    assert shown > len(BY)


def test_nothing_beside_the_counts_is_shown(counted: Counted, worlds: Worlds) -> None:
    result = counted.answer(Request(by=("type",)), restricted.protection(Protected.of(worlds, ONE_WAY)))
    assert result.profile == "one-way"
    assert result.reviews is None
    columns = result.answer.columns
    for row in result.answer.rows:
        told = dict(zip(columns, row, strict=True))
        assert told["looked"] == told["lookedNotFound"] == told["cannotTell"] == "c"
        assert told["share"] is None
        assert told["low"] is None
        assert told["byCoder"] == ()


@pytest.mark.parametrize(
    ("request_", "rule", "instead"),
    [
        (Request(by=("level",)), "dimensions", "ask by one of these: type, pattern"),
        (Request(by=("coder",)), "dimensions", "ask by one of these: type, pattern"),
        (Request(by=("type", "harm")), "dimensions", "leave out"),
        (Request(by=("type", "pattern")), "dimensions", "ask by one, or for pairs"),
        (Request(by=("type",), codes="any"), "codes", "ask for primary codes"),
        (Request(by=("type",), coder="agreed"), "coders", "without a coder"),
        (Request(pairs=True), "dimensions", "leave out"),
    ],
    ids=str,
)
def test_a_question_that_is_not_answered_is_refused(
    request_: Request, rule: str, instead: str, counted: Counted, worlds: Worlds
) -> None:
    with pytest.raises(DisclosureError, match=instead) as caught:
        counted.answer(request_, restricted.protection(Protected.of(worlds, ONE_WAY)))
    assert caught.value.rule == rule


def test_a_review_of_which_anything_changed_is_a_new_one(counted: Counted, population: Population) -> None:
    assert restricted.population(counted.coding).names == population.names
    coding = replace(counted.coding, read=~counted.coding.read)
    changed = restricted.population(coding, population)
    assert set(changed.names).isdisjoint(population.names)
    assert len(set(changed.names)) == len(population.names)


def test_a_share_is_that_of_the_open_answer_where_all_reviews_were_coded_as_a_whole(
    counted: Counted, unprotected: Protected
) -> None:
    shown = 0
    for where in [(), (("agency", "police"),), (("outcome", "no-serious-harm"),), (("captured-from", "own-review"),)]:
        request = Request(by=("pattern",), where=where)
        mine = counted.answer(request, restricted.protection(unprotected))
        columns = mine.answer.columns
        for told, true in zip(mine.answer.rows, counted.answer(request).answer.rows, strict=True):
            row, open_row = dict(zip(columns, told, strict=True)), dict(zip(columns, true, strict=True))
            if row["looked"] != "c":
                assert row["looked"] == row["findingsRead"] == open_row["looked"]
            if row["share"] is not None:
                assert [row[name] for name in ("share", "low", "high")] == [
                    open_row[name] for name in ("share", "low", "high")
                ]
                shown += 1
    assert shown > 20


def test_where_not_all_were_coded_as_a_whole_it_says_why_there_is_no_share(
    counted: Counted, unprotected: Protected
) -> None:
    result = counted.answer(Request(by=("type", "year")), restricted.protection(unprotected))
    notes = {str(row[result.answer.columns.index("note")]) for row in result.answer.rows}
    assert any("not all of these reviews were coded as a whole" in note for note in notes)
    assert {line.note for line in result.trend} == {f"No test: {NOT_ANSWERED}"}


def test_whether_all_were_coded_as_a_whole_is_told_only_where_every_alternative_agrees(
    population: Population, worlds: Worlds
) -> None:
    everyone = np.ones_like(population.scheme.complete(population.facts))
    for answered, expected in ((everyone, True), (~everyone, False)):
        told = replace(worlds, population=replace(worlds.population, answered=answered)).answered()
        assert told[-1].all() == expected
    one = everyone.copy()
    one[0, 0] = False
    told = replace(worlds, population=replace(worlds.population, answered=one)).answered()
    assert not told[-1, 0]
    assert told[-1, 1:].all()
    ever = np.any(
        [worlds.population.scheme.complete(facts)[0] for facts in (worlds.population.facts, *worlds.others)], 0
    )
    assert (told[:-1, 0] == ~ever).all()
