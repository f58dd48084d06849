"""Errors planted in a workbook: cells are changed where words say, in the cells as read or in the file itself.

A place is named in words, which survive a change of the layout: ``Review/depth`` is a field, ``Findings/F1/influence``
the cell of a column in the row whose first cell says ``F1``, ``Findings/F1`` that row as a whole. Where the first cell
does not tell rows apart, ``Second coding/#2/coder`` counts them from 1.
"""

from __future__ import annotations

import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import openpyxl
from xlsxwriter.utility import xl_rowcol_to_cell

from learntogether_kg.ingest.cells import Cells, Row, Value, read_cells
from learntogether_kg.ingest.layout import Sheet, key, sheets
from learntogether_kg.ingest.template import FIRST_ROW, write_template
from learntogether_kg.source_map import Cell

FOLDER = Path(__file__).parent / "planted"
CLEAN = FOLDER / "clean.toml"


@dataclass(frozen=True)
class Beside:
    """A result that a planted error brings with it, and the reason why it must."""

    rule: str
    at: str
    because: str


@dataclass(frozen=True)
class Plant:
    """An error in a workbook and what a check must say of it.

    Attributes:
        rule: The rule that must report it.
        edits: What to write into which place; nothing empties a cell or, of a row as a whole, the row.
        at: The places where the rule must report, and nowhere else.
        besides: What else is reported.
    """

    rule: str
    edits: Mapping[str, str]
    at: tuple[str, ...]
    besides: tuple[Beside, ...]


def read_plants(*files: Path) -> dict[str, Plant]:
    """Returns the planted errors of some files, or of all, by their rule."""
    found: dict[str, Plant] = {}
    for path in files or sorted(FOLDER.glob("*.toml")):
        for rule, entry in _tables(path).items():
            if rule == "cannot":
                continue
            assert rule not in found, f"{path.name} plants {rule} a second time"
            assert entry.keys() <= {"plant", "at", "besides"}, f"{path.name}: {rule} has an unknown key"
            at = entry.get("at", list(entry["plant"]) if len(entry["plant"]) == 1 else None)
            assert at, f"{path.name}: {rule} must say at which cell it reports"
            places = (at,) if isinstance(at, str) else tuple(at)
            besides = tuple(Beside(**each) for each in entry.get("besides", ()))
            found[rule] = Plant(rule, entry["plant"], places, besides)
    return found


def read_exceptions(*files: Path) -> list[tuple[str, str]]:
    """Returns the rules that no workbook can break, each with the reason, as some files or all have it."""
    return [
        (rule, group["because"])
        for path in files or sorted(FOLDER.glob("*.toml"))
        for group in _tables(path).get("cannot", ())
        for rule in group["rules"]
    ]


def _tables(path: Path) -> dict:  # type: ignore[type-arg]  # as the file has it
    return {} if path == CLEAN or not path.exists() else tomllib.loads(path.read_text(encoding="utf-8"))


def write_clean(path: Path, edits: Mapping[str, str] | None = None) -> Path:
    """Writes the workbook of which a check has nothing to say, with some places changed."""
    write_template(path, "full", tomllib.loads(CLEAN.read_text(encoding="utf-8")))
    if edits:
        workbook = Workbook(read_cells(path)).plant(edits)
        path.write_bytes(workbook.write_into(path.read_bytes(), edits))
    return path


class Workbook:
    """The cells of a workbook that the template made.

    Args:
        cells: The cells as read.
        named: The rows by sheet and by the name under which the places of plants know them.
    """

    def __init__(self, cells: Cells, named: Mapping[tuple[str, str], Row] | None = None) -> None:
        self.cells = cells
        self._rows = dict(named or _named_rows(cells))

    def plant(self, edits: Mapping[str, str]) -> Workbook:
        """Returns the workbook with some places changed; a row that is not there yet comes after the last one."""
        rows = dict(self._rows)
        for place, text in edits.items():
            sheet, name, header = _split(place)
            row = rows.get((sheet.name, name)) or _next_row(sheet, name, rows)
            values = dict(row.values)
            if header:
                values[key(header)] = Value(text, _cell(sheet, row, header))
            else:
                assert text == "", f"{place}: a row as a whole can only be emptied"
                values = {each: Value("", value.cell) for each, value in values.items()}
            rows[sheet.name, name] = Row(row.cell, row.number, values)
        cells = {
            sheet.name: tuple(
                sorted(
                    (row for (name, _), row in rows.items() if name == sheet.name and _is_filled(sheet, row)),
                    key=lambda row: row.number,
                )
            )
            for sheet in sheets()
        }
        return Workbook(cells, rows)

    def find(self, place: str) -> Cell:
        """Returns the cell that a place names; of a row as a whole its first."""
        sheet, name, header = _split(place)
        row = self._rows[sheet.name, name]
        return _cell(sheet, row, header) if header else row.cell

    def write_into(self, workbook: bytes, edits: Mapping[str, str]) -> bytes:
        """Returns a workbook file with the places of edits changed to what stands there in these cells."""
        book = openpyxl.load_workbook(io.BytesIO(workbook))
        for place in edits:
            sheet, name, header = _split(place)
            row = self._rows[sheet.name, name]
            for value in row.values.values() if not header else [row.values[key(header)]]:
                book[sheet.name][value.cell.ref] = value.text or None
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()


def _named_rows(cells: Cells) -> dict[tuple[str, str], Row]:
    """Returns the rows by sheet and by what their first cell says; by number where that is no name of one row."""
    named: dict[tuple[str, str], Row] = {}
    for sheet in sheets():
        rows = cells.get(sheet.name, ())
        firsts = [row.text(key(sheet.columns[0].header)) for row in rows]
        for number, (row, first) in enumerate(zip(rows, firsts, strict=True), start=1):
            name = first if len(set(firsts)) == len(firsts) else f"#{number}"
            named[sheet.name, "" if sheet.layout == "fields" else name] = row
    return named


def _is_filled(sheet: Sheet, row: Row) -> bool:
    """Whether a row says more than the template wrote into it."""
    prefilled = key(sheet.columns[0].header) if sheet.ids or sheet.prefill else None
    return sheet.layout == "fields" or any(value.text for name, value in row.values.items() if name != prefilled)


def _next_row(sheet: Sheet, name: str, rows: Mapping[tuple[str, str], Row]) -> Row:
    number = max([row.number for (each, _), row in rows.items() if each == sheet.name], default=FIRST_ROW) + 1
    row = Row(Cell(sheet.name, xl_rowcol_to_cell(number - 1, 0)), number)
    header = sheet.columns[0].header
    values = {key(column.header): Value("", _cell(sheet, row, column.header)) for column in sheet.columns}
    if not name.startswith("#"):
        values[key(header)] = Value(name, _cell(sheet, row, header))
    return Row(row.cell, number, values)


def _split(place: str) -> tuple[Sheet, str, str]:
    """Returns the sheet, the name of the row and the header that a place names."""
    sheet_name, _, rest = place.partition("/")
    sheet = next(each for each in sheets() if each.name == sheet_name)
    name, _, header = ("", "", rest) if sheet.layout == "fields" else rest.partition("/")
    assert not header or key(header) in sheet.by_header, f"{place}: the sheet has no such column"
    return sheet, name, header


def _cell(sheet: Sheet, row: Row, header: str) -> Cell:
    value = row.values.get(key(header))
    if value:
        return value.cell
    index = [key(column.header) for column in sheet.columns].index(key(header))
    return Cell(sheet.name, xl_rowcol_to_cell(row.number - 1, index))
