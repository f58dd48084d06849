"""The named query that tells what reviews say they have and what of it was captured; see `named`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from learntogether_kg.answers import Resource, Row
from learntogether_kg.namespaces import CL
from learntogether_kg.recurrence.asked import Asked, resource
from learntogether_kg.recurrence.index import NOT_KNOWN, NOT_STATED, Coding

_NUMBERED: Final = str(CL["numbered-finding"])


def incomplete_reviews(asked: Asked) -> Iterator[Row]:
    """Yields the rows of the query of that name."""
    coding = asked.coding
    findings = np.flatnonzero(coding.findings.review >= 0)
    every, numbered = (
        np.bincount(coding.findings.review[items], minlength=len(coding.reviews))
        for items in (findings, findings[_is_numbered(coding)[findings]])
    )
    captured_from = _captured_from(asked)
    found = [
        (declared - int(numbered[place]), declared, place)
        for place, declared in _declared(coding)
        if declared > numbered[place]
    ]
    for missing, declared, place in sorted(found, key=lambda each: (-each[0], int(coding.links[1][each[2]]), each[1])):
        captured, all_items = int(numbered[place]), int(every[place])
        for where in captured_from.get(place, (None,)):
            yield resource(coding.reviews[place]), declared, captured, missing, all_items - captured, where


def _declared(coding: Coding) -> Iterator[tuple[int, int]]:
    """Yields the place of each review that says how many findings it has, with that number."""
    if fact := coding.facts.get("declared"):
        for holder, place in zip(fact.holders.tolist(), fact.places.tolist(), strict=True):
            yield holder, int(fact.values[place].label)


def _is_numbered(coding: Coding) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Returns for each item whether it is stated as a numbered finding."""
    numbered = np.zeros(coding.item_count, np.bool_)
    if fact := coding.items.get("stated-as"):
        which = [place for place, value in enumerate(fact.values) if value.iri == _NUMBERED]
        numbered[fact.holders[np.isin(fact.places, which)]] = True
    return numbered


def _captured_from(asked: Asked) -> Mapping[int, Sequence[Resource | None]]:
    """Returns by the place of each review what it was captured from; "not stated" where it says that."""
    found: dict[int, list[Resource | None]] = defaultdict(list)
    not_stated = Resource(asked.vocabulary.labels.of(CL["not-stated"]), NOT_STATED)
    if fact := asked.coding.facts.get("captured-from"):
        for holder, place in zip(fact.holders.tolist(), fact.places.tolist(), strict=True):
            value = fact.values[place]
            found[holder].append(not_stated if value == NOT_KNOWN else resource(value))
    return found
