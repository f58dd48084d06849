"""Both engines say the same of all cases of the shapes, of whole reviews that went wrong, and of the bundled ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, SH, BNode, Graph, Literal, URIRef

from learntogether_kg import bundles
from learntogether_kg.ingest.files import read_file
from learntogether_kg.namespaces import CL, LT, LTS, REVIEW
from learntogether_kg.ontology import load_shapes
from learntogether_kg.validation.fast import BY_REFERENCE, FastEngine
from learntogether_kg.validation.reference import ReferenceEngine
from tests.engines.comparison import EXAMPLES, SETTINGS, assert_equal_reports
from tests.engines.mutations import ON_STRUCTURE, ON_VALUES, mutated
from tests.test_shapes import BASES, CASES, name, read_base, read_case

BUNDLED = [*bundles.bundled_files("sample"), *bundles.bundled_files("teaching")]
FULL_DEPTH = read_file(next(path for path in BUNDLED if path.name == "review-21.ttl")).graph
STUDY, FINDING = REVIEW["0123456789abcdef"], REVIEW["0123456789abcdef/F1"]
TARGETS = (SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf, SH.targetNode)


@pytest.mark.parametrize("path", [*BASES, *CASES], ids=name)
def test_engines_agree_on_each_case_of_the_shapes(path: Path) -> None:
    assert_equal_reports(read_base(path.name) if path in BASES else read_case(path))


@pytest.mark.parametrize("path", BUNDLED, ids=name)
def test_engines_agree_on_each_bundled_review(path: Path) -> None:
    assert_equal_reports(read_file(path).graph)


@pytest.mark.parametrize("turn", range(4))
def test_engines_agree_on_reviews_at_full_depth_that_went_wrong(turn: int) -> None:
    operators = sorted((ON_VALUES | ON_STRUCTURE).items())[turn::4]

    @settings(SETTINGS, max_examples=2 * len(operators))
    @given(st.sampled_from(operators).flatmap(lambda operator: mutated(FULL_DEPTH, operator[1], most=12)))
    def compare(review: Graph) -> None:
        assert_equal_reports(review)

    compare()


def test_more_than_two_thousand_mutations_are_compared() -> None:
    assert len(ON_VALUES | ON_STRUCTURE) * EXAMPLES > 2000


# What is left to the reference


def test_marked_shape_is_left_to_the_reference() -> None:
    review, shapes = Graph() + read_base("base.ttl"), Graph() + load_shapes()
    review.remove((FINDING, LT.influence, None))
    everything = ReferenceEngine(shapes).check(review)
    shapes.add((LTS.FindingShape, LTS.checkedBy, BY_REFERENCE))
    engine = FastEngine(shapes)
    assert engine.check(review) == everything != set()
    assert {each.source_shape for each in engine._reference_of_some.check(review)} == {LTS["FindingShape-influence"]}
    engine._left = set()
    assert engine.check(review) == set(), "the fast engine should not have checked it"


def test_only_shapes_with_a_target_are_marked() -> None:
    shapes = load_shapes()
    marked = set(shapes.subjects(LTS.checkedBy))
    assert set(shapes.objects(None, LTS.checkedBy)) <= {BY_REFERENCE}
    assert [shape for shape in marked if not any((shape, target, None) in shapes for target in TARGETS)] == []


@pytest.mark.parametrize(
    "odd",
    [
        (BNode(), RDF.type, LT.Agency),
        (URIRef(f"{STUDY}/Robin Smith"), RDF.type, LT.Agency),
        (STUDY, LT.question, Literal("lone surrogate \ud800")),
        (FINDING, LT.statement, Literal("in the year 5 before our era", datatype=URIRef("urn:no iri"))),
        (URIRef("no/scheme"), RDF.type, LT.Agency),
        (STUDY, LT.publicationYear, Literal(-20_000_000_000_000_000_000)),
    ],
)
def test_what_the_fast_engine_cannot_be_told_is_checked_all_the_same(odd: tuple[URIRef, URIRef, URIRef]) -> None:
    review = Graph() + read_base("base.ttl")
    review.add(odd)
    assert_equal_reports(review)


def test_text_with_its_datatype_written_out_is_told_as_it_stands() -> None:
    review = Graph() + read_base("base.ttl")
    value = Literal("unsafe", datatype=URIRef("http://www.w3.org/2001/XMLSchema#string"))
    review.set((FINDING, LT.influence, value))
    assert {result.value for result in assert_equal_reports(review)} == {value}
    review.add((FINDING, LT.influence, Literal("unsafe")))
    assert assert_equal_reports(review)


def test_the_ontology_is_not_reported_on() -> None:
    assert FastEngine(load_shapes()).check(Graph()) == ReferenceEngine(load_shapes()).check(Graph())
    review = Graph().add((CL.unsafe, LT.notStated, LT.influence))
    assert_equal_reports(review)
