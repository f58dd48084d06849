"""A store behind a SPARQL 1.1 endpoint. The only importer of SPARQLWrapper."""

from __future__ import annotations

import ast
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPException, HTTPResponse
from typing import Final
from urllib.error import HTTPError

from rdflib import BNode, Graph, Literal, URIRef
from SPARQLWrapper import CSV, DIGEST, INSERT, JSON, POST, POSTDIRECTLY, SELECT, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed, SPARQLWrapperException

from learntogether_kg.errors import MalformedQueryError, StoreUnavailableError
from learntogether_kg.store.base import Row, Solutions, Term, plain

TIMEOUT_SECONDS = 60
_LONGEST_REASON: Final = 300
_LARGEST_UPDATE: Final = 8 * 1024 * 1024
_AT_ONCE: Final = 500
"""So many triples stand in one step of a request; Virtuoso compiles no long ones."""


class SparqlStore:
    """A remote dataset that is read and changed through the SPARQL 1.1 protocol.

    The server must answer queries over the union of its named graphs (Oxigraph: ``--union-default-graph``).

    Args:
        endpoint: Where it is asked.
        update_endpoint: Where it is changed; by default what ``LTKG_UPDATE`` says, else the same address.
        seconds: How long an answer may take.
    """

    def __init__(self, endpoint: str, update_endpoint: str | None = None, seconds: float = TIMEOUT_SECONDS) -> None:
        self.endpoint = endpoint
        self.seconds = seconds
        self.update_endpoint = update_endpoint or os.environ.get("LTKG_UPDATE") or endpoint

    def select(self, query: str) -> Solutions:
        """Returns the solutions of a SELECT query."""
        try:
            answer = json.loads(self._ask(query, JSON))
        except ValueError as error:
            raise StoreUnavailableError(
                self.endpoint, f"it does not answer in JSON, so it may be no SPARQL server: {error}"
            ) from error
        variables = tuple(answer["head"]["vars"])
        return Solutions(variables, [_row(variables, binding) for binding in answer["results"]["bindings"]])

    def select_csv(self, query: str) -> bytes:
        """Returns the solutions of a SELECT query as CSV."""
        return self._ask(query, CSV)

    def replace_graph(self, name: URIRef, graph: Graph) -> None:
        """Puts a graph in the place of the one of that name, in one update."""
        self.change({name: graph})

    def remove_graph(self, name: URIRef) -> None:
        """Removes a named graph."""
        self.change({}, [name])

    def change(self, replace: Mapping[URIRef, Graph], remove: Iterable[URIRef] = (), then: Iterable[str] = ()) -> None:
        """Replaces and removes graphs in one update request, which the server does as a whole or not at all.

        Args:
            replace: Graphs by name; none may hold a blank node.
            remove: Names of graphs.
            then: Our own updates that belong to the same change.

        Raises:
            StoreUnavailableError: The server does not do it; then nothing is changed.
        """
        steps = [f"DROP SILENT GRAPH {name.n3()}" for name in (*replace, *remove)]
        for name, graph in replace.items():
            triples = sorted(graph.serialize(format="nt").splitlines())
            for part in (triples[start : start + _AT_ONCE] for start in range(0, len(triples), _AT_ONCE)):
                steps.append("\n".join([f"INSERT DATA {{ GRAPH {name.n3()} {{", *part, "} }"]))
        # Oxigraph takes prefixes at the head of a request only, where the grammar allows them after each semicolon.
        lines = [line for update in then for line in update.splitlines()]
        prefixes = sorted({line for line in lines if line.startswith("PREFIX ")})
        steps += ["\n".join(line for line in each.splitlines() if line not in prefixes) for each in then]
        self.update("\n".join([*prefixes, " ;\n".join(steps)]))

    def update(self, update: str) -> None:
        """Runs one of our own updates.

        Raises:
            StoreUnavailableError: The server does not do it.
        """
        if len(update.encode()) > _LARGEST_UPDATE:
            raise StoreUnavailableError(
                self.update_endpoint, f"one update may be {_LARGEST_UPDATE // 1024 // 1024} MB; submit fewer at once"
            )
        client = SPARQLWrapper(self.endpoint, self.update_endpoint)
        client.setQuery(update)
        client.queryType = INSERT
        client.setMethod(POST)
        client.setRequestMethod(POSTDIRECTLY)
        _sign_in(client, TIMEOUT_SECONDS)
        with _told(self.update_endpoint, "it does not do the update"):
            client.query().response.read()

    def stream(self, query: str, accept: str, seconds: float) -> HTTPResponse:
        """Returns the server's answer to a query of any form, to be read and closed.

        Args:
            query: The query, which goes to the server as it is.
            accept: The media types that are welcome.
            seconds: How long to wait for the server to say something.

        Raises:
            MalformedQueryError: The server does not take it for a query.
            StoreUnavailableError: The server does not answer it.
        """
        client = self._client(query, seconds)
        client.addCustomHttpHeader("Accept", accept)
        with _told(self.endpoint, "it does not answer the query"):
            try:
                response: HTTPResponse = client.query().response
            except QueryBadFormed as error:
                raise MalformedQueryError(f"The library's server does not take the query: {_line(error)}") from error
        return response

    def _client(self, query: str, seconds: float) -> SPARQLWrapper:
        client = SPARQLWrapper(self.endpoint)
        _sign_in(client, seconds)
        client.setQuery(query)
        client.queryType = SELECT  # it guesses from words, also those in comments, and takes "add" for an update
        client.setMethod(POST)
        return client

    def _ask(self, query: str, form: str) -> bytes:
        client = self._client(query, self.seconds)
        client.setReturnFormat(form)
        with _told(self.endpoint, "it does not answer the query"):
            answer = client.query().response.read()
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


@contextmanager
def _told(address: str, what: str) -> Iterator[None]:
    """Tells of what goes wrong between us and the server in a line that says what to do."""
    try:
        yield
    except SPARQLWrapperException as error:
        raise StoreUnavailableError(address, f"{what}: {_line(error)}") from error
    except TimeoutError as error:
        raise StoreUnavailableError(address, f"{what} within the time; ask for less, or try again later") from error
    except HTTPError as error:
        raise StoreUnavailableError(address, f"{what}: {error}") from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            raise StoreUnavailableError(address, f"{what} within the time; try again later") from error
        raise StoreUnavailableError(
            address, f"it cannot be reached ({reason}); see that it runs, and that this is its address"
        ) from error


def _line(error: SPARQLWrapperException) -> str:
    """Returns what the server said in a line; the library puts a sentence of its own around it."""
    said = str(error).partition("Response:")[2] or str(error)
    with suppress(ValueError, SyntaxError):
        read = ast.literal_eval(said.strip())
        said = read.decode(errors="replace") if isinstance(read, bytes) else said
    return " ".join(said.split())[:_LONGEST_REASON] or type(error).__name__


def _sign_in(client: SPARQLWrapper, seconds: float) -> None:
    """Signs in as ``LTKG_USER`` with ``LTKG_PASSWORD``; ``LTKG_AUTH=digest`` does it as Virtuoso wants."""
    client.setTimeout(math.ceil(seconds))
    user = os.environ.get("LTKG_USER")
    if user:
        if os.environ.get("LTKG_AUTH", "").lower() == "digest":
            client.setHTTPAuth(DIGEST)
        client.setCredentials(user, os.environ.get("LTKG_PASSWORD", ""))


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
