"""The cells of a workbook file: which sheet, row and column each stands in, and what it says as text."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Final

import python_calamine as calamine
from xlsxwriter.utility import xl_rowcol_to_cell

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest.archive import MAX_AREA, MAX_BYTES, vet
from learntogether_kg.ingest.layout import Kind, Sheet, key, kind_of, sheets
from learntogether_kg.ingest.loading import load
from learntogether_kg.source_map import Cell

_OURS: Final = frozenset({"Guide", "Lists"})


@dataclass(frozen=True)
class Value:
    """What one cell says."""

    text: str
    cell: Cell


@dataclass(frozen=True)
class Row:
    """One record: its values by header (as ``layout.key`` writes it), blank ones included."""

    cell: Cell
    number: int
    values: Mapping[str, Value] = field(default_factory=dict)

    def text(self, header: str) -> str:
        """Returns the text under a header; empty where it is blank or has no column."""
        value = self.values.get(header)
        return value.text if value else ""


Cells = Mapping[str, tuple[Row, ...]]
"""The rows of every sheet that are not blank; a sheet of fields is one row."""


def read_cells(path: Path, data: bytes | None = None) -> Cells:
    """Returns the cells of a review's or a coder's workbook.

    Args:
        path: The file, or the name of an upload.
        data: Its bytes, where they are at hand already; then nothing is opened.

    Raises:
        UnreadableFileError: It is no workbook, is larger than a review can be, or is not laid out like the template.
    """
    workbook = _open(path, data)
    kind = kind_of(workbook.sheet_names)
    _check_sheets(path, workbook, kind)
    found = {}
    for sheet in sheets(kind):
        if sheet.name in workbook.sheet_names:
            table = _table(path, workbook, sheet.name)
            read = _read_fields if sheet.layout == "fields" else _read_rows
            found[sheet.name] = tuple(read(path, sheet, table))
    return found


def read_notes(path: Path, name: str, data: bytes | None = None) -> list[list[str]]:
    """Returns the table on a sheet of notes, which no review is read from; empty where the workbook has no such sheet.

    Args:
        path: The file, or the name of an upload.
        name: The sheet.
        data: Its bytes, where they are at hand already; then nothing is opened.

    Raises:
        UnreadableFileError: It is no workbook, or is larger than a review can be.
    """
    workbook = _open(path, data)
    table = _table(path, workbook, name) if name in workbook.sheet_names else []
    return [[_text(value) for value in line] for line in table]


def _open(path: Path, data: bytes | None) -> calamine.CalamineWorkbook:
    try:
        return calamine.CalamineWorkbook.from_filelike(io.BytesIO(vet(path, load(path, MAX_BYTES, data))))
    except calamine.CalamineError as error:
        raise UnreadableFileError(path, f"it is not an Excel workbook (.xlsx) that can be read ({error})") from error


def _check_sheets(path: Path, workbook: calamine.CalamineWorkbook, kind: Kind) -> None:
    known = {sheet.name for sheet in sheets(kind)}
    for sheet in sheets(kind):
        if sheet.depth == "findings" and not sheet.optional and sheet.name not in workbook.sheet_names:
            reason = f"it has no sheet {sheet.name!r}, so it is not a {kind} workbook; make one with `{sheet.made_by}`"
            raise UnreadableFileError(path, reason)
    for name in workbook.sheet_names:
        if name in known or name in _OURS or name.startswith("Notes"):
            continue
        if any(cell != "" for row in _table(path, workbook, name) for cell in row):
            reason = "the workbook has no such sheet; delete it, or give it a name that starts with Notes to keep it"
            raise UnreadableFileError(path, reason, f"sheet {name!r}")


def _table(path: Path, workbook: calamine.CalamineWorkbook, name: str) -> list[list[object]]:
    try:
        sheet = workbook.get_sheet_by_name(name)
        if sheet.total_height * sheet.total_width > MAX_AREA:
            raise UnreadableFileError(path, f"it has more than {MAX_AREA:,} cells; a review's has not", f"sheet {name}")
        return [list(line) for line in sheet.to_python(skip_empty_area=False)]
    except calamine.CalamineError as error:
        raise UnreadableFileError(path, f"the sheet cannot be read ({error})", f"sheet {name!r}") from error


def _read_fields(path: Path, sheet: Sheet, table: list[list[object]]) -> Iterator[Row]:
    values: dict[str, Value] = {}
    for number, line in enumerate(table[1:], start=1):
        header, text = key(_text(line[0]) if line else ""), _text(line[1]) if len(line) > 1 else ""
        cell = Cell(sheet.name, xl_rowcol_to_cell(number, 1))
        if header in sheet.by_header:
            if header in values:
                raise UnreadableFileError(path, f"the field {header!r} stands twice; keep one", str(cell))
            values[header] = Value(text, cell)
        elif header or text:
            raise UnreadableFileError(path, f"{header!r} is not a field of this sheet; {_remedy(sheet)}", str(cell))
    _check_headers(path, sheet, values)
    yield Row(Cell(sheet.name, "B1"), 1, values)


def _read_rows(path: Path, sheet: Sheet, table: list[list[object]]) -> Iterator[Row]:
    headers = [key(_text(value)) for value in table[0]] if table else []
    for index, header in enumerate(headers):
        filled = any(_text(line[index]) for line in table[1:] if index < len(line))
        if header not in sheet.by_header and (header or filled):
            cell = Cell(sheet.name, xl_rowcol_to_cell(0, index))
            raise UnreadableFileError(path, f"{header!r} is not a column of this sheet; {_remedy(sheet)}", str(cell))
        if header and headers.index(header) != index:
            cell = Cell(sheet.name, xl_rowcol_to_cell(0, index))
            raise UnreadableFileError(path, f"the column {header!r} stands twice; keep one", str(cell))
    _check_headers(path, sheet, headers)
    prefilled = key(sheet.columns[0].header) if sheet.ids or sheet.prefill else None
    for number, line in enumerate(table[1:], start=1):
        values = {
            header: Value(_text(line[index]), Cell(sheet.name, xl_rowcol_to_cell(number, index)))
            for index, header in enumerate(headers)
            if header and index < len(line)
        }
        filled = any(value.text for header, value in values.items() if header != prefilled)
        if filled and not (number == 1 and _is_guidance(sheet, values)):
            yield Row(Cell(sheet.name, xl_rowcol_to_cell(number, 0)), number + 1, values)


def _is_guidance(sheet: Sheet, values: Mapping[str, Value]) -> bool:
    """Whether a row is the template's line of guidance; a reviewer may have deleted it, and then it is a record."""
    return any(value.text == sheet.by_header[header].guide for header, value in values.items() if value.text)


def _check_headers(path: Path, sheet: Sheet, found: object) -> None:
    assert isinstance(found, dict | list)
    for header, column in sheet.by_header.items():
        if column.required and header not in found:
            raise UnreadableFileError(path, f"it has no {header!r}; {_remedy(sheet)}", f"sheet {sheet.name!r}")


def _remedy(sheet: Sheet) -> str:
    headers = ", ".join(column.header for column in sheet.columns)
    return f"the template has: {headers} (`{sheet.made_by}` writes a new one)"


def _text(value: object) -> str:
    """Returns what a cell says, as a person would have typed it."""
    match value:
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat()
        case date():
            return value.isoformat()
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer():
            return str(int(value))
    return str(value).strip()
