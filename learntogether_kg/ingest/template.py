"""Writes workbooks: for a review, empty or with the cells of an earlier one, or for one coder of a review."""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import xlsxwriter
from xlsxwriter.utility import xl_range_abs
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest.layout import Column, Kind, Sheet, guide, key, sheets
from learntogether_kg.namespaces import REVIEW

DEPTHS: Final = ("findings", "evidence", "full")
"""How far a workbook goes; each shows the sheets of those before it too."""

FIRST_ROW: Final = 2
"""The first row of records, counted from 0: a heading and a line of guidance stand above it."""

Rows = Sequence[Mapping[str, str]]
"""The rows of one sheet: header (as ``layout.key`` writes it) to text. A sheet of fields is one row."""

# A workbook says nothing of who made it or when.
_MADE: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LISTS: Final = "Lists"
_GUIDE: Final = "Guide"
_LINE_HEIGHT: Final = 15
_NOTE_WIDTH: Final = 12
_LONGEST_LIST: Final = 255
_ALLOWED: Final = {"format_cells": True, "format_columns": True, "format_rows": True, "sort": True, "autofilter": True}
"""What a sheet with locked cells still allows; there is no password, the lock is against slips."""
_GUIDE_WIDTHS: Final = (24, 100)
_FIELD_WIDTHS: Final = (30, 60, 80)


def new_review_id() -> str:
    """Returns a random IRI for a review, so that it can never be traced to a name."""
    return str(REVIEW[secrets.token_hex(8)])


def write_template(
    out: Path | io.BytesIO,
    depth: str = "findings",
    cells: Mapping[str, Rows] | None = None,
    kind: Kind = "review",
    notes: Mapping[str, Sequence[Sequence[str]]] | None = None,
) -> None:
    """Writes a workbook for one review, for one coder of a review, or for a mapping of codes.

    Args:
        out: The file to write, which must end in .xlsx; one that is there is replaced. Or bytes in memory, and then
            no file is made.
        depth: Which sheets are shown at once; the others stand hidden.
        cells: What to fill in, by sheet. Without it the workbook is empty, with a newly minted id.
        kind: Which workbook.
        notes: Tables to add, by names of sheets that start with Notes: they stay in the workbook and are never read as
            part of a review. The first row is the heading.

    Raises:
        UnreadableFileError: The file cannot be written there.
    """
    if isinstance(out, Path) and out.suffix.lower() != ".xlsx":
        raise UnreadableFileError(out, "a workbook's name must end in .xlsx; choose such a name")
    cells = cells or {"Review": [{"id": new_review_id(), "depth": f"{depth}"}]}
    workbook = xlsxwriter.Workbook(
        str(out) if isinstance(out, Path) else out,
        {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": not isinstance(out, Path)},
    )
    workbook.set_properties({"author": "", "created": _MADE})
    styles = _Styles(workbook, kind)
    _write_guide(workbook.add_worksheet(_GUIDE), styles, kind)
    for layout in sheets(kind):
        page = workbook.add_worksheet(layout.name)
        write = _write_fields if layout.layout == "fields" else _write_rows
        rows = cells.get(layout.name, ())
        sheet = _without_unshown(layout, rows)
        write(page, sheet, rows, styles)
        _fold_away(page, sheet, depth, rows)
        if DEPTHS.index(sheet.depth) > DEPTHS.index(depth):
            page.hide()
        if any(column.shown for column in sheet.columns):
            page.protect("", _ALLOWED)
    for name, table in (notes or {}).items():
        _write_notes(workbook.add_worksheet(name), table, styles)
    _write_lists(workbook, kind)
    workbook.get_worksheet_by_name(sheets(kind)[0].name).activate()
    try:
        workbook.close()
    except xlsxwriter.exceptions.FileCreateError as error:
        raise UnreadableFileError(str(out), f"it cannot be written: {error}") from error


class _Styles:
    """The formats of a workbook; in a coder's, what is shown is locked and the rest is open."""

    def __init__(self, workbook: Workbook, kind: Kind) -> None:
        wrapped = {"text_wrap": True, "valign": "top"}
        unlocked = {"locked": False} if kind == "coding" else {}
        self.title = workbook.add_format({"bold": True, "font_size": 14})
        self.heading = workbook.add_format({**wrapped, "bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF"})
        self.guide = workbook.add_format({**wrapped, "italic": True, "font_color": "#44546A", "bg_color": "#F2F4F7"})
        self.cell = workbook.add_format({**wrapped, "num_format": "@", **unlocked})
        self.required = workbook.add_format(
            {
                **wrapped,
                "num_format": "@",
                "bg_color": "#FFF8E5",
                "border": 1,
                "border_color": "#C9CED6",
                **unlocked,
            }
        )
        self.shown = self.guide if kind == "review" else workbook.add_format({**wrapped, "bg_color": "#F2F4F7"})
        self.label = workbook.add_format({**wrapped, "bold": True})

    def of(self, column: Column) -> object:
        return self.shown if column.shown else self.required if column.required else self.cell


def _without_unshown(sheet: Sheet, rows: Rows) -> Sheet:
    """Returns a sheet without the columns that are only shown and have nothing to show."""
    kept = [c for c in sheet.columns if not c.shown or c.required or any(row.get(key(c.header)) for row in rows)]
    return replace(sheet, columns=tuple(kept))


def _write_guide(page: Worksheet, styles: _Styles, kind: Kind) -> None:
    title, lines = guide(kind)
    page.hide_gridlines(2)
    _set_widths(page, _GUIDE_WIDTHS)
    page.write_string(0, 0, title, styles.title)
    for row, (name, text) in enumerate(lines, start=2):
        page.write_string(row, 0, name, styles.label)
        page.write_string(row, 1, text, styles.cell)
        _fit_row(page, row, _GUIDE_WIDTHS, (name, text))


def _write_fields(page: Worksheet, sheet: Sheet, rows: Rows, styles: _Styles) -> None:
    values = rows[0] if rows else {}
    _set_widths(page, _FIELD_WIDTHS)
    for index, heading in enumerate(("field", "value", "what to enter")):
        page.write_string(0, index, heading, styles.heading)
    page.freeze_panes(1, 1)
    for row, column in enumerate(sheet.columns, start=1):
        value = values.get(key(column.header), "")
        page.write_string(row, 0, column.heading, styles.label)
        _write_value(page, row, 1, value, styles.of(column))
        page.write_string(row, 2, column.guide, styles.guide)
        _fit_row(page, row, _FIELD_WIDTHS, (column.heading, value, column.guide))
        _offer(page, column, (row, 1, row, 1))


def _write_rows(page: Worksheet, sheet: Sheet, rows: Rows, styles: _Styles) -> None:
    page.freeze_panes(FIRST_ROW, 1)
    last = FIRST_ROW + max(sheet.rows, len(rows)) - 1
    widths = [10 if column.type == "id" else column.width for column in sheet.columns]
    _set_widths(page, widths)
    _fit_row(page, 0, widths, [column.heading for column in sheet.columns])
    _fit_row(page, 1, widths, [column.guide for column in sheet.columns])
    for index, column in enumerate(sheet.columns):
        page.write_string(0, index, column.heading, styles.heading)
        page.write_string(1, index, column.guide, styles.guide)
        _offer(page, column, (FIRST_ROW, index, last, index))
    for row in range(last - FIRST_ROW + 1):
        values = rows[row] if row < len(rows) else {key(sheet.columns[0].header): sheet.prefilled(row)}
        texts = [values.get(key(column.header), "") for column in sheet.columns]
        for index, column in enumerate(sheet.columns):
            _write_value(page, FIRST_ROW + row, index, texts[index], styles.of(column))
        _fit_row(page, FIRST_ROW + row, widths, texts)


def _write_notes(page: Worksheet, table: Sequence[Sequence[str]], styles: _Styles) -> None:
    page.freeze_panes(1, 0)
    _set_widths(page, [max(_NOTE_WIDTH, min(len(max(texts, key=len)), 60)) for texts in zip(*table, strict=True)])
    for row, texts in enumerate(table):
        for index, text in enumerate(texts):
            page.write_string(row, index, text, styles.cell if row else styles.heading)


def _fold_away(page: Worksheet, sheet: Sheet, depth: str, rows: Rows) -> None:
    """Folds the columns or fields that are for a greater depth, unless something stands in them, behind a "+"."""
    for index, column in enumerate(sheet.columns):
        if DEPTHS.index(column.depth) <= DEPTHS.index(depth) or any(row.get(key(column.header)) for row in rows):
            continue
        if sheet.layout == "fields":
            height = _height(_FIELD_WIDTHS, (column.heading, "", column.guide))
            page.set_row(index + 1, height, None, {"level": 1, "hidden": True})
            page.set_row(index + 2, None, None, {"collapsed": True})
        else:
            page.set_column(index, index, column.width, None, {"level": 1, "hidden": True})
            page.set_column(index + 1, index + 1, None, None, {"collapsed": True})


def _set_widths(page: Worksheet, widths: Sequence[int]) -> None:
    """Sets the widths of columns, and printing across one page."""
    page.set_landscape()
    page.fit_to_pages(1, 0)
    for index, width in enumerate(widths):
        page.set_column(index, index, width)


def _fit_row(page: Worksheet, row: int, widths: Sequence[int], texts: Sequence[str]) -> None:
    """Makes a row as high as its longest text needs; spreadsheets do not all do it by themselves."""
    if (height := _height(widths, texts)) > _LINE_HEIGHT:
        page.set_row(row, height)


def _height(widths: Sequence[int], texts: Sequence[str]) -> int:
    """Returns the height in points that a row needs for texts in columns of those widths, in characters."""
    lines = (
        sum(-(-max(len(line), 1) // max(width - 2, 1)) for line in text.split("\n"))
        for width, text in zip(widths, texts, strict=True)
    )
    return _LINE_HEIGHT * max(lines)


def _write_value(page: Worksheet, row: int, column: int, text: str, style: object) -> None:
    if text:
        page.write_string(row, column, text, style)
    else:
        page.write_blank(row, column, None, style)


def _offer(page: Worksheet, column: Column, area: tuple[int, int, int, int]) -> None:
    """Adds a drop-down. Where several values are allowed it only suggests; elsewhere the list is all there is."""
    source = list_source(column)
    if not source:
        return
    strict = not column.many and column.type != "reference"
    page.data_validation(
        *area,
        {
            "validate": "list",
            "source": source,
            "error_type": "stop" if strict else "information",
            "error_title": "Not in the list",
            "error_message": f"{column.header}: choose from the list." if strict else 'Several values: ";" between.',
        },
    )


def list_source(column: Column) -> str | list[str]:
    """Returns what a column's drop-down offers: its entries, or a formula for them; empty where it has none."""
    if column.choices and not _is_long(column):
        return list(column.choices)
    if column.entries or column.choices:
        return f"={_name_of(column)}"
    if column.type == "reference" and column.to:
        target = next(sheet for sheet in sheets() if sheet.name == column.to[0])
        return f"='{target.name}'!{xl_range_abs(FIRST_ROW, 0, FIRST_ROW + target.rows - 1, 0)}"
    return ""


def _name_of(column: Column) -> str:
    listed = column.entries.rpartition("/")[2] if column.entries else f"choices_{column.header}"
    return "list_" + re.sub(r"[#\s-]", "_", listed)


def _is_long(column: Column) -> bool:
    """Whether fixed choices are more than a spreadsheet takes in the drop-down itself."""
    return len(",".join(column.choices)) > _LONGEST_LIST


def _write_lists(workbook: Workbook, kind: Kind) -> None:
    page = workbook.add_worksheet(_LISTS)
    page.hide()
    columns = (column for sheet in sheets(kind) for column in sheet.columns)
    listed = {_name_of(column): column for column in columns if column.entries or _is_long(column)}
    for index, (name, column) in enumerate(listed.items()):
        offered = list(column.drop_down)
        page.write_string(0, index, name)
        page.write_column(1, index, offered)
        workbook.define_name(name, f"={_LISTS}!{xl_range_abs(1, index, len(offered), index)}")
