"""The stores that every query is asked on, and the datasets they are asked over."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from rdflib import BNode, Dataset, Graph, Literal, URIRef
from rdflib.query import Result

from learntogether_kg import ontology, resources
from learntogether_kg.namespaces import ONTOLOGY_GRAPH
from learntogether_kg.store.base import Row, Solutions, Term, WritableStore, plain
from learntogether_kg.store.oxigraph import OxigraphStore
from learntogether_kg.store.sparql import SparqlStore
from tests.api.serving import wait_for

FIXTURES = Path(__file__).parent / "fixtures"
_VIRTUOSO = """\
[Database]
DatabaseFile = v.db
ErrorLogFile = v.log
LockFile = v.lck
TransactionFile = v.trx
xa_persistent_file = v.pxa
[TempDatabase]
DatabaseFile = t.db
TransactionFile = t.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
DirsAllowed = .
NumberOfBuffers = 10000
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = .
ServerThreads = 5
"""


class RdflibStore:
    """The reference store: rdflib in memory, slow and independent of Oxigraph."""

    def __init__(self) -> None:
        self._dataset = Dataset(default_union=True)

    def select(self, query: str) -> Solutions:
        """Returns the solutions of a SELECT query over the union of all graphs."""
        result: Result = self._dataset.query(query)
        variables = tuple(str(variable) for variable in result.vars or ())
        return Solutions(variables, [_row(row) for row in result])

    def select_csv(self, query: str) -> bytes:
        """Returns the solutions of a SELECT query as CSV."""
        table = self._dataset.query(query).serialize(format="csv")
        assert table is not None
        return table

    def graph(self, name: URIRef) -> Graph:
        """Returns a copy of one named graph."""
        graph = Graph(identifier=name)
        for subject, predicate, value in self._dataset.graph(name):
            graph.add((subject, predicate, plain(value) if isinstance(value, Literal) else value))
        return graph

    def graph_names(self) -> list[URIRef]:
        """Returns the names of all named graphs, sorted."""
        default = self._dataset.default_graph.identifier
        return sorted(
            graph.identifier
            for graph in self._dataset.graphs()
            if isinstance(graph.identifier, URIRef) and graph.identifier != default and len(graph)
        )

    def replace_graph(self, name: URIRef, graph: Graph) -> None:
        """Puts a graph in the place of the one of that name."""
        self.remove_graph(name)
        for triple in graph:
            self._dataset.graph(name).add(triple)

    def remove_graph(self, name: URIRef) -> None:
        """Removes a named graph."""
        self._dataset.remove_graph(name)

    def update(self, update: str) -> None:
        """Runs one of our own updates."""
        self._dataset.update(update)


def fill(store: WritableStore, dataset: Dataset) -> None:
    """Puts the ontology and every named graph of a dataset into a store, and lets it choose its default coder."""
    ontology = ontology_graph()
    default = dataset.default_graph.identifier
    for graph in dataset.graphs():
        if graph.identifier == ONTOLOGY_GRAPH:
            ontology += graph  # a fixture may bring patterns of its own
        elif isinstance(graph.identifier, URIRef) and graph.identifier != default:
            store.replace_graph(graph.identifier, graph)
    store.replace_graph(ONTOLOGY_GRAPH, ontology)
    materialise = resources.folder("queries") / "materialise" / "default-coder.ru"
    store.update(materialise.read_text(encoding="utf-8"))


def both_stores(dataset: Dataset, folder: Path) -> dict[str, WritableStore]:
    """Returns the dataset in Oxigraph on disk and in rdflib.

    Args:
        dataset: The named graphs of the reviews; ontology and default coder are added.
        folder: Where Oxigraph may write.
    """
    stores: dict[str, WritableStore] = {"oxigraph": OxigraphStore.create(folder / "oxigraph"), "rdflib": RdflibStore()}
    for store in stores.values():
        fill(store, dataset)
    return stores


@contextmanager
def served(folder: Path, graphs: Mapping[URIRef, Graph]) -> Iterator[SparqlStore]:
    """The graphs behind the server that the oxigraph wheel ships, on a free port of the loopback interface."""
    program = shutil.which("oxigraph", path=str(Path(sys.executable).parent))
    assert program, "the test dependencies hold the oxigraph wheel"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"127.0.0.1:{port}"
    command = [program, "serve", "--location", str(folder / "server"), "--bind", address, "--union-default-graph"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(server, port)
            for name, graph in graphs.items():
                _put(f"http://{address}/store?graph={name}", graph)
            yield SparqlStore(f"http://{address}/query", f"http://{address}/update")
        finally:
            server.terminate()


@contextmanager
def virtuoso(folder: Path) -> Iterator[SparqlStore]:
    """Debian's Virtuoso on an empty database in a folder, on free ports of the loopback interface."""
    program = shutil.which("virtuoso-t")
    if program is None:
        pytest.skip("Virtuoso is not installed: apt-get install virtuoso-opensource-7-bin")
    ports = _free_ports(2)
    settings = _VIRTUOSO.format(sql=ports[0], http=ports[1])
    (folder / "virtuoso.ini").write_text(settings, encoding="ascii")
    command = [program, "+foreground", "+configfile", "virtuoso.ini"]
    signed_in = {"LTKG_USER": "dba", "LTKG_PASSWORD": "dba", "LTKG_AUTH": "digest"}
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(server, ports[1])
            with pytest.MonkeyPatch.context() as patch:
                for name, value in signed_in.items():
                    patch.setenv(name, value)
                yield SparqlStore(f"http://127.0.0.1:{ports[1]}/sparql-auth")
        finally:
            server.terminate()


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def ontology_graph() -> Graph:
    """Returns the ontology, the typology and the code lists as one graph."""
    graph = Graph(identifier=ONTOLOGY_GRAPH)
    for pattern in ("*.ttl", "extensions/*.ttl"):
        for file in resources.files("ontology", pattern):
            graph.parse(file, format="turtle")
    for file in resources.files("ontology", "mappings/*.sssom.tsv"):
        graph += ontology.read_file(file)
    return graph


def read_fixture(name: str) -> Dataset:
    """Returns the dataset of ``fixtures/<name>.trig``."""
    dataset = Dataset(default_union=True)
    dataset.parse(data=(FIXTURES / f"{name}.trig").read_text(encoding="utf-8"), format="trig")
    return dataset


def _put(url: str, graph: Graph) -> None:
    body = graph.serialize(format="nt", encoding="utf-8")
    request = urllib.request.Request(url, body, {"Content-Type": "application/n-triples"}, method="PUT")
    with urllib.request.urlopen(request):
        pass  # a refusal is raised as HTTPError


def _row(row: object) -> Row:
    assert isinstance(row, tuple), "a SELECT query answers with rows"
    return tuple(map(_term, row))


def _term(term: object) -> Term | None:
    assert term is None or isinstance(term, URIRef | Literal | BNode), f"not an RDF 1.1 term: {term!r}"
    return plain(term) if isinstance(term, Literal) else term
