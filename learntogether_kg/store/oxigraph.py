"""The embedded store: Oxigraph on disk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox
from rdflib import BNode, Graph, Literal, URIRef

from learntogether_kg.errors import StoreUnavailableError
from learntogether_kg.store.base import Row, Solutions, Term, plain
from learntogether_kg.store.endpoint import Question, Reply, answer

if TYPE_CHECKING:
    from typing import Self


class OxigraphStore:
    """One Oxigraph dataset in a folder.

    A read-only store is a snapshot: it may stand open beside a writer and sees what was there when it was opened. The
    writer must flush before that: beside writes that are still on their way to the disk, opening may fail.
    """

    def __init__(self, path: Path, store: ox.Store) -> None:
        self.path = path
        self._store = store

    @classmethod
    def create(cls, path: Path) -> Self:
        """Opens the folder to read and write, making it if need be."""
        return cls(path, _opened(ox.Store, path))

    @classmethod
    def open(cls, path: Path) -> Self:
        """Opens an existing folder read-only.

        Raises:
            StoreUnavailableError: There is no store in the folder, or it is damaged.
        """
        return cls(path, _opened(ox.Store.read_only, path))

    @classmethod
    def in_memory(cls, graphs: Iterable[tuple[URIRef, Graph]]) -> Self:
        """Returns a store of some named graphs that is on no disk."""
        store = cls(Path("memory"), ox.Store())
        for name, graph in graphs:
            store.replace_graph(name, graph)
        return store

    def part(self, names: Iterable[URIRef]) -> OxigraphStore:
        """Returns a copy of some named graphs in memory, for a question about few graphs of a large store."""
        part = ox.Store()
        for name in names:
            part.extend(self._store.quads_for_pattern(None, None, None, ox.NamedNode(name)))
        return OxigraphStore(self.path, part)

    def dump_triples(self, name: URIRef) -> bytes:
        """Returns a named graph as N-Triples."""
        text = self._store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=ox.NamedNode(name))
        assert text is not None, "without an output the bytes are returned"
        return text

    def load_triples(self, name: URIRef, text: bytes) -> None:
        """Adds what `dump_triples` gave as a named graph."""
        self._store.load(text, format=ox.RdfFormat.N_TRIPLES, to_graph=ox.NamedNode(name))

    def select(self, query: str) -> Solutions:
        """Returns the solutions of a SELECT query over the union of all graphs."""
        answer = self._solutions(query)
        return Solutions(tuple(variable.value for variable in answer.variables), _rows(answer))

    def reply(self, question: Question, prefixes: Mapping[str, str]) -> Reply:
        """Returns the answer to a query from outside; see `endpoint.reply`."""
        return answer(self._store, question, prefixes)

    def select_csv(self, query: str) -> bytes:
        """Returns the solutions of a SELECT query as CSV, without making a term of each value."""
        table = self._solutions(query).serialize(format=ox.QueryResultsFormat.CSV)
        assert table is not None, "without an output the bytes are returned"
        return table

    def _solutions(self, query: str) -> ox.QuerySolutions:
        try:
            answer = self._store.query(query, use_default_graph_as_union=True)
        except (SyntaxError, OSError) as error:
            raise StoreUnavailableError(self.path, f"the query cannot be run: {error}") from error
        if not isinstance(answer, ox.QuerySolutions):
            raise StoreUnavailableError(self.path, "the query is not a SELECT query")
        return answer

    def graph(self, name: URIRef) -> Graph:
        """Returns a copy of one named graph."""
        graph = Graph(identifier=name)
        for quad in self._store.quads_for_pattern(None, None, None, ox.NamedNode(name)):
            graph.add((to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object)))
        return graph

    def graph_names(self) -> list[URIRef]:
        """Returns the names of all named graphs, sorted."""
        return sorted(URIRef(name.value) for name in self._store.named_graphs())

    def graphs_with(self, subject: URIRef | None, predicate: URIRef, value: URIRef | Literal) -> list[URIRef]:
        """Returns the names of the graphs that say a certain thing, of a certain subject or of any, sorted."""
        found = self._store.quads_for_pattern(
            ox.NamedNode(subject) if subject else None, ox.NamedNode(predicate), to_oxigraph(value), None
        )
        return sorted({URIRef(quad.graph_name.value) for quad in found if isinstance(quad.graph_name, ox.NamedNode)})

    def replace_graph(self, name: URIRef, graph: Graph) -> None:
        """Puts a graph in the place of the one of that name."""
        node = ox.NamedNode(name)
        self._store.remove_graph(node)
        self._store.load(graph.serialize(format="nt", encoding="utf-8"), format=ox.RdfFormat.N_TRIPLES, to_graph=node)

    def bulk_load(self, path: Path) -> None:
        """Adds the named graphs of a TriG file, much faster and into far less room than one by one.

        Raises:
            StoreUnavailableError: The file does not parse.
        """
        try:
            self._store.bulk_load(path=str(path), format=ox.RdfFormat.TRIG)
        except (SyntaxError, OSError) as error:
            raise StoreUnavailableError(self.path, f"{path.name} cannot be loaded: {error}") from error

    def remove_graph(self, name: URIRef) -> None:
        """Removes a named graph."""
        self._store.remove_graph(ox.NamedNode(name))

    def update(self, update: str) -> None:
        """Runs one of our own updates."""
        self._store.update(update)

    def dump(self, path: Path) -> None:
        """Writes the whole dataset as N-Quads."""
        self._store.dump(str(path), format=ox.RdfFormat.N_QUADS)

    def checkpoint(self, path: Path) -> None:
        """Writes a copy of the store into a new folder, by hard links where the device allows it."""
        self._store.backup(str(path))

    def write_without(self, iri: URIRef, path: Path) -> int:
        """Writes all quads but those that name an IRI, or one that begins with it, into a new store in a folder.

        The new store is built from the quads, so that its files hold nothing of what was left out: a removal alone
        would leave the bytes in files that later checkpoints share.

        Returns:
            How many quads of other graphs were left out, since they spoke of it.
        """
        named = re.compile(re.escape(iri) + r"(?![\w-])")
        own, elsewhere = ox.NamedNode(iri), 0

        def is_kept(quad: ox.Quad) -> bool:
            nonlocal elsewhere
            if quad.graph_name == own:
                return False
            parts = (quad.subject, quad.object, quad.graph_name)
            # Every part has a value but the default graph, which our stores leave empty.
            if not any(iri in part.value and named.search(part.value) for part in parts):  # type: ignore[union-attr]
                return True
            elsewhere += 1
            return False

        store = _opened(ox.Store, path)
        store.bulk_extend(filter(is_kept, self._store))
        store.flush()
        return elsewhere

    def mentions(self, iri: URIRef) -> bool:
        """Returns whether a quad has an IRI as its subject, its object or its graph."""
        node = ox.NamedNode(iri)
        patterns = ((node, None, None, None), (None, None, node, None), (None, None, None, node))
        return any(next(self._store.quads_for_pattern(*each), None) is not None for each in patterns)

    def flush(self) -> None:
        """Brings everything written to the disk."""
        self._store.flush()

    def close(self) -> None:
        """Gives the folder free for others; the store cannot be used after it."""
        del self._store

    def __len__(self) -> int:
        return len(self._store)


def to_rdflib(term: object) -> Term:
    """Returns a pyoxigraph term as the rdflib term that means the same."""
    match term:
        case ox.NamedNode():
            return URIRef(term.value)
        case ox.Literal():
            if term.language:
                return Literal(term.value, lang=term.language)
            return plain(Literal(term.value, datatype=URIRef(term.datatype.value)))
        case ox.BlankNode():
            return BNode(term.value)
    raise TypeError(f"not an RDF 1.1 term: {term!r}")


def to_oxigraph(term: URIRef | Literal) -> ox.NamedNode | ox.Literal:
    """Returns an rdflib term as the pyoxigraph term that means the same."""
    if isinstance(term, URIRef):
        return ox.NamedNode(term)
    if term.language:
        return ox.Literal(str(term), language=term.language)
    return ox.Literal(str(term), datatype=ox.NamedNode(term.datatype)) if term.datatype else ox.Literal(str(term))


def _rows(answer: ox.QuerySolutions) -> Iterator[Row]:
    for solution in answer:
        yield tuple(None if term is None else to_rdflib(term) for term in solution)


def _opened(how: Callable[[str], ox.Store], path: Path) -> ox.Store:
    try:
        return how(str(path))
    except (OSError, RuntimeError) as error:  # a damaged store is a RuntimeError
        raise StoreUnavailableError(path, f"it cannot be opened: {error}") from error
