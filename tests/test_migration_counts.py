"""What an impact predicts is what comes: every table is counted before and after, for each kind of change.

Each file in ``typology/changes/`` makes one kind of change, as ``typology/moved.ttl`` moves a sub-pattern. Which
codings are touched is found here by plain SPARQL over the library's triples, and what the types count where a person
decides is worked out by sets from the teaching library's files.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

import openpyxl
import pytest
from rdflib import DCTERMS, OWL, RDF, SKOS, Graph, URIRef

from learntogether_kg import bundles, ontology, queries
from learntogether_kg.library import Library
from learntogether_kg.namespaces import CL, CODER, LT, TYP
from learntogether_kg.recurrence.dimensions import dimensions
from learntogether_kg.recurrence.request import Counted, Request
from tests.test_cli import ltkg
from tests.test_migration import codings, fill

EXAMPLE = "https://example.org/"
CASES = Path(__file__).parent / "typology"
FILES = {file.stem: file for file in (CASES / "moved.ttl", *sorted((CASES / "changes").glob("*.ttl")))}
DECIDED_BY_A_PERSON = {"split", "deprecated"}
TYPES = {
    TYP[name]
    for name in (
        "human-tool-operation",
        "human-management-system-operation",
        "incidents-and-crises",
        "assessment-and-longer-term-work",
        "family-professional-interactions",
        "human-judgement-and-reasoning",
    )
}

Figures = dict[tuple[str, ...], tuple[int, int]]


@pytest.fixture
def change(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An extension; the reasoner is asked about each elsewhere."""
    file = FILES[request.param]
    with ontology.extended([file.resolve()]):
        monkeypatch.setenv("LTKG_VETTED", ontology.fingerprint())
    return file


def impact(library: Path, file: Path) -> dict:
    run = ltkg("typology", "impact", file, "--library", library, "--format", "json")
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def table(counted: Counted, by: tuple[str, ...], pairs: bool) -> Figures:
    """Reviews and those that looked for each row of a table, none where there are none of either."""
    result = counted.answer(Request(by=by, pairs=pairs))
    if pairs:
        rows = ((sorted(each.iri for each in pair.patterns), pair.together, pair.coded) for pair in result.pairs)
    else:
        rows = (([v.iri or v.key for v in row.values], row.cell.reviews, row.cell.looked) for row in result.rows)
    return {tuple(keys): (one or 0, two or 0) for keys, one, two in rows if one or two}


def all_tables(library: Path) -> dict[tuple[tuple[str, ...], bool], Figures]:
    """Every table by type or by pattern that `ltkg recur` gives, alone, by each other dimension, and in pairs."""
    counted = Counted.of(Library.open(library).current())
    others = [name for name in dimensions() if name not in ("type", "pattern")]
    asked = [((name,), False) for name in ("type", "pattern")]
    asked += [(by, False) for by in product(("type", "pattern"), others)]
    asked += [((name,), True) for name in ("type", "pattern")]
    return {each: table(counted, *each) for each in asked}


def foreseen(before: dict, predicted: dict) -> dict:
    """Every table as it should be: what an impact says of the rows that change, and the rest as it was."""
    found = {name: dict(rows) for name, rows in before.items()}
    for each in predicted["tables"]:
        rows = found[tuple(each["by"]), each["pairs"]]
        for row in each["rows"]:
            keys = tuple(row["keys"])
            assert rows.get(keys, (0, 0)) == (row["reviews"]["before"], row["looked"]["before"]), (each["by"], keys)
            rows[keys] = (row["reviews"]["after"], row["looked"]["after"])
    return {name: {keys: row for keys, row in rows.items() if any(row)} for name, rows in found.items()}


def make_queue(library: Path, file: Path, folder: Path) -> list[Path]:
    run = ltkg("typology", "queue", file, folder, "--library", library)
    assert run.returncode == 0, run.stderr
    return sorted(folder.glob("*.xlsx"))


def submit(library: Path, file: Path, *queues: Path) -> str:
    run = ltkg("submit", *queues, "--library", library, "--extension", file)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def given_up(file: Path) -> set[URIRef]:
    """The published terms that an extension deprecates."""
    return {iri for iri in Graph().parse(file).subjects(OWL.deprecated) if isinstance(iri, URIRef)}


TOUCHED = """
PREFIX lt: <https://w3id.org/learntogether/ontology#>
SELECT ?review ?coding WHERE {{
  GRAPH ?review {{ ?coding a lt:Classification ; lt:inReview ?review ; lt:pattern ?pattern }}
  FILTER(?pattern IN ({}))
}}
"""


@pytest.mark.parametrize("change", FILES, indirect=True)
def test_exactly_the_codings_and_reviews_that_use_what_changes_are_listed(
    change: Path, teaching_library: Library, tmp_path: Path
) -> None:
    (tmp_path / "touched.rq").write_text(TOUCHED.format(", ".join(iri.n3() for iri in given_up(change))), "utf-8")
    run = ltkg("sparql", tmp_path / "touched.rq", "--library", teaching_library.path, "--format", "csv")
    assert run.returncode == 0, run.stderr
    using = {(row["review"], row["coding"]) for row in csv.DictReader(io.StringIO(run.stdout))}
    assert len(using) > 20
    found = impact(teaching_library.path, change)
    assert {(each["review"], each["iri"]) for each in found["classifications"]} == using
    assert {each["iri"] for each in found["reviews"]} == {review for review, _ in using}
    is_mechanical = change.stem not in DECIDED_BY_A_PERSON
    assert {each["mechanical"] for each in found["classifications"]} == {is_mechanical}


@pytest.mark.parametrize("change", FILES, indirect=True)
def test_every_table_becomes_what_was_predicted(change: Path, teaching_copy: Path, tmp_path: Path) -> None:
    """What is proposed is confirmed, the rest is left as it is; that is what the figures after suppose."""
    before = all_tables(teaching_copy)
    predicted = impact(teaching_copy, change)
    weighed = [(tuple(each["by"]), each["pairs"]) for each in (*predicted["tables"], *predicted["unchanged"])]
    assert sorted(weighed) == sorted(before), "an impact weighs every table there is"
    queues = make_queue(teaching_copy, change, tmp_path / "queue")
    assert len(queues) == len(predicted["reviews"])
    confirm = "" if change.stem in DECIDED_BY_A_PERSON else "as proposed"
    for queue in queues:
        fill(queue, lambda _: confirm)
    submit(teaching_copy, change, *queues)
    expected, now = foreseen(before, predicted), all_tables(teaching_copy)
    assert [name for name in expected if expected[name] != now[name]] == []
    assert bool(predicted["tables"]) == (expected != before)


@cache
def under(file: Path) -> dict[URIRef, set[URIRef]]:
    """For each pattern of the ontology with an extension the types that it stands under, itself where it is one."""
    whole = ontology.load_ontology() + Graph().parse(file)
    return {
        iri: set(whole.transitive_objects(iri, SKOS.broader)) & TYPES
        for iri in whole.subjects(SKOS.inScheme, TYP.scheme)
        if isinstance(iri, URIRef)
    }


def types_with(file: Path, decided: dict[str, URIRef]) -> dict[str, int]:
    """Reviews with a primary agreed code under each type, worked out by sets, some codings being as decided."""
    found: dict[str, set[str]] = {str(kind): set() for kind in TYPES}
    for review, node, coder, pattern, primary in codings():
        if primary and coder == "teaching-agreed":
            for kind in under(file)[decided.get(node, pattern)]:
                found[str(kind)].add(review)
    return {kind: len(reviews) for kind, reviews in found.items()}


def choices(file: Path) -> list[URIRef]:
    """What a person decides by turns: what takes the place of what is given up, or two other patterns."""
    mine = Graph().parse(file)
    followed = sorted({iri for each in given_up(file) for iri in mine.objects(each, DCTERMS.isReplacedBy)})
    return followed or [TYP["human-tool-operation"], TYP["performance-indicators"]]


@pytest.mark.parametrize("change", sorted(DECIDED_BY_A_PERSON), indirect=True)
def test_what_a_person_decides_is_what_is_counted(change: Path, teaching_copy: Path, tmp_path: Path) -> None:
    touched = impact(teaching_copy, change)["classifications"]
    decided = {}
    for queue in make_queue(teaching_copy, change, tmp_path / "queue"):
        rows = [each for each in touched if review_of(queue) == each["review"]]
        answers = [choices(change)[number % 2] for number in range(len(rows))]
        assert fill(queue, lambda number, answers=answers: str(answers[number])) == len(rows)
        decided |= dict(zip(nodes_of(queue), answers, strict=True))
    assert set(decided) == {each["iri"] for each in touched}
    submit(teaching_copy, change, *sorted((tmp_path / "queue").glob("*.xlsx")))
    expected = types_with(change, decided)
    assert expected != types_with(change, {})
    now = table(Counted.of(Library.open(teaching_copy).current()), ("type",), pairs=False)
    assert {keys[0]: row[0] for keys, row in now.items()} == expected
    assert impact(teaching_copy, change)["classifications"] == []


def review_of(queue: Path) -> str:
    return openpyxl.load_workbook(queue)["Queue"]["B2"].value


def nodes_of(queue: Path) -> Iterator[str]:
    """The classifications of a queue's rows, in their order."""
    page = openpyxl.load_workbook(queue)["Recoding"]
    column = [cell.value for cell in page[1]].index("classification") + 1
    return (page.cell(row, column).value for row in range(3, page.max_row + 1))


@cache
def agreed() -> tuple[frozenset[str], frozenset[str]]:
    """The teaching reviews that the agreed coding speaks of whole, down to sub-patterns, and those with supervision."""
    looked, found = set(), set()
    for file in bundles.bundled_files("teaching"):
        graph = Graph().parse(file)
        for scope in graph.subjects(RDF.type, LT.CodingScope):
            told = {predicate: graph.value(scope, predicate) for predicate in (LT.codedBy, LT.extent, LT.codingLevel)}
            whole = told[LT.extent] == CL["whole-report"] and told[LT.codingLevel] == CL["types-and-sub-patterns"]
            if told[LT.codedBy] == CODER["teaching-agreed"] and whole:
                looked.add(str(graph.value(scope, LT.inReview)))
    for review, _, coder, pattern, _ in codings():
        if coder == "teaching-agreed" and pattern == TYP.supervision:
            found.add(review)
    return frozenset(looked | found), frozenset(found)


@pytest.mark.parametrize("change", ["moved", "carried-on"], indirect=True)
def test_who_looked_for_a_term_looked_for_the_one_that_carries_it_on(change: Path, teaching_library: Library) -> None:
    """A term that only takes a place is known of those alone that were coded anew; one that carries on, of all."""
    looked, found = agreed()
    carried = change.stem == "carried-on"
    predicted = impact(teaching_library.path, change)
    (rows,) = (each["rows"] for each in predicted["tables"] if each["by"] == ["pattern"] and not each["pairs"])
    now = {row["keys"][0]: row["looked"] for row in rows}
    (new,) = now.keys() - {str(kind) for kind in TYPES} - {str(TYP.supervision)}
    assert 0 < len(found) < len(looked)
    assert now[new] == {"before": 0, "after": len(looked if carried else found)}
    old = {"before": len(looked), "after": len(looked - found if carried else looked)}
    assert now.get(str(TYP.supervision), old) == old
    text = ltkg("typology", "impact", change, "--library", teaching_library.path).stdout
    assert ("a share cannot" in text) is not carried


@pytest.mark.parametrize("change", ["carried-on"], indirect=True)
def test_a_coding_that_nobody_made_anew_yet_is_no_vain_search(
    change: Path, teaching_copy: Path, tmp_path: Path
) -> None:
    """One of the queues is submitted: the other reviews have the pattern still by its earlier name."""
    looked, found = agreed()
    queue = make_queue(teaching_copy, change, tmp_path / "queue")[0]
    fill(queue, lambda _: "as proposed")
    submit(teaching_copy, change, queue)
    state = Library.open(teaching_copy).current()
    rows = table(Counted.of(state), ("pattern",), pairs=False)
    of_both = [rows[key,] for key in (f"{EXAMPLE}carried-on#supervision", str(TYP.supervision))]
    assert [looked for _, looked in of_both] == [len(looked - found) + 1, len(looked) - 1]
    standing = queries.ask(
        state.store, "not-found-or-out-of-scope", {"coder": "teaching-agreed", "pattern": "typ:supervision"}
    )
    reasons = [row["reason"] for row in standing.as_records() if row["standing"] == "outside the scope"]
    assert sum("takes the pattern's place" in str(reason) for reason in reasons) == 1


@pytest.mark.parametrize("change", ["moved"], indirect=True)
def test_a_queue_submitted_twice_changes_nothing_and_says_so(change: Path, teaching_copy: Path, tmp_path: Path) -> None:
    queue = make_queue(teaching_copy, change, tmp_path / "queue")[0]
    fill(queue, lambda number: "as proposed" if number == 0 else "")
    assert "1 replaced" in submit(teaching_copy, change, queue)
    first = Library.open(teaching_copy).current().manifest
    again = submit(teaching_copy, change, queue)
    assert Library.open(teaching_copy).current().manifest == first
    assert "0 added, 0 replaced, 1 unchanged" in again


@pytest.mark.parametrize("change", ["moved"], indirect=True)
def test_a_queue_for_an_older_state_is_refused_with_its_cell(change: Path, teaching_copy: Path, tmp_path: Path) -> None:
    """A coder has coded the review anew since the queue was made."""
    queue = make_queue(teaching_copy, change, tmp_path / "queue")[0]
    fill(queue, lambda _: "as proposed")
    review, library = review_of(queue), Library.open(teaching_copy)
    graph = library.current().store.graph(URIRef(review))
    text = graph.serialize(format="turtle")
    for node in nodes_of(queue):
        text = (
            text.replace(node, f"{node}-anew")
            if f"<{node}>" in text
            else re.sub(
                rf"(?<=[:/]){re.escape(node.rpartition('/')[2])}(?=\s)", f"{node.rpartition('/')[2]}-anew", text
            )
        )
    (tmp_path / "anew.ttl").write_text(text, encoding="utf-8")
    assert (URIRef(f"{node}-anew"), RDF.type, LT.Classification) in Graph().parse(tmp_path / "anew.ttl")
    run = ltkg("submit", tmp_path / "anew.ttl", "--library", teaching_copy)
    assert run.returncode == 0, run.stdout + run.stderr
    before = Library.open(teaching_copy).current().manifest
    run = ltkg("submit", queue, "--library", teaching_copy, "--extension", change)
    assert run.returncode == 2
    assert "Recoding!I3: the library has no such coding any more; make the queue anew" in run.stderr
    assert Library.open(teaching_copy).current().manifest == before
