"""Sign-off: a recorded reason turns a warning into information, and is shown with it.

Reasons are nodes of class lt:RecordedReason. They lie in custody, since they may name what a warning was about, and
reach no public graph. It does not matter which engine or rule made the result that a reason answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote

from rdflib import RDF, SH, Graph, Literal, URIRef
from rdflib.term import Node

from learntogether_kg import ontology
from learntogether_kg.namespaces import LT, LTS
from learntogether_kg.source_map import SourceMap
from learntogether_kg.validation.hits import make_result
from learntogether_kg.validation.lexicon import fold
from learntogether_kg.validation.report import Result, Severity, Stage

_WANTING: Final = "RecordedReasonShape-"


@dataclass(frozen=True)
class RecordedReason:
    """Why the results of one rule may stand.

    Attributes:
        node: Its node.
        rule: The rule's name, as a report prints it.
        items: The parts of the review it is about; none means the whole review.
        words: The words it is about, folded; none means whatever the rule reports.
        reason: The reason itself.
        coder: Who answers for it.
        date: When it was recorded.
    """

    node: Node
    rule: str
    items: frozenset[Node]
    words: frozenset[str]
    reason: str
    coder: Node | None
    date: str

    def answers(self, result: Result, review: Graph) -> bool:
        """Whether it is about a result."""
        if result.rule != self.rule or result.severity is Severity.VIOLATION:
            return False
        if self.items and not self.items & {result.focus_node, review.value(result.focus_node, LT.classifies)}:
            return False
        return not self.words or fold(str(result.value)) in self.words


def sign_off(
    results: Iterable[Result], custody: Graph, review: Graph, source_map: SourceMap, stage: Stage
) -> Iterator[Result]:
    """Yields results with their recorded reasons, and a warning for each reason that answers nothing.

    Args:
        results: What the engine and the rules on words found.
        custody: Holds the recorded reasons.
        review: The review, which says what a classification is about and who its coders are.
        source_map: Tells where each reason stands in the file.
        stage: What the check is for.
    """
    reasons = list(recorded_reasons(custody))
    wanting = {each.node: _what_is_wanting(each, review) for each in reasons}
    sound = [each for each in reasons if not wanting[each.node]]
    used: set[Node] = set()
    for result in results:
        answering = [each for each in sound if each.answers(result, review)]
        used.update(each.node for each in answering)
        yield _answered(result, answering) if answering else result
    for each in reasons:
        missing = wanting[each.node] or (None if each.node in used else LTS[_WANTING + "unmatched"])
        if missing:
            field = ontology.load_shapes().value(missing, LTS.about)
            assert isinstance(field, URIRef), f"{missing} says no field that it is about"
            yield make_result(missing, each.node, field, None, source_map.locate(each.node, field), stage)


def recorded_reasons(custody: Graph) -> Iterator[RecordedReason]:
    """Yields the recorded reasons that lie in custody, by node."""
    for node in sorted(custody.subjects(RDF.type, LT.RecordedReason), key=str):
        yield RecordedReason(
            node=node,
            rule=_text(custody, node, LT.answersRule).removeprefix("lts:"),
            items=frozenset(custody.objects(node, LT.answersItem)),
            words=frozenset(fold(str(words)).strip() for words in custody.objects(node, LT.answersWords)),
            reason=_text(custody, node, LT.recordedReason),
            coder=custody.value(node, LT.recordedBy),
            date=_text(custody, node, LT.recordedDate),
        )


def _what_is_wanting(reason: RecordedReason, review: Graph) -> URIRef | None:
    """Returns the shape of the first thing that keeps a reason from being one; None where it is sound."""
    shapes, shape = ontology.load_shapes(), LTS[reason.rule]
    severity = shapes.value(shape, SH.severity) if reason.rule else None
    known_coder = reason.coder is not None and (reason.coder, RDF.type, LT.Coder) in review
    one_by_one = (shape, LTS.screens, None) in shapes
    wanting = (
        ("rule", severity is None),
        ("violation", severity == SH.Violation),
        ("reason", not reason.reason),
        ("signed", not known_coder),
        ("dated", not reason.date),
        ("words", one_by_one and not reason.words),
    )
    return next((LTS[_WANTING + name] for name, is_wanting in wanting if is_wanting), None)


def _answered(result: Result, reasons: Iterable[RecordedReason]) -> Result:
    given = "; ".join(dict.fromkeys(f"{each.reason} ({_code(each.coder)}, {each.date})" for each in reasons))
    return replace(result, severity=Severity.INFO, answer=given)


def _code(coder: Node | None) -> str:
    return unquote(str(coder).rpartition("/")[2])


def _text(graph: Graph, node: Node, predicate: URIRef) -> str:
    found = sorted(str(value).strip() for value in graph.objects(node, predicate) if isinstance(value, Literal))
    return "; ".join(filter(None, found))
