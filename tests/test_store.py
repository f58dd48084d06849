"""Every store keeps the same promises, whatever stands behind it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rdflib import RDF, Graph, Literal, Namespace, URIRef
from rdflib.namespace import XSD

from learntogether_kg.errors import StoreUnavailableError
from learntogether_kg.store.base import Store, WritableStore
from learntogether_kg.store.oxigraph import OxigraphStore
from learntogether_kg.store.sparql import SparqlStore
from tests.stores import RdflibStore, served

EX = Namespace("http://example.org/")
ONE, TWO = EX.one, EX.two


def contents() -> dict[URIRef, Graph]:
    """Two graphs that share a triple, with every kind of literal an answer may hold."""
    one, two = Graph(), Graph()
    for graph in (one, two):
        graph.add((EX.coder, RDF.type, EX.Coder))
    one.add((EX.a, EX.says, Literal('quotes " and \\ and\nlines, and ü')))
    one.add((EX.a, EX.says, Literal("typed", datatype=XSD.string)))
    one.add((EX.a, EX.says, Literal("label", lang="en")))
    two.add((EX.b, EX.counts, Literal(7)))
    two.add((EX.b, EX.counts, Literal(True)))
    two.add((EX.b, EX.counts, Literal("0.25", datatype=XSD.decimal)))
    two.add((EX.b, EX.counts, Literal("2014-05-01T00:00:00Z", datatype=XSD.dateTime, normalize=False)))
    return {ONE: one, TWO: two}


def oxigraph(folder: Path) -> Iterator[Store]:
    store = OxigraphStore.create(folder / "store")
    for name, graph in contents().items():
        store.replace_graph(name, graph)
    yield store


def oxigraph_snapshot(folder: Path) -> Iterator[Store]:
    writer = OxigraphStore.create(folder / "store")
    for name, graph in contents().items():
        writer.replace_graph(name, graph)
    writer.flush()
    yield OxigraphStore.open(folder / "store")


def rdflib_store(_: Path) -> Iterator[Store]:
    store = RdflibStore()
    for name, graph in contents().items():
        store.replace_graph(name, graph)
    yield store


def sparql_server(folder: Path) -> Iterator[Store]:
    with served(folder, contents()) as store:
        yield store


KINDS: dict[str, Callable[[Path], Iterator[Store]]] = {
    "oxigraph": oxigraph,
    "oxigraph-snapshot": oxigraph_snapshot,
    "rdflib": rdflib_store,
    "sparql": sparql_server,
}


@pytest.fixture(scope="module", params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    yield from KINDS[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture(params=["oxigraph", "rdflib", "sparql"])
def writable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WritableStore]:
    if request.param == "sparql":
        with served(tmp_path, {}) as store:
            yield store
    else:
        yield OxigraphStore.create(tmp_path / "store") if request.param == "oxigraph" else RdflibStore()


# Reading


def test_the_default_graph_is_the_union_of_all_graphs(store: Store) -> None:
    rows = list(store.select("SELECT DISTINCT ?s WHERE { ?s ?p ?o } ORDER BY ?s"))
    assert rows == [(EX.a,), (EX.b,), (EX.coder,)]


def test_a_triple_of_two_graphs_is_one_where_distinct_is_asked_for(store: Store) -> None:
    rows = list(store.select(f"SELECT (COUNT(DISTINCT ?c) AS ?n) WHERE {{ ?c a {EX.Coder.n3()} }}"))
    assert rows == [(Literal(1),)]


def test_terms_come_back_as_they_were_put_in(store: Store) -> None:
    found = {value for (value,) in store.select("SELECT ?o WHERE { ?s <http://example.org/says> ?o }")}
    assert found == {Literal('quotes " and \\ and\nlines, and ü'), Literal("typed"), Literal("label", lang="en")}
    counts = {value for (value,) in store.select("SELECT ?o WHERE { ?s <http://example.org/counts> ?o }")}
    assert {value.datatype for value in counts if isinstance(value, Literal)} == {
        XSD.integer,
        XSD.boolean,
        XSD.decimal,
        XSD.dateTime,
    }


def test_columns_keep_their_names_and_order_and_unbound_is_none(store: Store) -> None:
    solutions = store.select("SELECT ?z ?missing ?a WHERE { BIND(1 AS ?a) BIND(2 AS ?z) }")
    assert solutions.variables == ("z", "missing", "a")
    assert list(solutions) == [(Literal(2), None, Literal(1))]


def test_rows_come_in_the_order_that_was_asked_for(store: Store) -> None:
    rows = list(store.select("SELECT ?n WHERE { VALUES ?n { 2 10 1 } } ORDER BY DESC(?n)"))
    assert rows == [(Literal(10),), (Literal(2),), (Literal(1),)]


def test_graph_names_are_sorted_and_a_graph_is_whole(store: Store) -> None:
    assert store.graph_names() == [ONE, TWO]
    assert set(store.graph(ONE)) == {
        (EX.coder, RDF.type, EX.Coder),
        (EX.a, EX.says, Literal('quotes " and \\ and\nlines, and ü')),
        (EX.a, EX.says, Literal("typed")),
        (EX.a, EX.says, Literal("label", lang="en")),
    }


def test_a_graph_that_is_not_there_is_empty(store: Store) -> None:
    assert len(store.graph(EX.nowhere)) == 0


# Writing


def test_replacing_a_graph_leaves_nothing_of_the_old_one_and_all_of_the_others(writable: WritableStore) -> None:
    for name, graph in contents().items():
        writable.replace_graph(name, graph)
    new = Graph().add((EX.a, EX.says, Literal("new")))
    writable.replace_graph(ONE, new)
    assert set(writable.graph(ONE)) == set(new)
    assert len(writable.graph(TWO)) == 5


def test_a_removed_graph_is_gone_and_removing_it_again_does_nothing(writable: WritableStore) -> None:
    writable.replace_graph(ONE, contents()[ONE])
    for _ in range(2):
        writable.remove_graph(ONE)
        assert writable.graph_names() == []


def test_an_update_writes_into_the_graph_it_names(writable: WritableStore) -> None:
    writable.update(
        "INSERT DATA { GRAPH <http://example.org/one> { <http://example.org/a> a <http://example.org/A> } }"
    )
    assert set(writable.graph(ONE)) == {(EX.a, RDF.type, EX.A)}


# What cannot be


def test_a_query_that_does_not_parse_is_told_as_such(tmp_path: Path) -> None:
    store = OxigraphStore.create(tmp_path / "store")
    with pytest.raises(StoreUnavailableError, match="the query cannot be run"):
        store.select("SELECT ?s WHERE {")
    with pytest.raises(StoreUnavailableError, match="not a SELECT query"):
        store.select("ASK { ?s ?p ?o }")


def test_a_server_refuses_what_does_not_parse(tmp_path: Path) -> None:
    with served(tmp_path, {}) as store, pytest.raises(StoreUnavailableError, match="does not answer the query"):
        store.select("SELECT ?s WHERE {")


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # taken, and nobody listens
        store = SparqlStore(f"http://127.0.0.1:{probe.getsockname()[1]}/query")
        with pytest.raises(StoreUnavailableError):
            store.select("SELECT ?s WHERE { ?s ?p ?o }")


def test_a_folder_without_a_store_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError):
        OxigraphStore.open(tmp_path / "nothing")


def test_a_damaged_store_is_unavailable(tmp_path: Path) -> None:
    OxigraphStore.create(tmp_path / "store").close()
    for manifest in (tmp_path / "store").glob("MANIFEST-*"):
        manifest.write_bytes(b"damaged")
    with pytest.raises(StoreUnavailableError, match="cannot be opened"):
        OxigraphStore.open(tmp_path / "store")


def test_a_snapshot_sees_what_was_there_when_it_was_opened(tmp_path: Path) -> None:
    writer = OxigraphStore.create(tmp_path / "store")
    writer.replace_graph(ONE, contents()[ONE])
    writer.flush()
    snapshot = OxigraphStore.open(tmp_path / "store")
    writer.replace_graph(TWO, contents()[TWO])
    assert snapshot.graph_names() == [ONE]
    assert writer.graph_names() == [ONE, TWO]


def test_a_checkpoint_is_a_store_of_its_own(tmp_path: Path) -> None:
    writer = OxigraphStore.create(tmp_path / "store")
    writer.replace_graph(ONE, contents()[ONE])
    writer.flush()
    writer.checkpoint(tmp_path / "copy")
    writer.remove_graph(ONE)
    assert len(OxigraphStore.open(tmp_path / "copy")) == 4
