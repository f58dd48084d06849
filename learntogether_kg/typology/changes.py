"""What differs between two versions of a typology, sorted into kinds of change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rdflib import URIRef

from learntogether_kg.typology.terms import Term, Typology


class Kind(StrEnum):
    """A kind of change."""

    ADDED = "added"
    DEPRECATED = "deprecated"
    REPLACED = "replaced"
    MERGED = "merged"
    SPLIT = "split"
    MOVED = "moved"
    RELABELLED = "relabelled"
    REDEFINED = "redefined"
    MAPPING_CHANGED = "mapping changed"
    STATUS_CHANGED = "status changed"


MEANINGS: Final[dict[Kind, str]] = {
    Kind.ADDED: "New, and no term of the older version came to be it",
    Kind.DEPRECATED: "Given up, and nothing takes its place",
    Kind.REPLACED: "One other term takes its place, and its alone",
    Kind.MERGED: "A term that others came to be too, or that was there before, takes its place",
    Kind.SPLIT: "Several terms take its place",
    Kind.MOVED: "It, or what takes its place, stands under another term",
    Kind.RELABELLED: "It, or what takes its place, has another label or notation",
    Kind.REDEFINED: "It, or what takes its place, has another definition or scope note",
    Kind.MAPPING_CHANGED: "It is mapped otherwise to other schemes",
    Kind.STATUS_CHANGED: "It is no longer, or again, proposed, accepted or deprecated",
}
"""What each kind means, in the order in which kinds are told."""

NEEDS_A_PERSON: Final = frozenset({Kind.DEPRECATED, Kind.SPLIT})
"""Changes after which no rule can say what a coding should become; so it is where a term is redefined."""

BEARS_ON_CODING: Final = frozenset(Kind) - {Kind.ADDED, Kind.MAPPING_CHANGED, Kind.STATUS_CHANGED}
"""Changes that concern what was coded as the term before."""


@dataclass(frozen=True)
class Change:
    """One term that differs.

    Attributes:
        kinds: In which ways, in the order of `Kind`.
        old: The term in the older version; None of one that was added.
        new: What it is in the newer version: itself, or what takes its place; empty of one that was given up.
        details: Pairs of what differs and how, as sentences.
    """

    kinds: tuple[Kind, ...]
    old: Term | None
    new: tuple[Term, ...]
    details: tuple[str, ...] = ()

    @property
    def redefined(self) -> bool:
        """Whether it may mean something else than before.

        A first scope note says what was never said before, so the meaning stays where the definition does: every term
        of an extension must have one, and most of the 2008 typology have none.
        """
        if Kind.REDEFINED not in self.kinds or self.old is None:
            return False
        return bool(self.old.scope_notes) or any(term.definition != self.old.definition for term in self.new)

    @property
    def mechanical(self) -> bool:
        """Whether what a coding should become follows from the change: exactly one term, that means the same."""
        return len(self.new) == 1 and not NEEDS_A_PERSON & set(self.kinds) and not self.redefined

    @property
    def place(self) -> str:
        """The reading of the term that decides its place in a list."""
        return (self.old or self.new[0]).choice


def compare(old: Typology, new: Typology) -> list[Change]:
    """Returns what differs, sorted by the first kind of each change and then by the term.

    A term is known again by its IRI. One that is deprecated, or no longer there, became what ``dct:isReplacedBy`` says;
    where nothing is said, and the newer version is another scheme, what is mapped to it by skos:exactMatch or
    skos:closeMatch.
    """
    return _Comparison(old, new).changes()


class _Comparison:
    """Two versions side by side."""

    def __init__(self, old: Typology, new: Typology) -> None:
        self._old, self._new = old, new
        self._became = {iri: self._successors(term) for iri, term in old.terms.items() if self._is_given_up(term)}
        self._times = Counter(each for found in self._became.values() for each in found)

    def changes(self) -> list[Change]:
        order = list(Kind)
        found = [*self._of_old(), *self._added()]
        return sorted(
            found, key=lambda each: (order.index(each.kinds[0]), each.place, str((each.old or each.new[0]).iri))
        )

    def _of_old(self) -> Iterator[Change]:
        for iri, term in self._old.terms.items():
            if iri in self._became:
                yield self._given_up(term)
            elif iri in self._new.terms and not (term.deprecated and self._new.terms[iri].deprecated):
                kinds, details = self._differences(term, self._new.terms[iri])
                if kinds:
                    yield Change(tuple(kinds), term, (self._new.terms[iri],), tuple(details))

    def _added(self) -> Iterator[Change]:
        for iri, term in self._new.terms.items():
            if iri not in self._old.terms and iri not in self._times and not term.deprecated:
                yield Change((Kind.ADDED,), None, (term,))

    def _is_given_up(self, term: Term) -> bool:
        there = self._new.terms.get(term.iri)
        return not term.deprecated and (there is None or there.deprecated)

    def _successors(self, term: Term) -> tuple[URIRef, ...]:
        said = self._new.successors.get(term.iri, ()) if term.iri in self._new.terms else ()
        mapped = (
            iri
            for iri, other in self._new.terms.items()
            if iri not in self._old.terms and not other.deprecated and self._close(term, other)
        )
        return tuple(iri for iri in (said or sorted(mapped)) if iri in self._new.terms)

    @property
    def _missing(self) -> str:
        if set(self._old.schemes) & set(self._new.schemes):
            return "it is no longer there; a published term is deprecated instead"
        return "nothing there is mapped to it as the same or as close"

    @staticmethod
    def _close(term: Term, other: Term) -> str:
        """Returns by which relation two terms of two schemes mean nearly the same; empty where they do not."""
        told = {name for name, iri in other.mappings if iri == term.iri}
        told |= {name for name, iri in term.mappings if iri == other.iri}
        return next((name for name in ("exactMatch", "closeMatch") if name in told), "")

    def _given_up(self, term: Term) -> Change:
        new = tuple(self._new.terms[iri] for iri in self._became[term.iri])
        is_there = term.iri in self._new.terms
        if not new:
            return Change((Kind.DEPRECATED,), term, (), () if is_there else (self._missing,))
        if len(new) > 1:
            return Change((Kind.SPLIT,), term, new)
        (other,) = new
        told = "" if is_there else self._close(term, other)
        by = [f"known by its mapping: skos:{told}"] if told else []
        kinds, details = self._differences(term, other)
        if self._times[other.iri] > 1 or other.iri in self._old.terms:
            kinds = [Kind.MERGED, *(kind for kind in kinds if kind is Kind.MOVED)]
            details = [each for each in details if each.startswith("under ")]
        else:
            kinds = [
                Kind.REPLACED,
                *(kind for kind in kinds if kind not in (Kind.MAPPING_CHANGED, Kind.STATUS_CHANGED)),
            ]
            details = [each for each in details if not each.startswith(("mapping", "status"))]
        return Change(tuple(kinds), term, new, (*by, *details))

    def _differences(self, term: Term, other: Term) -> tuple[list[Kind], list[str]]:
        """Returns how a term differs from itself, or from what takes its place."""
        kinds, details = [], []
        above = self._names(self._old, term.broader), self._names(self._new, other.broader)
        if {each for iri in term.broader for each in self._now(iri)} != set(other.broader):
            kinds.append(Kind.MOVED)
            details.append(f"under {above[0]} → under {above[1]}")
        labels = [(one.label, one.notation, one.other_labels) for one in (term, other)]
        if labels[0] != labels[1]:
            kinds.append(Kind.RELABELLED)
            details.append(f"label: {_label(term)} → {_label(other)}")
        for name, one, two in (
            ("definition", (term.definition,), (other.definition,)),
            ("scope note", term.scope_notes, other.scope_notes),
        ):
            if one != two:
                kinds.extend([Kind.REDEFINED] if Kind.REDEFINED not in kinds else [])
                details.append(f"{name}: {_quoted(one)} → {_quoted(two)}")
        if term.mappings != other.mappings:
            kinds.append(Kind.MAPPING_CHANGED)
            told = [", ".join(f"{name} {typology.label(iri)}" for name, iri in each.mappings) or "none"
                    for typology, each in ((self._old, term), (self._new, other))]  # fmt: skip
            details.append(f"mappings: {told[0]} → {told[1]}")
        if term.status != other.status:
            kinds.append(Kind.STATUS_CHANGED)
            details.append(f"status: {term.status or 'none'} → {other.status or 'none'}")
        return kinds, details

    def _now(self, iri: URIRef) -> tuple[URIRef, ...]:
        """Returns what an older term above another is now, so that what only follows a parent has not moved."""
        return self._became.get(iri, (iri,))

    @staticmethod
    def _names(typology: Typology, iris: tuple[URIRef, ...]) -> str:
        return " and ".join(sorted(typology.label(iri) for iri in iris)) or "nothing"


def by_kind(changes: list[Change]) -> Mapping[Kind, list[Change]]:
    """Returns changes under the first of their kinds, in the order of kinds, none left out that has any."""
    found: dict[Kind, list[Change]] = {}
    for kind in Kind:
        if of_kind := [each for each in changes if each.kinds[0] is kind]:
            found[kind] = of_kind
    return found


def _label(term: Term) -> str:
    others = f" (also {', '.join(term.other_labels)})" if term.other_labels else ""
    return f"“{f'{term.notation} {term.label}'.strip()}”{others}"


def _quoted(texts: tuple[str, ...]) -> str:
    return " ".join(f"“{text}”" for text in texts if text) or "none"
