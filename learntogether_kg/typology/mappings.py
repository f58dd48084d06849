"""Mappings between terms of a typology and those of other schemes, with who says so and on what ground."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from rdflib import DCTERMS, RDF, SKOS, Graph, URIRef
from rdflib.term import Node

from learntogether_kg.errors import OntologyError
from learntogether_kg.namespaces import BASE, LT, PREFIXES, SEMAPV, SRC, SSSOM
from learntogether_kg.sssom import PROVISIONAL, RELATIONS
from learntogether_kg.typology.terms import Typology

UNKNOWN: Final = SEMAPV.UnspecifiedMatching
"""How a mapping was found that an extension states by itself, without a mapping file."""
WORDS: Final = {
    "exactMatch": ("the same as", "the same as"),
    "closeMatch": ("nearly the same as", "nearly the same as"),
    "broadMatch": ("narrower than", "broader than"),
    "narrowMatch": ("broader than", "narrower than"),
    "relatedMatch": ("related to", "related to"),
}
"""What each relation says of the term that is mapped, and of the other."""
_PREFIXES: Final = {**{name: PREFIXES[name] for name in ("lt", "typ", "cl", "skos")}, "src": str(SRC)}
_BUILT_IN: Final = {"semapv": str(SEMAPV), "sssom": str(SSSOM)}
_COLUMNS: Final = (
    *("subject_id", "subject_label", "predicate_id", "object_id", "object_label", "mapping_justification"),
    *("mapping_source", "author_label", "mapping_date", "confidence", "comment"),
)


@dataclass(frozen=True)
class MappingRecord:
    """What somebody says of two terms of two schemes.

    Attributes:
        subject: The term that is mapped; the word of SSSOM that there is none, where there is none.
        relation: One of `RELATIONS`.
        object: The term that it is mapped to, likewise.
        justification: How that was found.
        source: The publication that bears it out.
        note: On what ground, or what to mind.
        authors: Who says so.
        date: When.
        confidence: How sure they are, as they wrote it; empty where nobody said.
        of: The set of mappings; None where an extension states it by itself.
    """

    subject: URIRef
    relation: str
    object: URIRef
    justification: URIRef = UNKNOWN
    source: URIRef | None = None
    note: str = ""
    authors: tuple[str, ...] = ()
    date: str = ""
    confidence: str = ""
    of: URIRef | None = None

    @property
    def is_provisional(self) -> bool:
        """Whether no source bears it out."""
        return self.source is None

    @property
    def told(self) -> str:
        """Its ground as a sentence, without the word that it is provisional."""
        told = self.note.removeprefix(PROVISIONAL).rstrip(".")
        return f"{told[:1].upper()}{told[1:]}." if told else ""


def records(graph: Graph, terms: Iterable[URIRef]) -> list[MappingRecord]:
    """Returns the mappings from or to any of some terms, sorted by what they relate."""
    wanted = set(terms)
    told = [_record(graph, node) for node in graph.subjects(RDF.type, LT.Mapping)]
    found = [each for each in told if wanted & {each.subject, each.object}]
    known = {(each.subject, each.relation, each.object) for each in found}
    stated = {pair for pair in _stated(graph) if wanted & {pair[0], pair[2]}} - known
    return sorted(
        [*found, *(MappingRecord(*each) for each in stated)],
        key=lambda each: (str(each.subject), RELATIONS.index(each.relation), str(each.object), str(each.of)),
    )


def write_sssom(typology: Typology) -> bytes:
    """Returns the mappings from and to the terms of a typology as a table of SSSOM.

    Raises:
        OntologyError: There are none.
    """
    found = records(typology.graph, typology.terms)
    if not found:
        raise OntologyError(typology.name, "no term of it is mapped to another scheme, so there is no mapping to write")
    name = str(typology.version or typology.schemes[0]).rpartition("#")[2]
    head = [
        'sssom_version: "1.1"',
        f"mapping_set_id: {BASE}mappings/of/{name}",
        f"mapping_set_title: {_quoted(f'Mappings of {typology.name}')}",
        "license: https://w3id.org/sssom/license/unspecified",
        "subject_type: skos concept",
        "object_type: skos concept",
        "curie_map:",
        *(f"  {prefix}: {base}" for prefix, base in _PREFIXES.items()),
    ]
    table = io.StringIO()
    writer = csv.writer(table, delimiter="\t", lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_row(typology.graph, each) for each in found)
    return ("".join(f"#{line}\n" for line in head) + table.getvalue()).encode()


def _stated(graph: Graph) -> Iterator[tuple[URIRef, str, URIRef]]:
    for name in RELATIONS:
        for subject, other in graph.subject_objects(SKOS[name]):
            if isinstance(subject, URIRef) and isinstance(other, URIRef):
                yield subject, name, other


def _record(graph: Graph, node: Node) -> MappingRecord:
    subject, relation, other, justification = (
        URIRef(str(graph.value(node, LT[name])))
        for name in ("mappingSubject", "mappingRelation", "mappingObject", "mappingJustification")
    )
    source, of = graph.value(node, DCTERMS.source), graph.value(node, LT.inMappingSet)
    return MappingRecord(
        subject,
        relation.removeprefix(str(SKOS)),
        other,
        justification,
        source if isinstance(source, URIRef) else None,
        str(graph.value(node, SKOS.editorialNote) or graph.value(node, SKOS.scopeNote) or ""),
        tuple(sorted(map(str, graph.objects(node, DCTERMS.creator)))),
        str(graph.value(node, DCTERMS.date) or ""),
        str(graph.value(node, LT.mappingConfidence) or ""),
        of if isinstance(of, URIRef) else None,
    )


def _row(graph: Graph, each: MappingRecord) -> list[str]:
    def label(iri: URIRef) -> str:
        return str(graph.value(iri, SKOS.prefLabel) or "")

    return [
        *(_curie(each.subject), label(each.subject), f"skos:{each.relation}", _curie(each.object), label(each.object)),
        *(_curie(each.justification), _curie(each.source) if each.source else "", "|".join(each.authors)),
        *(each.date, each.confidence, each.note),
    ]


def _curie(iri: URIRef) -> str:
    for prefix, base in {**_PREFIXES, **_BUILT_IN}.items():
        if iri.startswith(base) and "/" not in iri[len(base) :]:
            return f"{prefix}:{iri[len(base) :]}"
    return str(iri)


def _quoted(text: str) -> str:
    """Returns a text as YAML that means itself, whatever stands in it."""
    return "'" + " ".join(text.split()).replace("'", "''") + "'"
