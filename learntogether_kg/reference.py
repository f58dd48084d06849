"""The reference of the ontology: what each term means, which shapes hold for it, and which queries use it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeVar

from rdflib import DCTERMS, OWL, RDF, RDFS, SH, SKOS, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from learntogether_kg import query_files
from learntogether_kg.namespaces import CL, LT, LTS, TYP, shorten
from learntogether_kg.ontology import load_ontology, load_shapes, per_ontology
from learntogether_kg.validation.messages import open_message

KINDS: Final[Mapping[URIRef, str]] = {
    OWL.Class: "Classes",
    OWL.ObjectProperty: "Properties that lead to something",
    OWL.DatatypeProperty: "Properties with a text, number or date",
    OWL.AnnotationProperty: "Notes about terms and values",
    SKOS.ConceptScheme: "Code lists and the typology",
    SKOS.Concept: "Entries of code lists and the typology",
    LT.TypologyVersion: "Versions of the typology",
}
"""The kinds of term, in the order in which they are shown, and their headings."""

T = TypeVar("T")
_OURS: Final = (str(LT), str(TYP), str(CL), str(LTS))
_FACTS: Final[Mapping[URIRef, str]] = {
    RDFS.subClassOf: "kind of",
    RDFS.subPropertyOf: "special case of",
    RDFS.domain: "said of",
    RDFS.range: "leads to",
    OWL.inverseOf: "inverse of",
    LT.codeList: "takes its value from",
    SKOS.inScheme: "stands in",
    SKOS.broader: "stands under",
    LT.status: "status",
    LT.sinceVersion: "since",
    DCTERMS.isReplacedBy: "replaced by",
    DCTERMS.source: "source",
    RDFS.isDefinedBy: "defined in",
}
_NOTES: Final[Mapping[URIRef, str]] = {
    SKOS.scopeNote: "scope",
    SKOS.example: "example",
    SKOS.editorialNote: "editor's note",
    SKOS.notation: "notation",
    SKOS.altLabel: "also called",
}


@dataclass(frozen=True)
class Link:
    """A term or another resource that a term is tied to; ``name`` is empty where it has no page of its own."""

    label: str
    name: str = ""


@dataclass(frozen=True)
class Rule:
    """A shape that holds for a term.

    Attributes:
        name: The shape's name without its prefix.
        severity: How grave a result is.
        message: What is wrong, with an ellipsis for what a result is about.
        remedy: What to do about it.
        reason: Why the model asks.
        in_a_draft: How grave it is while the review is being written.
        depths: The depths at which it speaks; empty where it speaks at each.
        sources: What a review must be captured from for it to speak; empty where that does not matter.
    """

    name: str
    severity: str
    message: str
    remedy: str
    reason: str
    in_a_draft: str
    depths: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Term:
    """One term of the ontology.

    Attributes:
        iri: Its IRI.
        name: Its prefixed name, such as ``lt:Finding``.
        kind: What it is: one of KINDS.
        label: What people call it.
        definition: What it means.
        facts: How it is tied to other terms, by heading.
        notes: What else is to be said, by heading.
        below: What stands under it: subclasses, narrower concepts, entries of a list.
        deprecated: Whether it is kept for old data only.
    """

    iri: str
    name: str
    kind: str
    label: str
    definition: str
    facts: Mapping[str, tuple[Link, ...]]
    notes: Mapping[str, tuple[str, ...]]
    below: tuple[Link, ...]
    deprecated: bool


@per_ontology
def terms() -> Mapping[str, Term]:
    """Returns every term of ours by its prefixed name, in the order of kind and label."""
    graph = load_ontology()
    found = [_term(graph, iri, kind) for iri, kind in _declared(graph)]
    order = list(KINDS.values())
    found.sort(key=lambda term: (order.index(term.kind), term.label.casefold(), term.name))
    return {term.name: term for term in found}


@cache
def rules() -> Mapping[str, tuple[Rule, ...]]:
    """Returns the shapes that hold for each term, by its prefixed name: those on a property, those of a class."""
    shapes = load_shapes()
    found: dict[str, list[Rule]] = {}
    for shape in sorted(set(shapes.subjects(SH.message)), key=str):
        for subject in _subjects_of(shapes, shape):
            found.setdefault(shorten(str(subject)), []).append(_rule(shapes, shape))
    return {name: tuple(each) for name, each in found.items()}


@cache
def wider_rules() -> tuple[Rule, ...]:
    """Returns the shapes over several fields or nodes and those on words, by name.

    All others say what may stand in one field, or that a kind of record has no field beside those it knows.
    """
    shapes = load_shapes()
    on_a_field = set(shapes.objects(None, SH.property)) | set(shapes.subjects(SH.closed))
    return tuple(_rule(shapes, shape) for shape in sorted(set(shapes.subjects(SH.severity)) - on_a_field, key=str))


def _rule(shapes: Graph, shape: Node) -> Rule:
    severity = shapes.value(shape, SH.severity) or SH.Violation
    return Rule(
        str(shape).rpartition("#")[2],
        str(severity).rpartition("#")[2],
        open_message(_text(shapes, shape, SH.message)),
        _text(shapes, shape, LTS.remedy),
        _text(shapes, shape, LTS.reason),
        in_a_draft=str(shapes.value(shape, LTS.draftSeverity) or severity).rpartition("#")[2],
        depths=_names(shapes.objects(shape, LTS.atDepth)),
        sources=_names(shapes.objects(shape, LTS.fromSource)),
    )


@cache
def questions() -> Mapping[str, tuple[query_files.NamedQuery, ...]]:
    """Returns the named queries that use each term, by its prefixed name."""
    found: dict[str, list[query_files.NamedQuery]] = {}
    for query in query_files.catalogue().values():
        code = "\n".join(line for line in query.text.splitlines() if not line.startswith(("#+", "PREFIX")))
        for name in sorted(set(re.findall(r"\b(?:lt|typ|cl):[\w-]+", code))):
            found.setdefault(name, []).append(query)
    return {name: tuple(each) for name, each in found.items()}


def _declared(graph: Graph) -> Iterator[tuple[URIRef, str]]:
    seen: set[Node] = set()
    for kind, heading in KINDS.items():
        for iri in graph.subjects(RDF.type, kind):
            if isinstance(iri, URIRef) and _is_ours(iri) and iri not in seen:
                seen.add(iri)
                yield iri, heading


def _is_ours(iri: URIRef) -> bool:
    return str(iri).startswith(_OURS)  # an IRI of rdflib does not take several beginnings


def _term(graph: Graph, iri: URIRef, kind: str) -> Term:
    return Term(
        iri=str(iri),
        name=shorten(iri),
        kind=kind,
        label=_label(graph, iri),
        definition=_text(graph, iri, SKOS.definition) or _text(graph, iri, RDFS.comment),
        facts=_told(_FACTS, lambda predicate: _links(graph, graph.objects(iri, predicate))),
        notes=_told(_NOTES, lambda predicate: sorted(str(value) for value in graph.objects(iri, predicate))),
        below=_below(graph, iri),
        deprecated=(iri, OWL.deprecated, Literal(True)) in graph,
    )


def _told(headings: Mapping[URIRef, str], values: Callable[[URIRef], Iterable[T]]) -> dict[str, tuple[T, ...]]:
    told = {heading: tuple(values(predicate)) for predicate, heading in headings.items()}
    return {heading: each for heading, each in told.items() if each}


def _below(graph: Graph, iri: URIRef) -> tuple[Link, ...]:
    under = [*graph.subjects(RDFS.subClassOf, iri), *graph.subjects(SKOS.broader, iri)]
    if (iri, RDF.type, SKOS.ConceptScheme) in graph:
        under += graph.subjects(SKOS.topConceptOf, iri)
    return tuple(_links(graph, under))


def _links(graph: Graph, nodes: Iterable[Node]) -> list[Link]:
    links = {link for node in nodes for link in _link(graph, node)}
    return sorted(links, key=lambda link: (link.label.casefold(), link.name))


def _link(graph: Graph, node: Node) -> Iterator[Link]:
    if isinstance(node, BNode):
        union = graph.value(node, OWL.unionOf)
        if union is not None:
            for member in Collection(graph, union):
                yield from _link(graph, member)
    elif isinstance(node, URIRef):
        yield Link(_label(graph, node), shorten(node) if _is_ours(node) else "")


def _label(graph: Graph, node: Node) -> str:
    for predicate in (SKOS.prefLabel, RDFS.label, DCTERMS.title):
        label = _text(graph, node, predicate)
        if label:
            return label
    return shorten(str(node))


def _names(entries: Iterable[Node]) -> tuple[str, ...]:
    """Returns the labels of entries of a code list, sorted."""
    return tuple(sorted(_label(load_ontology(), entry) for entry in entries))


def _text(graph: Graph, subject: Node, predicate: URIRef) -> str:
    return str(graph.value(subject, predicate) or "")


def _subjects_of(shapes: Graph, shape: Node) -> Iterator[Node]:
    """Yields the terms that a shape is about: the property it constrains, and the classes it is asked of."""
    yield from (path for path in shapes.objects(shape, SH.path) if isinstance(path, URIRef))
    yield from shapes.objects(shape, LTS.about)
    yield from shapes.objects(shape, SH.targetClass)
    for owner in shapes.subjects(SH.property, shape):
        yield from shapes.objects(owner, SH.targetClass)
