"""A typology as a table and as RDF."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Final

import xlsxwriter
from rdflib import DCTERMS, RDF, RDFS, SKOS, Graph, URIRef
from rdflib.term import Node

from learntogether_kg.answers import Answer, Resource, Row, heading, text
from learntogether_kg.namespaces import LT, PREFIXES
from learntogether_kg.typology.mappings import records
from learntogether_kg.typology.terms import Term, Typology

COLUMNS: Final[dict[str, str]] = {
    "term": "The term, with the way down to it",
    "notation": "Its short code",
    "label": "Its label",
    "broader": "What it stands under",
    "definition": "What it is for",
    "scopeNote": "What belongs under it and what does not",
    "example": "An example",
    "status": "Proposed, accepted or deprecated; empty where that is not said",
    "since": "The first version that has it",
    "replacedBy": "What takes its place",
    "source": "The publication that it was taken from; empty where it is provisional",
    "mappings": "Terms of other schemes to which it is mapped, with the relation",
}
"""The columns of the table, and what each means."""
_MADE: Final = datetime(2000, 1, 1, tzinfo=UTC)  # a workbook says nothing of who made it or when
_WIDTHS: Final = {"term": 40, "definition": 70, "scopeNote": 50, "example": 50, "mappings": 40, "broader": 30}
_NARROW: Final = 18


def tabulate(typology: Typology) -> Answer:
    """Returns a typology as a table, a row for each term in its order."""
    rows = tuple(_row(typology, term) for term in typology.terms.values())
    resources = ("term", "broader", "since", "replacedBy", "source", "mappings")
    return Answer("typology", {"version": typology.name}, tuple(COLUMNS), rows, resources)


def write_csv(typology: Typology) -> bytes:
    """Returns a typology as a CSV table."""
    return "".join(tabulate(typology).as_csv()).encode()


def write_workbook(typology: Typology) -> bytes:
    """Returns a typology as the bytes of a workbook with one sheet. Nothing in it is run as a formula."""
    data, table = io.BytesIO(), tabulate(typology)
    workbook = xlsxwriter.Workbook(
        data, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    )
    workbook.set_properties({"author": "", "created": _MADE})
    sheet = workbook.add_worksheet("Typology")
    bold, wrapped = workbook.add_format({"bold": True}), workbook.add_format({"text_wrap": True, "valign": "top"})
    for place, name in enumerate((*table.columns, "IRI")):
        sheet.write_string(0, place, heading(name).capitalize() if name != "IRI" else name, bold)
        sheet.set_column(place, place, _WIDTHS.get(name, _NARROW), wrapped)
    for line, (row, iri) in enumerate(zip(table.rows, typology.terms, strict=True), 1):
        for place, value in enumerate((*row, str(iri))):
            sheet.write_string(line, place, text(value))
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, len(table.rows), len(table.columns))
    workbook.close()
    return data.getvalue()


def write_turtle(typology: Typology) -> bytes:
    """Returns what is said of the terms of a typology as Turtle."""
    return select(typology).serialize(format="turtle").encode()


def write_json_ld(typology: Typology) -> bytes:
    """Returns what is said of the terms of a typology as JSON-LD, with its context in it."""
    return select(typology).serialize(format="json-ld", context=dict(PREFIXES), indent=2).encode()


def select(typology: Typology) -> Graph:
    """Returns what is said of the terms of a typology, their schemes and versions, sources and mappings.

    Of a term of another scheme it holds the label and no more, so that a program takes it for what it is.
    """
    graph, found = typology.graph, Graph(bind_namespaces="none")
    for prefix, base in PREFIXES.items():
        found.bind(prefix, base)
    terms = set(typology.terms)
    about: set[Node] = {*terms, *typology.schemes, *graph.subjects(RDF.type, LT.TypologyVersion)}
    about |= {source for term in terms for source in graph.objects(term, DCTERMS.source)}
    for node in graph.subjects(RDF.type, LT.Mapping):
        if terms & {graph.value(node, LT.mappingSubject), graph.value(node, LT.mappingObject)}:
            about |= {node, *graph.objects(node, DCTERMS.source)}
    for subject in about:
        for triple in graph.triples((subject, None, None)):
            if triple[1] != RDFS.isDefinedBy:
                found.add(triple)
    for record in records(graph, terms):
        for end in (record.subject, record.object):
            found += ((end, SKOS.prefLabel, label) for label in graph.objects(end, SKOS.prefLabel))
        if (record.subject, SKOS[record.relation], record.object) in graph:
            found.add((record.subject, SKOS[record.relation], record.object))
    return found


def _row(typology: Typology, term: Term) -> Row:
    graph = typology.graph
    source = next((each for each in graph.objects(term.iri, DCTERMS.source) if isinstance(each, URIRef)), None)
    return (
        Resource(term.choice, str(term.iri)),
        term.notation or None,
        term.label,
        tuple(Resource(typology.label(each), str(each)) for each in term.broader),
        term.definition,
        term.scope_notes,
        term.examples,
        term.status or None,
        Resource(typology.version_label(term.since), str(term.since)) if term.since else None,
        tuple(Resource(typology.label(each), str(each)) for each in term.replaced_by),
        Resource(str(graph.value(source, DCTERMS.title) or source), str(source)) if source else None,
        tuple(Resource(f"{relation} {typology.label(each)}", str(each)) for relation, each in term.mappings),
    )
