"""A review as plain JSON: the JSON-LD context that gives its words their meaning, made from the ontology.

In such a file the words of the ontology are used without prefix: ``"type": "Finding"``, ``"influence": "unsafe"``,
``"pattern": "clear-roles"``. Parts of a review stand in its list ``parts`` and refer to each other by their short ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rdflib import OWL, RDF, RDFS, SKOS, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from learntogether_kg.namespaces import BASE, CL, LT, PREFIXES, TYP
from learntogether_kg.ontology import load_ontology, per_ontology

CONTEXT_IRI: Final = BASE + "context.jsonld"
"""The address that a file may give for the context. It is never fetched: the reader has it."""

_NATIVE: Final = (XSD.integer, XSD.boolean)
_TYPOLOGY: Final = (LT.pattern, LT.assesses, LT.underTypology)
_PARTS: Final = {LT.inReview: "parts", LT.inSynthesis: "synthesisParts"}


@per_ontology
def context() -> Mapping[str, Any]:
    """Returns the JSON-LD context, the value of ``@context``.

    A property that takes a code list reads plain words as entries of that list; one that refers to something reads
    plain words as ids relative to the base that the file states.
    """
    ontology = load_ontology()
    words: dict[str, Any] = {"@version": 1.1, "@vocab": str(LT), "id": "@id", "type": "@type", **PREFIXES}
    for kind in (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty):
        for term in ontology.subjects(RDF.type, kind):
            if isinstance(term, URIRef) and term.startswith(LT):
                words[term.removeprefix(str(LT))] = _meaning(ontology, term, kind)
    for predicate, name in _PARTS.items():
        words[name] = {"@reverse": str(predicate)}
    for meaning in words.values():
        if isinstance(meaning, dict) and "@vocab" in meaning.get("@context", {}):
            meaning["@context"].update(_entries_named_like(words, meaning["@context"]["@vocab"]))
    return dict(sorted(words.items()))


def write(graph: Graph, study: URIRef) -> dict[str, Any]:
    """Returns a study as a JSON document that reads back as the same graph.

    Args:
        graph: All that is said of the study, its parts and its coders.
        study: Its IRI.
    """
    own = [node for node in set(graph.subjects()) if _is_part(graph, node)]
    others = [node for node in set(graph.subjects()) if node != study and node not in own]
    document = _object(graph, study, study)
    for predicate, name in _PARTS.items():
        parts = sorted((node for node in own if (node, predicate, study) in graph), key=str)
        if parts:
            document[name] = [_object(graph, part, study) for part in parts]
    included = [_object(graph, node, study) for node in sorted(others, key=str)]
    return {
        "@context": [CONTEXT_IRI, {"@base": f"{study}/"}],
        **document,
        **({"@included": included} if included else {}),
    }


def _meaning(ontology: Graph, term: URIRef, kind: URIRef) -> dict[str, Any]:
    meaning: dict[str, Any] = {"@id": str(term)}
    datatype = ontology.value(term, RDFS.range)
    if term in _TYPOLOGY:
        meaning |= {"@type": "@vocab", "@context": {"@vocab": str(TYP)}}
    elif ontology.value(term, LT.codeList) is not None:
        meaning |= {"@type": "@vocab", "@context": {"@vocab": str(CL)}}
    elif term == LT.notStated:
        meaning |= {"@type": "@vocab"}
    elif kind == OWL.ObjectProperty:
        meaning |= {"@type": "@id"}
    elif datatype == XSD.dateTime:
        meaning |= {"@type": str(datatype)}
    return meaning


def _entries_named_like(words: Mapping[str, Any], vocabulary: str) -> dict[str, str]:
    """Returns the entries of code lists that share their name with a property: where an entry is due, it is meant."""
    entries = (str(iri) for iri in load_ontology().subjects(RDF.type, SKOS.Concept))
    named = {iri.removeprefix(vocabulary): iri for iri in entries if iri.startswith(vocabulary)}
    return {name: iri for name, iri in named.items() if name in words}


def _is_part(graph: Graph, node: Node) -> bool:
    return any(graph.value(node, predicate) is not None for predicate in _PARTS)


def _object(graph: Graph, node: Node, study: URIRef) -> dict[str, Any]:
    members: dict[str, Any] = {"id": str(node) if node == study else _relative(node, f"{study}/")}
    for predicate in sorted(set(graph.predicates(node)), key=str):
        if predicate in _PARTS:
            continue
        values = [_value(value, predicate, study) for value in sorted(graph.objects(node, predicate), key=str)]
        name = "type" if predicate == RDF.type else str(predicate).removeprefix(str(LT))
        members[name] = values[0] if len(values) == 1 else values
    return members


def _value(value: Node, predicate: Node, study: URIRef) -> object:
    if isinstance(value, Literal):
        return value.toPython() if value.datatype in _NATIVE else str(value)
    if predicate in (RDF.type, LT.notStated):
        return _relative(value, str(LT))
    meaning = context().get(str(predicate).removeprefix(str(LT)), {})
    scoped = meaning.get("@context", {})
    return _relative(value, scoped.get("@vocab") or f"{study}/")


def _relative(iri: Node, base: str) -> str:
    return str(iri).removeprefix(base)
