"""The named query that looks for findings like those of one review; see `named`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
from rdflib import URIRef

from learntogether_kg import query_files
from learntogether_kg.answers import LateRows, Resource, Row
from learntogether_kg.figures import AxisValue
from learntogether_kg.recurrence.asked import Asked, resource
from learntogether_kg.recurrence.index import CoderCodes, Coding, Fact, Flags, Places
from learntogether_kg.store.base import Term

Numbers = npt.NDArray[np.int64]
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


def similar_findings(asked: Asked) -> Sequence[Row]:
    """Returns the rows of the query of that name, each made when it is read.

    Patterns are shared with the same influence, as the coder asked for codes the two findings. What the factors under
    both lie in, kinds of agency and levels, is added to that.
    """
    coding, question = asked.coding, asked.question([])
    coder = coding.coders[question.coder.coders[0]]
    review = next((p for p, each in enumerate(coding.reviews) if each.iri == asked.arguments.text("review")), -1)
    found = list(_compared(coding, coder, question.codes == "primary", review, asked.arguments.text("localId")))
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


def _compared(coding: Coding, coder: CoderCodes, primary: bool, review: int, number: str) -> Iterator[_Like]:
    """Yields each finding of a review that is coded, with those of other reviews that share a pattern with it."""
    codes, findings = coder.codes, coding.findings
    kept = (codes.influence >= 0) & (codes.pattern < len(coding.patterns)) & (findings.review[codes.item] >= 0)
    if primary:
        kept &= codes.primary
    own = kept & (coder.reviews[codes.review] == review)
    codes, own = codes.take(kept), own[kept]
    keys = codes.pattern * len(coding.influences) + codes.influence
    order = coding.links[1]
    for finding in findings.of_review(review, number):
        wanted = np.zeros(len(coding.patterns) * len(coding.influences), np.bool_)
        wanted[keys[own & (codes.item == finding)]] = True
        shared = wanted[keys] & ~own
        pairs = np.unique(codes.item[shared].astype(np.int64) * len(coding.patterns) + codes.pattern[shared])
        others, likeness = np.unique(pairs // len(coding.patterns), return_counts=True)
        for name in _SHARED:
            if name in coding.items:
                likeness = likeness + _flags_shared(coding.items[name], finding, others).sum(axis=0)
        sorted_ = np.lexsort((findings.rank[others], order[findings.review[others]], -likeness))
        yield _Like(finding, others[sorted_].astype(np.int32), likeness[sorted_], pairs)


def _flags_shared(fact: Fact, finding: int, others: npt.NDArray[np.integer]) -> Flags:
    """Returns values × others: which values of a fact they share with a finding, what is not known aside."""
    table = fact.flags[:-1]
    return np.asarray(table[:, others] & table[:, [finding]])


def _rows(asked: Asked, coder: CoderCodes, parts: Sequence[tuple[_Like, range]]) -> Iterator[Row]:
    coding, labels = asked.coding, asked.vocabulary.labels
    iris = coding.findings.iris
    needed = [URIRef(iris[each.finding]) for each, _ in parts]
    needed += [URIRef(iris[each.others[place]]) for each, some in parts for place in some]
    labels.learn(chain(needed, [URIRef(coder.iri)]))
    statements = _statements(asked, needed)
    for each, some in parts:
        finding = URIRef(iris[each.finding])
        for place in some:
            item = int(each.others[place])
            other, review = URIRef(iris[item]), coding.reviews[coding.findings.review[item]]
            yield (
                Resource(labels.of(finding), str(finding)),
                resource(review),
                Resource(labels.of(other), str(other)),
                statements.get(other),
                _linked(coding.patterns[place] for place in _patterns(each, item, len(coding.patterns))),
                *(_linked(_values(coding.items.get(name), each.finding, item)) for name in _SHARED),
                int(each.likeness[place]),
                Resource(labels.of(URIRef(coder.iri)), coder.iri),
            )


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
