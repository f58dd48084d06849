"""Reads a coding table into memory, by the typology of the store it came from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from learntogether_kg import coding_table, resources
from learntogether_kg.figures import AxisValue
from learntogether_kg.namespaces import CL, TYP, expand, local_name, names, shorten
from learntogether_kg.recurrence.dimensions import dimensions
from learntogether_kg.recurrence.findings import Findings
from learntogether_kg.recurrence.index import (
    NOT_KNOWN,
    NOT_STATED,
    Coded,
    CoderCodes,
    Coding,
    Fact,
    Flags,
    Places,
    Scope,
)
from learntogether_kg.recurrence.practice import Practice, Rows
from learntogether_kg.store.base import Store

_WHOLE: Final = str(CL["whole-report"])
_NO_TYPE: Final = str(TYP["no-type-fits"])
_DEEP: Final = str(CL["types-and-sub-patterns"])


def read_coding(table: pa.Table, store: Store) -> Coding:
    """Returns a coding table in memory.

    Args:
        table: The coding table; see `coding_table`.
        store: Where the typology and the default coder are read.

    Raises:
        StoreUnavailableError: The store does not answer.
    """
    return _Reader(table, _Terms.of(store)).read()


@dataclass(frozen=True)
class _Terms:
    """The typology and the code lists."""

    patterns: tuple[AxisValue, ...]
    types: int
    below: Flags
    versions: Mapping[str, Flags]
    carries_on: Flags
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
        below = np.array([[other in above[iri] for other in iris] for iri in iris], np.bool_).reshape(
            len(iris), len(iris)
        )
        versions: dict[str, Flags] = defaultdict(lambda: np.zeros(len(iris) + 1, np.bool_))
        for row in rows["version"]:
            versions[str(row["other"])][place_of[str(row["term"])]] = True
        carries_on = np.zeros((len(iris) + 1, len(iris) + 1), np.bool_)
        for row in rows["carries-on"]:
            carries_on[place_of[str(row["term"])], place_of[str(row["other"])]] = True
        lists: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
        for row in rows["concept"]:
            lists[str(row["other"])].append((int(row["place"] or 999), str(row["label"]), str(row["term"])))
        default = next((str(row["term"]) for row in rows["default-coder"]), "")
        given_up, times = {str(row["term"]) for row in rows["deprecated"]}, Counter(labels.values())
        readings = {iri: labels[iri] for iri in iris}
        for iri in iris:
            if times[labels[iri]] > 1 and iri not in notations:
                readings[iri] = f"{order(iri)[1]} › {labels[iri]}"
            if iri in given_up:
                readings[iri] += " (no longer used)"
        return cls(
            _values(((iri, labels[iri]) for iri in iris), readings),
            len(notations),
            below,
            dict(versions),
            carries_on,
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

    def read(self) -> Coding:
        """Returns the coding table as whole numbers."""
        terms = self._terms
        iris = sorted(self._text("review", "review"))
        self._review_of = _lookup(self._columns["review"][1], iris)
        labels = dict(zip(self._text("review", "review"), self._text("review", "label"), strict=True))
        read = np.zeros(len(iris), np.bool_)
        read[self._review("finding")] = True
        items = self._columns["item"][1]
        return Coding(
            reviews=tuple(AxisValue(local_name(iri), labels[iri] or local_name(iri), iri) for iri in iris),
            read=read,
            patterns=terms.patterns,
            types=terms.types,
            below=terms.below,
            coders=self._coders(),
            default_coder=terms.default_coder,
            facts=self._facts("fact", self._review("fact"), len(iris)),
            items=self._facts("item", self._of("item", "item"), len(items)),
            item_count=len(items),
            lists=terms.lists,
            practice=Practice(
                self._rows_of("trade-off", ("item", "dimension", "value")),
                self._rows_of("comparison", ("item", "dimension", "value", "label", "result")),
            ),
            findings=Findings(self._rows_of("finding", ("item", "label")), len(items)),
        )

    def _rows_of(self, record: str, columns: Iterable[str]) -> Rows:
        names = tuple(columns)
        words = {name: self._columns[name][1] for name in names}
        return Rows(self._review(record), {name: self._of(record, name) for name in names}, words)

    def _of(self, record: str, column: str) -> Places:
        return self._columns[column][0][self._rows.get(record, np.zeros(0, np.int64))]

    def _text(self, record: str, column: str) -> list[str]:
        words = [*self._columns[column][1], ""]
        return [words[place] for place in self._of(record, column)]

    def _review(self, record: str) -> Places:
        return self._review_of[self._of(record, "review")]

    def _facts(self, record: str, holders: Places, count: int) -> dict[str, Fact]:
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
                facts[name] = self._fact(holders[mine], values[mine], lists.get(name, ()), count)
        return facts

    def _fact(self, holders: Places, values: Places, listed: Sequence[AxisValue], count: int) -> Fact:
        words, said = self._columns["value"][1], np.unique(values).tolist()
        found = {words[place] for place in said} - {value.iri for value in listed} - {NOT_STATED}
        own = [AxisValue(local_name(word), local_name(word), word) for word in sorted(found)]
        kept = (*(value for value in listed if value.iri != NOT_STATED), *own, NOT_KNOWN)
        place_of = {value.iri: place for place, value in enumerate(kept)} | {NOT_STATED: len(kept) - 1}
        lookup = np.full(len(words), -1, np.int32)  # of all values few are of this fact: the others are not looked up
        lookup[said] = [place_of[words[place]] for place in said]
        return Fact(kept, holders, lookup[values], count)

    def _coders(self) -> tuple[CoderCodes, ...]:
        kinds = {value.iri: value for value in self._terms.lists.get(str(CL["coder-kinds"]), ())}
        told = zip(
            self._text("coder", "coder"), self._text("coder", "label"), self._text("coder", "value"), strict=True
        )
        named = {
            iri: (code, kinds.get(kind, AxisValue(local_name(kind), local_name(kind), kind)))
            for iri, code, kind in told
        }
        return tuple(self._coder(iri, *named[iri]) for iri in sorted(named, key=lambda iri: (named[iri][0], iri)))

    def _coder(self, iri: str, code: str, kind: AxisValue) -> CoderCodes:
        place = self._columns["coder"][1].index(iri)
        mine = {
            record: np.flatnonzero(self._of(record, "coder") == place) for record in ("coding", "scope", "assessment")
        }
        reviews = np.unique(np.concatenate([self._review(record)[rows] for record, rows in mine.items()])).astype(
            np.int32
        )
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
            not_found=self._said("looked-for-not-found", mine["assessment"], row_of, (width, len(reviews))),
            cannot_tell=self._said("cannot-tell", mine["assessment"], row_of, (width, len(reviews))),
            versions=self._terms.versions,
            carries_on=self._terms.carries_on,
            is_type=is_type,
            untyped=self._untyped(mine["coding"], row_of),
            items=np.unique(self._of("coding", "item")[mine["coding"]]),
        )

    def _codes(self, rows: npt.NDArray[np.int64], row_of: Places) -> Coded:
        codes = self._as_coded(rows, row_of)
        return self._rolled_up(codes.take(codes.pattern >= 0))

    def _untyped(self, rows: npt.NDArray[np.int64], row_of: Places) -> Coded:
        words = self._columns["pattern"][1]
        none = words.index(_NO_TYPE) if _NO_TYPE in words else -1
        return self._as_coded(rows[self._of("coding", "pattern")[rows] == none], row_of)

    def _as_coded(self, rows: npt.NDArray[np.int64], row_of: Places) -> Coded:
        patterns = np.array([self._pattern_place.get(iri, -1) for iri in self._columns["pattern"][1]], np.int32)
        influences = self._terms.lists.get(str(CL.influences), ())
        influence = _lookup(self._columns["influence"][1], [value.iri for value in influences])
        truth = np.array([word in ("true", "1") for word in self._columns["primary"][1]] + [False])
        pattern = patterns[self._of("coding", "pattern")[rows]]
        # A code without an influence, or of which it is not said whether it is primary, is no full code: it shows that
        # the pattern was looked for and is counted under no rule.
        given = self._of("coding", "influence")[rows]
        stated = (given >= 0) & (self._of("coding", "primary")[rows] >= 0)
        return Coded(
            row_of[self._review("coding")[rows]],
            self._of("coding", "item")[rows],
            pattern,
            truth[self._of("coding", "primary")[rows]],
            np.where(stated, np.append(influence, np.int32(-1))[given], -1).astype(np.int32),
        )

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
        for review, *key in zip(
            row_of[self._review("scope")[rows]].tolist(), *(c.tolist() for c in told.values()), strict=True
        ):
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
            flags[pattern[pattern >= 0], review[pattern >= 0]] = True
        for later, earlier in np.argwhere(self._terms.carries_on):
            flags[later] |= flags[earlier]
        return flags


def _values(named: Iterable[tuple[str, str]], readings: Mapping[str, str] | None = None) -> tuple[AxisValue, ...]:
    """Returns values by IRI and label.

    Args:
        named: Pairs of an IRI and a label.
        readings: How some of them read where their label would not do.
    """
    told, readings = list(named), readings or {}
    keys = names(iri for iri, _ in told)
    return tuple(AxisValue(keys[iri], label, iri, readings.get(iri, "")) for iri, label in told)


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
