"""Fast counts equal the named queries, which define the same in SPARQL; questions are typed; rules are kept."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from learntogether_kg import coding_table, queries
from learntogether_kg.errors import QueryArgumentError
from learntogether_kg.figures import Cell, CoderCount, Counts
from learntogether_kg.library import Library
from learntogether_kg.live import LiveLibrary
from learntogether_kg.namespaces import ONTOLOGY_GRAPH
from learntogether_kg.recurrence.answer import tabulate
from learntogether_kg.recurrence.counts import count, reviews_counted
from learntogether_kg.recurrence.derived import associations
from learntogether_kg.recurrence.index import CoderCodes, Coding
from learntogether_kg.recurrence.question import ask
from learntogether_kg.recurrence.reader import read_coding
from learntogether_kg.recurrence.request import Counted, Request
from learntogether_kg.recurrence.together import count_pairs, count_triples
from learntogether_kg.store.base import Store
from learntogether_kg.store.oxigraph import OxigraphStore
from tests import random_libraries
from tests.stores import fill, read_fixture, served

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
    pairs = count_pairs(both.coding, question)
    for pair, worked in zip(pairs, associations(pairs), strict=True):
        each = dict(zip((value.iri for value in pair.patterns), pair.each, strict=True))
        by_coder = spread(pair.by_coder)
        found[frozenset(each)] = (each, pair.together, pair.coded, pair.whole, worked.expected, worked.lift, by_coder)
    assert {key: value[:4] for key, value in found.items()} == {key: value[:4] for key, value in expected.items()}
    for key, value in found.items():
        assert value[4] == pytest.approx(expected[key][4], abs=0.00051), "SPARQL gives three places"
        assert value[5] == pytest.approx(expected[key][5], abs=0.00051)
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


# Worked out by hand


def test_a_code_counts_for_its_pattern_for_the_type_above_and_once_a_review(both: Both) -> None:
    counts = count(both.coding, ask(both.coding, ["pattern"], (), "any"))
    found = {values[0].key: cell.reviews or 0 for values, cell in counts.items()}
    coding = both.coding
    for place, pattern in enumerate(coding.patterns):
        above = [coding.patterns[other].key for other in range(len(coding.patterns)) if coding.below[place, other]]
        assert all(found[pattern.key] <= found[key] for key in above)


def test_what_at_least_two_of_two_coders_found_is_what_both_found(teaching: Coding) -> None:
    def reviews(coder: str) -> set[str]:
        return {
            value.iri
            for value in reviews_counted(teaching, ask(teaching, [], [("pattern", "supervision")], coder=coder))
        }

    one, other = reviews("teaching-a"), reviews("teaching-b")
    assert reviews("2 of teaching-a, teaching-b") == one & other
    assert reviews("1 of teaching-a, teaching-b") == one | other
    assert reviews("2 of human") == one & other
    assert one != other


def test_several_values_of_a_filter_mean_any_and_several_filters_mean_all(teaching: Coding) -> None:
    def reviews(*where: tuple[str, str]) -> set[str]:
        return {value.iri for value in reviews_counted(teaching, ask(teaching, [], where))}

    neglect, abuse, police = ("harm", "neglect"), ("harm", "Physical abuse"), ("agency", "police")
    assert reviews(neglect, abuse) == reviews(neglect) | reviews(abuse)
    assert reviews(neglect, police) == reviews(neglect) & reviews(police)
    assert reviews(neglect) != reviews(abuse)


def test_a_table_has_the_figures_that_each_of_its_cells_has_alone(teaching: Coding) -> None:
    for by in (["type", "harm"], ["level", "influence"], ["agency", "method"], ["year", "level"], ["type", "pattern"]):
        for values, cell in count(teaching, ask(teaching, by)).items():
            where = [(name, value.key) for name, value in zip(by, values, strict=True)]
            assert cell == count(teaching, ask(teaching, [], where)).cells[0], where


def test_coders_side_by_side_have_the_figures_that_each_has_alone(teaching: Coding) -> None:
    for (coder, pattern), cell in count(teaching, ask(teaching, ["coder", "type"])).items():
        alone = count(teaching, ask(teaching, ["type"], coder=coder.key))
        (same,) = (other for values, other in alone.items() if values[0] == pattern)
        assert figures(cell) == figures(same)


def test_a_filter_on_a_coder_is_the_rule_of_that_coder(teaching: Coding) -> None:
    by_filter = count(teaching, ask(teaching, ["type"], [("coder", "teaching-b")]))
    assert by_filter == count(teaching, ask(teaching, ["type"], coder="teaching-b"))


def test_triples_are_reviews_with_all_three(teaching: Coding) -> None:
    question = ask(teaching, ["type"], (), "any")
    triples = count_triples(teaching, question)
    assert len(triples) > 5
    for triple in triples[:5]:
        sets = [
            {value.iri for value in reviews_counted(teaching, ask(teaching, [], [("type", each.key)], "any"))}
            for each in triple.patterns
        ]
        assert triple.together == len(set.intersection(*sets))


def test_the_trend_of_a_pattern_younger_than_the_codings_is_not_tested(teaching_library: Library) -> None:
    example = random_libraries.typology()
    coding = read_coding(teaching_library.release().coding(), OxigraphStore.in_memory([(ONTOLOGY_GRAPH, example)]))
    result = tabulate(coding, ask(coding, ["year"], [("pattern", "synthetic-later")], coder="teaching-agreed"), "r")
    (line,) = result.trend
    assert line.p_value is None
    assert line.note == "No test: the coder looked for it in fewer than three years"
    assert result.counts is not None
    assert result.counts.total.looked == 0


def test_nothing_is_worked_out_from_a_count_that_is_not_shown(teaching: Coding) -> None:
    def hide(_: object, counts: Counts) -> Counts:
        cells = tuple(replace(cell, reviews=None) for cell in counts.cells)
        return replace(counts, cells=cells, total=replace(counts.total, reviews=None, findings_read=None))

    result = tabulate(teaching, ask(teaching, ["type", "year"]), "r", "test", hide)
    for row in result.answer.as_records():
        assert (row["reviews"], row["share"], row["low"], row["high"]) == ("c", None, None, None)
    assert all(line.p_value is None for line in result.trend)
    assert "it is not shown how many of the reviews" in result.sentence
    assert result.reviews is None


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"by": ["colour"]}, "'colour' is not one of type, pattern"),
        ({"by": ["type", "year", "harm"]}, "at most 2"),
        ({"by": ["type", "type"]}, "given twice"),
        ({"by": [], "where": [("harm", "neglekt")]}, "did you mean 'Neglect'"),
        ({"by": [], "where": [("year", "1066")]}, "not known here"),
        ({"by": [], "codes": "some"}, "'some' is not one of primary, any"),
        ({"by": [], "year": "birth"}, "'birth' is not one of period, report, publication"),
        ({"by": [], "coder": "human"}, "the kind of several coders, teaching-a, teaching-b"),
        ({"by": [], "coder": "3 of human"}, "between 1 and the number of coders, 2"),
        ({"by": [], "coder": "teaching-x"}, "did you mean"),
    ],
)
def test_a_wrong_argument_is_told_with_what_there_is(teaching: Coding, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryArgumentError, match=re.escape(message)):
        ask(teaching, **asked)


def test_a_live_server_is_counted_like_a_folder(tmp_path: Path) -> None:
    embedded, dataset = OxigraphStore.create(tmp_path / "store"), read_fixture("synthetic-small")
    fill(embedded, dataset)
    request = Request(by=("pattern", "influence"), where=(("agency", "police"),), codes="any")
    graphs = {name: embedded.graph(name) for name in embedded.graph_names()}
    with served(tmp_path, graphs) as server:
        of_server = Counted.of(LiveLibrary(server).newest()).answer(request)
    of_folder = Counted(read_coding(coding_table.extract(embedded), embedded), "state-0").answer(request)
    assert of_server == of_folder
    assert any(row["reviews"] for row in of_server.answer.as_records())


def test_what_is_half_worked_out_is_seen_by_nobody(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads share a coding table, so what one keeps for all must be whole when it is kept."""
    fact = next(iter(both.coding.items.values()))
    coder = replace(both.coding.coders[0], known={})
    seen: list[bool] = []
    original = CoderCodes.masks
    monkeypatch.setattr(
        CoderCodes, "masks", lambda self, codes: (seen.append(bool(self.known)), original(self, codes))[1]
    )
    assert len(coder.masks_by(fact, True)) == len(fact.flags)
    assert seen == [False] * len(fact.flags)
    assert coder.masks_by(fact, True) is coder.masks_by(fact, True)
