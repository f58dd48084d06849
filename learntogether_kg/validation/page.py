"""A validation report as one page that stands alone: no script, nothing to load, no path of anybody's machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from learntogether_kg import __version__
from learntogether_kg.rendering import environment
from learntogether_kg.validation.report import ValidationReport


def format_html(reports: Sequence[ValidationReport]) -> str:
    """Returns reports as a page to read, print or pass on. All that a file says is escaped."""
    shown = [(report, PurePath(report.file).name or "The review") for report in reports]
    template = environment("learntogether_kg.validation").get_template("report.html")
    return template.render(shown=shown, names=[name for _, name in shown], version=__version__)


def format_results(report: ValidationReport) -> str:
    """Returns what a report found as a part of another page, under headings of the second level."""
    module = environment("learntogether_kg.validation").get_template("results.html").module
    return str(module.results(report)) if report.results else ""  # type: ignore[attr-defined]  # a macro
