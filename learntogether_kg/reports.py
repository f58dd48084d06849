"""The forms in which validation reports are given, for the command line and the pages alike."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.validation.page import format_html
from learntogether_kg.validation.report import ValidationReport, as_dict, format_csv
from learntogether_kg.validation.text import format_text
from learntogether_kg.validation.triples import format_turtle


class ReportFormat(StrEnum):
    """How a validation report is given; one model stands behind all forms."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    HTML = "html"
    TURTLE = "turtle"
    XLSX = "xlsx"


MEDIA_TYPES: Final = {
    ReportFormat.TEXT: "text/plain; charset=utf-8",
    ReportFormat.JSON: "application/json",
    ReportFormat.CSV: "text/csv; charset=utf-8; header=present",
    ReportFormat.HTML: "text/html; charset=utf-8",
    ReportFormat.TURTLE: "text/turtle; charset=utf-8",
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ENDINGS: Final = {form: "txt" if form is ReportFormat.TEXT else form.value for form in ReportFormat} | {
    ReportFormat.TURTLE: "ttl"
}


def write(form: ReportFormat, reports: Sequence[ValidationReport], data: bytes | None = None) -> bytes:
    """Returns reports in one form.

    Args:
        form: Which one.
        reports: One for each file.
        data: What the one file holds, where its bytes are at hand already; only the marked workbook needs it.

    Raises:
        UnreadableFileError: The marked workbook is asked for, and there is not exactly one file that is a workbook.
    """
    match form:
        case ReportFormat.JSON:
            text = json.dumps([as_dict(report) for report in reports], indent=2, ensure_ascii=False) + "\n"
        case ReportFormat.CSV:
            text = format_csv(reports)
        case ReportFormat.HTML:
            text = format_html(reports)
        case ReportFormat.TURTLE:
            text = format_turtle(reports)
        case ReportFormat.TEXT:
            text = "".join(f"{format_text(report)}\n" for report in reports)
        case ReportFormat.XLSX:
            return _marked(reports, data)
    return text.encode()


def _marked(reports: Sequence[ValidationReport], data: bytes | None) -> bytes:
    if len(reports) != 1:
        raise UnreadableFileError(reports[1].file, "one workbook at a time is marked; give one file")
    path = Path(reports[0].file)
    if path.suffix.lower() != ".xlsx":
        raise UnreadableFileError(path, "only a workbook (.xlsx) has cells to mark; choose another form of report")
    from learntogether_kg.ingest.marking import mark  # noqa: PLC0415  # slow to load, and no other form needs it

    return mark(path, reports[0], data)
