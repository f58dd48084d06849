"""A store behind a SPARQL 1.1 endpoint. The only importer of SPARQLWrapper."""

from __future__ import annotations

import json

from rdflib import BNode, Graph, Literal, URIRef
from SPARQLWrapper import CSV, JSON, POST, SELECT, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException

from learntogether_kg.errors import StoreUnavailableError
from learntogether_kg.store.base import Row, Solutions, Term, plain

TIMEOUT_SECONDS = 60


class SparqlStore:
    """A remote dataset that is read through the SPARQL 1.1 protocol.

    The server must answer queries over the union of its named graphs (Oxigraph: ``--union-default-graph``).
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def select(self, query: str) -> Solutions:
        """Returns the solutions of a SELECT query."""
        try:
            answer = json.loads(self._ask(query, JSON))
        except ValueError as error:
            raise StoreUnavailableError(self.endpoint, f"it does not answer the query: {error}") from error
        variables = tuple(answer["head"]["vars"])
        return Solutions(variables, [_row(variables, binding) for binding in answer["results"]["bindings"]])

    def select_csv(self, query: str) -> bytes:
        """Returns the solutions of a SELECT query as CSV."""
        return self._ask(query, CSV)

    def _ask(self, query: str, form: str) -> bytes:
        client = SPARQLWrapper(self.endpoint)
        client.setQuery(query)
        client.queryType = SELECT  # it guesses from words, also those in comments, and takes "add" for an update
        client.setMethod(POST)
        client.setReturnFormat(form)
        client.setTimeout(TIMEOUT_SECONDS)
        try:
            answer = client.query().response.read()
        except (SPARQLWrapperException, OSError) as error:
            raise StoreUnavailableError(self.endpoint, f"it does not answer the query: {error}") from error
        assert isinstance(answer, bytes), "a response is read as bytes"
        return answer

    def graph(self, name: URIRef) -> Graph:
        """Returns a copy of one named graph."""
        graph = Graph(identifier=name)
        for subject, predicate, value in self.select(f"SELECT ?s ?p ?o WHERE {{ GRAPH {name.n3()} {{ ?s ?p ?o }} }}"):
            if subject is not None and predicate is not None and value is not None:
                graph.add((subject, predicate, value))
        return graph

    def graph_names(self) -> list[URIRef]:
        """Returns the names of all named graphs, sorted."""
        rows = self.select("SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }")
        return sorted(name for (name,) in rows if isinstance(name, URIRef))


def _row(variables: tuple[str, ...], binding: dict[str, dict[str, str]]) -> Row:
    return tuple(_term(binding[name]) if name in binding else None for name in variables)


def _term(value: dict[str, str]) -> Term:
    match value["type"]:
        case "uri":
            return URIRef(value["value"])
        case "bnode":
            return BNode(value["value"])
    datatype = URIRef(value["datatype"]) if "datatype" in value else None
    return plain(Literal(value["value"], lang=value.get("xml:lang"), datatype=datatype))
