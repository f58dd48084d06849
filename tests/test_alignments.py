"""Our terms and those of other vocabularies hold together, and no library or answer depends on the alignments."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rdflib import OWL, RDF, RDFS, Graph, Namespace, URIRef

from learntogether_kg import ontology, reasoning, resources
from learntogether_kg.namespaces import LT, ONTOLOGY_GRAPH, REVIEW

FOLDER = resources.folder("ontology")
FILES = sorted((FOLDER / "alignments").glob("*.ttl"))
ALIGNED = ontology.read_ontology(FOLDER, alignments=True)
REVIEW_OF_ALL_KINDS = Path(__file__).parent / "shapes" / "base.ttl"
NODE = Namespace(REVIEW["0123456789abcdef/"])
PROV = Namespace("http://www.w3.org/ns/prov#")
OA = Namespace("http://www.w3.org/ns/oa#")
ORG = Namespace("http://www.w3.org/ns/org#")
# rdfs:seeAlso points where no axiom can be stated, so its targets need no local copy.
AXIOMS = (RDFS.subClassOf, RDFS.subPropertyOf, OWL.onProperty, OWL.hasValue)


def test_there_is_a_file_for_each_vocabulary():
    assert [path.stem for path in FILES] == ["dcat-void", "dcterms", "oa", "org", "prov", "skos", "time"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_alignment_states_only_what_it_may(path):
    graph = Graph().parse(path)
    (own,) = graph.subjects(RDF.type, OWL.Ontology)
    about = {s for s in graph.subjects() if isinstance(s, URIRef)} - {own}
    assert [iri for iri in about if not iri.startswith(str(LT))] == [], "nothing is said about others' terms"
    assert [iri for iri in about if (iri, RDF.type, None) not in ontology.load_ontology()] == []
    named = {o for p in AXIOMS for o in graph.objects(None, p) if isinstance(o, URIRef)}
    assert [iri for iri in named if (iri, RDF.type, None) not in ALIGNED] == []
    assert ONTOLOGY_GRAPH in set(graph.objects(own, OWL.imports))


def test_a_class_stands_below_classes_and_a_property_below_properties_of_its_kind():
    for kind, relation in ((OWL.Class, RDFS.subClassOf), (OWL.ObjectProperty, RDFS.subPropertyOf)):
        for path in FILES:
            for below, above in Graph().parse(path).subject_objects(relation):
                assert (below, RDF.type, kind) in ALIGNED, below
                assert not isinstance(above, URIRef) or (above, RDF.type, kind) in ALIGNED, above


def test_the_whole_with_all_alignments_is_consistent_and_they_empty_no_class():
    report = reasoning.check_consistency(ALIGNED)
    assert report.consistent
    assert report.unsatisfiable == reasoning.check_consistency(ontology.load_ontology()).unsatisfiable


@pytest.fixture(scope="module")
def inferred() -> Graph:
    return reasoning.infer((Graph() + ALIGNED).parse(REVIEW_OF_ALL_KINDS))


@pytest.mark.parametrize(
    "triple",
    [
        (NODE["F1-1"], RDF.type, OA.Annotation),
        (NODE["F1-1"], OA.hasTarget, NODE["F1"]),
        (NODE["F1-1"], OA.motivatedBy, OA.classifying),
        (NODE["F1-1"], PROV.wasAttributedTo, NODE["K1"]),
        (NODE["V1"], PROV.wasDerivedFrom, NODE["D1"]),
        (NODE["E1"], PROV.wasAssociatedWith, NODE["P1"]),
        (NODE["E1"], RDF.type, PROV.Activity),
        (NODE["F1"], PROV.wasInfluencedBy, NODE["E1"]),
        (NODE["M1"], RDF.type, ORG.Membership),
        (NODE["A1"], RDF.type, PROV.Organization),
    ],
    ids=lambda triple: " ".join(term.rsplit("/", 1)[-1] for term in triple),
)
def test_a_review_of_all_kinds_reads_in_other_vocabularies(inferred, triple):
    assert triple in inferred


def test_a_review_of_all_kinds_gets_no_nonsense(inferred):
    people = {NODE["P1"], NODE["P2"], NODE["K1"]}
    assert people & set(inferred.subjects(RDF.type, ORG.Membership)) == set()
    assert people & set(inferred.subjects(RDF.type, PROV.Entity)) == set()
    assert NODE["D1"] not in set(inferred.subjects(RDF.type, PROV.Activity))


def test_an_event_taken_as_a_derivation_would_be_inconsistent():
    """Why what supports a finding is no derivation in PROV-O's sense."""
    graph = (Graph() + ALIGNED).parse(REVIEW_OF_ALL_KINDS)
    graph.add((LT.supportedBy, RDFS.subPropertyOf, PROV.wasDerivedFrom))
    assert not reasoning.check_consistency(graph).consistent


def test_the_ontology_of_a_library_holds_no_alignment():
    plain = ontology.load_ontology()
    own = {iri for path in FILES for iri in Graph().parse(path).subjects(RDF.type, OWL.Ontology)}
    assert own & set(plain.subjects()) == set()
    assert (LT.Classification, RDFS.subClassOf, OA.Annotation) not in plain


def test_the_fingerprint_of_a_library_does_not_follow_the_alignments(tmp_path, monkeypatch):
    before = ontology.fingerprint.__wrapped__()
    copy = shutil.copytree(FOLDER, tmp_path / "ontology")
    monkeypatch.setattr(resources, "folder", lambda name: copy)
    with (copy / "alignments" / "oa.ttl").open("a") as file:
        file.write("# a remark\n")
    assert ontology.fingerprint.__wrapped__() == before
