"""Sets the answer of a named query beside what an oracle works out, whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rdflib import RDFS, SKOS, URIRef

from learntogether_kg import queries, query_files
from learntogether_kg.namespaces import LT
from learntogether_kg.store.base import Store
from tests.teaching.coding import Record
from tests.teaching.truth import files, name

Oracle = Callable[..., Iterable[Record]]
ORACLES: dict[str, Oracle] = {}
PREFIX = {"pattern": "typ:", "type": "typ:", "influence": "cl:", "reach": "cl:", "codingLevel": "cl:", "older": "typ:"}
PREFIX["newer"] = "typ:"
TOLD_APART = {"rule"}
"""Columns of prose about the counting; what they must name is held by a test of its own."""


def answers(query: str) -> Callable[[Oracle], Oracle]:
    """Marks the function that works out what a named query must answer, with the query's own parameters."""

    def mark(oracle: Oracle) -> Oracle:
        ORACLES[query] = oracle
        return oracle

    return mark


@dataclass(frozen=True)
class Asker:
    """Asks the teaching library."""

    store: Store

    def records(self, query: str, **arguments: str) -> list[dict[str, object]]:
        typed = {key: (PREFIX.get(key, "") if value else "") + value for key, value in arguments.items()}
        return queries.ask(self.store, query, typed).as_records()

    def rows(self, query: str, **arguments: str) -> list[Record]:
        """The answer with short names in place of IRIs, and without the prose about the counting."""
        return [
            {column: plain(value) for column, value in record.items() if column not in TOLD_APART}
            for record in self.records(query, **arguments)
        ]

    def agrees(self, query: str, **arguments: str) -> list[Record]:
        """Returns the answer, once it is shown to be what the oracle says: every row, every column."""
        given = {key: int(value) if key == "minimum" else value for key, value in arguments.items()}
        expected = list(ORACLES[query](**given))
        found = self.rows(query, **arguments)
        columns = [column for column in query_files.named(query).columns if column not in TOLD_APART]
        assert all(sorted(row) == sorted(columns) for row in expected), "the oracle has every column and no other"
        ours, theirs = (Counter(map(frozen, each)) for each in (expected, found))
        missing, unexpected = ours - theirs, theirs - ours
        assert (sorted(map(str, missing)), sorted(map(str, unexpected))) == ([], []), (query, arguments)
        return found


def frozen(row: Record) -> tuple[tuple[str, object], ...]:
    return tuple(sorted(row.items()))


def plain(value: object) -> object:
    """A value of an answer: a resource by its short name, a list as a sorted tuple."""
    if isinstance(value, list):
        return tuple(sorted(str(plain(member)) for member in value))
    if isinstance(value, dict):
        assert value["label"] == named(URIRef(value["iri"])), value
        return name(value["iri"])
    return value


def named(iri: URIRef) -> str:
    """What a person reads in place of an IRI."""
    properties = (LT.publicLabel, LT.coderCode, SKOS.prefLabel, RDFS.label, LT.localId)
    return min(str(value) for each in properties for value in files().objects(iri, each))
