"""The coding table in memory, as whole numbers: what every count runs over.

Reviews, patterns and other values are places in sorted lists. What a coder found is a table of Booleans, patterns down
and reviews across, so that a count over reviews is a product of two such tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
from rdflib import URIRef

from learntogether_kg.answers import Resource
from learntogether_kg.figures import AxisValue
from learntogether_kg.namespaces import CL, expand
from learntogether_kg.recurrence.dimensions import Dimension
from learntogether_kg.recurrence.findings import Findings
from learntogether_kg.recurrence.practice import Practice

Places = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Masks = npt.NDArray[np.uint16]
"""Patterns × reviews: one bit for each influence the pattern was found with."""

NOT_KNOWN: Final = AxisValue("not-known", "Not known")
"""The row or column of reviews that do not state it."""

NOT_STATED: Final = str(CL["not-stated"])


@dataclass(frozen=True, eq=False)
class Fact:
    """The values of one fact and which review, or which coded item, has which.

    Attributes:
        values: Its values in order, the last of them `NOT_KNOWN`.
        holders: Places of reviews or items.
        places: The place of the value each of them has; a holder may stand here several times.
        count: How many holders there could be.
    """

    values: tuple[AxisValue, ...]
    holders: Places
    places: Places
    count: int

    @cached_property
    def flags(self) -> Flags:
        """Values × holders: who has which; who states none has the last."""
        flags = np.zeros((len(self.values), self.count), np.bool_)
        flags[self.places, self.holders] = True
        flags[-1, ~flags.any(axis=0)] = True
        return flags

    def having(self, values: Iterable[AxisValue]) -> Flags:
        """Returns which holders have one of some values."""
        keys = {value.key for value in values}
        having: Flags = np.asarray(self.flags[[value.key in keys for value in self.values]].any(axis=0))
        return having


@dataclass(frozen=True)
class Coded:
    """Codes of one coder, each standing for its pattern, for each pattern above it, and for "any pattern".

    Attributes:
        review: The place of the review among those of the coder.
        item: The place of what is coded.
        pattern: The place of the pattern.
        primary: Whether it is the coder's first code for the item.
        influence: The place of the influence; -1 where none is given.
    """

    review: Places
    item: Places
    pattern: Places
    primary: Flags
    influence: Places

    def take(self, which: Flags | Places) -> Coded:
        """Returns some of the codes."""
        return Coded(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Scope:
    """What a coder read of one review: under which version, down to sub-patterns or not, the whole report or not."""

    version: str
    deep: bool
    whole: bool


@dataclass(frozen=True, eq=False)
class CoderCodes:
    """All that one coder did.

    Attributes:
        code: The coder's code.
        iri: The coder.
        kind: The kind of coder.
        reviews: Places of the reviews the coder dealt with, ascending. What follows counts rows from these.
        codes: The codes, one row for each coded item.
        scopes: Distinct sets of scopes.
        scope_of: For each review, the place of its set of scopes.
        not_found: Patterns × reviews: "looked for, not found".
        cannot_tell: Patterns × reviews: "cannot tell".
        versions: For each version, for which patterns who codes under it looks.
        carries_on: Patterns × patterns: the row's carries on the meaning of the column's.
        is_type: Which patterns are types, "any pattern" among them.
        untyped: The codes as "no type fits", whose pattern is -1.
        items: Places of all that is coded, whatever as.
    """

    code: str
    iri: str
    kind: AxisValue
    reviews: Places
    codes: Coded
    scopes: tuple[frozenset[Scope], ...]
    scope_of: Places
    not_found: Flags
    cannot_tell: Flags
    versions: Mapping[str, Flags]
    carries_on: Flags
    is_type: Flags
    untyped: Coded
    items: Places
    known: dict[tuple[Fact, bool], list[Masks]] = field(default_factory=dict, repr=False)

    @cached_property
    def primary_masks(self) -> Masks:
        """What was found by primary codes."""
        return self.masks(self.codes.take(self.codes.primary))

    @cached_property
    def any_masks(self) -> Masks:
        """What was found by any code."""
        return self.masks(self.codes)

    def masks(self, codes: Coded) -> Masks:
        """Returns what was found by some of the codes."""
        masks = np.zeros((len(self.is_type), len(self.reviews)), np.uint16)
        for influence in range(codes.influence.max(initial=-1) + 1):
            which = codes.influence == influence
            masks[codes.pattern[which], codes.review[which]] |= np.uint16(1 << influence)
        return masks

    def masks_by(self, fact: Fact, primary: bool) -> list[Masks]:
        """Returns what was found by codes of items with each value of a fact; worked out once."""
        known = self.known.get((fact, primary))
        if known is None:
            codes = self.codes.take(self.codes.primary) if primary else self.codes
            # Whole before it is known: another thread must not find the first half of it.
            known = self.known[fact, primary] = [self.masks(codes.take(has[codes.item])) for has in fact.flags]
        return known

    @cached_property
    def found(self) -> Flags:
        """Patterns × reviews: found, under any code and influence."""
        flags = np.zeros((len(self.is_type), len(self.reviews)), np.bool_)
        flags[self.codes.pattern, self.codes.review] = True
        return flags

    @cached_property
    def in_one_item(self) -> tuple[Places, Places, Places]:
        """Every two patterns of one coded item: the review, the one, the other, each three once."""
        codes, width = self.codes, len(self.is_type)
        keys = np.unique(codes.item.astype(np.int64) * width + codes.pattern)
        item, pattern = keys // width, keys % width
        review_of = np.zeros(int(item.max(initial=-1)) + 1, np.int64)
        review_of[codes.item] = codes.review
        met, step = [np.zeros(0, np.int64)], 1
        while step < len(item) and (same := item[step:] == item[:-step]).any():
            review = review_of[item[step:][same]]
            met.append((review * width + pattern[:-step][same]) * width + pattern[step:][same])
            step += 1
        triples = np.unique(np.concatenate(met))
        rest, other = np.divmod(triples, width)
        review, one = np.divmod(rest, width)
        return review.astype(np.int32), one.astype(np.int32), other.astype(np.int32)

    @cached_property
    def _in_one_item_pairs(self) -> Places:
        """For each of `in_one_item` its two patterns as one number."""
        _, one, other = self.in_one_item
        return one * np.int32(len(self.is_type)) + other

    def in_one_item_counts(self, chosen: Flags) -> npt.NDArray[np.int64]:
        """Returns in how many of the coder's reviews one item is coded as both of two patterns.

        Args:
            chosen: Which of the coder's reviews count.

        Returns:
            Patterns × patterns; each pair once.
        """
        pairs, width = self._in_one_item_pairs, len(self.is_type)
        if chosen.all():
            return self._in_one_item_of_all
        return np.bincount(pairs[chosen[self.in_one_item[0]]], minlength=width**2).reshape(width, width)

    @cached_property
    def _in_one_item_of_all(self) -> npt.NDArray[np.int64]:
        width = len(self.is_type)
        return np.bincount(self._in_one_item_pairs, minlength=width**2).reshape(width, width)

    @cached_property
    def elsewhere(self) -> Flags:
        """Patterns × reviews: found as the term that carries it on, or that it carries on, and not as itself.

        Such a review has the pattern by its other name: it is no review that looked for this one in vain.
        """
        elsewhere = np.zeros_like(self.found)
        for one, other in np.argwhere(self.carries_on):
            elsewhere[one] |= self.found[other]
            elsewhere[other] |= self.found[one]
        return elsewhere & ~self.found

    @cached_property
    def versed(self) -> Flags:
        """Patterns × reviews: coded under a version that has the pattern, and not elsewhere."""
        return self._by_scope(self._has)

    @cached_property
    def coded(self) -> Flags:
        """Patterns × reviews: so, and at the pattern's level."""
        return self._by_scope(self._reaches)

    @cached_property
    def whole(self) -> Flags:
        """Patterns × reviews: so, and the whole report."""
        return self._by_scope(lambda scope: self._reaches(scope) & scope.whole)

    @cached_property
    def looked(self) -> Flags:
        """Patterns × reviews: the coder looked for it."""
        return self.found | (~self.cannot_tell & (self.not_found | self.whole))

    def _has(self, scope: Scope) -> Flags:
        has = self.versions.get(scope.version, np.zeros(len(self.is_type), np.bool_)).copy()
        has[-1] = True
        return has

    def _reaches(self, scope: Scope) -> Flags:
        return self._has(scope) & (self.is_type | scope.deep)

    def _by_scope(self, test: Callable[[Scope], Flags]) -> Flags:
        none = np.zeros(len(self.is_type), np.bool_)
        table = np.array([np.logical_or.reduce([none, *map(test, scopes)]) for scopes in self.scopes] or [none])
        return np.ascontiguousarray(table.T[:, self.scope_of]) & ~self.elsewhere


@dataclass(frozen=True, eq=False)
class Coding:
    """A coding table and the typology it is read by.

    Attributes:
        reviews: The reviews, by IRI and label, in the order of their IRIs.
        read: Which of them had a finding read.
        patterns: The patterns, types first. Their places are those of codes; the place after them is "any pattern".
        types: How many of the patterns are types.
        below: Patterns × patterns: the row's pattern is the column's or stands under it.
        coders: Who coded, by code.
        default_coder: The IRI of the coder that counts unless another is asked for; empty where nobody coded.
        facts: Facts about reviews, by dimension.
        items: Facts about what is coded, by dimension.
        item_count: How many things are coded or could be.
        lists: The entries of each code list, by its IRI.
        practice: What is said of practice, without any coding.
        findings: The findings.
    """

    reviews: tuple[AxisValue, ...]
    read: Flags
    patterns: tuple[AxisValue, ...]
    types: int
    below: Flags
    coders: tuple[CoderCodes, ...]
    default_coder: str
    facts: Mapping[str, Fact]
    items: Mapping[str, Fact]
    item_count: int
    lists: Mapping[str, tuple[AxisValue, ...]]
    practice: Practice = field(default_factory=Practice)
    findings: Findings = field(default_factory=Findings)
    known: dict[object, object] = field(default_factory=dict, repr=False)
    """What was worked out of it once, by what it is."""

    @cached_property
    def links(self) -> tuple[npt.NDArray[np.object_], Places]:
        """The reviews as resources in the order of their labels, and for the place of each its place in that order."""
        order = sorted(range(len(self.reviews)), key=lambda place: (self.reviews[place].label, self.reviews[place].iri))
        links = np.empty(len(order), np.object_)
        links[:] = [Resource(self.reviews[place].label, self.reviews[place].iri) for place in order]
        ranks = np.empty(len(order), np.int32)
        ranks[order] = np.arange(len(order), dtype=np.int32)
        return links, ranks

    @property
    def influences(self) -> tuple[AxisValue, ...]:
        """The influences, in order."""
        return self.lists.get(str(CL.influences), ())

    def coded_as(self, pattern: URIRef, influence: URIRef | None = None, on: Iterable[str] = ()) -> frozenset[URIRef]:
        """Returns the reviews in which any coder, by any code, coded something as a pattern or one under it.

        Args:
            pattern: The pattern.
            influence: The influence that it was coded with; None for any.
            on: Facts of which one must be known of what is coded so; none for anything.
        """
        place = next((place for place, each in enumerate(self.patterns) if each.iri == str(pattern)), -1)
        wanted = next(
            (place for place, each in enumerate(self.influences) if each.iri == str(influence)), len(self.influences)
        )
        facts = tuple(on)
        told = np.zeros(self.item_count, np.bool_)
        for fact in facts:
            if fact in self.items:
                told[self.items[fact].holders] = True
        found: set[int] = set()
        for coder in self.coders:
            which = coder.codes.pattern == place
            if influence is not None:
                which &= coder.codes.influence == wanted
            if facts:
                which &= told[coder.codes.item]
            found.update(coder.reviews[np.unique(coder.codes.review[which])].tolist())
        return frozenset(URIRef(self.reviews[each].iri) for each in found)

    def holders_of(self, dimension: Dimension) -> int:
        """Returns how many reviews, or coded items, could have a value of a dimension."""
        return self.item_count if dimension.of == "item" else len(self.reviews)

    def fact(self, dimension: Dimension, year: str) -> Fact:
        """Returns the fact of a dimension of reviews or of items.

        Args:
            dimension: The dimension.
            year: Which kind of year, for a dimension that has several.
        """
        name = dimension.facts.get(year, dimension.fact)
        known = self.items if dimension.of == "item" else self.facts
        none: Places = np.zeros(0, np.int32)
        listed = self.lists.get(str(expand(dimension.list)), ())
        if name in known:
            return known[name]
        return Fact((*(v for v in listed if v.iri != NOT_STATED), NOT_KNOWN), none, none, self.holders_of(dimension))

    def values(self, dimension: Dimension, year: str) -> tuple[AxisValue, ...]:
        """Returns what a dimension can be, in order."""
        match dimension.of:
            case "pattern":
                return self.patterns[: self.types] if dimension.types else self.patterns
            case "influence":
                return self.influences
            case "coder":
                return tuple(AxisValue(coder.code, coder.code, coder.iri) for coder in self.coders)
        return self.fact(dimension, year).values
