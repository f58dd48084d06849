"""A validation report as triples: a sh:ValidationReport (SHACL, 3.6), with our words and cells as annotations."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import Final

from rdflib import RDF, SH, XSD, Graph, Literal, URIRef
from rdflib.term import BNode, Node

from learntogether_kg.namespaces import LTS, PREFIXES
from learntogether_kg.source_map import Cell
from learntogether_kg.validation.report import Result, Severity, Stage, ValidationReport

_TEXTS: Final = {"remedy": LTS.remedy, "reason": LTS.reason, "suggestion": LTS.suggestion, "answer": LTS.answer}
_NO_SHACL: Final = LTS.OtherConstraintComponent
"""Of a result that no SHACL constraint gave, such as a likely name; SHACL wants a component for each."""


def as_graph(report: ValidationReport) -> Graph:
    """Returns a report as triples.

    ``sh:conforms`` is as SHACL defines it: false as soon as there is any result. Whether the review may be stored,
    which a violation alone forbids, stands under ``lts:storable``.
    """
    graph, node = Graph(), BNode()
    graph.add((node, RDF.type, SH.ValidationReport))
    graph.add((node, SH.conforms, Literal(not report.results)))
    graph.add((node, LTS.storable, Literal(report.conforms)))
    graph.add((node, LTS.stage, Literal(report.stage.value)))
    graph.add((node, LTS.file, Literal(PurePath(report.file).name)))
    for number, result in enumerate(report.results, start=1):
        graph.add((node, SH.result, _add(graph, result, number)))
    return graph


def format_turtle(reports: Iterable[ValidationReport]) -> str:
    """Returns reports as Turtle. It names each file without its path."""
    graph = Graph()
    for prefix, iri in {**PREFIXES, "sh": str(SH), "lts": str(LTS)}.items():
        graph.bind(prefix, iri)
    for report in reports:
        graph += as_graph(report)
    return graph.serialize(format="turtle")


def read_report(graph: Graph) -> ValidationReport:
    """Returns the report that `as_graph` wrote."""
    node = graph.value(predicate=RDF.type, object=SH.ValidationReport)
    found = sorted(graph.objects(node, SH.result), key=lambda each: _number(graph, each))
    stage = Stage(str(graph.value(node, LTS.stage)))
    return ValidationReport(str(graph.value(node, LTS.file)), tuple(_read(graph, each) for each in found), stage)


def _add(graph: Graph, result: Result, number: int) -> Node:
    node = BNode()
    statements: list[tuple[URIRef, Node | None]] = [
        (RDF.type, SH.ValidationResult),
        (SH.order, Literal(number)),
        (SH.resultSeverity, SH[result.severity.value]),
        (SH.focusNode, result.focus_node),
        (SH.resultPath, result.path),
        (SH.value, result.value),
        (SH.sourceShape, result.source_shape),
        (SH.sourceConstraintComponent, result.component or _NO_SHACL),
        (SH.resultMessage, Literal(result.message)),
        (LTS.cell, Literal(str(result.cell)) if result.cell else None),
        *((predicate, _text(getattr(result, name))) for name, predicate in _TEXTS.items()),
    ]
    for predicate, value in statements:
        if value is not None:
            graph.add((node, predicate, value))
    return node


def _read(graph: Graph, node: Node) -> Result:
    path, cell = graph.value(node, SH.resultPath), graph.value(node, LTS.cell)
    component = graph.value(node, SH.sourceConstraintComponent)
    sheet, _, ref = str(cell or "").rpartition("!")
    return Result(
        severity=Severity.of(graph.value(node, SH.resultSeverity)),
        focus_node=_require(graph, node, SH.focusNode),
        path=path if isinstance(path, URIRef) else None,
        value=graph.value(node, SH.value),
        source_shape=_require(graph, node, SH.sourceShape),
        message=str(graph.value(node, SH.resultMessage)),
        cell=Cell(sheet, ref) if cell is not None else None,
        component=None if component == _NO_SHACL else component,
        **{name: str(graph.value(node, predicate) or "") for name, predicate in _TEXTS.items()},
    )


def _require(graph: Graph, node: Node, predicate: URIRef) -> Node:
    found = graph.value(node, predicate)
    assert found is not None, f"every result has {predicate}"
    return found


def _number(graph: Graph, node: Node) -> int:
    order = graph.value(node, SH.order)
    return int(str(order)) if isinstance(order, Literal) and order.datatype == XSD.integer else 0


def _text(text: str) -> Literal | None:
    return Literal(text) if text else None
