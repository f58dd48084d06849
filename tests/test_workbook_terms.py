"""All that the model can say of a review can be said in the workbook, or ``not-in-workbook.csv`` says why not."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from rdflib import OWL, RDF, RDFS, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from learntogether_kg import ontology
from learntogether_kg.ingest.layout import NodeTemplate, Sheet, choices, sheets
from learntogether_kg.namespaces import LT, expand, shorten

GRAPH = ontology.load_ontology()
EXCEPTIONS = Path(__file__).parent / "fixtures" / "not-in-workbook.csv"
Term = tuple[str, str]
"""A class, and a property that a member of it may have; or a class and "" for its members themselves."""

# What a coder's row on the Coders sheet gives to each of that coder's codes.
CODING = (LT.codedBy, LT.underTypology, LT.dateAsStated, LT.earliest, LT.latest)


def below(iri: Node) -> set[Node]:
    return set(GRAPH.transitive_subjects(RDFS.subClassOf, iri))


def members(graph: Graph, domain: Node) -> list[Node]:
    union = graph.value(domain, OWL.unionOf)
    return list(Collection(graph, union)) if union else [domain]


PARTS = below(LT.ReviewPart) | {LT.Review, LT.Coder, LT.SourceRecord, LT.RecordedReason}
DEFINED = {iri for iri in PARTS if (iri, OWL.equivalentClass, None) in GRAPH}


def expected() -> set[Term]:
    """What can be said of a review: its classes, each with the properties that have it as a domain."""
    found = {(shorten(iri), "") for iri in PARTS - DEFINED if isinstance(iri, URIRef)}
    for term, domain in GRAPH.subject_objects(RDFS.domain):
        for iri in members(GRAPH, domain):
            if iri in PARTS and isinstance(term, URIRef) and str(term).startswith(str(LT)):
                found.add((shorten(iri), shorten(term)))
    return found


def classes_of(sheet: Sheet, template: NodeTemplate) -> Iterator[URIRef]:
    for rule in template.classes:
        if rule.iri:
            yield rule.iri
        else:
            yield from (c.instance_class for c in choices(sheet.by_header[rule.column].entries) if c.instance_class)


def properties_of(sheet: Sheet, template: NodeTemplate) -> Iterator[URIRef]:
    for column in sheet.columns:
        if column.predicate and (template.name in column.on or template.each == column.header):
            yield column.predicate
            if column.type == "date":
                yield from (LT.earliest, LT.latest)
    yield from (iri for name in template.fixed if (iri := expand(name)))
    yield from CODING if template.coding else ()
    for other in sheet.nodes:
        yield from (
            iri for name, start in other.linked.items() if start == f"@{template.name}" and (iri := expand(name))
        )


def stated() -> set[Term]:
    """What some cell of the workbook can say, with each class standing for those above it."""
    found = set()
    for sheet in sheets():
        if any(column.type == "agency" for column in sheet.columns):
            found |= {(LT.Agency, URIRef("")), (LT.Agency, LT.agencyKind)}
        for template in sheet.nodes:
            for iri in classes_of(sheet, template):
                found |= {(iri, URIRef("")), *((iri, term) for term in properties_of(sheet, template))}
    wider = {(above, term) for iri, term in found for above in GRAPH.transitive_objects(iri, RDFS.subClassOf)}
    return {(shorten(iri), shorten(term) if term else "") for iri, term in wider if isinstance(iri, URIRef)}


def exceptions() -> dict[Term, str]:
    with EXCEPTIONS.open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert [(row["class"], row["property"]) for row in rows] == sorted({(r["class"], r["property"]) for r in rows})
    return {(row["class"], row["property"]): row["reason"] for row in rows}


def test_what_the_model_can_say_of_a_review_the_workbook_can_too_or_it_is_told_why_not():
    missing = expected() - stated()
    assert missing == set(exceptions())


def test_each_exception_has_a_reason():
    assert [term for term, reason in exceptions().items() if len(reason.split()) < 4] == []


def test_every_sheet_and_column_states_terms_that_exist():
    named = {column.predicate for sheet in sheets() for column in sheet.columns if column.predicate}
    named |= {iri for sheet in sheets() for template in sheet.nodes for iri in classes_of(sheet, template)}
    assert {iri for iri in named if str(iri).startswith(str(LT)) and (iri, RDF.type, None) not in GRAPH} == set()
