"""What every triple store offers, whatever keeps the triples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import XSD

Term = URIRef | Literal | BNode
Row = tuple[Term | None, ...]


@dataclass(frozen=True)
class Solutions:
    """The answer of a SELECT query: the names of its columns, and its rows in the order the store gave them."""

    variables: tuple[str, ...]
    rows: Iterable[Row]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


class Store(Protocol):
    """A dataset of named graphs; a query sees the union of all of them as its default graph."""

    def select(self, query: str) -> Solutions:
        """Returns the solutions of a SPARQL SELECT query.

        Raises:
            StoreUnavailableError: The store cannot be reached or the query is not one it understands.
        """

    def select_csv(self, query: str) -> bytes:
        """Returns the solutions of a SELECT query as CSV (SPARQL 1.1 Query Results CSV), for large tables.

        Raises:
            StoreUnavailableError: As for `select`.
        """

    def graph(self, name: URIRef) -> Graph:
        """Returns a copy of one named graph; empty where the store has none of that name."""

    def graph_names(self) -> list[URIRef]:
        """Returns the names of all named graphs, sorted."""


class WritableStore(Store, Protocol):
    """A store whose graphs can be replaced."""

    def replace_graph(self, name: URIRef, graph: Graph) -> None:
        """Puts a graph in the place of the one of that name, if there is one."""

    def remove_graph(self, name: URIRef) -> None:
        """Removes a named graph; does nothing where there is none."""

    def update(self, update: str) -> None:
        """Runs one of our own SPARQL updates, which never comes from outside."""


def plain(literal: Literal) -> Literal:
    """Returns the literal without an explicit ``xsd:string``, the one difference between engines that means nothing."""
    return Literal(str(literal)) if literal.datatype == XSD.string else literal
