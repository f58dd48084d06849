"""A published term is there for good: it may be deprecated and replaced, and never vanishes."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import DCTERMS, OWL, RDF, SKOS, XSD, Graph, Literal, URIRef

from learntogether_kg import ontology
from learntogether_kg.namespaces import CL, LT, LTS, ONTOLOGY_GRAPH, TYP

LISTS = sorted((Path(__file__).parent / "fixtures").glob("published-terms-*.txt"))
PUBLISHED = {URIRef(line) for path in LISTS for line in path.read_text(encoding="utf-8").split()}
TRUE = Literal("true", datatype=XSD.boolean)


def vanished(graph: Graph) -> set[URIRef]:
    return {iri for iri in PUBLISHED if (iri, RDF.type, None) not in graph}


def deprecated_without_successor(graph: Graph) -> set[URIRef]:
    """Deprecated terms that name no living replacement and do not say that there is none."""
    deprecated = {s for s in graph.subjects(OWL.deprecated, TRUE) if isinstance(s, URIRef)}
    living = set(graph.subjects(RDF.type, None)) - deprecated
    return {
        iri
        for iri in deprecated
        if not (successors := set(graph.objects(iri, DCTERMS.isReplacedBy))) <= living
        or not (
            successors
            or any(str(note).startswith("no replacement: ") for note in graph.objects(iri, SKOS.editorialNote))
        )
    }


def with_triples(*triples) -> Graph:
    graph = Graph() + ontology.load_ontology()
    for triple in triples:
        graph.add(triple)
    return graph


def test_each_list_holds_terms_of_ours_in_order():
    assert [path.name for path in LISTS] == ["published-terms-0.1.0.txt"]
    for path in LISTS:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines == sorted(set(lines))
        assert len(lines) > 400
        assert all(line.startswith((str(LT), str(TYP), str(CL), str(LTS))) for line in lines)


def test_no_published_term_has_vanished():
    assert vanished(ontology.load_ontology()) == set()


def test_every_deprecated_term_names_its_replacement_or_says_that_there_is_none():
    assert deprecated_without_successor(ontology.load_ontology()) == set()


def test_every_earlier_version_has_a_list():
    """The version before this one is published, so its terms must be listed."""
    graph = ontology.load_ontology()
    (prior,) = graph.objects(ONTOLOGY_GRAPH, OWL.priorVersion)
    (own,) = graph.objects(ONTOLOGY_GRAPH, OWL.versionIRI)
    assert prior != own
    assert LISTS[-1].name == f"published-terms-{prior.rpartition('/')[2]}.txt"


def test_a_term_that_is_taken_out_is_noticed():
    graph = with_triples()
    graph.remove((LT.Narrative, None, None))
    assert vanished(graph) == {LT.Narrative}


@pytest.mark.parametrize(
    ("triples", "complains"),
    [
        ([], True),
        ([(LT.felt, DCTERMS.isReplacedBy, LT.reasoned)], False),
        ([(LT.felt, DCTERMS.isReplacedBy, LT.nowhere)], True),
        ([(LT.felt, DCTERMS.isReplacedBy, LT.knew), (LT.knew, OWL.deprecated, TRUE)], True),
        ([(LT.felt, SKOS.editorialNote, Literal("no replacement: nobody used it", lang="en"))], False),
    ],
    ids=["no-word", "replaced", "replaced-by-nothing", "replaced-by-a-deprecated-one", "says-there-is-none"],
)
def test_a_deprecated_term_needs_a_successor_or_a_word(triples, complains):
    graph = with_triples((LT.felt, OWL.deprecated, TRUE), *triples)
    assert (LT.felt in deprecated_without_successor(graph)) is complains
