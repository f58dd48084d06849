"""The expected answers of tests/queries are what the same oracles work out from tables of those fixtures.

The tables are read from a fixture's triples, property by property, as ``test_teaching.py`` reads them from the teaching
library; no query is asked for them.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from rdflib import RDF, Dataset, Graph, URIRef

import tests.teaching.recurrence
import tests.teaching.research  # noqa: F401 - each brings its oracles
from learntogether_kg import queries, query_files
from learntogether_kg.namespaces import CATALOGUE, LT
from learntogether_kg.store.base import Store
from learntogether_kg.store.oxigraph import OxigraphStore
from tests.stores import fill, ontology_graph
from tests.teaching.coding import Record
from tests.teaching.compare import ORACLES, plain
from tests.teaching.truth import name, reading, short
from tests.test_queries import ALL_CASES, SMALL, dataset, name_of
from tests.test_teaching import TABLES

UNUSED = {"type", "item_kind", "involved", "with_participants"}
"""Columns that no oracle reads."""


def data_of(case: Path) -> str:
    named = case / "data.txt"
    return named.read_text(encoding="utf-8").strip() if named.exists() else SMALL


CASES = [case for case in ALL_CASES if case.parent.name in ORACLES]


@dataclass(frozen=True)
class Small:
    """A fixture in a store, as one graph with the model, and as tables."""

    store: Store
    graph: Graph
    tables: Path


@pytest.fixture(scope="module")
def fixtures() -> dict[str, Small]:
    """The fixtures read so far."""
    return {}


def read(data: Dataset, folder: Path) -> Small:
    store = OxigraphStore.create(folder / "store")
    fill(store, data)
    whole = ontology_graph()
    studies = []
    for graph in data.graphs():
        whole += graph
        if isinstance(graph.identifier, URIRef) and (graph.identifier, LT.publicLabel, None) in graph:
            studies.append(graph)
    for table, (kinds, columns) in TABLES.items():
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(["review", *columns])
            for graph in studies:
                label = str(graph.value(graph.identifier, LT.publicLabel))
                is_review = (graph.identifier, RDF.type, LT.Review) in graph
                for node in (node for kind in kinds for node in graph.subjects(RDF.type, kind)):
                    cells = [
                        "" if column in UNUSED else value(graph, node).strip() for column, value in columns.items()
                    ]
                    lines.writerow([label if is_review else f"Synthetic synthesis {label}", *cells])
    return Small(store, whole, folder)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_an_expected_answer_is_what_the_tables_give(
    case: Path, fixtures: dict[str, Small], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    data = data_of(case)
    small = fixtures.setdefault(data, fixtures.get(data) or read(dataset(data, request), tmp_path))
    typed = json.loads((case / "arguments.json").read_text(encoding="utf-8"))
    answer = queries.ask(small.store, case.parent.name, typed)
    with (case / "expected.csv").open(encoding="utf-8", newline="") as expected:
        assert list(csv.reader(answer.as_csv())) == list(csv.reader(expected)), "shown to be so by test_queries.py too"
    with reading(small.tables, small.graph):
        worked_out = list(ORACLES[case.parent.name](**arguments(small.store, case.parent.name, typed)))
        found: list[Record] = [
            {column: plain(value) for column, value in record.items() if column != "rule"}
            for record in answer.as_records()
        ]
        assert sorted(map(repr, map(ordered, worked_out))) == sorted(map(repr, map(ordered, found)))


def ordered(row: Record) -> list[tuple[str, object]]:
    return sorted(row.items())


def arguments(store: Store, query: str, typed: dict[str, str]) -> dict[str, object]:
    """What the oracle takes for what a person types, short names in place of labels; the default coder is named."""
    told = queries.ask(store, query, typed).arguments
    given: dict[str, object] = {}
    for parameter in query_files.named(query).parameters:
        value = told[parameter.name]
        if parameter.name in typed and value:
            given[parameter.name] = int(value) if parameter.kind == "xsd:integer" else value
            if not parameter.kind.startswith("xsd:"):
                choices = queries.options(store, parameter.kind)
                meant = [iri for iri, label in choices.items() if value == label]
                named = [iri for iri in meant if short(iri) == typed[parameter.name].rpartition(":")[2]]
                given[parameter.name] = name((named or meant)[0])
        elif parameter.name in typed:
            given[parameter.name] = ""
        if "default coder" in parameter.meaning and not given.get(parameter.name):
            default = store.graph(CATALOGUE).value(CATALOGUE, LT.defaultCoder)
            given[parameter.name] = short(default or "")
    return given


def test_most_cases_are_worked_out_a_second_time() -> None:
    left = {case.parent.name for case in ALL_CASES} - {case.parent.name for case in CASES}
    assert left == {name for name, query in query_files.catalogue().items() if query.question == "none"} & left
    assert len(CASES) > 75
