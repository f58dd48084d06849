"""What a SHACL engine is to us: the triples it is given, and the results it gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, Graph, URIRef
from rdflib.term import Node

from learntogether_kg import ontology
from learntogether_kg.namespaces import LT, LTS

CHECK = URIRef("urn:learntogether:check")
"""Whoever checks a review says of each of its nodes ``CHECK lts:describes <node>``, so that none escapes the shapes."""

_KEPT = (
    *(RDF.type, RDFS.subClassOf, SKOS.inScheme, SKOS.broader, SKOS.broadMatch),
    *(LT.sinceVersion, DCTERMS.replaces, LT.status, OWL.deprecated),
)

Triple = tuple[Node, Node, Node]


@dataclass(frozen=True)
class ShaclResult:
    """One validation result as SHACL has it (<https://www.w3.org/TR/shacl/#results-validation-result>).

    Attributes:
        focus_node: The node that did not conform.
        path: The property path, where there is one.
        value: The value node, where there is one.
        source_shape: The shape that reports.
        severity: The IRI of its severity.
        component: The IRI of the constraint component.
    """

    focus_node: Node
    path: Node | None
    value: Node | None
    source_shape: Node
    severity: Node | None
    component: Node | None


class ShaclEngine(Protocol):
    """Checks reviews against the shapes that it was made for."""

    def check(self, review: Graph) -> set[ShaclResult]:
        """Returns all results on a review that lies beside the ontology, those on the ontology's own terms included."""
        ...


@ontology.per_ontology
def background() -> tuple[Triple, ...]:
    """Returns the few triples of the ontology that shapes look up: classes, code lists, broader patterns, versions.

    That a term is a property or an ontology no shape asks.
    """
    kept = (triple for predicate in _KEPT for triple in ontology.load_ontology().triples((None, predicate, None)))
    return tuple(triple for triple in kept if triple[1] != RDF.type or _matters(triple[2]))


def _matters(kind: Node) -> bool:
    return kind in {SKOS.Concept, OWL.Class} or str(kind).startswith(LT)


def describing(review: Iterable[Triple]) -> list[Triple]:
    """Returns the triples that name each node a review describes.

    They are not said of the node itself, whose shape is closed.
    """
    return [(CHECK, LTS.describes, subject) for subject in {subject for subject, _, _ in review}]
