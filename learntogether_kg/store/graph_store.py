"""The SPARQL 1.1 Graph Store HTTP Protocol: whole graphs go to a server as documents, and not as text of an update.

A server shows such a graph as soon as it has it. What is staged must not be seen before it is whole and counted, so it
is put there as statements *about* triples (``rdf:subject``, ``rdf:predicate``, ``rdf:object``), which no question about
reviews matches. One update then makes triples of them.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import (
    AbstractDigestAuthHandler,
    HTTPPasswordMgrWithDefaultRealm,
    Request,
    parse_http_list,
    parse_keqv_list,
    urlopen,
)

from rdflib import DCTERMS, RDF, XSD, Graph, Literal, URIRef

from learntogether_kg.errors import StoreUnavailableError

_UNAUTHORISED: Final = 401
_NOT_THERE: Final = 404


class GraphStore:
    """Where a server takes graphs as documents, named indirectly (``?graph=``).

    Args:
        address: The address of the service.
        seconds: How long one graph may take.
    """

    def __init__(self, address: str, seconds: float) -> None:
        self.address = address
        self._seconds = seconds

    def put(self, name: URIRef, document: bytes) -> None:
        """Puts a graph there, in N-Triples, in the place of any of that name.

        Raises:
            StoreUnavailableError: The server does not take it.
        """
        with _told(self.address, "it does not take a graph"):
            self._send("PUT", name, document)

    def delete(self, name: URIRef) -> None:
        """Removes a graph, if there is one.

        Raises:
            StoreUnavailableError: The server does not do it.
        """
        with _told(self.address, "it does not remove a graph"):
            try:
                self._send("DELETE", name, None)
            except HTTPError as error:
                if error.code != _NOT_THERE:
                    raise

    def _send(self, method: str, name: URIRef, document: bytes | None) -> None:
        address = f"{self.address}?{urlencode({'graph': name})}"
        request = Request(address, document, method=method)
        if document is not None:
            request.add_header("Content-Type", "application/n-triples")
        _sign_in(request, self._seconds)
        with urlopen(request, timeout=self._seconds) as answer:
            answer.read()


def staged(stage: URIRef, graph: Graph, made: Literal) -> bytes:
    """Returns a graph as statements about its triples, in N-Triples.

    Args:
        stage: The name of the graph they go into; it says of itself when it was made.
        graph: The triples; none may have a blank node.
        made: The moment.
    """
    lines = [f"{stage.n3()} {DCTERMS.created.n3()} {made.n3()} ."]
    for number, line in enumerate(sorted(graph.serialize(format="nt").splitlines()), start=1):
        if line:
            subject, predicate, rest = line.split(" ", 2)
            node = f"<{stage}#{number}>"
            lines += [
                f"{node} {RDF.subject.n3()} {subject} .",
                f"{node} {RDF.predicate.n3()} {predicate} .",
                f"{node} {RDF.object.n3()} {rest}",
            ]
    return ("\n".join(lines) + "\n").encode()


def unstaging(name: URIRef, stage: URIRef) -> list[str]:
    """Returns the steps of an update that put what is staged in the place of a graph."""
    what = f"?t {RDF.subject.n3()} ?s ; {RDF.predicate.n3()} ?p ; {RDF.object.n3()} ?o"
    return [
        f"DROP SILENT GRAPH {name.n3()}",
        f"INSERT {{ GRAPH {name.n3()} {{ ?s ?p ?o }} }} WHERE {{ GRAPH {stage.n3()} {{ {what} }} }}",
        f"DROP SILENT GRAPH {stage.n3()}",
    ]


def counting(stages: Iterable[URIRef]) -> str:
    """Returns the query that counts what is staged in some graphs."""
    each = " UNION ".join(f"{{ GRAPH {stage.n3()} {{ ?t {RDF.object.n3()} ?o }} }}" for stage in stages)
    return f"SELECT (COUNT(?t) AS ?statements) WHERE {{ {each} }}"


def forgotten() -> str:
    """Returns the query that tells graphs which say when they were made, with that moment."""
    return f"SELECT ?graph ?made WHERE {{ GRAPH ?graph {{ ?graph {DCTERMS.created.n3()} ?made }} }}"


def moment(text: str) -> Literal:
    """Returns a moment as a literal."""
    return Literal(text, datatype=XSD.dateTime)


def _sign_in(request: Request, seconds: float) -> None:
    """Signs in as the SPARQL protocol does; see `store.sparql`."""
    user, password = os.environ.get("LTKG_USER"), os.environ.get("LTKG_PASSWORD", "")
    if not user:
        return
    if os.environ.get("LTKG_AUTH", "").lower() != "digest":
        told = base64.b64encode(f"{user}:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {told}")
        return
    known = HTTPPasswordMgrWithDefaultRealm()
    known.add_password(None, request.full_url, user, password)
    answer = AbstractDigestAuthHandler(known).get_authorization(request, _challenge(request, seconds))
    if answer:
        request.add_header("Authorization", f"Digest {answer}")


def _challenge(request: Request, seconds: float) -> dict[str, str]:
    """Returns what a server wants to be answered (RFC 7616).

    It is asked without a document, since some servers hang up on one that comes before the answer.
    """
    try:
        with urlopen(Request(request.full_url, method="HEAD"), timeout=seconds):
            return {}
    except HTTPError as error:
        if error.code != _UNAUTHORISED:
            return {}
        wanted = error.headers.get("WWW-Authenticate", "").partition(" ")[2]
        return parse_keqv_list(list(filter(None, parse_http_list(wanted))))


@contextmanager
def _told(address: str, what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, HTTPException) as error:
        hint = "see that LTKG_GRAPH_STORE and the user are right, or set LTKG_GRAPH_STORE=none to do without it"
        raise StoreUnavailableError(address, f"{what} ({error}); {hint}") from error
