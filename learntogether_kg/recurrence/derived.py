"""What is worked out from counts: shares, intervals, lifts, odds ratios, trends. Only from counts that may be shown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from learntogether_kg import statistics
from learntogether_kg.figures import FEW, AxisValue, Cell, Counts, Together

SUPPRESSED: Final = "A count is not shown, so nothing is worked out from it"
NOT_ANSWERED: Final = "not all of these reviews were coded as a whole, and how many were is no protected count"


@dataclass(frozen=True)
class Share:
    """A share with its interval; or why there is none.

    Attributes:
        share: Reviews that report it as a part of those that looked.
        low: The lower end of its interval.
        high: The upper end.
        note: Why there is no share; empty where there is one.
    """

    share: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Association:
    """How two patterns go together.

    Attributes:
        expected: In how many reviews both would stand if neither had to do with the other.
        lift: How many times as often as that they do.
        odds_ratio: The odds of the one with the other, divided by its odds without.
        low: The lower end of its interval.
        high: The upper end.
        note: Why there is no lift; empty where there is one.
    """

    expected: float | None = None
    lift: float | None = None
    odds_ratio: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True)
class TrendLine:
    """A test of whether a share rises or falls over the years.

    Attributes:
        series: What it is of; empty where a table has no other dimension.
        statistic: Standard normal where there is no trend; positive where the share rises.
        p_value: Two-sided.
        q_value: The same, allowing for the number of series looked at.
        years: The years in which anyone looked.
        note: Why there is no test, or from which year on the pattern was looked for.
    """

    series: tuple[AxisValue, ...]
    statistic: float | None
    p_value: float | None
    q_value: float | None
    years: tuple[str, ...]
    note: str


def shares(cells: Sequence[Cell]) -> list[Share]:
    """Returns for each cell the share of the reviews that looked which report it, or why there is none.

    A share needs reviews that were free to say no: where only a part was coded, a find is recorded and a miss is not.
    Under ten reviews that looked there is none.
    """
    why = [_why_no_share(cell) for cell in cells]
    fit = [cell for cell, note in zip(cells, why, strict=True) if not note]
    found, of = (np.array([getattr(cell, name) for cell in fit], float) for name in ("reviews", "looked"))
    found = np.minimum(found, of)  # rounded counts may cross
    low, high = statistics.jeffreys_interval(found, of)
    worked = iter(map(Share, (found / of).tolist(), low.tolist(), high.tolist()))
    return [Share(note=note) if note else next(worked) for note in why]


def associations(pairs: Sequence[Together]) -> list[Association]:
    """Returns for each two patterns how they go together, of the reviews coded for both."""
    why = [_why_no_lift(pair) for pair in pairs]
    fit = [pair for pair, note in zip(pairs, why, strict=True) if not note]
    both, one, other, of = np.array([[p.together, *p.each, p.coded] for p in fit], float).reshape(-1, 4).T
    rest = (
        np.maximum(each, 0) for each in (one - both, other - both, of - one - other + both)
    )  # rounded ones may cross
    odds = statistics.odds_ratio(both, *rest)
    lift = statistics.lift(both, one, other, of)
    worked = iter(zip(*(_numbers(each) for each in (lift, odds.estimate, odds.low, odds.high)), strict=True))
    return [
        Association(_expected(pair), note=note) if note else Association(_expected(pair), *next(worked))
        for pair, note in zip(pairs, why, strict=True)
    ]


def trends(counts: Counts) -> list[TrendLine]:
    """Returns for each series of a table by year whether its share rises or falls.

    The share is of the reviews of that year that looked. A pattern that came into the typology later was not looked for
    in what was coded before, so that its birth is no rise.
    """
    tested = [_trend(series, years) for series, years in _series(counts)]
    p_values = [line.p_value for line in tested if line.p_value is not None]
    q_values = iter(statistics.adjust_false_discovery(p_values).tolist() if p_values else [])
    return [line if line.p_value is None else _with_q(line, next(q_values)) for line in tested]


def _why_no_share(cell: Cell) -> str:
    reviews, looked, not_found, in_part = cell.reviews, cell.looked, cell.looked_not_found, cell.found_in_part
    if reviews is None or cell.findings_read is None or looked is None or in_part is None:
        return SUPPRESSED if reviews is None or cell.findings_read is None else f"No share: {NOT_ANSWERED}"
    if not_found is None:  # of protected counts it is not told; who looked at the whole could have said no
        not_found = looked - reviews
    if looked == 0:
        return "No share: the coder looked for it in no review"
    if not_found <= 0:
        return "No share: no review is recorded in which the coder looked for it and did not find it"
    if looked < cell.few:
        return f"No share: the coder looked for it in fewer than {cell.few} reviews"
    if in_part:
        return (
            f"No share: of the reviews in which the coder found it, {in_part} had not been coded as a whole, so that a "
            "miss would have left no trace there"
        )
    return ""


def _why_no_lift(pair: Together) -> str:
    together, coded, whole = pair.together, pair.coded, pair.whole
    if together is None or None in pair.each or coded is None or whole is None:
        return SUPPRESSED if together is None or None in pair.each else f"No lift: {NOT_ANSWERED}"
    if coded < FEW:
        return f"No lift: the coder coded fewer than {FEW} reviews"
    if whole < coded:
        return "No lift: not all of the reviews were coded as a whole, so that a miss would have left no trace there"
    if coded in pair.each:
        return "No lift: one of the two stands in every review coded"
    if together == 0:
        return "No lift: the two stand together in no review"
    return ""


def _expected(pair: Together) -> float | None:
    one, other = pair.each
    return one * other / pair.coded if pair.coded and one is not None and other is not None else None


def _numbers(worked: npt.NDArray[np.float64]) -> list[float | None]:
    return [None if math.isnan(each) else each for each in worked.tolist()]


def _series(counts: Counts) -> Iterator[tuple[tuple[AxisValue, ...], list[tuple[AxisValue, Cell]]]]:
    """Yields the cells of each value of the other dimension, by year; nothing where there is no year."""
    names = [axis.dimension for axis in counts.axes]
    if "year" not in names:
        return
    place = names.index("year")
    series: dict[tuple[AxisValue, ...], list[tuple[AxisValue, Cell]]] = {}
    for values, cell in counts.items():
        other = tuple(value for at, value in enumerate(values) if at != place)
        series.setdefault(other, []).append((values[place], cell))
    yield from series.items()


def _trend(series: tuple[AxisValue, ...], cells: Sequence[tuple[AxisValue, Cell]]) -> TrendLine:
    known = [(year, cell) for year, cell in cells if year.key.isdecimal()]
    if any(cell.reviews is None or cell.findings_read is None for _, cell in known):
        return TrendLine(series, None, None, None, (), f"No test: {SUPPRESSED[0].lower()}{SUPPRESSED[1:]}")
    if any(cell.looked is None or cell.found_in_part is None for _, cell in known):
        return TrendLine(series, None, None, None, (), f"No test: {NOT_ANSWERED}")
    looked = [(year, cell) for year, cell in known if cell.looked]
    years = tuple(year.key for year, _ in looked)
    note = _why_no_trend([cell for _, cell in looked])
    late = f"not looked for before {years[0]}" if years and years[0] != known[0][0].key else ""
    if note:
        return TrendLine(series, None, None, None, years, note)
    of = [cell.looked or 0 for _, cell in looked]
    found = [min(cell.reviews or 0, most) for (_, cell), most in zip(looked, of, strict=True)]
    test = statistics.trend(found, of, [int(year) for year in years])
    return TrendLine(series, test.statistic, test.p_value, None, years, late)


def _why_no_trend(cells: Sequence[Cell]) -> str:
    if len(cells) < 3:  # noqa: PLR2004  # two points make no trend
        return "No test: the coder looked for it in fewer than three years"
    few = max(cell.few for cell in cells)
    if sum(cell.looked or 0 for cell in cells) < few:
        return f"No test: the coder looked for it in fewer than {few} reviews"
    if any(cell.found_in_part for cell in cells):
        return "No test: some reviews in which it was found had not been coded as a whole, so that misses left no trace"
    return ""


def _with_q(line: TrendLine, q_value: float) -> TrendLine:
    return TrendLine(line.series, line.statistic, line.p_value, q_value, line.years, line.note)
