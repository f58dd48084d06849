"""How far coders agree over the same items: by all, by pair and by professional lens, at two levels of the typology."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, combinations_with_replacement, product
from typing import Final

import numpy as np

from learntogether_kg.agreement import coefficients, distances
from learntogether_kg.agreement.codings import Code, Coded, Coder, Coding, Item
from learntogether_kg.agreement.coefficients import Figure, Resampling, Whole
from learntogether_kg.agreement.differences import Difference, differences
from learntogether_kg.agreement.distances import Category, Distance
from learntogether_kg.agreement.selection import Selection, coders_of, select
from learntogether_kg.namespaces import CL

TYPE: Final = "type"
SUB_PATTERN: Final = "sub-pattern"
LEVELS: Final = (TYPE, SUB_PATTERN)

ALL: Final = "all coders"
PAIR: Final = "pair"
LENS: Final = "lens"

MEASURES: Final = {
    "observed agreement": "primary codes: the share of pairs of codes that are alike; also called per cent agreement",
    "Cohen's kappa": "primary codes, two coders, beyond chance by each coder's own use of the codes (Cohen 1960)",
    "Fleiss' kappa": "primary codes, items that all coded, beyond chance by all coders' use of the codes (Fleiss 1971)",
    "Krippendorff's alpha": "primary codes, missing ones allowed, any difference counts the same (Krippendorff 2011)",
    "alpha, Jaccard": "all codes of an item as a set; sets differ by the share they have not in common",
    "alpha, MASI": "all codes of an item as a set; a set within the other differs less than one across it "
    "(Passonneau 2006)",
}
"""The figures in their order, and what each takes."""

FEW: Final = 10
"""With fewer items than this an interval says little, and is said to."""
_TWO: Final = 2


@dataclass(frozen=True)
class Agreement:
    """How far some coders agree at one level.

    Attributes:
        level: ``type`` or ``sub-pattern``.
        group: ``all coders``, ``pair`` or ``lens``.
        between: Whom it is between, in words.
        figures: By the names in `MEASURES`; one that is not defined for so many coders is not there.
    """

    level: str
    group: str
    between: str
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class Comparison:
    """What a comparison of codings found.

    Attributes:
        coders: Who was compared, by code.
        reviews: The labels of the reviews.
        items: How many items could be coded.
        version: The version of the typology.
        agreements: Every figure.
        differences: The items to talk about.
        notes: What a reader must know to read the figures.
        coded: What was compared.
    """

    coders: tuple[Coder, ...]
    reviews: tuple[str, ...]
    items: int
    version: str
    agreements: tuple[Agreement, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    coded: Coded = field(repr=False)


def compare(coded: Coded, selection: Selection | None = None, resampling: Resampling | None = None) -> Comparison:
    """Returns how far coders agree.

    Args:
        coded: What there is to compare.
        selection: Which coders and reviews; by default all.
        resampling: How intervals are drawn.

    Raises:
        AgreementError: A coder or review is unknown, versions of the typology differ, or there are fewer than two
            codings of the same items.
    """
    resampling = resampling or Resampling()
    chosen, notes = select(coded, selection or Selection())
    coders = coders_of(chosen)
    # Whatever they came from, in one order: intervals are drawn by it.
    reviews = sorted({each.review for each in chosen}, key=lambda each: (coded.reviews.get(each, ""), each))
    items = [item for review in reviews for item in coded.items_of.get(review, ())]
    found: list[Agreement] = []
    for level in LEVELS:
        table = _Table(coded, chosen, coders, items, level)
        if len(table.coders) < _TWO:
            notes.append(
                "Fewer than two of the coders chose among sub-patterns, so there are no figures at that level."
            )
        else:
            found += table.agreements(resampling)
    notes += _notes(chosen, coders, coded, found)
    return Comparison(
        coders=coders,
        reviews=tuple(coded.reviews.get(each, "") or str(each) for each in reviews),
        items=len(items),
        version=coded.typology.name(next((each.version for each in chosen if each.version), None)),
        agreements=tuple(found),
        differences=tuple(differences(coded, chosen, coders, items)),
        notes=tuple(notes),
        coded=coded,
    )


class _Table:
    """The codes of coders for items at one level, as numbers of categories."""

    def __init__(
        self, coded: Coded, codings: Sequence[Coding], coders: Sequence[Coder], items: Sequence[Item], level: str
    ) -> None:
        self._typology = coded.typology
        self._level = level
        used = [each for each in codings if level == TYPE or not each.types_only]
        self.coders = [coder for coder in coders if any(each.coder.iri == coder.iri for each in used)]
        given = {(each.coder.iri, item): codes for each in used for item, codes in each.codes.items()}
        sets: list[list[Category | None]] = []
        firsts: list[list[Category | None]] = []
        for coder in self.coders:
            codes = [given.get((coder.iri, item.iri), ()) for item in items]
            sets.append([self._category(each) for each in codes])
            firsts.append([self._category([code for code in each if code.primary][:1]) for each in codes])
        self._sets, self._set_categories = _numbered(sets, len(items))
        self._firsts, self._first_categories = _numbered(firsts, len(items))

    def agreements(self, resampling: Resampling) -> Iterator[Agreement]:
        everybody = list(range(len(self.coders)))
        yield Agreement(
            self._level, ALL, ", ".join(each.code for each in self.coders), self._among(everybody, resampling)
        )
        for one, other in combinations(everybody, 2):
            between = f"{self.coders[one].code} – {self.coders[other].code}"
            yield Agreement(self._level, PAIR, between, self._among([one, other], resampling))
        yield from self._by_lens(resampling)

    def _by_lens(self, resampling: Resampling) -> Iterator[Agreement]:
        lenses: dict[str, list[int]] = {}
        for place, coder in enumerate(self.coders):
            if coder.profession:
                lenses.setdefault(coder.profession, []).append(place)
        for one, other in combinations_with_replacement(sorted(lenses), 2):
            if one != other:
                figures = self._across(lenses[one], lenses[other], resampling)
                yield Agreement(self._level, LENS, f"{one} – {other}", figures)
            elif len(lenses[one]) > 1:
                yield Agreement(self._level, LENS, f"among: {one}", self._among(lenses[one], resampling))

    def _among(self, places: Sequence[int], resampling: Resampling) -> dict[str, Figure]:
        """Returns the figures of some coders, each against each."""
        return self._figures(self._firsts[places], self._sets[places], resampling, is_pair=len(places) == _TWO)

    def _across(self, ones: Sequence[int], others: Sequence[int], resampling: Resampling) -> dict[str, Figure]:
        """Returns the figures between two groups; an item has a column for each coder of one with each of the other."""
        pairs = list(product(ones, others))
        columns = [(one, other, item) for item in range(self._sets.shape[1]) for one, other in pairs]
        ones_, others_, items = (list(each) for each in zip(*columns, strict=True)) if columns else ([], [], [])
        firsts = np.stack([self._firsts[ones_, items], self._firsts[others_, items]])
        sets = np.stack([self._sets[ones_, items], self._sets[others_, items]])
        return self._figures(firsts, sets, replace(resampling, item_of=tuple(items)), is_pair=True)

    def _figures(self, firsts: Whole, sets: Whole, resampling: Resampling, *, is_pair: bool) -> dict[str, Figure]:
        def alpha(codes: Whole, categories: Sequence[Category], distance: Distance) -> Figure:
            return coefficients.alpha(codes, distances.matrix(categories, distance), resampling)

        found = {"observed agreement": coefficients.per_cent(firsts, resampling)}
        if is_pair:
            found["Cohen's kappa"] = coefficients.cohen_kappa(firsts, resampling)
        found["Fleiss' kappa"] = coefficients.fleiss_kappa(firsts, resampling)
        found["Krippendorff's alpha"] = alpha(firsts, self._first_categories, distances.nominal)
        found["alpha, Jaccard"] = alpha(sets, self._set_categories, distances.jaccard)
        found["alpha, MASI"] = alpha(sets, self._set_categories, distances.masi)
        return found

    def _category(self, codes: Sequence[Code]) -> Category | None:
        """Returns codes as one set of patterns at this level; None where there are none, unlike "no type fits"."""
        if not codes:
            return None
        if self._level == TYPE:
            return frozenset(each for code in codes for each in self._typology.types(code.pattern))
        return frozenset(code.pattern for code in codes)


def _numbered(values: list[list[Category | None]], items: int) -> tuple[Whole, list[Category]]:
    """Returns categories as numbers, coders × items, -1 for a missing one, and the categories in that order."""
    categories = sorted({each for row in values for each in row if each is not None}, key=sorted)
    number = {category: place for place, category in enumerate(categories)}
    rows = [[-1 if each is None else number[each] for each in row] for row in values]
    return np.array(rows, dtype=np.int64).reshape(len(values), items), categories


def _notes(
    codings: Sequence[Coding], coders: Sequence[Coder], coded: Coded, found: Sequence[Agreement]
) -> Iterator[str]:
    left = [
        (coder.code, *_uncoded(coded, [each for each in codings if each.coder.iri == coder.iri])) for coder in coders
    ]
    if any(blank for _, blank, _ in left):
        told = ", ".join(f"{code} {blank} of {offered}" for code, blank, offered in left if blank)
        yield f"Items left uncoded, which count as missing: {told}."
    types_only = sorted({each.coder.code for each in codings if each.types_only})
    if types_only:
        yield f"Coded by types only, so not in the figures by sub-pattern: {', '.join(types_only)}."
    if any(coder.kind == CL.machine for coder in coders):
        yield "Programs are among the coders. That programs agree is no evidence that they are right."
    blank = [coder.code for coder in coders if not coder.profession]
    if blank:
        yield f"Profession not given, so not in the figures by professional lens: {', '.join(blank)}."
    items = [figure.items for each in found if each.group == ALL for figure in each.figures.values()]
    if items and max(items) < FEW:
        yield f"Fewer than {FEW} items: the figures may be far from what more items would show, whatever the interval."


def _uncoded(coded: Coded, codings: Sequence[Coding]) -> tuple[int, int]:
    """Returns how many items of their reviews codings leave out, and how many there are."""
    items = [(coding, item) for coding in codings for item in coded.items_of.get(coding.review, ())]
    return sum(item.iri not in coding.codes for coding, item in items), len(items)
