"""What follows from the ontology, one statement at a time, and that SPARQL says the same where queries need it.

A case in ``reasoning/`` is ``<name>.given.ttl`` with what follows from it (``<name>.follows.ttl``) and what must not
(``<name>.does-not-follow.ttl``). All cases are given to the reasoner together; their things have names of their own.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from rdflib import OWL, RDF, Graph, URIRef

from learntogether_kg import ontology, reasoning
from learntogether_kg.namespaces import LT, REVIEW, shorten

FOLDER = Path(__file__).parent / "reasoning"
GIVEN = sorted(FOLDER.glob("*.given.ttl"))


@cache
def given() -> Graph:
    graph = Graph() + ontology.load_ontology()
    for path in GIVEN:
        graph.parse(path)
    return graph


@cache
def inferred() -> Graph:
    return reasoning.infer(given())


def listed(suffix: str) -> list:
    return [
        pytest.param(triple, id=f"{path.name.partition('.')[0]}: {' '.join(name(term) for term in triple)}")
        for path in sorted(FOLDER.glob(f"*.{suffix}.ttl"))
        for triple in sorted(Graph().parse(path))
    ]


def name(term: URIRef) -> str:
    return term.rsplit("/", 1)[-1] if term.startswith(str(REVIEW)) else shorten(str(term))


@pytest.mark.parametrize("triple", listed("follows"))
def test_it_follows(triple):
    assert triple not in given(), "it was said, so it proves nothing"
    assert triple in inferred()


@pytest.mark.parametrize("triple", listed("does-not-follow"))
def test_it_does_not_follow(triple):
    assert triple not in inferred()


def test_every_property_and_class_that_is_never_entered_has_a_case():
    """Defined classes, chains, transitive properties and inverses: each is proved to be inferred somewhere."""
    graph = ontology.load_ontology()
    derived = set(graph.subjects(OWL.propertyChainAxiom)) | set(graph.subjects(RDF.type, OWL.TransitiveProperty))
    derived |= set(graph.subjects(OWL.inverseOf)) | set(graph.subjects(OWL.equivalentClass))
    proved = Graph()
    for path in FOLDER.glob("*.follows.ttl"):
        proved.parse(path)
    assert derived - set(proved.predicates()) - set(proved.objects(None, RDF.type)) == set()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.rq")), ids=lambda path: path.stem)
def test_a_query_says_the_same_as_the_reasoner(path):
    asked = set(given().query(path.read_text(encoding="utf-8")).graph)
    (predicate,) = {p for _, p, _ in asked}
    assert asked == set(inferred().triples((None, predicate, None)))


def test_what_follows_from_the_ontology_alone_is_small():
    """No domain or range makes a concept, a scheme or a source into something of a review."""
    parts = {thing for thing in inferred().subjects(RDF.type, LT.ReviewPart) if not thing.startswith(str(REVIEW))}
    assert parts == set()
