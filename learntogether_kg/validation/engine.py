"""Checks a review against the shapes and says what was found in the words of its file."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from enum import StrEnum
from functools import cache

from rdflib import RDF, SH, Graph, Literal, URIRef
from rdflib.term import Node

from learntogether_kg import ontology
from learntogether_kg.namespaces import LT, LTS, TYP, shorten
from learntogether_kg.source_map import Cell, SourceMap
from learntogether_kg.validation.fast import FastEngine
from learntogether_kg.validation.hits import make_result, not_covered
from learntogether_kg.validation.lexicon import load_lexicon
from learntogether_kg.validation.messages import fill_message
from learntogether_kg.validation.report import Result, Severity, Stage, ValidationReport, sort_results
from learntogether_kg.validation.screening import screen
from learntogether_kg.validation.shacl import ShaclEngine, ShaclResult
from learntogether_kg.validation.sign_off import sign_off
from learntogether_kg.validation.wording import check_wording


class Engine(StrEnum):
    """Which program checks: both say the same, one faster, the other held to be right where they ever differ."""

    FAST = "fast"
    REFERENCE = "reference"


def validate(
    review: Graph,
    source_map: SourceMap | None = None,
    file: str = "",
    stage: Stage = Stage.PUBLICATION,
    engine: Engine = Engine.FAST,
    custody: Graph | None = None,
    context: Graph | None = None,
) -> ValidationReport:
    """Returns what the shapes have to say about one review, or about codes for one.

    The ontology is there for the shapes to look things up; what they might say about it is left out. A shape may say
    by ``lts:draftSeverity`` that it is less grave in a draft.

    Args:
        review: The graph of one review or synthesis, and nothing else.
        source_map: Tells where nodes and values stand in the file.
        file: The name under which the report speaks of the file.
        stage: What the check is for.
        engine: Which program checks.
        custody: What goes to custody with the review; it holds the recorded reasons for which warnings may stand.
        context: Where codes alone are checked, the review that they are for; nothing is told of what it says itself.

    Returns:
        A report whose results stand in the order of the file's sheets and rows.
    """
    subjects = set(review.subjects())
    source_map = source_map or SourceMap(file)
    whole = review if context is None else review + context
    results = {
        _tell(found, review, source_map, stage)
        for found in prepared(engine).check(whole)
        if found.focus_node in subjects
    }
    for hit in list(not_covered((*screen(review), *check_wording(review)), results)):
        cell = _locate(source_map, review, hit.node, hit.path, hit.text)
        results.add(make_result(hit.shape, hit.node, hit.path, Literal(hit.words), cell, stage))
    told = tuple(sign_off(results, custody or Graph(), review, source_map, stage))
    return ValidationReport(file, sort_results(told, source_map.sheets()), stage)


@ontology.per_ontology
def prepared(engine: Engine = Engine.FAST) -> ShaclEngine:
    """Returns an engine that has read ontology, shapes and word lists; calling this ahead makes the first check fast.

    Raises:
        OntologyError: If a file of the ontology or the shapes does not parse.
    """
    load_lexicon()
    if engine is Engine.FAST:
        return FastEngine(ontology.load_shapes())
    from learntogether_kg.validation.reference import ReferenceEngine  # noqa: PLC0415  # slow to load, rarely used

    return ReferenceEngine(ontology.load_shapes())


def _tell(found: ShaclResult, review: Graph, source_map: SourceMap, stage: Stage) -> Result:
    """Returns one SHACL result as ours."""
    focus, shape, path, value = found.focus_node, found.source_shape, found.path, found.value
    about = path if isinstance(path, URIRef) else _said(shape, LTS.about)
    about = about if isinstance(about, URIRef) else None
    if path is None and value == focus and _said(shape, RDF.type) == SH.NodeShape:
        value = None
    message = str(_said(shape, SH.message) or "")  # not the engine's: they fill placeholders differently
    if found.component == SH.ClosedConstraintComponent:
        message = f"{message} The unknown field is {shorten(str(path))}."
    in_draft = _said(shape, LTS.draftSeverity) if stage is Stage.DRAFT else None
    return Result(
        severity=Severity.of(in_draft or found.severity),
        focus_node=focus,
        path=about,
        value=value,
        source_shape=shape,
        message=fill_message(message, path, value),
        remedy=str(_said(shape, LTS.remedy) or ""),
        reason=str(_said(shape, LTS.reason) or ""),
        cell=_locate(source_map, review, focus, about, value),
        suggestion=_suggest(about, value),
        component=found.component,
    )


@cache
def _said(shape: Node, predicate: URIRef) -> Node | None:
    """Returns what a shape says of itself; a review may break one rule many times."""
    return ontology.load_shapes().value(shape, predicate)


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


@ontology.per_ontology
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
