"""The coding table in memory, as whole numbers: what every count runs over.

Reviews, patterns and other values are places in sorted lists. What a coder found is a table of Booleans, reviews down
and patterns across, so that a count over reviews is a product of two such tables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from learntogether_kg import coding_table, resources
from learntogether_kg.figures import AxisValue
from learntogether_kg.namespaces import CL, expand, shorten
from learntogether_kg.recurrence.dimensions import Dimension, dimensions
from learntogether_kg.store.base import Store

if TYPE_CHECKING:
    from typing import Self

Places = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

NOT_KNOWN: Final = AxisValue("not-known", "Not known")
"""The row or column of reviews that do not state it."""

_NOT_STATED: Final = str(CL["not-stated"])
_WHOLE: Final = str(CL["whole-report"])
_DEEP: Final = str(CL["types-and-sub-patterns"])


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
        return self._by_scope(lambda scope: self._has(scope))

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

    def _by_scope(self, test: object) -> Flags:
        assert callable(test)
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

    @classmethod
    def of(cls, table: pa.Table, store: Store) -> Self:
        """Returns a coding table in memory.

        Args:
            table: The coding table; see `coding_table`.
            store: Where the typology and the default coder are read.

        Raises:
            StoreUnavailableError: The store does not answer.
        """
        return cls(**_Reader(table, _Terms.of(store)).parts())

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
        return known.get(name) or Fact((*(v for v in listed if v.iri != _NOT_STATED), NOT_KNOWN), none, none)

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


@dataclass(frozen=True)
class _Terms:
    """The typology and the code lists."""

    patterns: tuple[AxisValue, ...]
    types: int
    below: Flags
    versions: Mapping[str, Flags]
    lists: Mapping[str, tuple[AxisValue, ...]]
    default_coder: str

    @classmethod
    def of(cls, store: Store) -> _Terms:
        text = (resources.folder("queries") / "internal" / "coding-terms.rq").read_text(encoding="utf-8")
        columns = ("record", "term", "other", "label", "place")
        rows: dict[str, list[dict[str, str | None]]] = defaultdict(list)
        for row in _csv_rows(store.select_csv(text), columns):
            rows[str(row["record"])].append(row)
        labels = {str(row["term"]): str(row["label"] or shorten(str(row["term"]))) for row in rows["pattern"]}
        places = {str(row["term"]): int(row["place"] or 0) for row in rows["pattern"]}
        notations = {str(row["term"]): str(row["label"] or "T99") for row in rows["type"]}
        above: dict[str, set[str]] = defaultdict(set)
        for row in rows["pattern"]:
            above[str(row["term"])].add(str(row["other"]))

        def order(iri: str) -> tuple[bool, str, int, str, str]:
            first = min((notations[each] for each in above[iri] if each in notations), default="T99")
            return iri not in notations, first, places[iri], labels[iri], iri

        iris = sorted(labels, key=order)
        place_of = {iri: place for place, iri in enumerate(iris)}
        below = np.array([[other in above[iri] for other in iris] for iri in iris], np.bool_).reshape(len(iris), len(iris))
        versions: dict[str, Flags] = defaultdict(lambda: np.zeros(len(iris) + 1, np.bool_))
        for row in rows["version"]:
            versions[str(row["other"])][place_of[str(row["term"])]] = True
        lists: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
        for row in rows["concept"]:
            lists[str(row["other"])].append((int(row["place"] or 999), str(row["label"]), str(row["term"])))
        default = next((str(row["term"]) for row in rows["default-coder"]), "")
        return cls(
            _values((iri, labels[iri]) for iri in iris),
            len(notations),
            below,
            dict(versions),
            {iri: _values((term, label) for _, label, term in sorted(set(members))) for iri, members in lists.items()},
            default,
        )


class _Reader:
    """Takes a coding table apart."""

    def __init__(self, table: pa.Table, terms: _Terms) -> None:
        self._terms = terms
        self._columns = {name: _encoded(table, name) for name in coding_table.COLUMNS}
        places, words = self._columns["record"]
        self._rows = {word: np.flatnonzero(places == place) for place, word in enumerate(words)}
        self._pattern_place = {value.iri: place for place, value in enumerate(terms.patterns)}

    def parts(self) -> dict[str, object]:
        """Returns the parts of a `Coding`."""
        terms = self._terms
        iris = sorted(self._text("review", "review"))
        self._review_of = _lookup(self._columns["review"][1], iris)
        labels = dict(zip(self._text("review", "review"), self._text("review", "label"), strict=True))
        read = np.zeros(len(iris), np.bool_)
        read[self._review("finding")] = True
        items = self._columns["item"][1]
        return {
            "reviews": tuple(AxisValue(_local(iri), labels[iri] or _local(iri), iri) for iri in iris),
            "read": read,
            "patterns": terms.patterns,
            "types": terms.types,
            "below": terms.below,
            "coders": self._coders(),
            "default_coder": terms.default_coder,
            "facts": self._facts("fact", self._review("fact")),
            "items": self._facts("item", self._of("item", "item")),
            "item_count": len(items),
            "lists": terms.lists,
        }

    def _of(self, record: str, column: str) -> Places:
        return self._columns[column][0][self._rows.get(record, np.zeros(0, np.int64))]

    def _text(self, record: str, column: str) -> list[str]:
        words = [*self._columns[column][1], ""]
        return [words[place] for place in self._of(record, column)]

    def _review(self, record: str) -> Places:
        return self._review_of[self._of(record, "review")]

    def _facts(self, record: str, holders: Places) -> dict[str, Fact]:
        which, names = self._of(record, "dimension"), self._columns["dimension"][1]
        lists = {
            fact: self._terms.lists.get(str(expand(dimension.list)), ())
            for dimension in dimensions().values()
            for fact in (dimension.facts.values() if dimension.facts else (dimension.fact,))
        }
        values = self._of(record, "value")
        facts = {}
        for place, name in enumerate(names):
            mine = np.flatnonzero(which == place)
            if len(mine):
                facts[name] = self._fact(holders[mine], values[mine], lists.get(name, ()))
        return facts

    def _fact(self, holders: Places, values: Places, listed: Sequence[AxisValue]) -> Fact:
        words = self._columns["value"][1]
        found = {words[place] for place in np.unique(values)} - {value.iri for value in listed} - {_NOT_STATED}
        own = [AxisValue(_local(word), _local(word), word) for word in sorted(found)]
        kept = (*(value for value in listed if value.iri != _NOT_STATED), *own, NOT_KNOWN)
        place_of = {value.iri: place for place, value in enumerate(kept)} | {_NOT_STATED: len(kept) - 1}
        lookup = np.array([place_of.get(word, -1) for word in words], np.int32)
        return Fact(kept, holders, lookup[values])

    def _coders(self) -> tuple[CoderCodes, ...]:
        kinds = {value.iri: value for value in self._terms.lists.get(str(CL["coder-kinds"]), ())}
        told = zip(self._text("coder", "coder"), self._text("coder", "label"), self._text("coder", "value"), strict=True)
        named = {iri: (code, kinds.get(kind, AxisValue(_local(kind), _local(kind), kind))) for iri, code, kind in told}
        return tuple(self._coder(iri, *named[iri]) for iri in sorted(named, key=lambda iri: (named[iri][0], iri)))

    def _coder(self, iri: str, code: str, kind: AxisValue) -> CoderCodes:
        place = self._columns["coder"][1].index(iri)
        mine = {record: np.flatnonzero(self._of(record, "coder") == place) for record in ("coding", "scope", "assessment")}
        reviews = np.unique(np.concatenate([self._review(record)[rows] for record, rows in mine.items()])).astype(np.int32)
        row_of = np.full(len(self._review_of) + 1, -1, np.int32)
        row_of[reviews] = np.arange(len(reviews), dtype=np.int32)
        scopes, scope_of = self._scopes(mine["scope"], row_of, len(reviews))
        width = len(self._terms.patterns) + 1
        is_type = np.zeros(width, np.bool_)
        is_type[: self._terms.types] = is_type[-1] = True
        return CoderCodes(
            code=code,
            iri=iri,
            kind=kind,
            reviews=reviews,
            codes=self._codes(mine["coding"], row_of),
            scopes=scopes,
            scope_of=scope_of,
            not_found=self._said("looked-for-not-found", mine["assessment"], row_of, (len(reviews), width)),
            cannot_tell=self._said("cannot-tell", mine["assessment"], row_of, (len(reviews), width)),
            versions=self._terms.versions,
            is_type=is_type,
        )

    def _codes(self, rows: npt.NDArray[np.int64], row_of: Places) -> Coded:
        patterns = np.array([self._pattern_place.get(iri, -1) for iri in self._columns["pattern"][1]], np.int32)
        influences = self._terms.lists.get(str(CL.influences), ())
        influence = _lookup(self._columns["influence"][1], [value.iri for value in influences])
        truth = np.array([word in ("true", "1") for word in self._columns["primary"][1]] + [False])
        pattern = patterns[self._of("coding", "pattern")[rows]]
        # A code without an influence, or of which it is not said whether it is primary, is no full code: it shows that
        # the pattern was looked for and is counted under no rule.
        given = self._of("coding", "influence")[rows]
        stated = (given >= 0) & (self._of("coding", "primary")[rows] >= 0)
        codes = Coded(
            row_of[self._review("coding")[rows]],
            self._of("coding", "item")[rows],
            pattern,
            truth[self._of("coding", "primary")[rows]],
            np.where(stated, np.append(influence, np.int32(-1))[given], -1).astype(np.int32),
        ).take(pattern >= 0)
        return self._rolled_up(codes)

    def _rolled_up(self, codes: Coded) -> Coded:
        """Returns each code once for its pattern, for each above it, and for "any pattern"."""
        below = self._terms.below
        widths = below.sum(axis=1).astype(np.int64) + 1
        above = np.concatenate([np.append(np.flatnonzero(row), len(below)) for row in below] or [np.zeros(0, np.int64)])
        starts = np.concatenate([[0], np.cumsum(widths)])
        times = widths[codes.pattern]
        repeated = np.repeat(np.arange(len(times)), times)
        within = np.arange(len(repeated)) - np.repeat(np.cumsum(times) - times, times)
        pattern = above[starts[codes.pattern][repeated] + within].astype(np.int32)
        grown = codes.take(repeated.astype(np.int32))
        return Coded(grown.review, grown.item, pattern, grown.primary, grown.influence)

    def _scopes(
        self, rows: npt.NDArray[np.int64], row_of: Places, count: int
    ) -> tuple[tuple[frozenset[Scope], ...], Places]:
        told = {name: self._of("scope", name)[rows] for name in ("version", "codingLevel", "extent")}
        words = {name: [*self._columns[name][1], ""] for name in told}
        held: dict[int, set[Scope]] = defaultdict(set)
        known: dict[tuple[int, ...], Scope] = {}
        for review, *key in zip(row_of[self._review("scope")[rows]].tolist(), *(c.tolist() for c in told.values()), strict=True):
            version, level, extent = key
            if (scope := known.get(tuple(key))) is None:
                scope = known[tuple(key)] = Scope(
                    words["version"][version], words["codingLevel"][level] == _DEEP, words["extent"][extent] == _WHOLE
                )
            held[review].add(scope)
        sets: dict[frozenset[Scope], int] = {frozenset(): 0}
        places = np.zeros(count, np.int32)
        for review, scopes in held.items():
            places[review] = sets.setdefault(frozenset(scopes), len(sets))
        return tuple(sets), places

    def _said(self, result: str, rows: npt.NDArray[np.int64], row_of: Places, shape: tuple[int, int]) -> Flags:
        flags = np.zeros(shape, np.bool_)
        words = self._columns["result"][1]
        iri = str(CL[result])
        if iri in words:
            told = rows[self._of("assessment", "result")[rows] == words.index(iri)]
            patterns = np.array([self._pattern_place.get(each, -1) for each in self._columns["pattern"][1]], np.int32)
            pattern = patterns[self._of("assessment", "pattern")[told]]
            review = row_of[self._review("assessment")[told]]
            flags[review[pattern >= 0], pattern[pattern >= 0]] = True
        return flags


def _values(named: Iterable[tuple[str, str]]) -> tuple[AxisValue, ...]:
    """Returns values by IRI and label. The last part of the IRI is the key where no other of the list has it."""
    told = list(named)
    locals_ = [_local(iri) for iri, _ in told]
    return tuple(
        AxisValue(local if locals_.count(local) == 1 else shorten(iri), label, iri)
        for (iri, label), local in zip(told, locals_, strict=True)
    )


def _local(iri: str) -> str:
    return iri.rpartition("/")[2].rpartition("#")[2]


def _lookup(words: Sequence[str], known: Sequence[str]) -> Places:
    """Returns for each word its place among the known; -1 where it is none of them."""
    place_of = {word: place for place, word in enumerate(known)}
    return np.array([place_of.get(word, -1) for word in words], np.int32)


def _encoded(table: pa.Table, name: str) -> tuple[Places, list[str]]:
    column = table[name].combine_chunks()
    column = column if isinstance(column, pa.DictionaryArray) else column.dictionary_encode()
    places = column.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return places, column.dictionary.to_pylist()


def _csv_rows(answer: bytes, columns: Iterable[str]) -> list[dict[str, str | None]]:
    convert = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(columns, pa.string()), null_values=[""], strings_can_be_null=True
    )
    options = pa.csv.ParseOptions(newlines_in_values=True)
    rows: list[dict[str, str | None]] = pa.csv.read_csv(
        BytesIO(answer), parse_options=options, convert_options=convert
    ).to_pylist()
    return rows
