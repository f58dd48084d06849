"""What a validation found, told in the words of the file that was checked."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum

from rdflib import SH, Literal, URIRef
from rdflib.term import Node

from learntogether_kg import ontology
from learntogether_kg.namespaces import LTS, shorten
from learntogether_kg.source_map import Cell
from learntogether_kg.validation.messages import in_words

_LONGEST_QUOTE = 80
_REF = re.compile(r"([A-Z]+)([0-9]+)")
_COLUMNS = (
    "file",
    "cell",
    "severity",
    "rule",
    "message",
    "remedy",
    "suggestion",
    "reason",
    "answer",
    "value",
    "path",
    "focus_node",
)


class Severity(Enum):
    """How grave a result is; only a violation keeps a review out of a library."""

    VIOLATION = "Violation"
    WARNING = "Warning"
    INFO = "Info"

    @property
    def rank(self) -> int:
        """Its place among the severities, the gravest being 0."""
        return list(Severity).index(self)

    @classmethod
    def of(cls, iri: Node | None) -> Severity:
        """Returns the severity that SHACL names by an IRI; what it does not name is a violation."""
        return next((each for each in cls if iri == SH[each.value]), cls.VIOLATION)


class Stage(StrEnum):
    """What a check is for: a draft that is being written, or a review that is to enter a library and be published."""

    DRAFT = "draft"
    PUBLICATION = "publication"


@dataclass(frozen=True)
class Result:
    """One thing to look at again.

    Attributes:
        severity: How grave it is.
        focus_node: The node that the shape looked at.
        path: The property in question, where it is one.
        value: The value in question, where it is one.
        source_shape: The shape that reports.
        message: What is wrong, for a reviewer.
        remedy: What to do about it.
        reason: Why the model asks.
        cell: Where it stands in the file, where that is known.
        suggestion: What may have been meant, as the drop-down has it; empty where nothing comes close.
        answer: The recorded reason for which it may stand, with coder and date; empty where there is none.
        component: The kind of constraint that is not met, as SHACL names it.
    """

    severity: Severity
    focus_node: Node
    path: URIRef | None
    value: Node | None
    source_shape: Node
    message: str
    remedy: str = ""
    reason: str = ""
    cell: Cell | None = None
    suggestion: str = ""
    answer: str = ""
    component: Node | None = None

    @property
    def place(self) -> str:
        """Where it is, for a person: the cell, else the node's short name."""
        return str(self.cell) if self.cell else shorten(str(self.focus_node))

    @property
    def wrote(self) -> str:
        """What the reviewer wrote and what may have been meant, as a sentence; empty where the message says it."""
        text = " ".join(term(self.value).split())
        if not isinstance(self.value, Literal) or not text or text in self.message:
            return ""
        quoted = text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"
        return f"You wrote “{quoted}”: did you mean {self.suggestion}?" if self.suggestion else f"You wrote “{quoted}”."

    def without_value(self) -> Result:
        """Returns the result with nothing in it of what the file says."""
        text = in_words(self.value)
        message = self.message.replace(text, "(see there)") if text else self.message
        return replace(self, value=None, message=message, suggestion="", answer=self.answer and "(see there)")

    @property
    def rule(self) -> str:
        """The shape's name without its prefix, such as ``FindingShape-influence``."""
        return str(self.source_shape).rpartition("#")[2]


@dataclass(frozen=True)
class ValidationReport:
    """All results for one file, in the order of its sheets and rows.

    Attributes:
        file: The file that was checked.
        results: What was found; empty where there is nothing to say.
        stage: What it was checked for.
    """

    file: str
    results: tuple[Result, ...] = ()
    stage: Stage = Stage.PUBLICATION

    @property
    def conforms(self) -> bool:
        """Whether the review may enter a library: warnings may stay, violations may not."""
        return not any(result.severity is Severity.VIOLATION for result in self.results)

    def told(self) -> tuple[Result, ...]:
        """Returns what a person is told: each mistake in a cell once, however many nodes the cell makes.

        A coder's date goes to every code of that coder; where it is wrong, one cell is. And the influence of a finding
        goes to its codes: beside the rule on findings the rule on codes has nothing to add, as its ``lts:yieldsTo``
        says. Only a milder or equal result yields.
        """
        once: dict[tuple[object, ...], Result] = {}
        gravest: dict[tuple[object, ...], int] = {}
        for result in self.results:
            place = result.cell or (result.focus_node, result.path)
            once.setdefault((place, result.severity, result.rule, result.message, result.wrote), result)
            grave = result.severity.rank
            gravest[place, result.source_shape] = min(grave, gravest.get((place, result.source_shape), grave))
        return tuple(
            result
            for (place, *_), result in once.items()
            if not any(
                gravest.get((place, shape), result.severity.rank + 1) <= result.severity.rank
                for shape in ontology.load_shapes().objects(result.source_shape, LTS.yieldsTo)
            )
        )

    @property
    def answered(self) -> int:
        """The number of results that would weigh more without a recorded reason."""
        return sum(bool(result.answer) for result in self.told())

    def counts(self) -> dict[Severity, int]:
        """Returns how many results of each severity a person is told, the gravest first and zeros included."""
        told = self.told()
        return {each: sum(result.severity is each for result in told) for each in Severity}

    @property
    def verdict(self) -> str:
        """Whether it conforms, and the counts, in words."""
        found = ", ".join(_count(number, severity) for severity, number in self.counts().items() if number)
        found += f", {self.answered} answered" if self.answered else ""
        verdict = "conforms" if self.conforms else "does not conform"
        return f"{verdict}: {found}" if found else verdict

    def by_sheet(self) -> dict[str, list[Result]]:
        """Returns what a person is told by sheet, in their order; the empty name holds what has no cell."""
        groups: dict[str, list[Result]] = {}
        for result in self.told():
            groups.setdefault(result.cell.sheet if result.cell else "", []).append(result)
        return groups

    def without_values(self) -> ValidationReport:
        """Returns the report for others than who supplied the file: it says where to look, not what stands there."""
        return replace(self, results=tuple(result.without_value() for result in self.results))


def sort_results(results: Sequence[Result], sheets: Sequence[str] = ()) -> tuple[Result, ...]:
    """Returns results by sheet, row and column; those without a cell come last.

    Args:
        results: In any order.
        sheets: The file's sheets in their order; any other sheet follows these by name.
    """
    order = {sheet: number for number, sheet in enumerate(sheets)}

    def place(result: Result) -> tuple[object, ...]:
        name = (result.rule, str(result.focus_node), str(result.path), str(result.value))
        if result.cell is None:
            return (True, 0, "", 0, 0, "", *name)
        row, column = _row_and_column(result.cell.ref)
        sheet = result.cell.sheet
        return (False, order.get(sheet, len(order)), sheet, row, len(column), column, *name)

    return tuple(sorted(results, key=place))


def format_csv(reports: Iterable[ValidationReport]) -> str:
    """Returns reports as one table with a row for each result, in which no cell can act as a formula."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for report in reports:
        for result in report.told():
            cells = {"file": report.file, **_result_as_dict(result)}
            writer.writerow([_inert(cells[column]) for column in _COLUMNS])
    return table.getvalue()


def as_dict(report: ValidationReport) -> dict[str, object]:
    """Returns a report as JSON has it."""
    return {
        "file": report.file,
        "stage": report.stage.value,
        "conforms": report.conforms,
        "counts": {severity.value.lower(): number for severity, number in report.counts().items()},
        "answered": report.answered,
        "results": [_result_as_dict(result) for result in report.told()],
    }


def _result_as_dict(result: Result) -> dict[str, str]:
    return {
        "cell": str(result.cell or ""),
        "severity": result.severity.value,
        "rule": result.rule,
        "message": result.message,
        "remedy": result.remedy,
        "suggestion": result.suggestion,
        "reason": result.reason,
        "answer": result.answer,
        "value": term(result.value),
        "path": term(result.path),
        "focus_node": str(result.focus_node),
    }


def _count(number: int, severity: Severity) -> str:
    word = severity.value.lower()
    return f"{number} {word}{'' if number == 1 or severity is Severity.INFO else 's'}"


def term(node: Node | None) -> str:
    """Returns a value as text: IRIs shortened, literals by what was written."""
    if node is None:
        return ""
    return shorten(str(node)) if isinstance(node, URIRef) else str(node)


def _inert(text: str) -> str:
    """Returns text that a spreadsheet shows and does not compute."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _row_and_column(ref: str) -> tuple[int, str]:
    match = _REF.fullmatch(ref)
    return (int(match[2]), match[1]) if match else (0, "")
