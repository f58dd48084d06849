"""A store behind a SPARQL 1.1 endpoint. The only importer of SPARQLWrapper."""

from __future__ import annotations

import ast
import json
import math
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPException, HTTPResponse
from typing import Final
from urllib.error import HTTPError

from rdflib import BNode, Graph, Literal, URIRef
from SPARQLWrapper import CSV, DIGEST, INSERT, JSON, POST, POSTDIRECTLY, SELECT, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed, SPARQLWrapperException

from learntogether_kg.errors import MalformedQueryError, QueryTimeError, StoreUnavailableError
from learntogether_kg.namespaces import INCOMING
from learntogether_kg.store.base import Row, Solutions, Term, plain
from learntogether_kg.store.graph_store import GraphStore, counting, forgotten, moment, staged, unstaging
from learntogether_kg.store.servers import Kind, kind_of

TIMEOUT_SECONDS = 60
_ANY_RESULT: Final = "application/sparql-results+json, */*;q=0.1"
_COUNTED_AT_ONCE: Final = 100
_GRACE_SECONDS: Final = 2
_FORGOTTEN_AFTER: Final = timedelta(days=1)
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
        graph_store: Where it takes graphs as documents; by default what ``LTKG_GRAPH_STORE`` says, else where servers
            of its kind do. ``none`` is nowhere.
    """

    def __init__(
        self,
        endpoint: str,
        update_endpoint: str | None = None,
        seconds: float = TIMEOUT_SECONDS,
        graph_store: str | None = None,
    ) -> None:
        self.endpoint = endpoint
        self._graph_store = graph_store or os.environ.get("LTKG_GRAPH_STORE") or None
        self._kind: Kind | None = None
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

    def change(
        self,
        replace: Mapping[URIRef, Graph],
        remove: Iterable[URIRef] = (),
        first: Sequence[str] = (),
        then: Sequence[str] = (),
    ) -> None:
        """Replaces and removes graphs by one update request, which the server does as a whole or not at all.

        Where the server takes graphs as documents they go there first, as `graph_store` says, and the update makes
        them seen; so it is short however much there is. Else the update holds them.

        Args:
            replace: Graphs by name; none may hold a blank node.
            remove: Names of graphs.
            first: Our own updates that begin the change.
            then: Our own updates that end it.

        Raises:
            StoreUnavailableError: The server does not do it; then nothing is changed.
        """
        gone = [f"DROP SILENT GRAPH {name.n3()}" for name in remove]
        graphs = self.graph_store() if replace else None
        if graphs is None:
            held = [step for name, graph in replace.items() for step in _putting(name, graph)]
            self.update(_request(first, [*held, *gone], then))
            return
        self._clear_away(graphs)
        stages = {name: URIRef(f"{INCOMING}{secrets.token_hex(8)}") for name in replace}
        try:
            self._stage(graphs, {stages[name]: graph for name, graph in replace.items()})
            shown = [step for name, stage in stages.items() for step in unstaging(name, stage)]
            self.update(_request(first, [*shown, *gone], then))
        except StoreUnavailableError:
            with suppress(StoreUnavailableError):  # the next change looks for what is left
                for stage in stages.values():
                    graphs.delete(stage)
            raise

    def graph_store(self) -> GraphStore | None:
        """Returns where the server takes graphs as documents; None where that is not known or not wanted."""
        address = self._graph_store if self._graph_store is not None else self.kind().graph_store
        return GraphStore(address, self.seconds) if address not in ("", "none") else None

    def kind(self) -> Kind:
        """Returns which kind of server it is, which it is asked once.

        Raises:
            StoreUnavailableError: The server does not answer.
        """
        if self._kind is None:
            with closing(self.stream("ASK {}", _ANY_RESULT, self.seconds)) as answer:
                self._kind = kind_of(answer.headers.get("Server", ""), self.endpoint)
        return self._kind

    def _stage(self, graphs: GraphStore, staging: Mapping[URIRef, Graph]) -> None:
        """Puts graphs onto the server as statements about their triples, and makes sure that all have arrived."""
        now = moment(datetime.now(UTC).isoformat(timespec="seconds"))
        for stage, graph in staging.items():
            graphs.put(stage, staged(stage, graph, now))
        names = list(staging)
        parts = (names[start : start + _COUNTED_AT_ONCE] for start in range(0, len(names), _COUNTED_AT_ONCE))
        arrived = sum(int(str(row[0])) for part in parts for row in self.select(counting(part)))
        sent = sum(map(len, staging.values()))
        if arrived != sent:
            raise StoreUnavailableError(
                graphs.address,
                f"of {sent} statements it has kept {arrived}; set LTKG_GRAPH_STORE=none to do without it",
            )

    def _clear_away(self, graphs: GraphStore) -> None:
        """Removes what changes left that were broken off more than a day ago; younger ones may still go on."""
        before = datetime.now(UTC) - _FORGOTTEN_AFTER
        for graph, made in self.select(forgotten()):
            when = made.toPython() if isinstance(made, Literal) else None
            if isinstance(when, datetime) and isinstance(graph, URIRef) and graph.startswith(INCOMING):
                is_old = when.replace(tzinfo=when.tzinfo or UTC) < before
                if is_old:
                    graphs.delete(graph)

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
            QueryTimeError: The server says that it has stopped it at that time.
            StoreUnavailableError: The server does not answer it.
        """
        limit = self._kind.timeout if self._kind else ""
        # A server that stops by itself is given a moment to say so; one that does not may go on when we have gone.
        client = self._client(query, seconds + _GRACE_SECONDS if limit else seconds)
        if limit:
            client.addParameter(limit, str(math.ceil(seconds * 1000)))
        client.addCustomHttpHeader("Accept", accept)
        client.setOnlyConneg(True)  # its parameters for other servers say another form
        with _told(self.endpoint, "it does not answer the query"):
            try:
                response: HTTPResponse = client.query().response
            except QueryBadFormed as error:
                raise MalformedQueryError(f"The library's server does not take the query: {_line(error)}") from error
        header, value = self._kind.timed_out if self._kind else ("", "")
        if header and response.headers.get(header, "").startswith(value):
            response.close()
            raise QueryTimeError(seconds)
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


def _putting(name: URIRef, graph: Graph) -> Iterator[str]:
    """Yields the steps of an update that put a graph in the place of the one of that name."""
    yield f"DROP SILENT GRAPH {name.n3()}"
    triples = sorted(line for line in graph.serialize(format="nt").splitlines() if line)
    for start in range(0, len(triples), _AT_ONCE):
        yield "\n".join([f"INSERT DATA {{ GRAPH {name.n3()} {{", *triples[start : start + _AT_ONCE], "} }"])


def _request(first: Sequence[str], steps: Iterable[str], then: Sequence[str]) -> str:
    """Returns updates of ours and the steps between them as one request.

    Oxigraph takes prefixes at the head of a request only, where the grammar allows them after each semicolon.
    """
    updates = [*first, *then]
    prefixes = sorted({line for update in updates for line in update.splitlines() if line.startswith("PREFIX ")})

    def bare(update: str) -> str:
        return "\n".join(line for line in update.splitlines() if line not in prefixes)

    return "\n".join([*prefixes, " ;\n".join([*map(bare, first), *steps, *map(bare, then)])])


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
