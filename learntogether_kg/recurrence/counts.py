"""Counting: how many reviews, by one or two dimensions, with every denominator and every coder's own count.

What a coder found is a table of Booleans, reviews × columns; which review has which fact is another. The number of
reviews in each pair of a column and a fact is the product of the two, in single precision, which is exact for whole
numbers below 2^24.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from learntogether_kg.figures import Axis, AxisValue, Cell, CoderCount, Counts
from learntogether_kg.recurrence.dimensions import Dimension
from learntogether_kg.recurrence.index import CoderCodes, Coding, Flags
from learntogether_kg.recurrence.question import CoderRule, Question

Numbers = npt.NDArray[np.int64]

FIELDS = ("reviews", "findings_read", "looked", "looked_not_found", "cannot_tell", "found_in_part", "all_reviews")


@dataclass(frozen=True, eq=False)
class Judged:
    """What was judged of some patterns, or sets of patterns, in some reviews; reviews × sets.

    Attributes:
        reviews: Places of the reviews.
        found: Found under any code and influence.
        looked: Looked for.
        cannot_tell: Not found, and said that it cannot be told.
        in_part: Found, though not the whole report was coded.
        coded: Coded at the level of the patterns under a version that has them.
    """

    reviews: npt.NDArray[np.int32]
    found: Flags
    looked: Flags
    cannot_tell: Flags
    in_part: Flags
    coded: Flags


def count(coding: Coding, question: Question) -> Counts:
    """Returns how many reviews there are by the dimensions of a question."""
    table = _Table(coding, question)
    return Counts(table.axes(), table.cells(), _Table(coding, question, total=True).cells()[0], table.has_pattern)


def reviews_counted(coding: Coding, question: Question) -> list[AxisValue]:
    """Returns the reviews that a question without dimensions counts, in the order of their labels."""
    table = _Table(coding, question, total=True)
    places = np.flatnonzero(table.hits())
    return sorted((coding.reviews[place] for place in places), key=lambda value: (value.label, value.iri))


def chosen_reviews(coding: Coding, question: Question) -> Flags:
    """Returns which reviews have one of the values that the question's filters on reviews name."""
    chosen = np.ones(len(coding.reviews), np.bool_)
    for each in question.filters("review"):
        fact = coding.fact(each.dimension, question.year)
        keys = {value.key for value in each.values}
        columns = [place for place, value in enumerate(fact.values) if value.key in keys]
        chosen &= fact.table(len(coding.reviews))[:, columns].any(axis=1)
    return chosen


def pattern_sets(coding: Coding, question: Question, axes: Sequence[Sequence[AxisValue]]) -> list[list[int]]:
    """Returns for each cell of the axes of patterns the patterns of which one must be found.

    A code counts in a cell if its pattern is that of each axis, and one of each filter, or stands under it. That is so
    if it is, or stands under, one of the broadest patterns of which this is true.
    """
    place_of = {value.key: place for place, value in enumerate(coding.patterns)}
    filters = [[place_of[value.key] for value in each.values] for each in question.filters("pattern")]
    anything = len(coding.patterns)
    sets = []
    for cell in product(*axes):
        named = [[place_of[value.key]] for value in cell] + filters
        if not named:
            sets.append([anything])
            continue
        allowed = np.logical_and.reduce([coding.below[:, places].any(axis=1) for places in named])
        places = np.flatnonzero(allowed)
        inside = coding.below[np.ix_(places, places)]
        sets.append([int(place) for place, row in zip(places, inside, strict=True) if row.sum() == 1])
    return sets


def judged(coder: CoderCodes, sets: Sequence[Sequence[int]]) -> Judged:
    """Returns what one coder judged of sets of patterns: of a set, one found is found, and all looked for is looked."""
    found = _any(coder.found, sets)
    untold = _any(coder.cannot_tell, sets) & ~found
    whole = _all(coder.whole, sets)
    looked = found | _all(coder.looked, sets)
    return Judged(coder.reviews, found, looked, untold, found & ~whole, _all(coder.coded, sets))


class _Table:
    """One question on its way to its cells. With ``total`` its dimensions are left aside."""

    def __init__(self, coding: Coding, question: Question, total: bool = False) -> None:
        self._coding, self._question = coding, question
        self._by = () if total else question.by
        self._chosen = chosen_reviews(coding, question)
        self._values = {dimension.name: self._values_of(dimension) for dimension in self._by}
        patterns = [self._values[each.name] for each in self._by if each.of == "pattern"]
        self._sets = pattern_sets(coding, question, patterns)
        self._pattern_shape = tuple(map(len, patterns))
        self._facts = {each.name: self._fact_table(each) for each in self._by if each.of == "review"}
        self._primary = question.codes == "primary"
        self._item_flags = self._chosen_items()
        self.has_pattern = bool(patterns or question.filters("pattern"))

    def axes(self) -> tuple[Axis, ...]:
        """Returns the axes of the table."""
        return tuple(
            Axis(each.name, each.label, self._values[each.name], each.several, each.of == "review") for each in self._by
        )

    def cells(self) -> tuple[Cell, ...]:
        """Returns the cells, the last axis fastest."""
        coders = self._coding.coders
        own = [self._shaped_by_slice(self._coder_hits(coder)) for coder in coders]
        coded = [self._spread(self._project(judged(coder, self._sets).coded, coder.reviews)) for coder in coders]
        if any(each.of == "coder" for each in self._by):
            return self._cells_by_coder(own)
        figures = self._denominators(self._judgements(self._question.coder))
        figures["reviews"] = self._counted(self._question.coder, own)
        told = [(coder.code, coder.kind.label) for coder in coders]
        spread = list(
            zip(told, (each.ravel().tolist() for each in own), (each.ravel().tolist() for each in coded), strict=True)
        )
        columns = [figures[name].ravel().tolist() for name in FIELDS]
        return tuple(
            Cell(*row, tuple(CoderCount(*who, found[place], of[place]) for who, found, of in spread))  # type: ignore[call-arg]  # a row has as many numbers as FIELDS
            for place, row in enumerate(zip(*columns, strict=True))
        )

    def hits(self) -> Flags:
        """Returns which reviews the one cell of a table without dimensions counts."""
        flags = np.zeros(len(self._coding.reviews), np.bool_)
        for _, (reviews, found) in self._rule_hits(self._question.coder):
            flags[reviews] |= found[:, 0]
        return flags & self._chosen

    def _cells_by_coder(self, own: Sequence[Numbers]) -> tuple[Cell, ...]:
        """Returns the cells of a table with coders along one side."""
        place = [each.of for each in self._by].index("coder")
        kept = {value.key for value in self._values[self._by[place].name]}
        chosen = [number for number, coder in enumerate(self._coding.coders) if coder.code in kept]
        stacked: dict[str, list[Numbers]] = {name: [] for name in FIELDS}
        for number in chosen:
            figures = self._denominators(judged(self._coding.coders[number], self._sets))
            figures["reviews"] = own[number]
            for name in FIELDS:
                stacked[name].append(figures[name])
        columns = [np.stack(stacked[name], axis=place).ravel().tolist() if chosen else [] for name in FIELDS]
        return tuple(Cell(*row) for row in zip(*columns, strict=True))

    def _values_of(self, dimension: Dimension) -> tuple[AxisValue, ...]:
        values = self._coding.values(dimension, self._question.year)
        for each in self._question.where:
            if dimension.of == "pattern" == each.dimension.of:
                values = self._comparable(values, each.values)
            elif each.dimension.name == dimension.name:
                keys = {value.key for value in each.values}
                values = tuple(value for value in values if value.key in keys)
        return values

    def _comparable(self, values: Iterable[AxisValue], chosen: Iterable[AxisValue]) -> tuple[AxisValue, ...]:
        """Returns the patterns that are, stand under or stand above a chosen one."""
        place_of = {value.key: place for place, value in enumerate(self._coding.patterns)}
        places, below = [place_of[value.key] for value in chosen], self._coding.below
        near: Flags = np.logical_or(below[:, places].any(axis=1), below[places, :].any(axis=0))
        return tuple(value for value in values if near[place_of[value.key]])

    def _fact_table(self, dimension: Dimension) -> npt.NDArray[np.float32]:
        fact = self._coding.fact(dimension, self._question.year)
        keys = {value.key for value in self._values[dimension.name]}
        columns = [place for place, value in enumerate(fact.values) if value.key in keys]
        return fact.table(len(self._coding.reviews))[:, columns].astype(np.float32)

    def _chosen_items(self) -> Flags | None:
        flags: Flags | None = None
        for each in self._question.filters("item"):
            fact = self._coding.fact(each.dimension, self._question.year)
            keys = {value.key for value in each.values}
            columns = [place for place, value in enumerate(fact.values) if value.key in keys]
            has: Flags = np.asarray(fact.table(self._coding.item_count)[:, columns].any(axis=1))
            flags = has if flags is None else flags & has
        return flags

    def _slices(self) -> Iterator[tuple[tuple[int, ...], frozenset[int] | None, list[tuple[Flags, int]]]]:
        """Yields each combination of an influence and of values of items that the table has.

        Yields:
            Its places on those axes; the influences it takes, None for any; and for each axis of items their table of
            values with the column to look at.
        """
        influences = self._coding.influences
        keys = [{value.key for value in each.values} for each in self._question.filters("influence")]
        wanted = (
            frozenset(i for i, value in enumerate(influences) if all(value.key in k for k in keys)) if keys else None
        )
        axes = [each for each in self._by if each.of in ("influence", "item")]
        tables = {each.name: self._item_table(each) for each in axes if each.of == "item"}
        for places in product(*(range(len(self._values[each.name])) for each in axes)):
            chosen, items = wanted, []
            for axis, place in zip(axes, places, strict=True):
                value = self._values[axis.name][place]
                if axis.of == "influence":
                    chosen = frozenset({influences.index(value)})
                else:
                    flags, columns = tables[axis.name]
                    items.append((flags, columns[value.key]))
            yield places, chosen, items

    def _item_table(self, dimension: Dimension) -> tuple[Flags, Mapping[str, int]]:
        fact = self._coding.fact(dimension, self._question.year)
        return fact.table(self._coding.item_count), {value.key: place for place, value in enumerate(fact.values)}

    def _coder_hits(self, coder: CoderCodes) -> Iterator[tuple[tuple[int, ...], tuple[npt.NDArray[np.int32], Flags]]]:
        """Yields for each slice the coder's reviews and, reviews × sets of patterns, where one of them is found."""
        by_item = self._item_flags is not None or any(each.of == "item" for each in self._by)
        codes = coder.codes if by_item else coder.distinct
        counted = codes.influence >= 0
        counted &= self._chosen[coder.reviews[codes.review]]
        if self._primary:
            counted &= codes.primary
        if self._item_flags is not None:
            counted &= self._item_flags[codes.item]
        codes = codes.take(counted)
        for places, influences, items in self._slices():
            which = np.ones(len(codes.review), np.bool_)
            if influences is not None:
                which &= np.isin(codes.influence, list(influences))
            for flags, column in items:
                which &= flags[codes.item, column]
            found = np.zeros((len(coder.reviews), len(coder.is_type)), np.bool_)
            found[codes.review[which], codes.pattern[which]] = True
            yield places, (coder.reviews, _any(found, self._sets))

    def _rule_hits(self, rule: CoderRule) -> Iterator[tuple[tuple[int, ...], tuple[npt.NDArray[np.int32], Flags]]]:
        """Yields the same as `_coder_hits` for what at least so many of several coders found."""
        if len(rule.coders) == 1:
            yield from self._coder_hits(self._coding.coders[rule.coders[0]])
            return
        everywhere = np.arange(len(self._coding.reviews), dtype=np.int32)
        for slices in zip(*(self._coder_hits(self._coding.coders[place]) for place in rule.coders), strict=True):
            votes = self._votes(found for _, found in slices)
            yield slices[0][0], (everywhere, votes >= rule.least)

    def _votes(self, found: Iterable[tuple[npt.NDArray[np.int32], Flags]]) -> npt.NDArray[np.int16]:
        votes = np.zeros((len(self._coding.reviews), len(self._sets)), np.int16)
        for reviews, flags in found:
            votes[reviews] += flags
        return votes

    def _judgements(self, rule: CoderRule) -> Judged:
        """Returns what counts as judged under a rule: what at least so many coders found, or looked for."""
        each = [judged(self._coding.coders[place], self._sets) for place in rule.coders]
        if len(each) == 1:
            return each[0]
        found, looked, untold, coded = (
            self._votes((one.reviews, getattr(one, name)) for one in each) >= rule.least
            for name in ("found", "looked", "cannot_tell", "coded")
        )
        wholly = self._votes((one.reviews, one.found & ~one.in_part) for one in each) >= rule.least
        everywhere = np.arange(len(self._coding.reviews), dtype=np.int32)
        return Judged(everywhere, found, looked | found, untold & ~found, found & ~wholly, coded)

    def _counted(self, rule: CoderRule, own: Sequence[Numbers]) -> Numbers:
        if len(rule.coders) == 1:
            return own[rule.coders[0]]
        return self._shaped_by_slice(self._rule_hits(rule)) if rule.coders else np.zeros(self._shape(), np.int64)

    def _denominators(self, each: Judged) -> dict[str, Numbers]:
        everywhere = np.arange(len(self._coding.reviews), dtype=np.int32)
        one = np.ones((len(everywhere), len(self._sets)), np.bool_)
        tables = {
            "looked": (each.looked, each.reviews),
            "looked_not_found": (each.looked & ~each.found, each.reviews),
            "cannot_tell": (each.cannot_tell, each.reviews),
            "found_in_part": (each.in_part, each.reviews),
            "findings_read": (one & self._coding.read[:, None], everywhere),
            "all_reviews": (one, everywhere),
        }
        return {name: self._spread(self._project(flags, reviews)) for name, (flags, reviews) in tables.items()}

    def _shape(self) -> tuple[int, ...]:
        return tuple(len(self._values[each.name]) for each in self._by if each.of != "coder")

    def _project(self, flags: Flags, reviews: npt.NDArray[np.int32]) -> Numbers:
        """Returns how many of the chosen reviews have each column, by the values of the axes of reviews.

        Returns:
            Shaped as the axes of patterns, then those of reviews.
        """
        mine = self._chosen[reviews]
        facts = [table[reviews[mine]] for table in self._facts.values()]
        if not facts:
            counts = np.count_nonzero(flags[mine], axis=0)
            plain: Numbers = np.asarray(counts, np.int64).reshape(self._pattern_shape)
            return plain
        weights = flags[mine].astype(np.float32)
        shape = (*self._pattern_shape, *(table.shape[1] for table in facts))
        if len(facts) == 1:
            numbers: npt.NDArray[np.floating] = weights.T @ facts[0]
        else:
            numbers = (facts[0] * weights[:, :1]).T @ facts[1]
        whole: Numbers = np.rint(numbers).astype(np.int64).reshape(shape)
        return whole

    def _shaped_by_slice(
        self, slices: Iterable[tuple[tuple[int, ...], tuple[npt.NDArray[np.int32], Flags]]]
    ) -> Numbers:
        """Returns the counts of all slices as one table, its axes in the order of the question."""
        out = np.zeros(self._shape(), np.int64)
        axes = [each for each in self._by if each.of != "coder"]
        sliced = [place for place, each in enumerate(axes) if each.of in ("influence", "item")]
        for places, (reviews, flags) in slices:
            where: list[slice | int] = [slice(None)] * len(axes)
            for axis, place in zip(sliced, places, strict=True):
                where[axis] = place
            out[tuple(where)] = self._ordered(self._project(flags, reviews))
        return out

    def _ordered(self, counts: Numbers) -> Numbers:
        """Returns counts by patterns, then facts, with these two in the order of the question."""
        kinds = [each.of for each in self._by if each.of in ("pattern", "review")]
        return counts.T if kinds == ["review", "pattern"] else counts

    def _spread(self, counts: Numbers) -> Numbers:
        """Returns counts that influence and items do not change, over all axes of the table."""
        axes = [each for each in self._by if each.of != "coder"]
        counts = self._ordered(counts)
        for place, each in enumerate(axes):
            if each.of in ("influence", "item"):
                counts = np.expand_dims(counts, place)
        return np.broadcast_to(counts, self._shape())


def _any(flags: Flags, sets: Sequence[Sequence[int]]) -> Flags:
    return _joined(flags, sets, np.logical_or)


def _all(flags: Flags, sets: Sequence[Sequence[int]]) -> Flags:
    """Returns for each set whether all of its columns are true; no set without members is."""
    joined = _joined(flags, sets, np.logical_and)
    joined[:, [place for place, each in enumerate(sets) if not each]] = False
    return joined


def _joined(flags: Flags, sets: Sequence[Sequence[int]], join: np.ufunc) -> Flags:
    if all(len(each) == 1 for each in sets):
        return flags[:, [each[0] for each in sets]]
    columns = [join.reduce(flags[:, list(each)], axis=1) for each in sets]
    return np.stack(columns, axis=1) if columns else np.zeros((len(flags), 0), np.bool_)
