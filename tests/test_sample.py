"""The bundled sample says what the facts say, and nothing that identifies leaves custody."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rdflib import DCTERMS, RDF, Graph, Literal

from learntogether_kg import bundles, reviews
from learntogether_kg.errors import ForeignLibraryError
from learntogether_kg.ingest.files import read_file
from learntogether_kg.library import Library
from learntogether_kg.namespaces import CL, LT
from tests.workbooks import write

FILES = bundles.bundled_files("sample")

# Words of publishers and titles that name nobody and no place.
GENERIC = frozenset(
    {"a", "and", "anyone", "b", "board", "boards", "child", "children", "communication", "decision", "didn", "e", "f"}
    | {"family", "fj", "inter", "into", "issues", "learning", "listen", "lscb", "m", "making", "neighbouring", "nspcc"}
    | {"of", "on", "operation", "practice", "professional", "project", "q", "s", "scb", "scie", "t", "u", "why", "with"}
)


def identifying_words() -> set[str]:
    """Every word of a review's publisher or title that is not generic, and every identifier and address."""
    words: set[str] = set()
    for file in FILES:
        if file.suffix != ".xlsx":
            continue  # the synthesis stands on pages that the ontology cites too
        custody = read_file(file).custody
        for predicate in (DCTERMS.publisher, DCTERMS.title):
            for value in custody.objects(None, predicate):
                words |= {word for word in re.findall(r"[A-Za-z]+", str(value)) if word.lower() not in GENERIC}
        for predicate in (DCTERMS.identifier, LT.address):
            words |= {str(value) for value in custody.objects(None, predicate)}
    return words


def test_the_words_that_must_not_leak_are_found() -> None:
    words = identifying_words()
    assert {"Wiltshire", "Brighton", "Hove", "Sussex", "Thurrock", "Shropshire", "Westminster", "Bristol"} <= words
    assert {"Somerset", "Hillingdon", "Norfolk", "Wolverhampton", "Wight", "Liam", "Julia", "Sofia", "NC50553"} <= words


def test_no_name_of_a_board_a_place_or_a_child_is_in_a_release(sample_library: Library, tmp_path: Path) -> None:
    release = sample_library.release()
    dump = tmp_path / "dump.nq"
    release.store.dump(dump)
    stored = [dump, *(file for file in release.path.rglob("*") if file.is_file())]
    text = b"\n".join(file.read_bytes() for file in stored).lower()
    assert b"review 01" in text
    leaked = [
        word for word in identifying_words() if re.search(rb"\b" + re.escape(word.lower().encode()) + rb"\b", text)
    ]
    assert leaked == []


def test_no_exact_date_is_in_a_review(sample_library: Library, tmp_path: Path) -> None:
    dump = tmp_path / "dump.nq"
    sample_library.release().store.dump(dump)
    data = [line for line in dump.read_text().splitlines() if "/id/review/" in line]
    assert data
    assert not [line for line in data if re.search(r"\b(19|20)\d\d-\d\d\b", line)]


def test_twelve_reviews_and_one_synthesis_that_is_no_review(sample_library: Library) -> None:
    store = sample_library.release().store
    kinds = [set(store.graph(study).objects(study, RDF.type)) for study in sample_library.release().studies()]
    assert kinds.count({LT.Review}) == 12
    assert kinds.count({LT.Synthesis}) == 1


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_file_of_the_sample_conforms(file: Path) -> None:
    assert reviews.check(file).conforms


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_code_of_the_sample_is_a_machines(file: Path) -> None:
    graph = read_file(file).graph
    codings = set(graph.subjects(RDF.type, LT.Classification))
    coders = {coder for coding in codings for coder in graph.objects(coding, LT.codedBy)}
    assert {kind for coder in coders for kind in graph.objects(coder, LT.coderKind)} <= {CL.machine}
    assert {str(code) for code in graph.objects(None, LT.coderCode)} <= {"machine-1", "machine-2", "machine-3"}
    assert all(set(graph.objects(coding, LT.codedBy)) for coding in codings)


def graph_of(name: str) -> Graph:
    return read_file(next(file for file in FILES if file.stem == name)).graph


def test_a_declared_number_is_kept_apart_from_what_was_captured() -> None:
    graph = graph_of("review-02")
    assert list(graph.objects(None, LT.findingsDeclared)) == [Literal(8)]
    assert list(graph.subjects(LT.statedAs, CL["numbered-finding"])) == []
    assert len(list(graph.subjects(LT.statedAs, CL["theme-in-statement"]))) == 4


def test_conflicting_periods_of_the_synthesis_stand_side_by_side() -> None:
    graph = graph_of("synthesis-01")
    periods = set(graph.objects(None, LT.statedPeriod))
    assert {str(text) for period in periods for text in graph.objects(period, LT.dateAsStated)} == {
        "published May 2015 to April 2016",
        "published May 2014 to April 2015",
    }
    assert len({source for period in periods for source in graph.objects(period, LT.accordingTo)}) == 2


def test_building_the_sample_twice_changes_nothing(tmp_path: Path) -> None:
    first = bundles.build_bundled("sample", tmp_path / "library").manifest
    second = bundles.build_bundled("sample", tmp_path / "library").manifest
    assert second == first


def test_the_sample_is_not_mixed_with_other_reviews(tmp_path: Path) -> None:
    library = Library.init(tmp_path / "library")
    reviews.submit(library, [write(tmp_path / "own.xlsx")])
    with pytest.raises(ForeignLibraryError, match="1 review"):
        bundles.build_bundled("sample", library.path)
    assert len(library.current().studies()) == 1
