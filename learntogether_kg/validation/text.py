"""A validation report as text for a terminal: the verdict first, then what to look at again, sheet by sheet."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from learntogether_kg.validation.report import Result, Severity, ValidationReport

_STYLES: Final = {Severity.VIOLATION: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold cyan"}
_PLAIN_WIDTH: Final = 100_000
_ELSEWHERE: Final = "Without a cell"


def render(report: ValidationReport) -> RenderableType:
    """Returns a report for rich to print. Severity stands in words; colour, where a terminal has it, only repeats it.

    The reason for a rule is given where the rule first speaks.
    """
    return Group(*_parts(report))


def format_text(report: ValidationReport) -> str:
    """Returns a report as plain text, in which no line is broken."""
    text = io.StringIO()
    Console(file=text, width=_PLAIN_WIDTH, color_system=None, highlight=False).print(render(report))
    return "\n".join(line.rstrip() for line in text.getvalue().rstrip().splitlines())


def _parts(report: ValidationReport) -> Iterator[RenderableType]:
    style = "bold green" if report.conforms else "bold red"
    stage = f" (checked as a {report.stage})" if report.stage == "draft" else ""
    yield Text.assemble((report.file or "The review", "bold"), " ", (report.verdict, style), stage)
    explained: set[str] = set()
    for sheet, results in report.by_sheet().items():
        yield Text(f"\n{sheet or _ELSEWHERE}", style="bold underline")
        for result in results:
            yield from _lines(result, explain=result.rule not in explained)
            explained.add(result.rule)


def _lines(result: Result, explain: bool) -> Iterator[RenderableType]:
    """Yields one result, the place first so that the eye can run down it."""
    severity = (result.severity.value, _STYLES[result.severity])
    yield Padding(
        Text.assemble((result.place, "bold"), "  ", severity, "  ", (result.rule, "dim")), (0, 0, 0, 2), expand=False
    )
    told = [
        ("", result.message),
        ("", result.wrote),
        ("Answered: ", result.answer),
        ("What to do: ", "" if result.answer else result.remedy),
        ("Why: ", result.reason if explain else ""),
    ]
    for label, words in told:
        if words:
            yield Padding(Text.assemble((label, "dim"), words), (0, 0, 0, 4), expand=False)
