"""What a validation found, told in the words of the file that was checked."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum

from rdflib import SH, URIRef
from rdflib.term import Node

from learntogether_kg.namespaces import shorten
from learntogether_kg.source_map import Cell

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

    @property
    def answered(self) -> int:
        """The number of results that would weigh more without a recorded reason."""
        return sum(bool(result.answer) for result in self.results)

    def counts(self) -> dict[Severity, int]:
        """Returns the number of results of each severity, the gravest first and zeros included."""
        return {each: sum(result.severity is each for result in self.results) for each in Severity}


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


def format_text(report: ValidationReport) -> str:
    """Returns a report for people: a line for the file, then a few for each result."""
    found = ", ".join(_count(number, severity) for severity, number in report.counts().items() if number)
    found += f", {report.answered} answered" if report.answered else ""
    verdict = "conforms" if report.conforms else "does not conform"
    heading = f"{report.file or 'The review'} {verdict}{f' ({found})' if found else ''}"
    return "\n".join([heading, *(line for result in report.results for line in _lines(result))])


def format_csv(reports: Iterable[ValidationReport]) -> str:
    """Returns reports as one table with a row for each result, in which no cell can act as a formula."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for report in reports:
        for result in report.results:
            cells = {"file": report.file, **_result_as_dict(result)}
            writer.writerow([_inert(cells[column]) for column in _COLUMNS])
    return table.getvalue()


def as_dict(report: ValidationReport) -> dict[str, object]:
    """Returns a report as JSON has it."""
    return {
        "file": report.file,
        "conforms": report.conforms,
        "counts": {severity.value.lower(): number for severity, number in report.counts().items()},
        "answered": report.answered,
        "results": [_result_as_dict(result) for result in report.results],
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
        "value": _term(result.value),
        "path": _term(result.path),
        "focus_node": str(result.focus_node),
    }


def _lines(result: Result) -> list[str]:
    """Returns one result as lines of text, the place first so that the eye can run down it."""
    place = str(result.cell) if result.cell else shorten(str(result.focus_node))
    lines = [f"  {place}  {result.severity.value}  {result.rule}", f"    {result.message}"]
    if result.suggestion:
        lines.append(f"    You wrote “{_term(result.value)}”: did you mean {result.suggestion}?")
    if result.answer:
        lines.append(f"    Answered: {result.answer}")
    elif result.remedy:
        lines.append(f"    {result.remedy}")
    return lines


def _count(number: int, severity: Severity) -> str:
    word = severity.value.lower()
    return f"{number} {word}{'' if number == 1 or severity is Severity.INFO else 's'}"


def _term(node: Node | None) -> str:
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
