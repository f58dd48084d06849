"""Named queries that count what codes reach: kinds of question, tools, levels, recommendations; see `named`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from learntogether_kg.answers import Resource, Row
from learntogether_kg.errors import QueryArgumentError
from learntogether_kg.namespaces import CL, TYP
from learntogether_kg.recurrence.asked import Asked, listed, resource, scoped
from learntogether_kg.recurrence.index import NOT_KNOWN, NOT_STATED, Coded, CoderCodes, Coding, Fact, Flags
from learntogether_kg.recurrence.question import Question

_NOWHERE: Final = "what stands in no review is for SPARQL to tell"
_CONSTRUCTIVE: Final = "constructive"
_NATIONAL: Final = str(CL["national-system-level"]), str(CL["national-body"])
_NEVER: Final = 9999

Numbers = npt.NDArray[np.int64]
Years = Numbers


def constructive_patterns(asked: Asked) -> Iterator[Row]:
    """Yields the rows of the query of that name."""
    _refuse_nowhere(asked)
    coding, question = asked.coding, asked.question([], influence=_CONSTRUCTIVE)
    kinds = coding.lists.get(str(CL["question-kinds"]), ())
    of_kind = [_stating(coding, "question-kind", kind.iri) for kind in kinds]
    found = [_found(coding, coder, question) for coder in coding.coders]
    any_codes = [_found(coding, coder, question, codes="any") for coder in coding.coders]
    looked = [[_flags(coding, coder.reviews[scoped(coder, deep)]) for coder in coding.coders] for deep in (False, True)]
    counted = question.coder.coders[0]
    rule = f"{question.rule}; of reviews of that kind whose findings were read"
    for place, pattern in _sorted(coding, found[counted].sum(axis=1), asked.minimum):
        if not any(each[place].any() for each in any_codes):
            continue
        within = looked[0 if place < coding.types else 1]
        for kind, having in zip(kinds, of_kind, strict=True):
            numbers = [
                (coder.code, int((flags[place] & having).sum()), int((coded & having).sum()))
                for coder, flags, coded in zip(coding.coders, found, within, strict=True)
            ]
            told = [f"{code}: did not look" if not n + of else f"{code}: {n} of {of}" for code, n, of in numbers]
            reviews = found[counted][place] & having
            yield (
                pattern,
                resource(kind),
                int(reviews.sum()),
                int((coding.read & having).sum()),
                int(found[counted][place].sum()),
                listed(told),
                asked.linked(reviews),
                rule,
            )


def artefacts_by_pattern(asked: Asked) -> Iterator[Row]:
    """Yields the rows of the query of that name."""
    coding, question = asked.coding, asked.question([], "influence")
    text = asked.arguments.text("pattern")
    places = {value.iri: place for place, value in enumerate(coding.patterns)}
    place = places[text] if text else len(coding.patterns)
    label = coding.patterns[place].label if text else "any"
    rule = question.rule.replace(", counted once each", f", pattern: {label}, counted once each")
    codes = [(coder, _of_pattern(coding, coder, question, place)) for coder in coding.coders]
    with_pattern = [_flags(coding, coder.reviews[each.review]) for coder, each in codes]
    counted = question.coder.coders[0]
    stated = with_pattern[counted] & _stating(coding, "stated-artefact-kind")
    rows = []
    for iri, told in asked.rows_of_typology("artefactKind"):
        items = _items(coding.items.get("artefact-kind"), coding.item_count, iri)
        found = [_flags(coding, coder.reviews[each.review[items[each.item]]]) for coder, each in codes]
        kind = told["artefactKind"]
        assert isinstance(kind, Resource)
        row = (
            kind,
            told["form"],
            int(found[counted].sum()),
            int(with_pattern[counted].sum()),
            int(stated.sum()),
            _of_each(coding, found, with_pattern),
            asked.linked(found[counted]),
            rule,
        )
        rows.append(((-int(found[counted].sum()), kind.label, kind.iri), row))
    yield from (row for _, row in sorted(rows, key=lambda each: each[0]))


def national_level_patterns(asked: Asked) -> Iterator[Row]:
    """Yields the rows of the query of that name."""
    _refuse_nowhere(asked)
    coding, question = asked.coding, asked.question([], "influence")
    factor = _items(coding.items.get("level"), coding.item_count, *_NATIONAL)
    recommended = np.zeros(coding.item_count, np.bool_)
    for name in ("recommendation-level", "recommendation-addressee"):
        recommended |= _items(coding.items.get(name), coding.item_count, *_NATIONAL)
    by_coder = [
        [_found(coding, coder, question, items) for items in (factor | recommended, None)] for coder in coding.coders
    ]
    counted = question.coder.coders[0]
    rule_coder = coding.coders[counted]
    by_factor, by_recommendation = (_found(coding, rule_coder, question, items) for items in (factor, recommended))
    found, with_pattern = by_coder[counted]
    stating = _stating(coding, "stated-level")
    for place, pattern in _sorted(coding, found.sum(axis=1), asked.minimum):
        yield (
            pattern,
            int(found[place].sum()),
            int(by_factor[place].sum()),
            int(by_recommendation[place].sum()),
            int(with_pattern[place].sum()),
            int((with_pattern[place] & stating).sum()),
            _of_each(coding, [each[0][place] for each in by_coder], [each[1][place] for each in by_coder]),
            asked.linked(found[place]),
            question.rule,
        )


def patterns_after_recommendation(asked: Asked) -> Iterator[Row]:
    """Yields the rows of the query of that name."""
    _refuse_nowhere(asked)
    coding, question = asked.coding, asked.question([], "influence")
    earliest, latest = (_years(coding, "publication-year", which) for which in (np.minimum, np.maximum))
    begun = _years(coding, "period-start-year", np.maximum)
    recommended = _items(coding.items.get("recommendation"), coding.item_count, "yes")
    after = [_After(coding, coder, question, recommended, earliest, latest) for coder in coding.coders]
    counted = after[question.coder.coders[0]]
    rule = f"{question.rule}, published in a year after the first recommendation"
    for place, pattern in _sorted(coding, counted.later.sum(axis=1), asked.minimum):
        first, found = counted.first[place], counted.later[place]
        yield (
            pattern,
            int(first) if 0 < first < _NEVER else None,
            asked.linked(counted.recommending[place]),
            int(found.sum()),
            int((found & (begun > first)).sum()),
            counted.coded_later(place),
            int((counted.found[place] & (latest < 0)).sum()),
            listed(each.told(place) for each in after),
            asked.linked(found),
            rule,
        )


def coding_by_coder_kind(asked: Asked) -> Iterator[Row]:
    """Yields the rows of the query of that name."""
    coding, chosen = asked.coding, asked.question([], "influence").filters("influence")
    influence = coding.influences.index(chosen[0].values[0]) if chosen else None
    said = coding.influences[influence].label.lower() if influence is not None else "any"
    rule = (
        f"All coders of a kind together, {said} influence, rolled up to the type; "
        "an item coded as several types counts under each"
    )
    no_type = TYP["no-type-fits"]
    types = [*coding.patterns[: coding.types], None]
    for kind in coding.lists.get(str(CL["coder-kinds"]), ()):
        coders = [coder for coder in coding.coders if coder.kind.iri == kind.iri and len(scoped(coder))]
        if not coders:
            continue
        reviews = _distinct((coder.reviews[scoped(coder)] for coder in coders), len(coding.reviews))
        items = _distinct((coder.items for coder in coders), coding.item_count)
        codes_of = [(coder, _of_influence(coder.codes, influence)) for coder in coders]
        for place, value in enumerate(types):
            codes = [
                (coder, _of_influence(coder.untyped, influence) if value is None else each.take(each.pattern == place))
                for coder, each in codes_of
            ]
            yield (
                resource(kind),
                listed(coder.code for coder in coders),
                reviews,
                items,
                resource(value) if value else Resource(asked.vocabulary.labels.of(no_type), str(no_type)),
                *_figures(coding, codes, primary=True),
                *_figures(coding, codes, primary=False),
                rule,
            )


class _After:
    """What one coder's codes say of patterns before and after recommendations.

    Attributes:
        found: Patterns × reviews: found at all.
        recommending: Patterns × reviews: where a recommendation responds to a finding so coded.
        first: For each pattern the year in which such a review was first published; `_NEVER` where none was.
        later: Patterns × reviews: found in a review of a later year.
    """

    def __init__(  # what all coders share, worked out once
        self, coding: Coding, coder: CoderCodes, question: Question, recommended: Flags, earliest: Years, latest: Years
    ) -> None:
        read = [_flags(coding, coder.reviews[scoped(coder, deep)]) for deep in (False, True)]
        self._coder, self._latest, self._read, self._types = coder, latest, read, coding.types
        self.found = _found(coding, coder, question) & read[0]
        self.recommending = _found(coding, coder, question, recommended)
        years = np.where(self.recommending & (earliest >= 0), earliest, _NEVER)
        self.first = years.min(axis=1, initial=_NEVER)
        self.later = self.found & (latest > self.first[:, None])

    def coded_later(self, place: int) -> int:
        """Returns in how many reviews of a later year the coder looked for a pattern."""
        return int((self._read[place >= self._types] & (self._latest > self.first[place])).sum())

    def told(self, place: int) -> str:
        """Returns the count of a pattern in words."""
        if self.first[place] == _NEVER:
            return f"{self._coder.code}: no recommendation"
        return f"{self._coder.code}: {int(self.later[place].sum())} of {self.coded_later(place)}"


def _refuse_nowhere(asked: Asked) -> None:
    if asked.minimum < 1:
        raise QueryArgumentError(asked.arguments.query.name, "minimum", _NOWHERE)


def _found(coding: Coding, coder: CoderCodes, question: Question, items: Flags | None = None, codes: str = "") -> Flags:
    """Returns patterns, and at last any pattern, × all reviews: whether the coder's codes, of some items, say so."""
    primary = (codes or question.codes) == "primary"
    if items is None:
        masks = coder.primary_masks if primary else coder.any_masks
    else:
        masks = coder.masks(coder.codes.take(items[coder.codes.item] & (coder.codes.primary | (not primary))))
    flags = np.zeros((len(masks), len(coding.reviews)), np.bool_)
    flags[:, coder.reviews] = (masks & np.uint16(_bits(coding, question))) != 0
    return flags


def _of_pattern(coding: Coding, coder: CoderCodes, question: Question, place: int) -> Coded:
    """Returns a coder's codes as one pattern, of the influence and the rule that are asked for."""
    codes = coder.codes.take(coder.codes.pattern == place)
    chosen = (codes.influence >= 0) & ((_bits(coding, question) >> np.maximum(codes.influence, 0)) & 1 > 0)
    return codes.take(chosen & (codes.primary | (question.codes != "primary")))


def _of_influence(codes: Coded, influence: int | None) -> Coded:
    """Returns the codes with that influence; of None with any."""
    return codes.take(codes.influence >= 0 if influence is None else codes.influence == influence)


def _bits(coding: Coding, question: Question) -> int:
    keys = [{value.key for value in each.values} for each in question.filters("influence")]
    return sum(1 << i for i, value in enumerate(coding.influences) if all(value.key in named for named in keys))


def _stating(coding: Coding, fact: str, value: str = "") -> Flags:
    """Returns which reviews have a value of a fact; without a value, which have any that is stated."""
    known = coding.facts.get(fact)
    if known is None:
        return np.full(len(coding.reviews), value == NOT_STATED, np.bool_)
    wanted = [(each.iri == value if value else each != NOT_KNOWN) for each in known.values]
    if value == NOT_STATED:
        wanted = [each == NOT_KNOWN for each in known.values]
    return np.asarray(known.flags[wanted].any(axis=0), np.bool_)


def _items(fact: Fact | None, count: int, *values: str) -> Flags:
    """Returns which items have one of some values of a fact."""
    if fact is None:
        return np.zeros(count, np.bool_)
    # A value that no code list has is its own label.
    return np.asarray(fact.flags[[each.iri in values for each in fact.values]].any(axis=0))


def _years(coding: Coding, fact: str, choose: np.ufunc) -> Years:
    """Returns the least or the greatest year of a fact for each review; -1 where it states none."""
    known = coding.facts.get(fact)
    years = np.full(len(coding.reviews), -1, np.int64)
    for value, flags in zip(known.values[:-1], known.flags[:-1], strict=True) if known else ():
        if value.label.isdecimal():
            years[flags] = np.where(years[flags] < 0, int(value.label), choose(years[flags], int(value.label)))
    return years


def _flags(coding: Coding, places: npt.NDArray[np.integer]) -> Flags:
    flags = np.zeros(len(coding.reviews), np.bool_)
    flags[places] = True
    return flags


def _sorted(coding: Coding, numbers: Numbers, least: int) -> Iterator[tuple[int, Resource]]:
    """Yields the patterns of at least so many reviews, the most first."""
    found = [place for place in range(len(coding.patterns)) if numbers[place] >= least]
    for place in sorted(
        found, key=lambda each: (-numbers[each], coding.patterns[each].label, coding.patterns[each].iri)
    ):
        yield place, resource(coding.patterns[place])


def _of_each(coding: Coding, found: Sequence[Flags], of: Sequence[Flags]) -> tuple[str, ...]:
    told = zip(coding.coders, found, of, strict=True)
    return listed(f"{coder.code}: {int(one.sum())} of {int(other.sum())}" for coder, one, other in told)


def _distinct(places: Iterable[npt.NDArray[np.integer]], count: int) -> int:
    """Returns how many different places there are, of so many there could be."""
    flags = np.zeros(count, np.bool_)
    for each in places:
        flags[each] = True
    return int(np.count_nonzero(flags))


def _figures(coding: Coding, codes: Sequence[tuple[CoderCodes, Coded]], primary: bool) -> tuple[int, int, int]:
    """Returns how many codes there are, of how many items, in how many reviews."""
    kept = [(coder, each.take(each.primary) if primary else each) for coder, each in codes]
    return (
        sum(len(each.item) for _, each in kept),
        _distinct((each.item for _, each in kept), coding.item_count),
        _distinct((coder.reviews[each.review] for coder, each in kept), len(coding.reviews)),
    )
