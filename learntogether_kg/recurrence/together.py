"""Patterns that stand together: in one review across its findings, and within one finding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from learntogether_kg import statistics
from learntogether_kg.figures import CoderCount, Together
from learntogether_kg.recurrence.bits import count_both
from learntogether_kg.recurrence.chance import Chance
from learntogether_kg.recurrence.counts import chosen_reviews
from learntogether_kg.recurrence.index import CoderCodes, Coding, Flags
from learntogether_kg.recurrence.question import Question

Numbers = npt.NDArray[np.int64]
PAIR, TRIPLE = 2, 3


@dataclass(frozen=True, eq=False)
class Incidence:
    """What one coding, or several under a rule, found; the patterns that are paired × reviews.

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
        found |= coder.found.any(axis=1)
    low, high = (0, coding.types) if level_of(question) == "types" else (coding.types, len(coding.patterns))
    places = np.flatnonzero(found)
    return places[(places >= low) & (places < high)]


def incidence(coding: Coding, question: Question) -> Incidence:
    """Returns what the coding that a question counts found of the patterns that are paired."""
    places = paired_patterns(coding, question)
    coders = [coding.coders[place] for place in question.coder.coders]
    each = [_of_coder(coding, question, coder, places) for coder in coders]
    if len(each) == 1:
        return each[0]
    tables = {}
    for name in ("found", "versed", "coded", "whole"):
        votes = np.zeros((len(places), len(coding.reviews)), np.int16)
        for coder, one in zip(coders, each, strict=True):
            votes[:, coder.reviews] += getattr(one, name)
        tables[name] = votes >= max(question.coder.least, 1)
    return Incidence(**tables)


def count_pairs(
    coding: Coding, question: Question, permutations: int = 0, chance: Chance | None = None
) -> list[Together]:
    """Returns every pair of patterns found at all, neither of them under the other, commonest first.

    Args:
        coding: What to count.
        question: Its filters and rule; where one of its dimensions is the pattern, sub-patterns are paired, else types.
        permutations: How many matrices of the null model to draw; with 0 no pair is tested.
        chance: Where what they told is kept.
    """
    places = paired_patterns(coding, question)
    mine = incidence(coding, question)
    together, first, second = _products(mine)
    coded, whole = count_both(mine.coded, mine.coded), count_both(mine.whole, mine.whole)
    within = _within_findings(coding, question, places)
    others = [_of_coder(coding, question, coder, places) for coder in coding.coders]
    spread = [(count_both(one.found, one.found), count_both(one.coded, one.coded)) for one in others]
    pairs = []
    for one, other in _pairs(coding, places):
        # Who coded no review at this level did not look, even where a code reaches below what the scope says.
        by_coder = tuple(
            CoderCount(
                coder.code, coder.kind.label, int(both[one, other]) if of[one, other] else 0, int(of[one, other])
            )
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
        pairs = _tested(pairs, list(_pairs(coding, places)), mine, permutations, chance or Chance())
    return sorted(pairs, key=lambda pair: (-(pair.together or 0), [value.label for value in pair.patterns]))


def count_triples(coding: Coding, question: Question) -> list[Together]:
    """Returns every three patterns that stand together in a review, none of them under another, commonest first."""
    places = paired_patterns(coding, question)
    mine = incidence(coding, question)
    apart = {frozenset(pair) for pair in _pairs(coding, places)}
    triples = []
    for one in range(len(places)):
        among = count_both(mine.found & mine.found[one], mine.found)
        for other, third in combinations(range(one + 1, len(places)), PAIR):
            three = (one, other, third)
            if among[other, third] and all(frozenset(pair) in apart for pair in combinations(three, PAIR)):
                triples.append(_triple(coding, mine, places, three, int(among[other, third])))
    return sorted(triples, key=lambda each: (-(each.together or 0), [value.label for value in each.patterns]))


def _triple(
    coding: Coding, mine: Incidence, places: npt.NDArray[np.int64], three: Sequence[int], together: int
) -> Together:
    three = list(three)
    versed = mine.versed[three].all(axis=0)
    return Together(
        tuple(coding.patterns[places[place]] for place in three),
        together,
        tuple(int(np.count_nonzero(mine.found[place] & versed)) for place in three),
        None,
        int(np.count_nonzero(mine.coded[three].all(axis=0))),
        int(np.count_nonzero(mine.whole[three].all(axis=0))),
    )


def _of_coder(coding: Coding, question: Question, coder: CoderCodes, places: npt.NDArray[np.int64]) -> Incidence:
    """Returns what one coder found in the chosen reviews, over the coder's own reviews."""
    chosen = chosen_reviews(coding, question)[coder.reviews]
    keys = [{value.key for value in each.values} for each in question.filters("influence")]
    bits = sum(1 << i for i, value in enumerate(coding.influences) if all(value.key in named for named in keys))
    masks = coder.primary_masks if question.codes == "primary" else coder.any_masks
    versed = coder.versed[places] & chosen
    found = ((masks[places] & np.uint16(bits)) != 0) & versed
    return Incidence(found, versed, coder.coded[places] & chosen, coder.whole[places] & chosen)


def _products(mine: Incidence) -> tuple[Numbers, Numbers, Numbers]:
    """Returns reviews with both, with the row's pattern, with the column's, where a version has both patterns."""
    first = count_both(mine.found, mine.versed)
    return count_both(mine.found, mine.found), first, first.T


def _pairs(coding: Coding, places: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yields the pairs of columns whose patterns do not stand under one another, in one order."""
    for one, other in combinations(range(len(places)), PAIR):
        if not (coding.below[places[one], places[other]] or coding.below[places[other], places[one]]):
            yield one, other


def _within_findings(coding: Coding, question: Question, places: npt.NDArray[np.int64]) -> Numbers:
    """Returns in how many reviews one coded item has both patterns among its codes, by any coder of the rule."""
    column = np.full(len(coding.patterns) + 1, -1, np.int64)
    column[places] = np.arange(len(places))
    chosen, width = chosen_reviews(coding, question), len(places)
    if len(question.coder.coders) == 1:
        coder = coding.coders[question.coder.coders[0]]
        once = coder.in_one_item_counts(chosen[coder.reviews])[np.ix_(places, places)]
        return once + once.T
    met = [np.zeros(0, np.int64)]
    for number in question.coder.coders:
        review, one, other = coding.coders[number].in_one_item
        pair = column[one] * width + column[other]
        where = coding.coders[number].reviews[review]
        kept = chosen[where] & (column[one] >= 0) & (column[other] >= 0)
        met.append(where[kept].astype(np.int64) * width**2 + pair[kept])
    # Several coders may say the same of a review.
    pairs = np.unique(np.concatenate(met)) % max(width**2, 1)
    counts = np.bincount(pairs, minlength=width**2).reshape(width, width)
    return counts + counts.T


def _tested(
    pairs: list[Together], columns: list[tuple[int, int]], mine: Incidence, permutations: int, chance: Chance
) -> list[Together]:
    """Returns the pairs with what chance alone would do, over the reviews that were coded for all of the patterns."""
    rows = mine.coded.all(axis=0)
    null = chance.of(mine.found[:, rows].T, permutations)
    p_values = np.array([null.p_value[pair] for pair in columns])
    q_values = statistics.adjust_false_discovery(p_values)
    return [
        replace(pair, p_value=float(p), q_value=float(q), expected=float(null.expected[where]))
        for pair, where, p, q in zip(pairs, columns, p_values, q_values, strict=True)
    ]
