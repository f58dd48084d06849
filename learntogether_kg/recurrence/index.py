"""The coding table in memory, as whole numbers: what every count runs over.

Reviews, patterns and other values are places in sorted lists. What a coder found is a table of Booleans, reviews down
and patterns across, so that a count over reviews is a product of two such tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from learntogether_kg.figures import AxisValue
from learntogether_kg.namespaces import CL, expand
from learntogether_kg.recurrence.dimensions import Dimension

Places = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

NOT_KNOWN: Final = AxisValue("not-known", "Not known")
"""The row or column of reviews that do not state it."""

NOT_STATED: Final = str(CL["not-stated"])


@dataclass(frozen=True)
class Fact:
    """The values of one fact and which review, or which coded item, has which.

    Attributes:
        values: Its values in order, the last of them `NOT_KNOWN`.
        holders: Places of reviews or items.
        places: The place of the value each of them has; a holder may stand here several times.
    """

    values: tuple[AxisValue, ...]
    holders: Places
    places: Places

    def table(self, count: int) -> Flags:
        """Returns which of so many holders has which value; who states none has the last."""
        flags = np.zeros((count, len(self.values)), np.bool_)
        flags[self.holders, self.places] = True
        flags[~flags.any(axis=1), -1] = True
        return flags


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
        not_found: Reviews × patterns: "looked for, not found".
        cannot_tell: Reviews × patterns: "cannot tell".
        versions: For each version, which patterns it has.
        is_type: Which patterns are types, "any pattern" among them.
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
    is_type: Flags

    @cached_property
    def distinct(self) -> Coded:
        """The codes without the items, each once."""
        codes, width = self.codes, len(self.is_type)
        keys = ((codes.review.astype(np.int64) * width + codes.pattern) * 64 + codes.influence + 1) * 2 + codes.primary
        return codes.take(np.unique(keys, return_index=True)[1].astype(np.int32))

    @cached_property
    def found(self) -> Flags:
        """Reviews × patterns: found, under any code and influence."""
        flags = np.zeros((len(self.reviews), len(self.is_type)), np.bool_)
        flags[self.distinct.review, self.distinct.pattern] = True
        return flags

    @cached_property
    def versed(self) -> Flags:
        """Reviews × patterns: coded under a version that has the pattern."""
        return self._by_scope(self._has)

    @cached_property
    def coded(self) -> Flags:
        """Reviews × patterns: so, and at the pattern's level."""
        return self._by_scope(self._reaches)

    @cached_property
    def whole(self) -> Flags:
        """Reviews × patterns: so, and the whole report."""
        return self._by_scope(lambda scope: self._reaches(scope) & scope.whole)

    @cached_property
    def looked(self) -> Flags:
        """Reviews × patterns: the coder looked for it."""
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
        answer: Flags = table[self.scope_of]
        return answer


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

    @property
    def influences(self) -> tuple[AxisValue, ...]:
        """The influences, in order."""
        return self.lists.get(str(CL.influences), ())

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
        return known.get(name) or Fact((*(v for v in listed if v.iri != NOT_STATED), NOT_KNOWN), none, none)

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
