"""The named query that looks for findings like those of one review; see `named`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rdflib import URIRef

from learntogether_kg import query_files
from learntogether_kg.answers import LateRows, Resource, Row
from learntogether_kg.figures import AxisValue
from learntogether_kg.recurrence.asked import Asked, resource
from learntogether_kg.recurrence.index import CoderCodes, Coding, Fact, Flags, Places
from learntogether_kg.store.base import Term

Numbers = npt.NDArray[np.integer]
_SHARED = ("factor-agency", "level")


@dataclass(frozen=True, eq=False)
class _Like:
    """The findings of other reviews that are like one finding, the most alike first.

    Attributes:
        finding: The place of the finding.
        others: The places of the others.
        likeness: How much each has in common with it.
        pairs: Each of the others with a pattern that both have, as one number, ascending.
    """

    finding: int
    others: Places
    likeness: Numbers
    pairs: Numbers


@dataclass(frozen=True, eq=False)
class _Codes:
    """What one coder's codes say of findings, under one rule, by finding and pattern.

    Attributes:
        pair: The finding and the pattern as one number, ascending; the same several times with several influences.
        key: The pattern and the influence as one number.
        review: The place of the review.
    """

    pair: Numbers
    key: Places
    review: Places

    @classmethod
    def of(cls, coding: Coding, coder: CoderCodes, primary: bool) -> _Codes:
        """Returns the codes of a coder; worked out once for each coding table."""
        known = coding.known.get((_Codes, coder.iri, primary))
        if isinstance(known, _Codes):
            return known
        codes = coder.codes
        kept = (
            (codes.influence >= 0) & (codes.pattern < len(coding.patterns)) & (coding.findings.review[codes.item] >= 0)
        )
        codes = codes.take(kept & codes.primary if primary else kept)
        pair: Numbers = codes.item.astype(np.int64) * len(coding.patterns) + codes.pattern
        if coding.item_count * len(coding.patterns) < np.iinfo(np.int32).max:
            pair = pair.astype(np.int32)
        order = np.argsort(pair, kind="stable")
        key = (codes.pattern * len(coding.influences) + codes.influence)[order]
        made = cls(pair[order], key, coder.reviews[codes.review][order])
        coding.known[_Codes, coder.iri, primary] = made
        return made


def similar_findings(asked: Asked) -> Sequence[Row]:
    """Returns the rows of the query of that name, each made when it is read.

    Patterns are shared with the same influence, as the coder asked for codes the two findings. What the factors under
    both lie in, kinds of agency and levels, is added to that.
    """
    coding, question = asked.coding, asked.question([])
    coder = coding.coders[question.coder.coders[0]]
    review, number = (asked.arguments.text(name) for name in ("review", "localId"))
    place = next((place for place, each in enumerate(coding.reviews) if each.iri == review), -1)
    codes = _Codes.of(coding, coder, question.codes == "primary")
    found = [_compared(coding, codes, finding, place) for finding in coding.findings.of_review(place, number)]
    starts = np.cumsum([0, *(len(each.others) for each in found)])

    def made(start: int, stop: int) -> Iterator[Row]:
        """Yields the rows of a part."""
        first, last = np.searchsorted(starts, [start, stop - 1], side="right") - 1
        parts = [
            (each, range(max(start - begin, 0), min(stop - begin, len(each.others))))
            for each, begin in zip(found[first : last + 1], starts[first : last + 1].tolist(), strict=True)
        ]
        return _rows(asked, coder, parts)

    return LateRows(int(starts[-1]), made)


def _compared(coding: Coding, codes: _Codes, finding: int, review: int) -> _Like:
    """Returns the findings of other reviews that share a pattern with a finding of a review."""
    findings, width = coding.findings, len(coding.patterns)
    wanted = np.zeros(width * len(coding.influences), np.bool_)
    wanted[codes.key[slice(*np.searchsorted(codes.pair, [finding * width, (finding + 1) * width]))]] = True
    pairs = codes.pair[wanted[codes.key] & (codes.review != review)]
    pairs = pairs[np.flatnonzero(np.diff(pairs, prepend=-1))]
    items = pairs // width
    starts = np.flatnonzero(np.diff(items, prepend=-1))
    others, likeness = items[starts], np.diff(starts, append=len(items))
    for name in _SHARED:
        if name in coding.items:
            likeness = likeness + _flags_shared(coding.items[name], finding, others).sum(axis=0)
    order = np.lexsort((findings.rank[others], coding.links[1][findings.review[others]], -likeness))
    return _Like(finding, others[order].astype(np.int32), likeness[order], pairs)


def _flags_shared(fact: Fact, finding: int, others: npt.NDArray[np.integer]) -> Flags:
    """Returns values × others: which values of a fact they share with a finding, what is not known aside."""
    table = fact.flags[:-1]
    return np.asarray(table[:, others] & table[:, [finding]])


def _rows(asked: Asked, coder: CoderCodes, parts: Sequence[tuple[_Like, range]]) -> Iterator[Row]:
    coding, findings = asked.coding, asked.coding.findings
    statements = _statements(
        asked, [URIRef(findings.iris[each.others[place]]) for each, some in parts for place in some]
    )
    for each, some in parts:
        for place in some:
            item = int(each.others[place])
            yield (
                _named(asked, each.finding),
                resource(coding.reviews[findings.review[item]]),
                _named(asked, item),
                statements.get(URIRef(findings.iris[item])),
                _linked(coding.patterns[place] for place in _patterns(each, item, len(coding.patterns))),
                *(_linked(_values(coding.items.get(name), each.finding, item)) for name in _SHARED),
                int(each.likeness[place]),
                Resource(asked.vocabulary.labels.of(URIRef(coder.iri)), coder.iri),
            )


def _named(asked: Asked, item: int) -> Resource:
    """Returns a finding as a resource, by its number where it has one."""
    iri = asked.coding.findings.iris[item]
    return Resource(asked.coding.findings.number(item) or asked.vocabulary.labels.of(URIRef(iri)), iri)


def _patterns(each: _Like, item: int, width: int) -> list[int]:
    """Returns the places of the patterns that a finding shares with another."""
    first, last = np.searchsorted(each.pairs, [item * width, (item + 1) * width])
    return [int(pair) % width for pair in each.pairs[first:last]]


def _values(fact: Fact | None, finding: int, item: int) -> list[AxisValue]:
    """Returns the values of a fact that two findings share."""
    if fact is None:
        return []
    shared = _flags_shared(fact, finding, np.array([item]))[:, 0]
    return [value for value, is_shared in zip(fact.values, shared, strict=False) if is_shared]


def _linked(values: Iterable[AxisValue]) -> tuple[Resource, ...]:
    """Returns values as `Answer.of` gives the members of a list: as resources, sorted."""
    return tuple(sorted(resource(value) for value in values))


def _statements(asked: Asked, items: Sequence[URIRef]) -> dict[Term | None, str]:
    """Returns what some findings say."""
    told = asked.store.select(query_files.internal("statements").bind({"item": list(dict.fromkeys(items))}))
    return {item: str(statement) for item, statement in told}
