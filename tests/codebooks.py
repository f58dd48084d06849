"""Coders' workbooks for tests, filled as a person would fill them in a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import openpyxl

from learntogether_kg.ingest.layout import key


def fill(path: Path, codes: Mapping[str, Mapping[str, str]], **fields: str) -> Path:
    """Fills a coder's workbook.

    Args:
        path: The workbook; it is changed.
        codes: By item, header to text.
        fields: Fields of the Coding sheet; a blank in a name is written "_".
    """
    book = openpyxl.load_workbook(path)
    for row in book["Coding"].iter_rows(min_row=2):
        for name, text in {"date": "2026-11-25", **fields}.items():
            if key(str(row[0].value)) == name.replace("_", " "):
                row[1].value = text
    items = book["Items"]
    headers = {key(str(cell.value)): cell.column for cell in items[1]}
    for row in items.iter_rows(min_row=3):
        for header, text in codes.get(str(row[0].value), {}).items():
            items.cell(row[0].row, headers[header]).value = text
    book.save(path)
    return path


def read(path: Path) -> dict[str, dict[str, str]]:
    """Returns the Items sheet of a coder's workbook: by item, header to text."""
    items = openpyxl.load_workbook(path)["Items"]
    headers = [key(str(cell.value)) for cell in items[1]]
    return {
        str(row[0].value): {name: str(cell.value or "") for name, cell in zip(headers, row, strict=True)}
        for row in items.iter_rows(min_row=3)
    }
