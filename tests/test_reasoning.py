"""The ontology does not contradict itself, and the reasoner notices when it is made to."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import OWL, RDF, RDFS, SKOS, XSD, Graph, Literal, Namespace, URIRef

from learntogether_kg import ontology, reasoning
from learntogether_kg.errors import InconsistentOntologyError, OntologyError
from learntogether_kg.namespaces import CL, LT, ONTOLOGY_GRAPH, TYP
from learntogether_kg.reasoning import check_consistency

REVIEW = "https://w3id.org/learntogether/id/review/synthetic"
NODE = Namespace(REVIEW + "/")

# Made up: one finding, coded under two types, with what it rests on.
CODED_REVIEW = f"""
@prefix lt: <{LT}> . @prefix typ: <{TYP}> . @prefix cl: <{CL}> . @prefix xsd: <{XSD}> . @prefix : <{NODE}> .
<{REVIEW}> a lt:Review ; lt:publicLabel "Synthetic review" ; lt:synthetic true ; lt:notStated lt:findingsDeclared ;
    lt:reportYear 2015 ; lt:harm cl:not-stated .
:P1 a lt:Professional ; lt:inReview <{REVIEW}> ; lt:role cl:social-worker .
:E1 a lt:KeyPracticeEpisode ; lt:inReview <{REVIEW}> .
:V1 a lt:Perspective ; lt:inReview <{REVIEW}> ; lt:ofEvent :E1 ; lt:ofParticipant :P1 .
:F1 a lt:Finding ; lt:inReview <{REVIEW}> ; lt:influence cl:unsafe ; lt:supportedBy :V1 .
:C1 a lt:Classification ; lt:inReview <{REVIEW}> ; lt:classifies :F1 ; lt:pattern typ:supervision ; lt:primary true ;
    lt:earliest "2015-01-01T00:00:00Z"^^xsd:dateTime .
:C2 a lt:Classification ; lt:inReview <{REVIEW}> ; lt:classifies :F1 ; lt:pattern typ:clear-roles ; lt:primary false .
:C3 a lt:Classification ; lt:inReview <{REVIEW}> ; lt:classifies :F1 ; lt:pattern typ:no-type-fits .
"""


def with_axioms(*triples) -> Graph:
    graph = Graph() + ontology.load_ontology()
    for triple in triples:
        graph.add(triple)
    return graph


def test_the_ontology_is_consistent_and_every_class_can_have_members():
    report = check_consistency(ontology.load_ontology())
    assert report.consistent
    assert report.unsatisfiable == ()
    assert ontology.shipped_fingerprint() == ontology.fingerprint(), "run `make vetted`: no library need ask again then"


def test_a_coded_review_is_consistent():
    assert check_consistency(with_axioms(*Graph().parse(data=CODED_REVIEW, format="turtle"))).consistent


def test_a_class_below_two_disjoint_ones_is_found_unsatisfiable():
    planted = URIRef("urn:x:ReviewAndSynthesis")
    report = check_consistency(
        with_axioms(
            (planted, RDF.type, OWL.Class),
            (planted, RDFS.subClassOf, LT.Review),
            (planted, RDFS.subClassOf, LT.Synthesis),
        )
    )
    assert report.consistent
    assert planted in report.unsatisfiable


def test_disjoint_pattern_types_would_contradict_a_class_above_them():
    report = check_consistency(with_axioms((LT.PatternType, OWL.disjointWith, LT.Pattern)))
    assert not report.consistent, "the six types are members of both classes"


@pytest.mark.parametrize(
    "triples",
    [
        [(NODE.x, RDF.type, LT.Review), (NODE.x, RDF.type, LT.Synthesis)],
        [(NODE.x, RDF.type, LT.Conversation), (NODE.x, RDF.type, LT.DocumentarySource)],
        [(NODE.x, LT.inReview, NODE.y), (NODE.y, RDF.type, LT.Synthesis)],
        [(NODE.x, LT.pattern, TYP.scheme)],
        [(NODE.x, LT.reportYear, Literal("about 2015"))],
    ],
    ids=["review-and-synthesis", "two-kinds-of-source", "part-of-a-synthesis", "scheme-as-pattern", "year-in-words"],
)
def test_data_that_contradicts_the_ontology_is_inconsistent(triples):
    report = check_consistency(with_axioms(*triples))
    assert not report.consistent
    assert report.unsatisfiable == ()


def test_imports_annotations_and_foreign_statements_do_not_reach_the_reasoner():
    noise = [
        (URIRef("urn:x"), OWL.imports, URIRef("http://127.0.0.1:9/never-fetched")),
        (NODE.x, SKOS.definition, Literal("2015", datatype=XSD.gYear)),
        (NODE.x, URIRef("urn:undeclared"), Literal("2015", datatype=XSD.gYear)),
    ]
    graph = with_axioms(*noise, (NODE.x, LT.inReview, NODE.y))
    handed_over = reasoning._select_logic(graph)
    assert [triple for triple in noise if triple in handed_over] == []
    assert (NODE.x, LT.inReview, NODE.y) in handed_over
    assert check_consistency(graph).consistent


def test_a_datatype_the_reasoner_refuses_is_an_error_and_not_an_answer():
    with pytest.raises(OntologyError, match="the reasoner gave up"):
        check_consistency(with_axioms((NODE.x, LT.publicLabel, Literal("2015", datatype=XSD.gYear))))


# Bad input: what is refused, with the file, the terms and the reason.

EXTENSION = f"""
@prefix lt: <{LT}> . @prefix owl: <{OWL}> . @prefix rdfs: <{RDFS}> . @prefix : <urn:x:> .
<urn:x> a owl:Ontology ; owl:imports <https://w3id.org/learntogether/ontology> .
"""


@pytest.fixture
def write_extension(tmp_path):
    def write(turtle: str) -> Path:
        file = tmp_path / "more.ttl"
        file.write_text(EXTENSION + turtle)
        return file

    return write


def test_an_extension_that_fits_is_returned_with_the_whole(write_extension, tmp_path):
    small = tmp_path / "ontology"
    small.mkdir()
    (small / "root.ttl").write_text(f"<{ONTOLOGY_GRAPH}> a <{OWL.Ontology}> . <{LT.Conversation}> a <{OWL.Class}> .")
    graph = reasoning.read_extension(
        write_extension(":Walk a owl:Class ; rdfs:subClassOf lt:Conversation ."), folder=small
    )
    assert (URIRef("urn:x:Walk"), RDFS.subClassOf, LT.Conversation) in graph
    assert (LT.Conversation, RDF.type, OWL.Class) in graph


@pytest.mark.parametrize(
    ("turtle", "terms", "said"),
    [
        (
            ":i a lt:Review , lt:Synthesis .",
            {URIRef("urn:x:i"), LT.Review, LT.Synthesis},
            "Review disjointWith Synthesis",
        ),
        (
            ":Both a owl:Class ; rdfs:subClassOf lt:Review , lt:Synthesis .",
            {LT.Review, LT.Synthesis},
            "Review disjointWith Synthesis",
        ),
        (
            "lt:PatternType owl:disjointWith lt:Pattern .",
            {LT.PatternType, LT.Pattern},
            "Pattern disjointWith PatternType",
        ),
    ],
    ids=["member-of-two-disjoint-classes", "class-that-nothing-fits", "types-are-no-patterns"],
)
def test_an_extension_that_contradicts_the_ontology_is_refused_with_file_terms_and_reason(
    write_extension, turtle, terms, said
):
    before = set(ontology.load_ontology())
    file = write_extension(turtle)
    with pytest.raises(InconsistentOntologyError) as caught:
        reasoning.read_extension(file)
    assert caught.value.file == file
    assert terms <= set(caught.value.terms)
    assert said in caught.value.explanation
    assert str(file) in str(caught.value)
    assert said in str(caught.value)
    assert set(ontology.load_ontology()) == before, "nothing was loaded"


def test_an_extension_that_is_no_turtle_is_refused_with_file_and_line(write_extension):
    file = write_extension(":a :b\n")
    with pytest.raises(OntologyError, match="not Turtle") as caught:
        reasoning.read_extension(file)
    assert caught.value.file == file


def test_an_extension_that_imports_what_is_not_there_is_refused(write_extension):
    file = write_extension("<urn:x> owl:imports <http://127.0.0.1:9/never-fetched> .")
    with pytest.raises(OntologyError, match=r"imports <http://127\.0\.0\.1:9/never-fetched>") as caught:
        reasoning.read_extension(file)
    assert caught.value.file == file


def test_what_is_consistent_needs_no_explanation():
    assert reasoning.explain(Graph().parse(data=CODED_REVIEW, format="turtle")) is None


def test_nothing_is_inferred_from_a_contradiction():
    with pytest.raises(OntologyError, match="contradicts itself"):
        reasoning.infer(with_axioms((NODE.x, RDF.type, LT.Review), (NODE.x, RDF.type, LT.Synthesis)))
