"""A comparison of codings as a workbook: the figures, the items to talk about, and what the codes in question mean."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import xlsxwriter
from xlsxwriter.workbook import Workbook

from learntogether_kg.agreement.answers import differences, figures, patterns_in_question, undefined
from learntogether_kg.agreement.comparison import MEASURES, Comparison
from learntogether_kg.agreement.differences import KINDS
from learntogether_kg.answers import Answer, Value, heading, text

_MADE: Final = datetime(2000, 1, 1, tzinfo=UTC)  # a workbook says nothing of who made it or when
_WIDE: Final = {
    "statement": 60,
    "definition": 80,
    "what it takes": 80,
    "undefined": 40,
    "between": 40,
    "where it stands": 40,
    "why": 60,
}
_NARROW: Final = {"level", "group", "item", "items", "estimate", "low", "high"}
_WIDTH: Final = 30
_SMALL: Final = 12


def format_workbook(comparison: Comparison) -> bytes:
    """Returns a comparison as the bytes of a workbook. Nothing that a file says is run as a formula."""
    data = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    workbook = xlsxwriter.Workbook(data, options)
    workbook.set_properties({"author": "", "created": _MADE})
    for name, table in _tables(comparison).items():
        _write(workbook, name, table)
    workbook.close()
    return data.getvalue()


def _tables(comparison: Comparison) -> dict[str, Answer]:
    typology = comparison.coded.typology
    told = differences(comparison)
    before = told.columns.index("statement") + 1
    rows = (
        (*row[:before], tuple(f"{heading}: {text}" for heading, text in each.item.context), *row[before:], None, None)
        for row, each in zip(told.rows, comparison.differences, strict=True)
    )
    columns = (*told.columns[:before], "where it stands", *told.columns[before:], "what we agree on", "why")
    agreed = Answer("", {}, columns, tuple(rows))
    about: list[tuple[Value, ...]] = [
        ("reviews", ", ".join(comparison.reviews)),
        ("items", comparison.items),
        ("typology", comparison.version),
        *(
            (f"coder {coder.code}", ", ".join(part for part in (typology.name(coder.kind), coder.profession) if part))
            for coder in comparison.coders
        ),
        *(("note", note) for note in comparison.notes),
        *((f"undefined: {what}", why) for what, why in undefined(comparison).items()),
        *((measure, what) for measure, what in MEASURES.items()),
        *((kind, what) for kind, what in KINDS.items()),
    ]
    definitions = tuple(
        (typology.name(pattern), typology.definitions.get(pattern, "")) for pattern in patterns_in_question(comparison)
    )
    return {
        "Agreement": figures(comparison),
        "To talk about": agreed,
        "Definitions": Answer("", {}, ("pattern", "definition"), definitions),
        "About": Answer("", {}, ("what", "definition"), tuple(about)),
    }


def _write(workbook: Workbook, name: str, table: Answer) -> None:
    page = workbook.add_worksheet(name)
    wrapped = {"text_wrap": True, "valign": "top"}
    head = workbook.add_format({**wrapped, "bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF"})
    cell, number = workbook.add_format(wrapped), workbook.add_format({**wrapped, "num_format": "0.000"})
    page.freeze_panes(1, 0)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    for index, column in enumerate(table.columns):
        page.set_column(index, index, _SMALL if column in _NARROW else _WIDE.get(column, _WIDTH))
        page.write_string(0, index, heading(column), head)
    for row, values in enumerate(table.rows, start=1):
        for index, value in enumerate(values):
            if isinstance(value, float):
                page.write_number(row, index, value, number)
            elif isinstance(value, int):
                page.write_number(row, index, value, cell)
            else:
                page.write_string(row, index, _lines(value), cell)
    if table.rows:
        page.autofilter(0, 0, len(table.rows), len(table.columns) - 1)


def _lines(value: Value) -> str:
    """Returns the members of a list one a line, and anything else as it is read."""
    return (
        "\n".join(text(member) for member in value)
        if isinstance(value, Sequence) and not isinstance(value, str)
        else text(value)
    )
