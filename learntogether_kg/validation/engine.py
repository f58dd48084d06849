"""Checks a review against the shapes with pySHACL and says what was found in the words of its file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pyshacl
from rdflib import RDF, RDFS, SH, SKOS, Graph, Literal, URIRef
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query
from rdflib.query import Result as QueryResult
from rdflib.term import Node

from learntogether_kg import ontology
from learntogether_kg.namespaces import LT, LTS, TYP, shorten
from learntogether_kg.source_map import Cell, SourceMap
from learntogether_kg.validation.report import Result, Severity, Stage, ValidationReport, sort_results

_CHECK = URIRef("urn:learntogether:check")
_KEPT = (RDF.type, RDFS.subClassOf, SKOS.inScheme, SKOS.broader, SKOS.broadMatch)
_PLACEHOLDER = re.compile(r"\{[?$](path|value)\}")
_prepare = cache(prepareQuery)


class _PreparedGraph(Graph):
    """A graph that parses each query once: pySHACL asks the same one anew for every focus node.

    Parsing took nine tenths of the time of a check.
    """

    def query(  # type: ignore[override]
        self,
        query_object: str | Query,
        processor: str = "sparql",
        result: str = "sparql",
        initNs: Mapping[str, Any] | None = None,  # noqa: N803 (the name is rdflib's)
        initBindings: Mapping[str, Any] | None = None,  # noqa: N803
        use_store_provided: bool = True,
        **kwargs: object,
    ) -> QueryResult:
        prepared = _prepare(query_object) if isinstance(query_object, str) else query_object
        bindings = dict(initBindings) if initBindings else None
        return super().query(prepared, processor, result, initNs, bindings, use_store_provided, **kwargs)


def validate(
    review: Graph, source_map: SourceMap | None = None, file: str = "", stage: Stage = Stage.PUBLICATION
) -> ValidationReport:
    """Returns what the shapes have to say about one review.

    The ontology is there for the shapes to look things up; what they might say about it is left out. A shape may say
    by ``lts:draftSeverity`` that it is less grave in a draft.

    Args:
        review: The graph of one review or synthesis, and nothing else.
        source_map: Tells where nodes and values stand in the file.
        file: The name under which the report speaks of the file.
        stage: What the check is for.

    Returns:
        A report whose results stand in the order of the file's sheets and rows.
    """
    subjects = set(review.subjects())
    report = _run(review, subjects)
    source_map = source_map or SourceMap(file)
    results = {
        _tell(report, each, review, source_map, stage)
        for each in report.objects(None, SH.result)
        if report.value(each, SH.focusNode) in subjects
    }
    return ValidationReport(file, sort_results(tuple(results), source_map.sheets()), stage)


@cache
def _background() -> tuple[tuple[Node, Node, Node], ...]:
    """Returns the few triples of the ontology that shapes look up: types, classes, code lists, broader patterns."""
    return tuple(triple for predicate in _KEPT for triple in ontology.load_ontology().triples((None, predicate, None)))


def _run(review: Graph, subjects: set[Node]) -> Graph:
    """Returns the SHACL report on a review beside the ontology."""
    data = _PreparedGraph()
    for triple in (*_background(), *review):
        data.add(triple)
    for subject in subjects:
        # Not on the subject itself, whose shape is closed.
        data.add((_CHECK, LTS.describes, subject))
    _, report, text = pyshacl.validate(
        data, shacl_graph=ontology.load_shapes(), inference="none", inplace=True, do_owl_imports=False
    )
    if not isinstance(report, Graph):
        raise RuntimeError(f"pySHACL could not check the review: {text}")
    return report


def _tell(report: Graph, each: Node, review: Graph, source_map: SourceMap, stage: Stage) -> Result:
    """Returns one SHACL result as ours."""
    shapes = ontology.load_shapes()
    focus, shape = _require(report, each, SH.focusNode), _require(report, each, SH.sourceShape)
    path, value = report.value(each, SH.resultPath), report.value(each, SH.value)
    about = path if isinstance(path, URIRef) else shapes.value(shape, LTS.about)
    about = about if isinstance(about, URIRef) else None
    if (shape, RDF.type, SH.NodeShape) in shapes and path is None and value == focus:
        value = None
    message = str(report.value(each, SH.resultMessage) or "")
    if report.value(each, SH.sourceConstraintComponent) == SH.ClosedConstraintComponent:
        message = f"{message} The unknown field is {shorten(str(path))}."
    in_draft = shapes.value(shape, LTS.draftSeverity) if stage is Stage.DRAFT else None
    return Result(
        severity=Severity.of(in_draft or report.value(each, SH.resultSeverity)),
        focus_node=focus,
        path=about,
        value=value,
        source_shape=shape,
        message=_PLACEHOLDER.sub(lambda match: shorten(str({"path": path, "value": value}[match[1]])), message),
        remedy=str(shapes.value(shape, LTS.remedy) or ""),
        reason=str(shapes.value(shape, LTS.reason) or ""),
        cell=_locate(source_map, review, focus, about, value),
        suggestion=_suggest(about, value),
        component=report.value(each, SH.sourceConstraintComponent),
    )


def _require(report: Graph, each: Node, predicate: URIRef) -> Node:
    """Returns what SHACL says every result has."""
    found = report.value(each, predicate)
    if found is None:
        raise RuntimeError(f"pySHACL reported a result without {predicate}")
    return found


def _locate(source_map: SourceMap, review: Graph, focus: Node, about: URIRef | None, value: Node | None) -> Cell | None:
    """Returns the cell of a value, else of its row, else of the item that a node without a row codes."""
    cell = source_map.locate(focus, about, value)
    if cell is None:
        item = review.value(focus, LT.classifies)
        cell = source_map.locate(item) if item is not None else None
    return cell


def _suggest(about: URIRef | None, value: Node | None) -> str:
    """Returns the entries of a drop-down that come closest to a text that is none of them."""
    if about is None or not isinstance(value, Literal):
        return ""
    choices = _choices(about)
    close = difflib.get_close_matches(str(value).strip().casefold(), choices, n=2, cutoff=0.6)
    return " or ".join(f"“{choice}”" for choice in dict.fromkeys(choices[each] for each in close))


@cache
def _choices(about: URIRef) -> dict[str, str]:
    """Returns every wording under which the values of a property may be meant, with the entry of its drop-down."""
    return {
        wording.casefold(): concept.choice
        for scheme in _schemes(about)
        for concept in ontology.concepts(scheme)
        for wording in (concept.choice, concept.label)
    }


def _schemes(about: URIRef) -> Iterator[URIRef]:
    """Yields the code lists of a property, or the typology where it takes patterns."""
    found = ontology.load_ontology().objects(about, LT.codeList)
    yield from (scheme for scheme in found if isinstance(scheme, URIRef))
    if about in {LT.pattern, LT.assesses}:
        yield TYP.scheme
