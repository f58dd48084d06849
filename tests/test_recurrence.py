"""Fast counts equal the named queries, which define the same in SPARQL; questions are typed; rules are kept."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings

from learntogether_kg import coding_table, queries
from learntogether_kg.figures import Cell, CoderCount
from learntogether_kg.library import Library
from learntogether_kg.recurrence.answer import pair_up, tabulate
from learntogether_kg.recurrence.counts import count, reviews_counted
from learntogether_kg.recurrence.index import Coding
from learntogether_kg.recurrence.question import ask
from learntogether_kg.recurrence.reader import read_coding
from learntogether_kg.recurrence.together import count_pairs
from learntogether_kg.store.base import Store
from tests import random_libraries

CODES = ("primary", "any")
INFLUENCES = ("", "unsafe")
YEARS = {"publication": "publication", "report": "report", "period": "period-end"}
Told = dict[str, object]


class Both:
    """A library as triples and as a coding table."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.coding = read_coding(coding_table.extract(store), store)

    def by_sparql(self, name: str, **arguments: str) -> list[Told]:
        return queries.ask(self.store, name, arguments).as_records()

    def coders(self) -> list[str]:
        return ["", *(coder.code for coder in self.coding.coders)]


@pytest.fixture(scope="module", params=["sample", "teaching"])
def both(request: pytest.FixtureRequest) -> Both:
    library: Library = request.getfixturevalue(f"{request.param}_library")
    return Both(library.release().store)


@pytest.fixture(scope="module")
def teaching(teaching_library: Library) -> Coding:
    release = teaching_library.release()
    return read_coding(release.coding(), release.store)


def iri(value: object) -> object:
    return value["iri"] if isinstance(value, dict) else value


def spread(by_coder: tuple[CoderCount, ...]) -> list[str]:
    return sorted(
        f"{c.coder}: " + ("did not look" if c.reviews == 0 == c.coded else f"{c.reviews} of {c.coded}")
        for c in by_coder
    )


def where(influence: str) -> list[tuple[str, str]]:
    return [("influence", influence)]


# Equal to SPARQL


def check_types(both: Both, coder: str, codes: str, influence: str) -> None:
    rows = both.by_sparql("types-reported", coder=coder, codes=codes, influence=influence)
    counts = count(both.coding, ask(both.coding, ["type"], where(influence), codes, coder))
    names = ("reviews", "findingsRead", "looked", "lookedNotFound", "cannotTell", "allReviews")
    expected = {iri(row["type"]): [row[name] for name in names] for row in rows}
    found = {values[0].iri: figures(cell) for values, cell in counts.items()}
    assert found == expected
    answer = tabulate(both.coding, ask(both.coding, ["type"], where(influence), codes, coder), "r").answer.as_records()
    assert [row["share"] for row in answer] == [row["share"] for row in rows]


def figures(cell: Cell) -> list[int | None]:
    return [cell.reviews, cell.findings_read, cell.looked, cell.looked_not_found, cell.cannot_tell, cell.all_reviews]


def check_patterns(both: Both, coder: str, codes: str) -> None:
    rows = both.by_sparql("recurring-patterns", coder=coder, codes=codes, minimum="1")
    expected = {
        (iri(row["pattern"]), iri(row["influence"])): (row["reviews"], row["findingsRead"], row["inReviews"])
        for row in rows
    }
    counts = count(both.coding, ask(both.coding, ["pattern", "influence"], (), codes, coder))
    found = {}
    for (pattern, influence), cell in counts.items():
        if cell.reviews:
            only = ask(both.coding, [], [("pattern", pattern.key), ("influence", influence.key)], codes, coder)
            reviews = [{"iri": review.iri, "label": review.label} for review in reviews_counted(both.coding, only)]
            found[pattern.iri, influence.iri] = (cell.reviews, cell.findings_read, reviews)
    assert found == expected


def check_years(both: Both, coder: str, codes: str, influence: str, year: str, pattern: str = "") -> None:
    rows = both.by_sparql(
        "patterns-by-year", coder=coder, codes=codes, influence=influence, yearOf=YEARS[year], pattern=pattern
    )
    expected = {
        (iri(row["pattern"]), row["year"]): [
            row[name] for name in ("reviews", "looked", "findingsRead", "allReviews", "byCoder")
        ]
        for row in rows
        if row["allReviews"]
    }
    by = ["year", "pattern" if pattern else "type"]
    counts = count(both.coding, ask(both.coding, by, where(influence), codes, coder, year))
    found = {
        (values[1].iri, values[0].label.lower()): [
            cell.reviews,
            cell.looked,
            cell.findings_read,
            cell.all_reviews,
            spread(cell.by_coder),
        ]
        for values, cell in counts.items()
        if cell.all_reviews and (not pattern or values[1].key == pattern)
    }
    assert found == expected


def check_pairs(both: Both, coder: str, codes: str, influence: str, level: str) -> None:
    rows = both.by_sparql("pattern-pairs", coder=coder, codes=codes, influence=influence, level=level, minimum="0")
    expected = {}
    for row in rows:
        one, other = iri(row["pattern"]), iri(row["otherPattern"])
        each = {one: row["reviews"], other: row["otherReviews"]}
        expected[frozenset((one, other))] = (
            each,
            *(row[name] for name in ("together", "reviewsCoded", "wholeReports", "expected", "lift", "byCoder")),
        )
    question = ask(both.coding, ["type" if level == "types" else "pattern"], where(influence), codes, coder)
    found = {}
    for pair, row in zip(
        count_pairs(both.coding, question), pair_up(both.coding, question, "r").answer.as_records(), strict=True
    ):
        each = dict(zip((value.iri for value in pair.patterns), pair.each, strict=True))
        by_coder = [told.replace("0 of 0", "did not look") for told in spread(pair.by_coder)]
        found[frozenset(each)] = (each, pair.together, pair.coded, pair.whole, row["expected"], row["lift"], by_coder)
    assert {key: value[:4] for key, value in found.items()} == {key: value[:4] for key, value in expected.items()}
    for key, value in found.items():
        assert value[4] == pytest.approx(expected[key][4], abs=0.0006), "the two round halves differently"
        assert value[5] == pytest.approx(expected[key][5], abs=0.0006)
        assert value[6] == expected[key][6]


def check_agencies(both: Both, coder: str, codes: str, influence: str, pattern: str) -> None:
    rows = both.by_sparql("agencies-by-pattern", coder=coder, codes=codes, influence=influence, pattern=pattern)
    counts = count(both.coding, ask(both.coding, ["agency"], [*where(influence), ("pattern", pattern)], codes, coder))
    found = {values[0].iri: cell.reviews for values, cell in counts.items() if values[0].iri}
    assert found == {iri(row["agencyKind"]): row["reviews"] for row in rows}
    assert {counts.total.reviews} == {row["reviewsWithPattern"] for row in rows}


def check_constructive(both: Both, coder: str, codes: str) -> None:
    rows = both.by_sparql("constructive-patterns", coder=coder, codes=codes, minimum="1")
    kinds = {"https://w3id.org/learntogether/codelists#not-stated": ""}
    expected = {
        (iri(row["pattern"]), kinds.get(str(iri(row["questionKind"])), iri(row["questionKind"]))): [
            row["reviews"],
            row["findingsRead"],
        ]
        for row in rows
    }
    counts = count(both.coding, ask(both.coding, ["pattern", "question-kind"], where("constructive"), codes, coder))
    found = {
        (values[0].iri, values[1].iri): [cell.reviews, cell.findings_read]
        for values, cell in counts.items()
        if (values[0].iri, values[1].iri) in expected
    }
    assert found == expected
    others = [cell.reviews for values, cell in counts.items() if (values[0].iri, values[1].iri) not in expected]
    assert not any(others)


def check_national(both: Both, coder: str, codes: str) -> None:
    rows = both.by_sparql("national-level-patterns", coder=coder, codes=codes, influence="")
    counts = count(both.coding, ask(both.coding, ["pattern", "level"], (), codes, coder))
    found = {
        v[0].iri: cell.reviews for v, cell in counts.items() if v[1].key == "national-system-level" and cell.reviews
    }
    assert found == {iri(row["pattern"]): row["withFactor"] for row in rows if row["withFactor"]}


@pytest.mark.parametrize("codes", CODES)
def test_counts_by_type_equal_sparql(both: Both, codes: str) -> None:
    for coder, influence in product(both.coders(), INFLUENCES):
        check_types(both, coder, codes, influence)


@pytest.mark.parametrize("codes", CODES)
def test_counts_by_pattern_and_influence_equal_sparql(both: Both, codes: str) -> None:
    for coder in both.coders():
        check_patterns(both, coder, codes)


@pytest.mark.parametrize("year", YEARS)
def test_counts_by_year_equal_sparql(both: Both, year: str) -> None:
    for coder, codes, influence in product(both.coders()[:3], CODES, INFLUENCES):
        check_years(both, coder, codes, influence, year)
    check_years(both, "", "any", "", year, "clear-roles")


def test_counts_by_agency_and_kind_of_question_and_level_equal_sparql(both: Both) -> None:
    for coder, codes in product(both.coders()[:3], CODES):
        check_constructive(both, coder, codes)
        check_national(both, coder, codes)
        for influence, pattern in product(INFLUENCES, ("", "human-tool-operation")):
            check_agencies(both, coder, codes, influence, pattern)


@pytest.mark.parametrize("level", ["types", "sub-patterns"])
def test_pairs_equal_sparql(both: Both, level: str) -> None:
    check_pairs(both, "", "any", "", level)
    check_pairs(both, both.coders()[1], "primary", "unsafe", level)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_libraries.libraries())
def test_counts_of_random_libraries_equal_sparql(library: random_libraries.Library) -> None:
    both = Both(library.store())
    for coder, codes in product(both.coders(), CODES):
        check_types(both, coder, codes, "")
        check_patterns(both, coder, codes)
    check_years(both, "", "any", "", "period")
    check_years(both, "", "primary", "unsafe", "publication")
    for coder, pattern in product(both.coders(), ("", "human-tool-operation")):
        check_agencies(both, coder, "any", "", pattern)
    check_constructive(both, "", "any")
    check_national(both, "", "any")
    check_pairs(both, "", "any", "", "types")
    check_pairs(both, "", "primary", "", "sub-patterns")
