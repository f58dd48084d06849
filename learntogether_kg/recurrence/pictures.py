"""Pictures of a result: of what its rows say and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from learntogether_kg import charts
from learntogether_kg.figures import FEW, Cell, Counts
from learntogether_kg.recurrence.answer import HIDDEN, Result
from learntogether_kg.recurrence.derived import shares

_MOST_ROWS = 60
"""A picture with more rows than this cannot be read."""


def draw(result: Result) -> str | None:
    """Returns a picture of a result as SVG; None where there is nothing to draw, or too much to be read.

    A table by one dimension is a ranked dot plot, one by years and another dimension a trend where shares may be shown,
    any other table by two a heat map, and pairs a matrix.
    """
    counts = result.counts
    if not has_figures(result):
        return None
    if result.pairs:
        return _pairs(result)
    assert counts is not None
    if len(counts.axes) == 1:
        return _dots(result, counts)
    return _trend(result, counts) or _heat_map(result, counts)


def has_figures(result: Result) -> bool:
    """Returns whether a result has a figure that a picture could show; of a single one there is none."""
    if result.pairs:
        return any(pair.together is not None for pair in result.pairs)
    counts = result.counts
    return counts is not None and bool(counts.axes) and any(cell.reviews is not None for cell in counts.cells)


def _pairs(result: Result) -> str | None:
    cells = [
        charts.Cell(pair.patterns[0].reading, pair.patterns[1].reading, pair.together, _text(pair.together))
        for pair in result.pairs
    ]
    words = charts.Words(result.summary, "", "", f"Reviews with both. {result.rule}")
    return charts.draw_pairs(cells, words) if len(cells) <= _MOST_ROWS * 4 else None


def _dots(result: Result, counts: Counts) -> str | None:
    rows = [(values[0], cell) for values, cell in counts.items()]
    worked_out = shares([cell for _, cell in rows])
    of_share = all(each.share is not None for each in worked_out)
    points = []
    for (value, cell), worked in zip(rows, worked_out, strict=True):
        told = f"{_text(cell.reviews)} of {_text(cell.looked if of_share else cell.findings_read)}"
        size = worked.share if of_share else cell.reviews
        points.append(charts.Point(value.reading, size, worked.low, worked.high, told, small=_is_small(cell)))
    if counts.axes[0].dimension != "year":
        points.sort(key=lambda point: -1 if point.value is None else point.value, reverse=True)
    if len(points) > _MOST_ROWS:
        return None
    across = "Share of the reviews that looked, with 95 % interval" if of_share else "Reviews"
    note = result.rule if of_share else f"{result.rule}; of the reviews whose findings were read"
    return charts.draw_dots(points, charts.Words(result.summary, across, counts.axes[0].label, note))


def _trend(result: Result, counts: Counts) -> str | None:
    names = [axis.dimension for axis in counts.axes]
    if "year" not in names or len(counts.axes[1 - names.index("year")].values) > _MOST_ROWS // 4:
        return None
    points = list(_points(counts, names.index("year")))
    if 2 * sum(point.value is not None for point in points) < len(points):
        return None  # lines that are broken more often than not say less than the counts
    return charts.draw_trend(
        points,
        charts.Words(
            result.summary,
            "Year",
            "Share of the reviews that looked",
            f"{result.rule}. Hollow: few reviews. Dash: too few for a share",
        ),
    )


def _points(counts: Counts, place: int) -> Iterator[charts.Point]:
    """Yields the share of each series in each year in which enough reviews looked."""
    cells = sorted(counts.items(), key=lambda item: item[0][place].key)
    for (values, cell), worked in zip(cells, shares([cell for _, cell in cells]), strict=True):
        if values[place].key.isdecimal():
            told = HIDDEN if cell.reviews is None else f"{cell.reviews} of {_text(cell.looked)}"
            series = values[1 - place].reading
            yield charts.Point(values[place].key, worked.share, worked.low, worked.high, told, series, _is_small(cell))


def _heat_map(result: Result, counts: Counts) -> str | None:
    one, other = counts.axes
    down, across = (0, 1) if len(one.values) >= len(other.values) else (1, 0)
    cells = [
        charts.Cell(values[down].reading, values[across].reading, cell.reviews, _text(cell.reviews))
        for values, cell in counts.items()
    ]
    if max(len(one.values), len(other.values)) > _MOST_ROWS:
        return None
    words = charts.Words(result.summary, counts.axes[across].label, counts.axes[down].label, f"Reviews. {result.rule}")
    return charts.draw_heat_map(cells, words)


def _text(count: int | None) -> str:
    return HIDDEN if count is None else str(count)


def _is_small(cell: Cell) -> bool:
    of = cell.findings_read if cell.looked is None else cell.looked
    return (of or 0) < FEW
