"""The reviewer's own workbook back, with the cells marked that a check has something to say of.

Content, drop-downs, guidance and hidden sheets stay as they are. Of what a workbook may hold besides, openpyxl does
not keep charts, pictures, threaded comments and the last results of formulas. What it loses of the template's own
is mended here: drop-downs that Excel has moved into an extension, and the dates in the file's properties.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import openpyxl
from openpyxl.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils.cell import coordinate_to_tuple, get_column_letter
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.writer.excel import ExcelWriter

from learntogether_kg.ingest.archive import MAX_BYTES, vet
from learntogether_kg.ingest.layout import Sheet, key, kind_of, sheets
from learntogether_kg.ingest.loading import load
from learntogether_kg.ingest.template import FIRST_ROW, list_source
from learntogether_kg.validation.report import Result, Severity, ValidationReport

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

SUMMARY: Final = "Notes on the check"
"""The sheet that lists what was found; the reader leaves alone sheets whose names start with Notes."""

_AUTHOR: Final = "ltkg validate"
_BEGIN: Final = f"[{_AUTHOR}]"
_COLOURS: Final = {Severity.VIOLATION: "FFF8CBAD", Severity.WARNING: "FFFFE699", Severity.INFO: "FFDDEBF7"}
_NO_COLOUR: Final = "none"
_HEADINGS: Final = ("where", "severity", "what is wrong", "what to do", "why", "rule", "colour before")
_WIDTHS: Final = (20, 12, 50, 50, 50, 30, 10)
_TABLE_ROW: Final = 7
_COMMENT_WIDTH: Final = 360
_COMMENT_LINE: Final = 48
_LINE_HEIGHT: Final = 18
_MADE: Final = datetime(2000, 1, 1)  # as the template has it: a workbook says nothing of who made it or when


def mark(path: Path, report: ValidationReport, data: bytes | None = None) -> bytes:
    """Returns a workbook with the marks of a report, in the place of those of an earlier one.

    A cell gets a fill and a comment that names the severity, what is wrong, what to do and why. A first sheet lists
    everything, also what has no cell of its own.

    Args:
        path: The workbook that was checked, or the name of an upload.
        report: What was found.
        data: Its bytes, where they are at hand already; then nothing is opened.

    Raises:
        UnreadableFileError: It is not a workbook that can be read.
    """
    book = _open(vet(path, load(path, MAX_BYTES, data)))
    _take_off(book)
    before: dict[tuple[str, str], str] = {}
    by_cell: dict[tuple[str, str], list[Result]] = {}
    for result in report.told():
        if result.cell and isinstance(book[result.cell.sheet][result.cell.ref], Cell):
            by_cell.setdefault((result.cell.sheet, result.cell.ref), []).append(result)
    for (sheet, ref), results in by_cell.items():
        before[sheet, ref] = _colour_of(book[sheet][ref])
        _mark_cell(book[sheet][ref], results)
    _write_summary(book, report, before)
    for layout in sheets(kind_of(book.sheetnames)):
        if layout.name in book.sheetnames:
            _mend_lists(book[layout.name], layout)
    return _bytes_of(book)


def _open(data: bytes) -> Workbook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it says what it will not keep; what matters is mended
        return openpyxl.load_workbook(io.BytesIO(data), rich_text=True)


def _bytes_of(book: Workbook) -> bytes:
    book.properties.created = book.properties.modified = _MADE
    book.properties.creator = book.properties.lastModifiedBy = ""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        _Writer(book, archive).save()
    return target.getvalue()


class _Writer(ExcelWriter):
    """openpyxl's writer, but for the temporary file that it makes of each sheet: what a review says stays in memory."""

    def write_worksheet(self, ws: Worksheet) -> None:
        """Writes one sheet."""
        ws._drawing = SpreadsheetDrawing()  # type: ignore[attr-defined]  # the stubs leave it out
        page = io.BytesIO()
        writer = WorksheetWriter(ws, page)
        writer.write()
        ws._rels = writer._rels  # type: ignore[attr-defined]  # the stubs leave it out
        self._archive.writestr(ws.path[1:], page.getvalue())  # type: ignore[attr-defined]  # the stubs leave it out
        self.manifest.append(ws)


def _take_off(book: Workbook) -> None:
    """Takes the marks of an earlier check off."""
    noted = _noted_colours(book)
    for page in book.worksheets:
        for row in page.iter_rows():
            for cell in row:
                if isinstance(cell, MergedCell):
                    continue
                if cell.comment:
                    cell.comment = _without_ours(cell.comment)
                if _colour_of(cell) in _COLOURS.values():
                    colour = noted.get((page.title, cell.coordinate), _NO_COLOUR)
                    cell.fill = PatternFill() if colour == _NO_COLOUR else _fill(colour)
    if SUMMARY in book.sheetnames:
        del book[SUMMARY]
    _show(book, sheets(kind_of(book.sheetnames))[0].name)


def _show(book: Workbook, name: str) -> None:
    """Makes a workbook open at one sheet. Two that stay selected would both be changed by whatever is typed."""
    book.active = book[name]
    for page in book.worksheets:
        page.sheet_view.tabSelected = page.title == name


def _noted_colours(book: Workbook) -> Mapping[tuple[str, str], str]:
    """Returns which colour each marked cell had before, as the sheet of the earlier check notes it."""
    if SUMMARY not in book.sheetnames:
        return {}
    noted = {}
    for where, *_, colour in book[SUMMARY].iter_rows(min_row=_TABLE_ROW + 1, max_col=len(_HEADINGS), values_only=True):
        sheet, _, ref = str(where or "").rpartition("!")
        noted[sheet, ref] = str(colour or _NO_COLOUR)
    return noted


def _without_ours(comment: Comment) -> Comment | None:
    """Takes our words off a comment; a reviewer's own stay, in a box that shows all of them."""
    own = comment.text.partition(_BEGIN)[0].rstrip()
    return _comment(own, comment.author) if own else None


def _mark_cell(cell: Cell, results: Sequence[Result]) -> None:
    gravest = min((result.severity for result in results), key=list(Severity).index)
    cell.fill = _fill(_COLOURS[gravest])
    own, author = (f"{cell.comment.text}\n\n", cell.comment.author) if cell.comment else ("", _AUTHOR)
    cell.comment = _comment(own + f"{_BEGIN}\n" + "\n\n".join(map(_words, results)), author)


def _words(result: Result) -> str:
    lines = (
        f"{result.severity.value}: {result.message}",
        result.wrote,
        f"Answered: {result.answer}" if result.answer else f"What to do: {result.remedy}" if result.remedy else "",
        f"Why: {result.reason}" if result.reason else "",
    )
    return "\n".join(line for line in lines if line)


def _comment(text: str, author: str) -> Comment:
    """Returns a comment whose box is as high as its text needs; the size of one that was read is not known."""
    lines = sum(1 + len(line) // _COMMENT_LINE for line in text.splitlines())
    return Comment(text, author, width=_COMMENT_WIDTH, height=_LINE_HEIGHT * (lines + 1))


def _write_summary(book: Workbook, report: ValidationReport, before: Mapping[tuple[str, str], str]) -> None:
    page = book.create_sheet(SUMMARY, 0)
    _show(book, SUMMARY)
    stage = "as a draft" if report.stage == "draft" else "for publication"
    hidden = sorted({sheet for sheet, _ in before if book[sheet].sheet_state != "visible"})
    folded = sorted(f"{sheet}!{ref}" for sheet, ref in before if sheet not in hidden and _is_folded(book[sheet], ref))
    lines = (
        f"This review {report.verdict} (checked {stage})",
        "Violation: it cannot be stored until this is put right. Warning: this weakens it. Info: a hint.",
        "Each cell below is marked where it stands, with a comment. Check again and the marks are replaced; this sheet "
        "may be deleted.",
        f"Some marks are on hidden sheets: {', '.join(hidden)}. Right-click a tab and choose Unhide." if hidden else "",
        f"Some are folded away: {', '.join(folded)}. Click the + beside or above." if folded else "",
    )
    for number, line in enumerate(lines, start=1):
        _put(page, number, 1, line, bold=number == 1)
    for column, (heading, width) in enumerate(zip(_HEADINGS, _WIDTHS, strict=True), start=1):
        page.column_dimensions[get_column_letter(column)].width = width
        _put(page, _TABLE_ROW, column, heading, bold=True)
    page.column_dimensions[get_column_letter(len(_HEADINGS))].hidden = True
    page.freeze_panes = f"A{_TABLE_ROW + 1}"
    for row, result in enumerate(report.told(), start=_TABLE_ROW + 1):
        place = (result.cell.sheet, result.cell.ref) if result.cell else ("", "")
        what = f"{result.message} {result.wrote}".strip()
        told = (result.place, result.severity.value, what, result.remedy, result.reason, result.rule)
        for column, text in enumerate((*told, before.get(place, "")), start=1):
            _put(page, row, column, text, wrap=True)
        page.cell(row, 2).fill = _fill(_COLOURS[result.severity])
        if place in before:
            where = page.cell(row, 1)
            where.hyperlink = Hyperlink(where.coordinate, location=f"'{place[0]}'!{place[1]}")
    page.page_setup.orientation, page.page_setup.fitToHeight = "landscape", 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _is_folded(page: Worksheet, ref: str) -> bool:
    """Whether a cell's column or row is hidden. Asking for a column that is not on record would put it there."""
    row, column = coordinate_to_tuple(ref)
    columns = page.column_dimensions.values()
    return any(each.hidden and (each.min or 0) <= column <= (each.max or 0) for each in columns) or (
        row in page.row_dimensions and bool(page.row_dimensions[row].hidden)
    )


def _put(page: Worksheet, row: int, column: int, text: str, bold: bool = False, wrap: bool = False) -> None:
    """Writes text as text: what begins with "=" is no formula."""
    cell = page.cell(row, column)
    cell.value, cell.data_type = text, "s"
    cell.font, cell.alignment = Font(bold=bold), Alignment(wrap_text=wrap, vertical="top")


def _mend_lists(page: Worksheet, sheet: Sheet) -> None:
    """Adds the drop-downs that are missing: Excel may keep one that refers to another sheet where openpyxl cannot."""
    covered = page.data_validations.dataValidation
    for column in sheet.columns:
        source = list_source(column)
        first = _first_cell(page, sheet, column.header)
        if not source or not first or any(first in validation.sqref for validation in covered):
            continue
        formula = f'"{",".join(source)}"' if isinstance(source, list) else source
        added = DataValidation(type="list", formula1=formula, allow_blank=True, errorStyle="information")
        letter = first.rstrip("0123456789")
        added.add(first if sheet.layout == "fields" else f"{first}:{letter}{FIRST_ROW + sheet.rows}")
        page.add_data_validation(added)


def _first_cell(page: Worksheet, sheet: Sheet, header: str) -> str:
    """Returns the first cell for the values of a column, or of a field; empty where a reviewer has removed it."""
    line = next(page.iter_cols(max_col=1) if sheet.layout == "fields" else page.iter_rows(max_row=1), ())
    found = next((cell for cell in line if key(str(cell.value or "")) == key(header)), None)
    if found is None:
        return ""
    return f"B{found.row}" if sheet.layout == "fields" else f"{get_column_letter(found.column or 1)}{FIRST_ROW + 1}"


def _colour_of(cell: Cell) -> str:
    colour = cell.fill.fgColor.rgb if cell.fill.fill_type == "solid" else _NO_COLOUR
    return colour if isinstance(colour, str) else _NO_COLOUR


def _fill(colour: str) -> PatternFill:
    return PatternFill("solid", fgColor=colour, bgColor=colour)
