"""Runs the cases in ``shapes/``: each adds to, or takes from, a review that conforms, and expects one exact report.

A case is ``<Shape>/conforms[-why].ttl`` or ``<Shape>/violates-<what>.ttl``. It holds the triples that it adds to
``base.ttl``, or to the base that its first line names (``# base: base-synthesis.ttl``). ``<case>.remove.ttl`` holds
those it takes away, ``<case>.custody.trig`` the recorded reasons that lie in custody, ``<case>.expected.csv`` the
results of a violating case: none may be missing, none too many.

Some rules speak only at some depths, or only of reviews captured from some sources. ``bare-*.ttl`` are reviews that
break them all, ``bare-*.rules.csv`` says which; every combination of depth and source is tried on them.

``shapes/README.md`` shows the rules as a table. ``python -m tests.test_shapes`` writes it anew.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from rdflib import RDF, RDFS, SH, SKOS, Graph, Literal, URIRef
from rdflib.term import Node

from learntogether_kg import resources
from learntogether_kg.namespaces import CL, ID, LT, LTS, PREFIXES, shorten
from learntogether_kg.ontology import load_ontology, load_shapes
from learntogether_kg.validation.engine import validate
from learntogether_kg.validation.hits import public_texts
from learntogether_kg.validation.messages import open_message
from learntogether_kg.validation.report import Stage

FOLDER = Path(__file__).parent / "shapes"
TABLE = resources.folder("shapes") / "README.md"
CASES = sorted(path for path in FOLDER.glob("*/*.ttl") if not path.name.endswith(".remove.ttl"))
BASES = sorted(FOLDER.glob("base*.ttl"))
BARE = sorted(FOLDER.glob("bare-*.ttl"))
DEPTHS = sorted(load_ontology().subjects(SKOS.inScheme, CL.depths))
SOURCES = sorted(load_ontology().subjects(SKOS.inScheme, CL["captured-from"]))
REVIEW = URIRef(f"{ID}review/0123456789abcdef")
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


def read_expected(path: Path, kind: str = "expected") -> Expected:
    with path.with_suffix(f".{kind}.csv").open(encoding="utf-8", newline="") as table:
        return {(row["focus_node"], row["source_shape"], row["severity"]) for row in csv.DictReader(table)}


def curie(iri: str) -> str:
    return f"id:{iri[len(ID) :]}" if iri.startswith(str(ID)) else shorten(iri)


def read_custody(path: Path) -> Graph:
    custody = path.with_suffix(".custody.trig")
    return Graph().parse(custody, format="turtle") if custody.exists() else Graph()


def report(graph: Graph, custody: Graph | None = None, stage: Stage = Stage.PUBLICATION) -> Expected:
    return {
        (curie(str(each.focus_node)), curie(str(each.source_shape)), f"sh:{each.severity.value}")
        for each in validate(graph, custody=custody, stage=stage).results
    }


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", BASES, ids=lambda path: path.stem)
def test_base_conforms(path: Path) -> None:
    assert report(read_base(path.name)) == set()


@pytest.mark.parametrize("path", [path for path in CASES if path.name.startswith("conforms")], ids=name)
def test_conforming_case_has_no_result(path: Path) -> None:
    assert report(read_case(path), read_custody(path)) == set()


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


# Where a rule points


ABOUT_A_WHOLE_ROW = {
    LTS[each]
    for each in (
        *("DescribedNodeShape", "ParticipantShape", "RecordedReasonShape", "SourceRecordShape"),
        *("StudyIdShape", "StudyShape-alone"),
    )
}


def looks_at_words(shape: Node) -> bool:
    """Whether a shape is asked of public texts, by our own rules on words and not by a SHACL engine."""
    return any((shape, kind, None) in load_shapes() for kind in (LTS.screens, LTS.wording))


def test_each_rule_without_a_path_says_which_cell_it_is_about() -> None:
    shapes = load_shapes()
    for shape in reporting_shapes() - ABOUT_A_WHOLE_ROW:
        selected = shapes.value(shapes.value(shape, SH.sparql), SH.select) if (shape, SH.sparql, None) in shapes else ""
        has_path = (shape, SH.path, None) in shapes or (shape, SH.closed, None) in shapes or "?path" in str(selected)
        has_path = has_path or looks_at_words(shape)  # they report the field whose text it is
        about = list(shapes.objects(shape, LTS.about))
        assert has_path or len(about) == 1, f"{shape} points at no cell"
        assert all((field, None, None) in load_ontology() for field in about), f"{shape} is about no field of the model"


# A conforming case for each


REFUSES_ALL = {LTS.SourceRecordShape, LTS.RecordedReasonShape}  # nothing that it looks at may be in a public file


def conforming_graphs() -> Iterator[Graph]:
    yield from (read_base(base.name) for base in BASES)
    yield from (read_case(path) for path in CASES if path.name.startswith("conforms"))


def looks_at_something(shape: Node, graph: Graph) -> bool:
    """Whether a graph has a node that a shape is asked of."""
    shapes, model = load_shapes(), load_ontology()
    kinds = {kind for target in shapes.objects(shape, SH.targetClass) for kind in narrower(model, target)}
    owners = [*shapes.subjects(SH.property, shape)]
    fields = set(shapes.objects(shape, LTS.inField))
    return (
        any((None, RDF.type, kind) in graph for kind in kinds)
        or (looks_at_words(shape) and any(not fields or field in fields for _, field, _ in public_texts(graph)))
        or any((None, predicate, None) in graph for predicate in shapes.objects(shape, SH.targetSubjectsOf))
        or (shape, SH.targetObjectsOf, LTS.describes) in shapes
        or any(looks_at_something(owner, graph) for owner in owners)
    )


def narrower(model: Graph, kind: Node) -> set[Node]:
    return set(model.transitive_subjects(RDFS.subClassOf, kind))


def test_each_shape_that_reports_has_a_conforming_case_in_which_it_speaks() -> None:
    missing = reporting_shapes() - REFUSES_ALL - shapes_on_custody()
    for graph in conforming_graphs():
        depth, source = graph.value(REVIEW, LT.depth), graph.value(REVIEW, LT.capturedFrom)
        missing -= {shape for shape in missing if speaks(shape, depth, source) and looks_at_something(shape, graph)}
    assert missing == set()


def shapes_on_custody() -> set[URIRef]:
    """Returns the shapes that are asked of the recorded reasons in custody, and of nothing in a review."""
    return {shape for shape in reporting_shapes() if (shape, LTS.answerable, Literal(False)) in load_shapes()}


def test_a_recorded_reason_that_is_as_it_should_be_is_not_reported() -> None:
    """What it answers stays in the report as information, so that no such case is without any result."""
    about_custody = {curie(str(shape)) for shape in shapes_on_custody()}
    assert about_custody
    found = [report(read_case(path), read_custody(path)) for path in CASES if read_custody(path)]
    sound = [rows for rows in found if not about_custody & {row[1] for row in rows}]
    assert sound
    assert {severity for rows in sound for _, _, severity in rows} == {"sh:Info"}


# Depth, source and stage


def speaks(shape: Node, depth: Node | None, source: Node | None) -> bool:
    """Whether a shape says of itself that it has something to ask of a review of this depth from this source."""
    depths, sources = set(load_shapes().objects(shape, LTS.atDepth)), set(load_shapes().objects(shape, LTS.fromSource))
    return (not depths or depth in depths) and (not sources or source in sources)


def conditional_shapes() -> set[str]:
    shapes = load_shapes()
    return {curie(str(shape)) for predicate in (LTS.atDepth, LTS.fromSource) for shape in shapes.subjects(predicate)}


@pytest.mark.parametrize(
    ("path", "depth", "source"),
    list(product(BARE, DEPTHS, SOURCES)),
    ids=lambda value: value.stem if isinstance(value, Path) else value.rpartition("#")[2],
)
def test_rules_speak_just_at_their_depths_and_of_their_sources(path: Path, depth: URIRef, source: URIRef) -> None:
    graph = Graph().parse(path, format="turtle")
    graph.add((REVIEW, LT.depth, depth))
    graph.add((REVIEW, LT.capturedFrom, source))
    found = {row for row in report(graph) if row[1] in conditional_shapes()}
    shown = read_expected(path, "rules")
    assert found == {row for row in shown if speaks(LTS[row[1].removeprefix("lts:")], depth, source)}


def test_each_rule_that_depends_on_depth_or_source_is_tried_at_each_combination() -> None:
    assert len(DEPTHS) == 4
    assert len(SOURCES) == 6
    assert conditional_shapes() == {row[1] for path in BARE for row in read_expected(path, "rules")}


def milder_in_a_draft() -> dict[str, str]:
    return {curie(str(shape)): shorten(str(mild)) for shape, mild in load_shapes().subject_objects(LTS.draftSeverity)}


def first_cases_of_milder_shapes() -> list[Path]:
    """Returns violating cases that together show every shape that is milder in a draft."""
    left, chosen = set(milder_in_a_draft()), []
    for path in CASES:
        if path.name.startswith("violates") and left & (shown := {row[1] for row in read_expected(path)}):
            chosen.append(path)
            left -= shown
    return chosen


@pytest.mark.parametrize("path", first_cases_of_milder_shapes(), ids=name)
def test_what_may_still_be_filled_in_is_milder_in_a_draft(path: Path) -> None:
    milder = milder_in_a_draft()
    expected = {(node, shape, milder.get(shape, severity)) for node, shape, severity in read_expected(path)}
    assert report(read_case(path), read_custody(path), Stage.DRAFT) == expected


def test_a_draft_is_never_judged_more_harshly() -> None:
    grave = ["sh:Info", "sh:Warning", "sh:Violation"]
    severities = {curie(str(shape)): shorten(str(each)) for shape, each in load_shapes().subject_objects(SH.severity)}
    assert milder_in_a_draft()
    for shape, mild in milder_in_a_draft().items():
        assert grave.index(mild) < grave.index(severities[shape]), shape


def test_a_broken_reference_is_as_grave_in_a_draft() -> None:
    by_class = {curie(str(shape)) for shape in reporting_shapes() if (shape, SH["class"], None) in load_shapes()}
    assert by_class
    assert by_class & set(milder_in_a_draft()) == set()


# The table of rules


def test_no_message_shows_a_placeholder() -> None:
    shown = [str(message) for message in load_shapes().objects(None, SH.message)]
    assert [text for text in map(open_message, shown) if "{" in text or "?value" in text] == []
    assert any("{?value}" in text for text in shown)
    assert "{" not in table_of_rules()


def rules_over_several_fields() -> list[URIRef]:
    """Returns the shapes that report and are not about one field or about what a record may hold at all."""
    shapes = load_shapes()
    about_a_field = set(shapes.objects(None, SH.property)) | set(shapes.subjects(SH.closed))
    return sorted(reporting_shapes() - about_a_field)


def table_of_rules() -> str:
    shapes = load_shapes()
    lines = ["| rule | severity | in a draft | at depth | captured from | what it says |", "|---|---|---|---|---|---|"]
    for shape in rules_over_several_fields():
        severity = str(shapes.value(shape, SH.severity)).rpartition("#")[2]
        mild = shapes.value(shape, LTS.draftSeverity)
        cells = (
            f"`{shape.rpartition('#')[2]}`",
            severity,
            str(mild).rpartition("#")[2] if mild else severity,
            listed(shape, LTS.atDepth, "any", "depth-"),
            listed(shape, LTS.fromSource, "any"),
            open_message(str(shapes.value(shape, SH.message))).replace("|", "\\|"),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def listed(shape: URIRef, predicate: URIRef, otherwise: str, prefix: str = "") -> str:
    found = sorted(
        str(each).rpartition("#")[2].removeprefix(prefix) for each in load_shapes().objects(shape, predicate)
    )
    return ", ".join(found) or otherwise


def written_table() -> tuple[str, str]:
    before, mark, after = TABLE.read_text(encoding="utf-8").partition("| rule |")
    return before, mark + after


def test_the_table_of_rules_is_up_to_date() -> None:
    assert written_table()[1] == table_of_rules(), "python -m tests.test_shapes writes the table anew"


if __name__ == "__main__":
    TABLE.write_text(written_table()[0] + table_of_rules(), encoding="utf-8")
