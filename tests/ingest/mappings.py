"""Mapping workbooks for tests, filled as a person would fill them in a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import openpyxl

from learntogether_kg.exchange import prepare_mapping
from learntogether_kg.ingest.layout import key

ANSWERS: Mapping[str, Mapping[str, str]] = {
    "Paper": {"becomes": "pattern", "pattern": "Assessment forms"},
    "Roles": {"becomes": "pattern", "pattern": "Clear roles"},
    "Thinking": {"becomes": "pattern", "pattern": "Supervision", "item": "finding"},
    "Plans": {"becomes": "pattern", "pattern": "T6", "item": "factor"},
    "Bad": {"becomes": "field", "field": "Item: influence", "value": "Unsafe"},
    "Advice": {"becomes": "field", "field": "Recommendations: text"},
    "Rubbish": {"becomes": "ignore"},
}
"""What the codes of the synthetic projects become."""


def fill(path: Path, sheet: str, rows: Mapping[str, Mapping[str, str | None]], by: int = 0) -> Path:
    """Fills cells of a sheet of rows.

    Args:
        path: The workbook; it is changed.
        sheet: The sheet.
        rows: By the last part of what a row's column says, header to text.
        by: That column, counted from 0.
    """
    book = openpyxl.load_workbook(path)
    headers = {key(str(cell.value)): cell.column for cell in book[sheet][1]}
    found = set()
    for row in book[sheet].iter_rows(min_row=3):
        name = str(row[by].value).rpartition(" › ")[2]
        found |= {name}
        for header, text in rows.get(name, {}).items():
            book[sheet].cell(row[0].row, headers[header]).value = text
    assert rows.keys() <= found, f"no row for {rows.keys() - found}"
    book.save(path)
    return path


def set_field(path: Path, field: str, text: str | None) -> Path:
    """Sets a field of the Draft sheet."""
    book = openpyxl.load_workbook(path)
    for row in book["Draft"].iter_rows(min_row=2):
        if key(str(row[0].value)) == field:
            row[1].value = text
    book.save(path)
    return path


def table(path: Path, sheet: str, first: int = 3) -> list[dict[str, str]]:
    """Returns the rows of a sheet, header to text, blank rows left out."""
    page = openpyxl.load_workbook(path)[sheet]
    headers = [key(str(cell.value)) for cell in page[1]]
    rows = ([str(cell.value or "") for cell in row] for row in page.iter_rows(min_row=first))
    return [dict(zip(headers, row, strict=True)) for row in rows if any(row)]


def filled(project: Path, path: Path, answers: Mapping[str, Mapping[str, str]] = ANSWERS) -> Path:
    """Writes the mapping of a project and fills it."""
    prepare_mapping(project, path)
    return fill(path, "Codes", answers)
