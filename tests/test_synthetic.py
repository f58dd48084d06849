from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest
from rdflib import RDF, RDFS, SH, Dataset, Graph

from learntogether_kg import bundles, queries
from learntogether_kg.errors import LibraryError, UnreadableFileError
from learntogether_kg.ingest.files import read_file
from learntogether_kg.library import Library
from learntogether_kg.namespaces import LT, REVIEW, TYP
from learntogether_kg.ontology import load_ontology, load_shapes
from learntogether_kg.snapshot import Snapshot
from learntogether_kg.synthetic.files import generate, write
from learntogether_kg.synthetic.plan import plan
from learntogether_kg.synthetic.review import CODER
from learntogether_kg.validation.engine import validate

SEED = 11
NOT_DRAWN = {LT.Synthesis, LT.StatedPeriod, LT.SourceRecord}
"""A synthesis is no review; a source record identifies a report, and there is none."""


def graph_of(turtle: str) -> Graph:
    return Graph().parse(data=turtle, format="turtle")


def test_reviews_conform_without_a_violation() -> None:
    for review in generate(12, SEED):
        assert [
            result.rule for result in validate(graph_of(review.turtle)).results if result.severity.value == "Violation"
        ] == []


def test_every_record_type_occurs() -> None:
    graph = Graph()
    for review in generate(12, SEED):
        graph += graph_of(review.turtle)
    ontology, shapes = load_ontology(), load_shapes()
    wanted = {kind for shape in shapes.subjects(SH.closed) for kind in shapes.objects(shape, SH.targetClass)}
    for kind in wanted - NOT_DRAWN:
        below = set(ontology.transitive_subjects(RDFS.subClassOf, kind))
        assert any((None, RDF.type, each) in graph for each in below), kind


def test_reviews_are_about_840_quads_each_and_say_that_they_are_synthetic() -> None:
    sizes = []
    for review in generate(60, SEED):
        graph = graph_of(review.turtle)
        sizes.append(len(graph))
        study = REVIEW[review.name]
        assert str(graph.value(study, LT.synthetic)) == "true"
        assert str(graph.value(study, LT.publicLabel)).startswith("Synthetic review ")
    assert 800 <= sum(sizes) / len(sizes) <= 880


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        list(write(5, seed, tmp_path / name))
        list(write(5, seed, tmp_path / f"{name}.trig"))
    bytes_of = {name: [path.read_bytes() for path in sorted((tmp_path / name).iterdir())] for name in "abc"}
    assert bytes_of["a"] == bytes_of["b"]
    assert bytes_of["a"] != bytes_of["c"]
    assert (
        (tmp_path / "a.trig").read_bytes() == (tmp_path / "b.trig").read_bytes() != (tmp_path / "c.trig").read_bytes()
    )


def test_fewer_reviews_are_the_first_of_more() -> None:
    assert list(generate(3, SEED)) == list(islice(generate(100_000, SEED), 3))


def test_one_file_holds_the_same_as_a_folder(tmp_path: Path) -> None:
    list(write(4, SEED, tmp_path / "folder"))
    list(write(4, SEED, tmp_path / "one.trig"))
    dataset = Dataset()
    dataset.parse(tmp_path / "one.trig", format="trig")
    for file in (tmp_path / "folder").glob("*.ttl"):
        draft = read_file(file)
        assert set(draft.graph) == set(dataset.graph(draft.study))
    truths = (tmp_path / "folder" / "truth.json", tmp_path / "one.truth.json")
    assert truths[0].read_text() == truths[1].read_text()


@pytest.mark.parametrize("name", ["folder", "one.trig"])
def test_nothing_is_overwritten(tmp_path: Path, name: str) -> None:
    list(write(1, SEED, tmp_path / name))
    with pytest.raises(UnreadableFileError, match="there already"):
        list(write(1, SEED, tmp_path / name))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, dict[str, dict[str, dict[str, dict[str, int]]]]]:
    folder = tmp_path_factory.mktemp("synthetic")
    list(write(150, SEED, folder / "reviews"))
    truth = json.loads((folder / "reviews" / "truth.json").read_text())
    return bundles.build_synthetic(150, SEED, folder / "library"), truth


@pytest.mark.parametrize("rule", ["primary", "any"])
def test_the_truth_is_what_a_query_counts(built: tuple[Snapshot, dict], rule: str) -> None:  # type: ignore[type-arg]
    release, truth = built
    counted = {
        (row["pattern"]["iri"].removeprefix(str(TYP)), row["influence"]["iri"].rpartition("#")[2]): row["reviews"]
        for row in queries.ask(
            release.store, "recurring-patterns", {"minimum": "1", "coder": CODER, "codes": rule}
        ).as_records()
    }
    expected = {
        (pattern, influence): count
        for pattern, counts in truth["reviewsByPatternAndInfluence"][rule].items()
        for influence, count in counts.items()
    }
    assert counted == expected
    assert len(expected) > 40


def test_a_library_of_them_is_whole_and_published(built: tuple[Snapshot, dict]) -> None:  # type: ignore[type-arg]
    release, _ = built
    assert release.is_whole()
    assert len(release.studies()) == 150


def test_a_library_that_holds_something_is_not_filled(tmp_path: Path) -> None:
    bundles.build_synthetic(2, SEED, tmp_path / "library")
    with pytest.raises(LibraryError, match="holds reviews already"):
        bundles.build_synthetic(2, SEED, tmp_path / "library")
    assert len(Library.open(tmp_path / "library").current().studies()) == 2


def test_what_is_planted_names_patterns_that_are_drawn() -> None:
    drawn = set(plan()["frequencies"])
    for each in plan()["association"]:
        assert {each["first"], each["second"]} <= drawn
        assert each["chance"] > plan()["frequencies"][each["second"]]
    assert {each["pattern"] for each in plan()["trend"]} <= drawn
    known = {str(concept).removeprefix(str(TYP)) for concept in load_ontology().subjects(None, TYP.scheme)}
    assert drawn <= known
