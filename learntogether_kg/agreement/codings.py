"""Codings of the same items, as a store holds them: what can be coded, who coded it as what, what the codes mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from rdflib import URIRef

from learntogether_kg.namespaces import CL, shorten

_SEPARATOR: Final = " › "
_ORDER: Final = ("finding", "factor", "interaction")


@dataclass(frozen=True)
class Item:
    """Something that can be coded.

    Attributes:
        iri: By which it is matched.
        review: The review it is part of.
        id: Its id within the review.
        kind: Finding, factor or interaction.
        text: What it says.
        context: More about it, by heading: where it was stated, how it showed.
    """

    iri: URIRef
    review: URIRef
    id: str
    kind: str
    text: str
    context: tuple[tuple[str, str], ...] = ()

    @property
    def place(self) -> tuple[str, int, int, str]:
        """What items are sorted by: review, kind, and id as people count."""
        return self.review, _ORDER.index(self.kind), len(self.id), self.id


@dataclass(frozen=True)
class Code:
    """One code that a coder gave an item.

    Attributes:
        pattern: A pattern, or the concept that says no type fits.
        primary: Whether it is the coder's first for the item.
        influence: What the coder says it does there; None where that is not said, and so below.
        explains: Whether the item explains or only describes.
        confidence: How sure the coder is.
    """

    pattern: URIRef
    primary: bool
    influence: URIRef | None = None
    explains: URIRef | None = None
    confidence: URIRef | None = None


@dataclass(frozen=True)
class Coder:
    """Who coded.

    Attributes:
        iri: By which coders are matched.
        code: The short code under which the coder is shown.
        kind: Human, machine, as published or agreed.
        profession: The lens through which the coder looks: a role in words; empty where none is given.
    """

    iri: URIRef
    code: str
    kind: URIRef | None = None
    profession: str = ""


@dataclass(frozen=True)
class Coding:
    """What one coder made of one review.

    Attributes:
        coder: Who.
        review: Which.
        version: The version of the typology in hand.
        level: Whether the coder chose among types only.
        codes: By item; one that is not there was not coded.
        place: The file it stands in; empty for a library.
    """

    coder: Coder
    review: URIRef
    version: URIRef | None
    level: URIRef | None
    codes: Mapping[URIRef, tuple[Code, ...]]
    place: str = ""

    @property
    def types_only(self) -> bool:
        """Whether nothing below a type was looked for."""
        return self.level == CL["types-only"]


@dataclass(frozen=True)
class Typology:
    """What codes mean.

    Attributes:
        labels: By pattern, version or entry of a code list.
        definitions: By pattern.
        notations: Of the types.
        above: Each pattern with itself and all above it.
    """

    labels: Mapping[URIRef, str] = field(default_factory=dict)
    definitions: Mapping[URIRef, str] = field(default_factory=dict)
    notations: Mapping[URIRef, str] = field(default_factory=dict)
    above: Mapping[URIRef, frozenset[URIRef]] = field(default_factory=dict)

    def types(self, pattern: URIRef) -> frozenset[URIRef]:
        """Returns the types above a pattern, or itself where it stands under none, as "no type fits" does."""
        found = frozenset(each for each in self.above.get(pattern, ()) if each in self.notations)
        return found or frozenset({pattern})

    def name(self, term: URIRef | None) -> str:
        """Returns what a code is called, as a drop-down has it: ``T4 › Clear roles``; empty for None."""
        if term is None:
            return ""
        label = self.labels.get(term, shorten(term).rpartition(":")[2])
        if term in self.notations:
            return f"{self.notations[term]} {label}"
        types = sorted(self.notations[each] for each in self.types(term) if each in self.notations)
        return "/".join(types) + _SEPARATOR + label if types else label


@dataclass(frozen=True)
class Coded:
    """Everything that a store has to compare.

    Attributes:
        items: By IRI.
        codings: One for each coder and review.
        reviews: Their public labels.
        typology: What the codes mean.
        derived: By the coder of an agreed coding, the coders it was agreed between.
        place: The file it stands in; empty for a library or several files.
    """

    items: Mapping[URIRef, Item]
    codings: tuple[Coding, ...]
    reviews: Mapping[URIRef, str]
    typology: Typology
    derived: Mapping[URIRef, frozenset[URIRef]]
    place: str = ""

    @cached_property
    def items_of(self) -> Mapping[URIRef, tuple[Item, ...]]:
        """The items of each review, in the order in which they are numbered."""
        found: dict[URIRef, list[Item]] = {}
        for item in sorted(self.items.values(), key=lambda each: each.place):
            found.setdefault(item.review, []).append(item)
        return {review: tuple(items) for review, items in found.items()}
