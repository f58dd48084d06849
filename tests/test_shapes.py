"""Runs the cases in ``shapes/``: each adds to, or takes from, a review that conforms, and expects one exact report.

A case is ``<Shape>/conforms[-why].ttl`` or ``<Shape>/violates-<what>.ttl``. It holds the triples that it adds to
``base.ttl``, or to the base that its first line names (``# base: base-synthesis.ttl``). ``<case>.remove.ttl`` holds
those it takes away, ``<case>.custody.trig`` the recorded reasons that lie in custody, ``<case>.expected.csv`` the
results of a violating case: none may be missing, none too many.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest
from rdflib import RDF, SH, Graph, URIRef

from learntogether_kg.namespaces import ID, LT, LTS, PREFIXES, shorten
from learntogether_kg.ontology import load_shapes
from learntogether_kg.validation.engine import validate

FOLDER = Path(__file__).parent / "shapes"
CASES = sorted(path for path in FOLDER.glob("*/*.ttl") if not path.name.endswith(".remove.ttl"))
BASES = sorted(FOLDER.glob("base*.ttl"))
Expected = set[tuple[str, str, str]]


@cache
def read_base(name: str) -> Graph:
    return Graph().parse(FOLDER / name, format="turtle")


def read_case(path: Path) -> Graph:
    first_line = path.read_text(encoding="utf-8").partition("\n")[0]
    _, named, base = first_line.partition("# base: ")
    graph = Graph()
    graph += read_base(base if named else "base.ttl")
    removed = path.with_suffix(".remove.ttl")
    if removed.exists():
        for triple in Graph().parse(removed, format="turtle"):
            assert triple in graph, f"{removed} takes away what the base does not have: {triple}"
            graph.remove(triple)
    return graph.parse(path, format="turtle")


def read_expected(path: Path) -> Expected:
    with path.with_suffix(".expected.csv").open(encoding="utf-8", newline="") as table:
        return {(row["focus_node"], row["source_shape"], row["severity"]) for row in csv.DictReader(table)}


def curie(iri: str) -> str:
    return f"id:{iri[len(ID) :]}" if iri.startswith(str(ID)) else shorten(iri)


def read_custody(path: Path) -> Graph:
    custody = path.with_suffix(".custody.trig")
    return Graph().parse(custody, format="turtle") if custody.exists() else Graph()


def report(graph: Graph, custody: Graph | None = None) -> Expected:
    return {
        (curie(str(each.focus_node)), curie(str(each.source_shape)), f"sh:{each.severity.value}")
        for each in validate(graph, custody=custody).results
    }


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", BASES, ids=lambda path: path.stem)
def test_base_conforms(path: Path) -> None:
    assert report(read_base(path.name)) == set()


@pytest.mark.parametrize("path", [path for path in CASES if path.name.startswith("conforms")], ids=name)
def test_conforming_case_has_no_result(path: Path) -> None:
    assert report(read_case(path)) == set()


@pytest.mark.parametrize("path", [path for path in CASES if path.name.startswith("violates")], ids=name)
def test_violating_case_has_exactly_the_expected_results(path: Path) -> None:
    assert report(read_case(path), read_custody(path)) == read_expected(path)


def test_each_case_is_named_for_what_it_shows() -> None:
    assert [name(path) for path in CASES if not path.name.startswith(("conforms", "violates-"))] == []


def test_each_result_of_one_case_is_about_one_cell() -> None:
    for path in CASES:
        if path.stem == "violates-wrong-values":
            results = validate(read_case(path)).results
            cells = [(each.focus_node, each.path) for each in results if each.severity.value == "Violation"]
            assert len(cells) == len(set(cells)), name(path)


def reporting_shapes() -> set[URIRef]:
    return {shape for shape in load_shapes().subjects(SH.severity) if isinstance(shape, URIRef)}


def test_each_shape_that_reports_has_a_violating_case() -> None:
    expected = {row[1] for path in CASES if path.name.startswith("violates") for row in read_expected(path)}
    assert {curie(str(shape)) for shape in reporting_shapes()} - expected == set()


def test_each_shape_that_reports_says_what_is_wrong_what_to_do_and_why() -> None:
    shapes = load_shapes()
    for shape in reporting_shapes():
        for predicate in (SH.message, LTS.remedy, LTS.reason):
            texts = [str(text) for text in shapes.objects(shape, predicate)]
            assert len(texts) == 1, f"{shape} has {len(texts)} of {predicate}"
            assert texts[0].strip(), f"{shape} has an empty {predicate}"


def test_each_shape_has_a_name_of_ours() -> None:
    shapes = load_shapes()
    for kind in (SH.NodeShape, SH.PropertyShape, SH.SPARQLConstraint):
        assert [shape for shape in shapes.subjects(RDF.type, kind) if not str(shape).startswith(str(LTS))] == []
    assert [shape for shape in shapes.objects(None, SH.property) if not isinstance(shape, URIRef)] == []


def test_each_closed_shape_and_each_path_occurs_in_a_base() -> None:
    shapes = load_shapes()
    used = {predicate for base in BASES for predicate in read_base(base.name).predicates()}
    paths = {path for path in shapes.objects(None, SH.path) if str(path).startswith(PREFIXES["lt"])}
    assert paths - used == set()
    types = {kind for base in BASES for kind in read_base(base.name).objects(None, RDF.type)}
    closed = {target for shape in shapes.subjects(SH.closed) for target in shapes.objects(shape, SH.targetClass)}
    assert closed - types - {LT.Event, LT.EvidenceSource, LT.Artefact} == set()
