"""Patterns that stand together: in one review across its findings, and within one finding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from learntogether_kg import statistics
from learntogether_kg.figures import CoderCount, Together
from learntogether_kg.recurrence.counts import chosen_reviews
from learntogether_kg.recurrence.index import CoderCodes, Coding, Flags
from learntogether_kg.recurrence.question import Question

Numbers = npt.NDArray[np.int64]
PAIR, TRIPLE = 2, 3
SEED = 20080101
"""Of the null model, so that the same release gives the same p-values."""


@dataclass(frozen=True, eq=False)
class Incidence:
    """What one coding, or several under a rule, found; reviews × the patterns that are paired.

    Attributes:
        found: Found under the codes and influences asked for, and coded under a version that has the pattern.
        versed: Coded under a version that has it.
        coded: So, and at its level.
        whole: So, and the whole report.
    """

    found: Flags
    versed: Flags
    coded: Flags
    whole: Flags


def level_of(question: Question) -> str:
    """Returns whether a question pairs the six types or what stands under them."""
    return "sub-patterns" if any(each.name == "pattern" for each in question.by) else "types"


def paired_patterns(coding: Coding, question: Question) -> npt.NDArray[np.int64]:
    """Returns the places of the patterns that are paired: those of the level that any coder found at all."""
    found = np.zeros(len(coding.patterns) + 1, np.bool_)
    for coder in coding.coders:
        found[coder.codes.pattern] = True
    low, high = (0, coding.types) if level_of(question) == "types" else (coding.types, len(coding.patterns))
    places = np.flatnonzero(found)
    return places[(places >= low) & (places < high)]


def incidence(coding: Coding, question: Question) -> Incidence:
    """Returns what the coding that a question counts found of the patterns that are paired."""
    places = paired_patterns(coding, question)
    each = [_of_coder(coding, question, coding.coders[place], places) for place in question.coder.coders]
    if len(each) == 1:
        return each[0]
    none = np.zeros((len(coding.reviews), len(places)), np.int16)
    tables = {
        name: sum((getattr(one, name).astype(np.int16) for one in each), none) >= max(question.coder.least, 1)
        for name in ("found", "versed", "coded", "whole")
    }
    return Incidence(**tables)


def count_pairs(coding: Coding, question: Question, permutations: int = 0) -> list[Together]:
    """Returns every pair of patterns found at all, neither of them under the other, commonest first.

    Args:
        coding: What to count.
        question: Its filters and rule; where one of its dimensions is the pattern, sub-patterns are paired, else types.
        permutations: How many matrices of the null model to draw; with 0 no pair is tested.
    """
    places = paired_patterns(coding, question)
    mine = incidence(coding, question)
    together, first, second = _products(mine)
    coded, whole = _both(mine.coded, mine.coded), _both(mine.whole, mine.whole)
    within = _within_findings(coding, question, places)
    others = [_of_coder(coding, question, coder, places) for coder in coding.coders]
    spread = [(_both(one.found, one.found), _both(one.coded, one.coded)) for one in others]
    pairs = []
    for one, other in _pairs(coding, places):
        by_coder = tuple(
            CoderCount(coder.code, coder.kind.label, int(both[one, other]), int(of[one, other]))
            for coder, (both, of) in zip(coding.coders, spread, strict=True)
        )
        pairs.append(
            Together(
                (coding.patterns[places[one]], coding.patterns[places[other]]),
                int(together[one, other]),
                (int(first[one, other]), int(second[one, other])),
                int(within[one, other]),
                int(coded[one, other]),
                int(whole[one, other]),
                by_coder=by_coder,
            )
        )
    if permutations and pairs:
        pairs = _tested(pairs, list(_pairs(coding, places)), mine, permutations)
    return sorted(pairs, key=lambda pair: (-(pair.together or 0), [value.label for value in pair.patterns]))


def count_triples(coding: Coding, question: Question) -> list[Together]:
    """Returns every three patterns that stand together in a review, none of them under another, commonest first."""
    places = paired_patterns(coding, question)
    mine = incidence(coding, question)
    found = mine.found.astype(np.float32)
    apart = {frozenset(pair) for pair in _pairs(coding, places)}
    triples = []
    for one in range(len(places)):
        among = np.rint((found * found[:, one : one + 1]).T @ found).astype(np.int64)
        for other, third in combinations(range(one + 1, len(places)), PAIR):
            three = (one, other, third)
            if among[other, third] and all(frozenset(pair) in apart for pair in combinations(three, PAIR)):
                triples.append(_triple(coding, mine, places, three, int(among[other, third])))
    return sorted(triples, key=lambda each: (-(each.together or 0), [value.label for value in each.patterns]))


def _triple(
    coding: Coding, mine: Incidence, places: npt.NDArray[np.int64], three: Sequence[int], together: int
) -> Together:
    versed = mine.versed[:, three].all(axis=1)
    return Together(
        tuple(coding.patterns[places[place]] for place in three),
        together,
        tuple(int(np.count_nonzero(mine.found[:, place] & versed)) for place in three),
        None,
        int(np.count_nonzero(mine.coded[:, three].all(axis=1))),
        int(np.count_nonzero(mine.whole[:, three].all(axis=1))),
    )


def _of_coder(coding: Coding, question: Question, coder: CoderCodes, places: npt.NDArray[np.int64]) -> Incidence:
    """Returns what one coder found in the chosen reviews, over all reviews of the library."""
    chosen = chosen_reviews(coding, question)[coder.reviews][:, None]
    codes = coder.distinct
    counted = codes.influence >= 0
    if question.codes == "primary":
        counted &= codes.primary
    for each in question.filters("influence"):
        counted &= np.isin(codes.influence, [coding.influences.index(value) for value in each.values])
    found = np.zeros((len(coder.reviews), len(coder.is_type)), np.bool_)
    found[codes.review[counted], codes.pattern[counted]] = True
    versed = coder.versed & chosen

    def everywhere(flags: Flags) -> Flags:
        table = np.zeros((len(coding.reviews), len(places)), np.bool_)
        table[coder.reviews] = flags[:, places]
        return table

    return Incidence(
        everywhere(found & versed),
        everywhere(versed),
        everywhere(coder.coded & chosen),
        everywhere(coder.whole & chosen),
    )


def _both(one: Flags, other: Flags) -> Numbers:
    """Returns for each pair of columns how many rows have both."""
    counts: Numbers = np.rint(one.astype(np.float32).T @ other.astype(np.float32)).astype(np.int64)
    return counts


def _products(mine: Incidence) -> tuple[Numbers, Numbers, Numbers]:
    """Returns reviews with both, with the row's pattern, with the column's, where a version has both patterns."""
    first = _both(mine.found, mine.versed)
    return _both(mine.found, mine.found), first, first.T


def _pairs(coding: Coding, places: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yields the pairs of columns whose patterns do not stand under one another, in one order."""
    for one, other in combinations(range(len(places)), PAIR):
        if not (coding.below[places[one], places[other]] or coding.below[places[other], places[one]]):
            yield one, other


def _within_findings(coding: Coding, question: Question, places: npt.NDArray[np.int64]) -> Numbers:
    """Returns in how many reviews one coded item has both patterns among its codes, by any coder of the rule."""
    column = np.full(len(coding.patterns) + 1, -1, np.int32)
    column[places] = np.arange(len(places))
    chosen = chosen_reviews(coding, question)
    found: set[tuple[int, int, int]] = set()
    for number in question.coder.coders:
        coder = coding.coders[number]
        codes = coder.codes.take((column[coder.codes.pattern] >= 0) & chosen[coder.reviews[coder.codes.review]])
        order = np.lexsort((codes.pattern, codes.item))
        item, pattern, review = codes.item[order], column[codes.pattern[order]], coder.reviews[codes.review[order]]
        step = 1
        while step < len(item) and (same := item[step:] == item[:-step]).any():
            rows = zip(
                review[step:][same].tolist(), pattern[:-step][same].tolist(), pattern[step:][same].tolist(), strict=True
            )
            found.update(rows)
            step += 1
    counts = np.zeros((len(places), len(places)), np.int64)
    for _, one, other in found:
        if one != other:
            counts[one, other] += 1
    return np.maximum(counts, counts.T)


def _tested(
    pairs: list[Together], columns: list[tuple[int, int]], mine: Incidence, permutations: int
) -> list[Together]:
    """Returns the pairs with what chance alone would do, over the reviews that were coded for all of the patterns."""
    rows = mine.coded.all(axis=1)
    null = statistics.cooccurrence_null(mine.found[rows], permutations, SEED)
    p_values = np.array([null.p_value[pair] for pair in columns])
    q_values = statistics.adjust_false_discovery(p_values)
    return [
        replace(pair, p_value=float(p), q_value=float(q), expected=float(null.expected[where]))
        for pair, where, p, q in zip(pairs, columns, p_values, q_values, strict=True)
    ]
