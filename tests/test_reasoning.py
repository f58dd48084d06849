"""The ontology does not contradict itself, and the reasoner notices when it is made to."""

from __future__ import annotations

import pytest
from rdflib import OWL, RDF, RDFS, SKOS, XSD, Graph, Literal, Namespace, URIRef

from learntogether_kg import ontology, reasoning
from learntogether_kg.errors import OntologyError
from learntogether_kg.namespaces import CL, LT, TYP
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
    assert report.unsatisfiable == (planted,)


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
