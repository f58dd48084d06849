"""Pictures of counts as SVG: heat map, ranked dot plot, trend, matrix of pairs.

Every figure is drawn as the text it is given, so that what was suppressed stays so; each picture can be read without
colour, and carries a title and the same figures in words. Drawn by Vega-Lite without a browser; nothing is fetched.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Final
from xml.sax.saxutils import escape

import altair as alt
import vl_convert

_INK: Final = "#1d2a35"
_PAPER: Final = "#ffffff"
_HIDDEN: Final = "#ececec"
_SHADES: Final = ["#f2f7f5", "#0b4f4a"]
_WIDEST_LABEL: Final = 380
_CELL: Final = 34
_STEP: Final = 22
_SHORT_LABEL: Final = 4
_SHORT_TEXT: Final = 3
_PANEL_LINE: Final = 18
_LINE: Final = 76
"""Characters of the title and of the note under it on one line: longer ones would make the picture wider than it is."""
_ENLARGED: Final = 1.35
"""Makes a text of 11 about as large as that of the page around the picture."""
_FILL: Final = alt.condition("datum.small", alt.value(_PAPER), alt.value(_INK))


@dataclass(frozen=True)
class Cell:
    """One figure of a table.

    Attributes:
        row: The label of its row.
        column: The label of its column.
        value: Its size, which shades the cell; None where it is not shown.
        text: What stands in the cell, such as ``12`` or ``c``.
    """

    row: str
    column: str
    value: float | None
    text: str


@dataclass(frozen=True)
class Point:
    """One figure with its interval.

    Attributes:
        label: What it is of; in a trend the year.
        value: Where it stands; None where it is not shown.
        low: Lower end of its interval; None where none is shown.
        high: Upper end.
        text: What is written beside it, such as ``7 of 11``.
        series: The line it belongs to in a trend.
        small: Whether it rests on few reviews, which is marked.
    """

    label: str
    value: float | None
    low: float | None
    high: float | None
    text: str
    series: str = ""
    small: bool = False


@dataclass(frozen=True)
class Words:
    """What a picture says in words: its title, what its two axes are, and what it was counted from."""

    title: str
    across: str
    down: str
    note: str = ""


def draw_heat_map(cells: Sequence[Cell], words: Words) -> str:
    """Returns a table of shaded cells with their figures in them, as SVG.

    Rows and columns stand in the order in which they first occur; a pair of labels that has no cell stays blank.
    """
    rows, columns = _distinct(cell.row for cell in cells), _distinct(cell.column for cell in cells)
    largest = max((cell.value for cell in cells if cell.value is not None), default=0)
    base = _chart([{**asdict(cell), "dark": (cell.value or 0) > largest / 2} for cell in cells]).encode(
        x=alt.X("column:N", sort=columns, title=words.across, axis=alt.Axis(orient="top", labelAngle=_tilt(columns))),
        y=alt.Y("row:N", sort=rows, title=words.down),
    )
    shade = alt.Color("value:Q", scale=alt.Scale(range=_SHADES, domain=[0, max(largest, 1)]), legend=None)
    boxes = base.mark_rect(stroke=_INK, strokeWidth=0.4, invalid="show").encode(
        color=alt.condition("datum.value === null", alt.value(_HIDDEN), shade)
    )
    ink = alt.condition("datum.dark", alt.value(_PAPER), alt.value(_INK))
    figures = base.mark_text(fontSize=11).encode(text="text:N", color=ink)
    sized = alt.layer(boxes, figures).properties(width=alt.Step(_CELL), height=alt.Step(_STEP))
    said = (f"{cell.row}, {cell.column}: {cell.text}" for cell in cells)
    return _svg(sized, words, said)


def draw_pairs(cells: Sequence[Cell], words: Words) -> str:
    """Returns a matrix of pairs as SVG: below the diagonal, so that each pair is shown once.

    Args:
        cells: Each pair once, in either order; labels stand in the order in which they first occur.
        words: What it says.
    """
    order = _distinct(label for cell in cells for label in (cell.row, cell.column))
    place = {label: index for index, label in enumerate(order)}
    turned = [
        cell if place[cell.row] > place[cell.column] else Cell(cell.column, cell.row, cell.value, cell.text)
        for cell in cells
    ]
    return draw_heat_map(sorted(turned, key=lambda cell: (place[cell.row], place[cell.column])), words)


def draw_dots(points: Sequence[Point], words: Words) -> str:
    """Returns a ranked dot plot with intervals as SVG, in the order of the points; figures stand at the right.

    A point that is not shown has its text and no dot. A point that rests on few reviews is hollow.
    """
    order = _distinct(point.label for point in points)
    base = _chart([asdict(point) for point in points]).encode(y=alt.Y("label:N", sort=order, title=words.down))
    across = alt.X("value:Q", title=words.across, scale=alt.Scale(zero=True, nice=True))
    lines = base.mark_rule(color=_INK, strokeWidth=1.5).encode(x=alt.X("low:Q", title=words.across), x2="high:Q")
    dots = base.mark_point(size=60, color=_INK, opacity=1, strokeWidth=1.5).encode(x=across, fill=_FILL)
    figures = base.mark_text(align="left", fontSize=11, color=_INK).encode(
        x=alt.value(330), text=alt.Text("text:N", type="nominal")
    )
    sized = alt.layer(lines, dots, figures).properties(width=320, height=alt.Step(_STEP))
    return _svg(sized, words, (_in_words(point) for point in points))


def draw_trend(points: Sequence[Point], words: Words) -> str:
    """Returns lines over the years with intervals as SVG, one small picture for each series.

    Years stand in the order in which they first occur. A year that is not shown breaks the line and has its text on
    the ground, or a dash where it is too long for that; one that rests on few reviews is hollow.
    """
    years, series = _distinct(point.label for point in points), _distinct(point.series for point in points)
    base = alt.Chart().encode(x=alt.X("label:O", sort=years, title=words.across, axis=alt.Axis(labelAngle=-45)))
    down = textwrap.wrap(words.down, _PANEL_LINE)
    up = alt.Y("value:Q", title=down, scale=alt.Scale(zero=True, nice=True))
    line = base.mark_line(color=_INK, strokeWidth=1).encode(y=up)
    bars = base.mark_rule(color=_INK).encode(y=alt.Y("low:Q", title=down), y2="high:Q")
    dots = base.mark_point(size=45, color=_INK, opacity=1).encode(y=up, fill=_FILL)
    unseen = base.transform_filter("datum.value === null")
    unseen = unseen.transform_calculate(ground=f"length(datum.text) > {_SHORT_TEXT} ? '–' : datum.text")
    ground = unseen.mark_text(fontSize=11, color=_INK, dy=-6).encode(y=alt.value(110), text="ground:N")
    panel = alt.layer(line, bars, dots, ground, data=_values([asdict(point) for point in points]))
    faceted = panel.properties(width=alt.Step(26), height=110).facet(
        facet=alt.Facet(
            "series:N", sort=series, title=None, header=alt.Header(labelFontWeight="bold", labelExpr=_wrapped(44))
        ),
        columns=min(2, len(series)),
    )
    return _svg(faceted, words, (_in_words(point) for point in points))


def _chart(values: list[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(_values(values))


def _values(values: list[dict[str, Any]]) -> alt.InlineData:
    return alt.InlineData(values=values)


def _distinct(labels: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(labels))


def _wrapped(width: int) -> str:
    """Returns the expression that breaks a label into two lines where it is longer than so many characters."""
    middle = f"lastindexof(slice(datum.label, 0, {width}), ' ')"
    lines = f"[slice(datum.label, 0, {middle}), slice(datum.label, {middle} + 1)]"
    return f"length(datum.label) > {width} ? {lines} : datum.label"


def _tilt(labels: Sequence[str]) -> int:
    """Returns the angle at which column labels have room beside each other."""
    return 0 if all(len(label) <= _SHORT_LABEL for label in labels) else -45


def _in_words(point: Point) -> str:
    name = f"{point.series}, {point.label}" if point.series else point.label
    interval = (
        f", interval {point.low:.2g} to {point.high:.2g}" if point.low is not None and point.high is not None else ""
    )
    few = ", few reviews" if point.small else ""
    return f"{name}: {point.text}{interval}{few}"


def _svg(chart: alt.LayerChart | alt.FacetChart, words: Words, said: Iterable[str]) -> str:
    """Returns a chart as SVG with its title and its figures in words for those who do not see it."""
    title = alt.TitleParams(
        textwrap.wrap(words.title, _LINE),
        anchor="start",
        fontSize=14,
        color=_INK,
        subtitle=textwrap.wrap(words.note, _LINE),
        subtitleFontSize=11,
    )
    whole = chart.properties(title=title, background=_PAPER, padding=8).configure(font="sans-serif", aria=False)
    whole = whole.configure_view(stroke=None).configure_axis(
        grid=False,
        labelLimit=_WIDEST_LABEL,
        maxExtent=_WIDEST_LABEL + 20,
        labelColor=_INK,
        titleColor=_INK,
        titleFontWeight="normal",
        labelFontSize=11,
    )
    return _draw(json.dumps(whole.to_dict(), sort_keys=True), words.title, ". ".join((words.note, *said)).strip(". "))


@cache
def _version() -> str:
    """Returns the version of Vega-Lite that the chart library writes, as the drawing library names it."""
    major, minor, *_ = alt.SCHEMA_VERSION.removeprefix("v").split(".")
    return f"{major}.{minor}"


def _draw(spec: str, title: str, alternative: str) -> str:
    drawn = vl_convert.vegalite_to_svg(spec, vl_version=_version())
    start, rest = drawn[: drawn.index(">")], drawn[drawn.index(">") + 1 :]
    start = re.sub(r'\b(width|height)="(\d+)"', lambda each: f'{each[1]}="{int(each[2]) * _ENLARGED:.0f}"', start)
    return (
        f'{start} role="img" aria-labelledby="chart-title chart-figures">'
        f'<title id="chart-title">{escape(title)}</title><desc id="chart-figures">{escape(alternative)}</desc>{rest}'
    )
