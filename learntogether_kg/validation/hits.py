"""Results of the rules that look at words: no SHACL engine evaluates them, but each has a shape like any other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from rdflib import RDFS, SH, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from learntogether_kg import ontology
from learntogether_kg.namespaces import BASE, LTS
from learntogether_kg.source_map import Cell
from learntogether_kg.validation.messages import fill_message
from learntogether_kg.validation.report import Result, Severity, Stage

_RULES: Final = URIRef(BASE + "shapes/publication")


@dataclass(frozen=True)
class Hit:
    """Words in a text that a rule reports.

    Attributes:
        shape: The rule's shape.
        node: The node that has the text.
        path: The property whose text it is.
        text: The whole text.
        words: The words in question.
    """

    shape: URIRef
    node: Node
    path: URIRef
    text: Literal
    words: str


def public_texts(review: Graph) -> Iterator[tuple[Node, URIRef, Literal]]:
    """Yields every public text of a review with its node and property; codes and made-up names are none."""
    for path in _text_fields():
        for node, text in review.subject_objects(path):
            if isinstance(text, Literal):
                yield node, path, text


def not_covered(hits: Iterable[Hit], results: Iterable[Result]) -> Iterator[Hit]:
    """Yields the hits whose text no graver rule reports already; ``lts:yieldsTo`` says which those are."""
    reported = {(each.source_shape, each.focus_node, each.path, each.value) for each in results}
    for hit in hits:
        graver = ontology.load_shapes().objects(hit.shape, LTS.yieldsTo)
        if not any((shape, hit.node, hit.path, hit.text) in reported for shape in graver):
            yield hit


def make_result(
    shape: URIRef, node: Node, path: URIRef, value: Literal | None, cell: Cell | None, stage: Stage
) -> Result:
    """Returns a result under a shape, in the shape's own words.

    Args:
        shape: The rule's shape.
        node: The node it is about.
        path: The property it is about.
        value: The value or the words in question, where there are any.
        cell: Where they stand in the file, where that is known.
        stage: What the check is for.
    """
    shapes = ontology.load_shapes()
    in_draft = shapes.value(shape, LTS.draftSeverity) if stage is Stage.DRAFT else None
    return Result(
        severity=Severity.of(in_draft or shapes.value(shape, SH.severity)),
        focus_node=node,
        path=path,
        value=value,
        source_shape=shape,
        message=fill_message(str(shapes.value(shape, SH.message)), path, value),
        remedy=str(shapes.value(shape, LTS.remedy) or ""),
        reason=str(shapes.value(shape, LTS.reason) or ""),
        cell=cell,
    )


@cache
def _text_fields() -> tuple[URIRef, ...]:
    """Returns the properties that hold public texts: those with a text in the ontology, less those of codes."""
    texts = set(ontology.load_ontology().subjects(RDFS.range, XSD.string))
    fields = texts - set(ontology.load_shapes().objects(_RULES, LTS.exceptField))
    return tuple(sorted(field for field in fields if isinstance(field, URIRef)))
