"""Named queries that count what reviews say of practice, without any coding; see `named`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import permutations
from typing import Final

import numpy as np
from rdflib import URIRef

from learntogether_kg.answers import Resource, Row
from learntogether_kg.errors import QueryArgumentError
from learntogether_kg.recurrence.asked import Asked, listed
from learntogether_kg.recurrence.index import Places
from learntogether_kg.recurrence.practice import Comparison, TradeOff

_RULES: Final = {
    "trade-offs": "Reviews with a trade-off between the two goals, counted once each; of reviews with contributory "
    "factors recorded. No coding is involved",
    "perspective-differences": "Reviews in which two people of the two speak of one event in different words, counted "
    "once each; of reviews in which two such people can be compared. No coding is involved",
}


def trade_offs(asked: Asked) -> Iterator[Row]:
    """Yields the rows of the query of that name."""
    if asked.minimum < 1:
        raise QueryArgumentError("trade-offs", "minimum", "what stands in no review is for SPARQL to tell")
    pairs: dict[tuple[str, str], list[tuple[str, str, TradeOff]]] = defaultdict(list)
    for each in asked.coding.practice.trade_offs:
        for goal, other in permutations(each.goals, 2) if len(each.goals) > 1 else ((one, "") for one in each.goals):
            key, other_key = _normal(goal), _normal(other)
            if not other_key or key < other_key:
                pairs[key, other_key].append((goal, other, each))
    found = {keys: {each.review for _, _, each in told} for keys, told in pairs.items()}
    for keys in sorted(found, key=lambda each: (-len(found[each]), each)):
        if len(found[keys]) < asked.minimum:
            continue
        told = pairs[keys]
        yield (
            min(goal for goal, _, _ in told),
            min(other for _, other, _ in told) or None,
            len(found[keys]),
            len({each.review for _, _, each in told if each.by_staff}),
            _recorded(asked, "factors"),
            len(asked.coding.reviews),
            listed(re.sub(r"[\r\n]+", " ", push) for _, _, each in told for push in each.pushes),
            asked.linked(_places(found[keys])),
            _RULES["trade-offs"],
        )


def perspective_differences(asked: Asked) -> Iterator[Row]:
    """Yields the rows of the query of that name."""
    by, labels = asked.arguments.text("by"), asked.vocabulary.labels
    pairs: dict[tuple[str, str], list[Comparison]] = defaultdict(list)
    for each in asked.coding.practice.comparisons:
        if each.by == by:
            pairs[each.one, each.other].append(each)
    rows = []
    for (one, other), told in pairs.items():
        first, second = (Resource(labels.of(URIRef(iri)), iri) for iri in (one, other))
        differing = [each for each in told if each.differs]
        reviews, events = {each.review for each in differing}, {each.item for each in differing}
        row = (
            first,
            second,
            len(reviews),
            len({each.review for each in told}),
            len(events),
            len({each.item for each in told}),
            _recorded(asked, "perspectives"),
            asked.linked(_places(reviews)),
            _RULES["perspective-differences"],
        )
        rows.append(((-len(reviews), -len(events), first.label, second.label, one, other), row))
    yield from (row for _, row in sorted(rows, key=lambda each: each[0]))


def _normal(words: str) -> str:
    return re.sub(r"\s+", " ", words).lower()


def _recorded(asked: Asked, what: str) -> int:
    """Returns of how many reviews something is recorded."""
    fact = asked.coding.facts.get("recorded")
    return (
        sum(int(flags.sum()) for value, flags in zip(fact.values, fact.flags, strict=True) if value.iri == what)
        if fact
        else 0
    )


def _places(reviews: set[int]) -> Places:
    return np.array(sorted(reviews), np.int32)
