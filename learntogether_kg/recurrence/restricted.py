"""Recurrence under a restricted profile: what disclosure control needs to know of a coding table, and what it gives.

Every count then comes from the protected counts of the release and from nowhere else, so what is worked out from counts
rests on protected ones. Restricted are answers by facts about reviews, by pattern, type and influence, of primary codes
of the default coding. What a coding table knows beside that is not shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from learntogether_kg.disclosure.population import Category, Dimension, Population, Scheme
from learntogether_kg.disclosure.protection import Protected
from learntogether_kg.disclosure.questions import Question as Asked
from learntogether_kg.disclosure.questions import allow
from learntogether_kg.errors import DisclosureError
from learntogether_kg.figures import FEW, AxisValue, Cell, Count, Counts, Together
from learntogether_kg.recurrence.dimensions import dimensions
from learntogether_kg.recurrence.index import CoderCodes, Coding, Flags
from learntogether_kg.recurrence.question import Question
from learntogether_kg.recurrence.request import Protection

_PATTERN: Final = "pattern"
_INFLUENCE: Final = "influence"
_BOTH: Final = "pattern with influence"
_ANY: Final = Category("any pattern", "found")
_READ: Final = Category("findings", "read")
_NOT_READ: Final = "not read"
_SIGN: Final = " : "


def population(coding: Coding, before: Population | None = None) -> Population:
    """Returns the reviews of a release as disclosure control counts them.

    Args:
        coding: The coding table of the release.
        before: That of the release before, of which every value stays possible.
    """
    held: dict[str, list[set[str]]] = {}
    ways = []
    for dimension, table in _facts(coding):
        ways.append(dimension)
        held[dimension.name] = [{dimension.facts[place] for place in np.flatnonzero(row)} for row in table]
    read = (_READ.value, _NOT_READ)
    ways.append(Dimension(_READ.dimension, read))
    held[_READ.dimension] = [{read[not each]} for each in coding.read]
    ways.append(_pattern_dimension(coding))
    held[_PATTERN] = _codes(coding)
    known = {each.name: each for each in before.scheme.dimensions} if before else {}
    scheme = Scheme([_with_values(each, known.get(each.name)) for each in ways])
    facts = np.zeros((len(coding.reviews), len(scheme.closure)), dtype=bool)
    for way, span in zip(scheme.dimensions, scheme.spans, strict=True):
        place_of = {value: place for place, value in enumerate(way.facts, span.start)}
        for row, values in enumerate(held[way.name]):
            facts[row, [place_of[value] for value in values]] = True
    names = tuple(_name(review, [held[each.name][row] for each in ways]) for row, review in enumerate(coding.reviews))
    return Population(scheme, names, facts, _answered(coding, scheme))


def protection(protected: Protected) -> Protection:
    """Returns the disclosure control of answers about a release."""
    table, pairs = _Tables(protected).table, _Tables(protected).pairs
    return Protection(protected.profile.name, table, pairs, protected.profile.explanation)


def _facts(coding: Coding) -> Iterator[tuple[Dimension, Flags]]:
    """Yields each fact about reviews, with which review has which value of it."""
    for dimension in dimensions().values():
        if dimension.of == "review":
            for year in dimension.facts or ("",):
                fact = coding.fact(dimension, year)
                table = fact.flags.T
                single = not dimension.several and bool((table.sum(axis=1) == 1).all())
                name = dimension.facts.get(year, dimension.name)
                yield Dimension(name, tuple(value.key for value in fact.values), single), table


def _pattern_dimension(coding: Coding) -> Dimension:
    rolls_up: dict[str, tuple[Category, ...]] = {}
    for place, pattern in enumerate(coding.patterns):
        above = [coding.patterns[other].key for other in np.flatnonzero(coding.below[place])]
        for influence in coding.influences:
            rolls_up[f"{pattern.key}{_SIGN}{influence.key}"] = (
                *(Category(_PATTERN, key) for key in above),
                *(Category(_BOTH, f"{key}{_SIGN}{influence.key}") for key in above),
                Category(_INFLUENCE, influence.key),
                _ANY,
            )
    return Dimension(_PATTERN, tuple(rolls_up), single=False, rolls_up=rolls_up, pairs=True, alone=(_BOTH,))


def _codes(coding: Coding) -> list[set[str]]:
    """Returns for each review the primary codes of the default coding, each as its narrowest pattern and influence."""
    found: list[set[tuple[int, int]]] = [set() for _ in coding.reviews]
    if (coder := _default(coding)) is not None:
        codes = coder.codes.take(coder.codes.primary & (coder.codes.influence >= 0))
        for row, pattern, influence in zip(codes.review, codes.pattern, codes.influence, strict=True):
            if pattern < len(coding.patterns):
                found[coder.reviews[row]].add((int(pattern), int(influence)))
    return [
        {
            f"{coding.patterns[pattern].key}{_SIGN}{coding.influences[influence].key}"
            for pattern, influence in codes
            if not any(coding.below[other, pattern] and other != pattern for other, same in codes if same == influence)
        }
        for codes in found
    ]


def _answered(coding: Coding, scheme: Scheme) -> Flags:
    """Returns reviews × categories: whether the default coder looked for it in the whole report, and could tell.

    Then the reviews that looked are those whose findings were read, and of these a share can be shown. A review of
    which no finding was read must not have looked either.
    """
    width = len(coding.patterns) + 1  # the last is "any pattern"
    free = np.zeros((len(coding.reviews), width), np.bool_)
    touched = np.zeros((len(coding.reviews), width), np.bool_)
    if (coder := _default(coding)) is not None:
        free[coder.reviews] = (coder.whole & (coder.found | ~coder.cannot_tell)).T
        touched[coder.reviews] = (coder.looked | coder.coded).T
    answered = np.where(coding.read[:, None], free, ~touched)
    place_of = {value.key: place for place, value in enumerate(coding.patterns)}
    patterns = [
        place_of.get(each.value.partition(_SIGN)[0], -1) if each.dimension in (_PATTERN, _BOTH) else -1
        for each in scheme.categories
    ]
    return np.asarray(answered[:, patterns])


def _default(coding: Coding) -> CoderCodes | None:
    return next((coder for coder in coding.coders if coder.iri == coding.default_coder), None)


def _with_values(dimension: Dimension, before: Dimension | None) -> Dimension:
    if before is None:
        return dimension
    facts = tuple(dict.fromkeys((*dimension.facts, *before.facts)))
    single = dimension.single and before.single
    return replace(dimension, facts=facts, single=single, rolls_up={**before.rolls_up, **dimension.rolls_up})


def _name(review: AxisValue, held: Iterable[set[str]]) -> str:
    """Returns a name for a review as it is now, so that a review of which anything has changed is a new one."""
    told = repr([sorted(values) for values in held])
    return f"{review.iri} {hashlib.sha256(told.encode()).hexdigest()}"


class _Tables:
    """Answers from protected counts."""

    def __init__(self, protected: Protected) -> None:
        self._protected = protected

    def table(self, question: Question, counts: Counts) -> Counts:
        """Returns a table with protected counts in the place of its own.

        Raises:
            DisclosureError: The profile does not answer the question.
        """
        by = [_named(question, each.name) for each in question.by]
        where = [Category(_named(question, each.dimension.name), each.values[0].key) for each in question.where]
        if by.count(_PATTERN) > 1:
            raise DisclosureError(
                "dimensions", "two dimensions are of patterns", "ask by one, or for pairs of patterns"
            )
        self._allow(question, by, where)
        cells = tuple(
            self._cell([*map(Category, by, (value.key for value in values)), *where]) for values, _ in counts.items()
        )
        return Counts(counts.axes, cells, self._cell(where), counts.pattern)

    def pairs(self, question: Question, pairs: list[Together]) -> list[Together]:
        """Returns pairs of patterns with protected counts, commonest first, in the order of names where none is shown.

        Raises:
            DisclosureError: The profile does not answer the question.
        """
        where = [Category(_named(question, each.dimension.name), each.values[0].key) for each in question.where]
        self._allow(question, [_PATTERN, _PATTERN], where)
        protected = [self._pair(pair) for pair in pairs]
        return sorted(protected, key=lambda pair: (-(pair.together or 0), [value.label for value in pair.patterns]))

    def _allow(self, question: Question, by: Sequence[str], where: Sequence[Category]) -> None:
        coder = question.typed.get("coder") or None
        ranges = any(len(each.values) > 1 for each in question.where)
        asked = Asked(tuple(by), tuple(where), question.codes, coder, ranges)
        allow(asked, self._protected.profile, self._protected)

    def _cell(self, categories: Sequence[Category]) -> Cell:
        categories = list(dict.fromkeys(categories))  # a table by what it is also filtered by names it twice
        of_reviews = [each for each in categories if each.dimension not in (_PATTERN, _INFLUENCE)]
        found = _joined([each for each in categories if each.dimension in (_PATTERN, _INFLUENCE)]) or [_ANY]
        read = self._count([_READ, *of_reviews])
        # Where all looked, the reviews that looked are those whose findings were read: no further count is told.
        answered = len(found) == 1 and len(of_reviews) < 2 and self._protected.is_answered(found[0], *of_reviews)  # noqa: PLR2004
        return Cell(
            reviews=self._count([*found, *of_reviews]),
            findings_read=read,
            looked=read if answered else None,
            looked_not_found=None,
            cannot_tell=0 if answered else None,
            found_in_part=0 if answered else None,
            all_reviews=self._count(of_reviews),
            few=max(FEW, self._protected.profile.minimum_share),
        )

    def _pair(self, pair: Together) -> Together:
        one, other = (Category(_PATTERN, value.key) for value in pair.patterns)
        each = (self._count([one]), self._count([other]))
        answered = self._protected.is_answered(one) and self._protected.is_answered(other)
        coded = self._count([_READ]) if answered else None
        return Together(pair.patterns, self._count([one, other]), each, None, coded, coded)

    def _count(self, categories: Sequence[Category]) -> Count:
        figure = self._protected.count(*categories) if categories else self._protected.total
        return None if figure.value is None else int(figure.value)


def _named(question: Question, name: str) -> str:
    """Returns what disclosure control calls a dimension.

    Raises:
        DisclosureError: It is none that a restricted profile answers about.
    """
    dimension = dimensions()[name]
    if dimension.of in ("item", "coder"):
        can = [each.name for each in dimensions().values() if each.of not in ("item", "coder")]
        reason = f"{name} is about single findings or coders, of which only protected counts of reviews are kept"
        raise DisclosureError("dimensions", reason, f"ask by one of these: {', '.join(can)}")
    if dimension.of == "pattern":
        return _PATTERN
    return _INFLUENCE if dimension.of == "influence" else dimension.facts.get(question.year, name)


def _joined(categories: Sequence[Category]) -> list[Category]:
    """Returns a pattern and an influence as the one category that is both in one code."""
    by: Mapping[str, list[str]] = {
        name: [each.value for each in categories if each.dimension == name] for name in (_PATTERN, _INFLUENCE)
    }
    if len(by[_PATTERN]) == 1 and len(by[_INFLUENCE]) == 1:
        return [Category(_BOTH, f"{by[_PATTERN][0]}{_SIGN}{by[_INFLUENCE][0]}")]
    return list(categories)
