"""Counting: how many reviews, by one or two dimensions, with every denominator and every coder's own count.

What a coder found is a table of Booleans, columns × reviews; which review has which fact is another. The number of
reviews in each pair of a column and a fact is the number of places where both are true.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from learntogether_kg.figures import Axis, AxisValue, Cell, CoderCount, Counts
from learntogether_kg.recurrence.bits import count_both
from learntogether_kg.recurrence.dimensions import Dimension
from learntogether_kg.recurrence.index import CoderCodes, Coding, Fact, Flags, Masks
from learntogether_kg.recurrence.question import CoderRule, Question

Numbers = npt.NDArray[np.int64]

FIELDS = ("reviews", "findings_read", "looked", "looked_not_found", "cannot_tell", "found_in_part", "all_reviews")


@dataclass(frozen=True, eq=False)
class Judged:
    """What was judged of some patterns, or sets of patterns, in some reviews; sets × reviews.

    Attributes:
        reviews: Places of the reviews.
        found: Found under any code and influence.
        looked: Looked for.
        cannot_tell: Not found, and said that it cannot be told.
        in_part: Found, though not the whole report was coded.
    """

    reviews: npt.NDArray[np.int32]
    found: Flags
    looked: Flags
    cannot_tell: Flags
    in_part: Flags


def count(coding: Coding, question: Question) -> Counts:
    """Returns how many reviews there are by the dimensions of a question."""
    table = _Table(coding, question)
    return Counts(table.axes(), table.cells(), _Table(coding, question, total=True).cells()[0], table.has_pattern)


def reviews_counted(coding: Coding, question: Question) -> list[AxisValue]:
    """Returns the reviews that a question without dimensions counts, in the order of their labels."""
    places = np.flatnonzero(flag_counted(coding, question))
    return sorted((coding.reviews[place] for place in places), key=lambda value: (value.label, value.iri))


def flag_counted(coding: Coding, question: Question) -> Flags:
    """Returns which reviews a question without dimensions counts."""
    return _Table(coding, question, total=True).hits()


def chosen_reviews(coding: Coding, question: Question) -> Flags:
    """Returns which reviews have one of the values that the question's filters on reviews name."""
    chosen = np.ones(len(coding.reviews), np.bool_)
    for each in question.filters("review"):
        chosen &= coding.fact(each.dimension, question.year).having(each.values)
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
    return Judged(coder.reviews, found, looked, untold, found & ~whole)


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
        coded = [self._spread(self._project(_all(coder.coded, self._sets), coder.reviews)) for coder in coders]
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
            flags[reviews] |= found[0]
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

    def _fact_table(self, dimension: Dimension) -> Flags:
        """Returns values × reviews of a dimension of reviews."""
        fact = self._coding.fact(dimension, self._question.year)
        keys = {value.key for value in self._values[dimension.name]}
        return fact.flags[[value.key in keys for value in fact.values]]

    def _chosen_items(self) -> Flags | None:
        """Returns which items have the values that filters on items name; None where there is no such filter."""
        having = [
            self._coding.fact(each.dimension, self._question.year).having(each.values)
            for each in self._question.filters("item")
        ]
        chosen: Flags | None = np.logical_and.reduce(having) if having else None
        return chosen

    def _slices(self) -> Iterator[tuple[tuple[int, ...], int, list[tuple[Fact, int]]]]:
        """Yields each combination of an influence and of values of items that the table has.

        Yields:
            Its places on those axes; the bits of the influences it takes; and for each axis of items the fact with the
            place of the value.
        """
        influences = self._coding.influences
        keys = [{value.key for value in each.values} for each in self._question.filters("influence")]
        wanted = sum(1 << i for i, value in enumerate(influences) if all(value.key in named for named in keys))
        axes = [each for each in self._by if each.of in ("influence", "item")]
        facts = {each.name: self._coding.fact(each, self._question.year) for each in axes if each.of == "item"}
        for places in product(*(range(len(self._values[each.name])) for each in axes)):
            bits, items = wanted, []
            for axis, place in zip(axes, places, strict=True):
                value = self._values[axis.name][place]
                if axis.of == "influence":
                    bits = 1 << influences.index(value)
                else:
                    items.append((facts[axis.name], facts[axis.name].values.index(value)))
            yield places, bits, items

    def _coder_hits(self, coder: CoderCodes) -> Iterator[tuple[tuple[int, ...], tuple[npt.NDArray[np.int32], Flags]]]:
        """Yields for each slice the coder's reviews and, sets of patterns × reviews, where one of them is found."""
        columns = sorted({place for each in self._sets for place in each})
        column_of = {place: column for column, place in enumerate(columns)}
        sets = [[column_of[place] for place in each] for each in self._sets]
        for places, bits, items in self._slices():
            masks = self._masks(coder, items)[columns]
            yield places, (coder.reviews, _any((masks & np.uint16(bits)) != 0, sets))

    def _masks(self, coder: CoderCodes, items: Sequence[tuple[Fact, int]]) -> Masks:
        if self._item_flags is None and not items:
            return coder.primary_masks if self._primary else coder.any_masks
        if self._item_flags is None and len(items) == 1:
            fact, place = items[0]
            return coder.masks_by(fact, self._primary)[place]
        which = np.ones(len(coder.codes.item), np.bool_)
        which &= coder.codes.primary | (not self._primary)
        for has in (*(fact.flags[place] for fact, place in items), self._item_flags):
            if has is not None:
                which &= has[coder.codes.item]
        return coder.masks(coder.codes.take(which))

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
        votes = np.zeros((len(self._sets), len(self._coding.reviews)), np.int16)
        for reviews, flags in found:
            votes[:, reviews] += flags
        return votes

    def _judgements(self, rule: CoderRule) -> Judged:
        """Returns what counts as judged under a rule: what at least so many coders found, or looked for."""
        each = [judged(self._coding.coders[place], self._sets) for place in rule.coders]
        if len(each) == 1:
            return each[0]
        found, looked, untold = (
            self._votes((one.reviews, getattr(one, name)) for one in each) >= rule.least
            for name in ("found", "looked", "cannot_tell")
        )
        wholly = self._votes((one.reviews, one.found & ~one.in_part) for one in each) >= rule.least
        everywhere = np.arange(len(self._coding.reviews), dtype=np.int32)
        return Judged(everywhere, found, looked | found, untold & ~found, found & ~wholly)

    def _counted(self, rule: CoderRule, own: Sequence[Numbers]) -> Numbers:
        if len(rule.coders) == 1:
            return own[rule.coders[0]]
        return self._shaped_by_slice(self._rule_hits(rule)) if rule.coders else np.zeros(self._shape(), np.int64)

    def _denominators(self, each: Judged) -> dict[str, Numbers]:
        everywhere = np.arange(len(self._coding.reviews), dtype=np.int32)
        judgements = {
            "looked": each.looked,
            "looked_not_found": each.looked & ~each.found,
            "cannot_tell": each.cannot_tell,
            "found_in_part": each.in_part,
        }
        figures = {name: self._spread(self._project(flags, each.reviews)) for name, flags in judgements.items()}
        # These do not depend on the patterns: one column stands for all of them.
        for name, flags in (("findings_read", self._coding.read), ("all_reviews", np.ones(len(everywhere), np.bool_))):
            once = self._project(flags[None, :], everywhere, (1,) * len(self._pattern_shape))
            shape = (*self._pattern_shape, *once.shape[len(self._pattern_shape) :])
            figures[name] = self._spread(np.broadcast_to(once, shape))
        return figures

    def _shape(self) -> tuple[int, ...]:
        return tuple(len(self._values[each.name]) for each in self._by if each.of != "coder")

    def _project(
        self, flags: Flags, reviews: npt.NDArray[np.int32], pattern_shape: tuple[int, ...] | None = None
    ) -> Numbers:
        """Returns how many of the chosen reviews have each column, by the values of the axes of reviews.

        Returns:
            Shaped as the axes of patterns, then those of reviews.
        """
        shape = self._pattern_shape if pattern_shape is None else pattern_shape
        mine = np.flatnonzero(self._chosen[reviews])
        if len(mine) < len(reviews):
            flags, reviews = flags[:, mine], reviews[mine]
        if not self._facts:
            return np.array([np.count_nonzero(column) for column in flags], np.int64).reshape(shape)
        facts = [table if len(reviews) == table.shape[1] else table[:, reviews] for table in self._facts.values()]
        one, other = (flags, facts[0]) if len(facts) == 1 else (facts[0] & flags[:1], facts[1])
        return count_both(one, other).reshape(*shape, *(len(table) for table in facts))

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
    for place, each in enumerate(sets):
        if not each:
            joined[place] = False
    return joined


def _joined(flags: Flags, sets: Sequence[Sequence[int]], join: np.ufunc) -> Flags:
    if all(len(each) == 1 for each in sets):
        return flags[[each[0] for each in sets]]
    rows = [join.reduce(flags[list(each)], axis=0) for each in sets]
    return np.stack(rows) if rows else np.zeros((0, flags.shape[1]), np.bool_)
