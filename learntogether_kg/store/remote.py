"""A SPARQL query from outside, handed on to a server under the same rules as to a store of our own.

What would reach beyond the server is refused here, before the server sees it. The server evaluates the query, under
its own limits of memory; we stop waiting at ours, and read no more of its answer than may be given.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from learntogether_kg.errors import QueryTimeError, ReachingQueryError, StoreUnavailableError
from learntogether_kg.store.endpoint import Question, Reply, answer, set_apart, write
from learntogether_kg.store.reach import form_of, refuse_reaching_out
from learntogether_kg.store.sparql import SparqlStore

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_RESULTS: Final = "application/sparql-results+json"
_TRIPLES: Final = "application/n-triples, text/turtle;q=0.8"
_WITH_TRIPLES: Final = ("CONSTRUCT", "DESCRIBE")
_GRAPHS: Final = {
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "text/plain": ox.RdfFormat.N_TRIPLES,
    "text/turtle": ox.RdfFormat.TURTLE,
}
_WHOLE: Final = "A live library is asked as a whole: in place of FROM or default-graph-uri write GRAPH <…> { … }"
_CUT_BY_SERVER: Final = "X-SPARQL-MaxRows"
"""By this header Virtuoso says that it has cut an answer."""
_VIRTUOSO_ASKED: Final = ("__ask_retval", "__ASK_RETVAL")
"""Virtuoso answers ASK with one solution that binds this."""


def reply(
    store: SparqlStore,
    question: Question,
    prefixes: Mapping[str, str],
    seconds: float,
    aside: Mapping[str, bytes] | None = None,
) -> Reply:
    """Returns a server's answer to a question.

    Args:
        store: The server.
        question: What is asked.
        prefixes: Under which a graph may be written.
        seconds: How long to wait for the whole answer.
        aside: As for `endpoint.reply`.

    Raises:
        MalformedQueryError: The server does not take it for SPARQL.
        ReachingQueryError: It would do more than read the server's own graphs, or chooses among them by FROM or by
            the protocol's parameters, which servers with a union as default graph silently do not do.
        FormNotOfferedError: Its answer cannot be given in any of the forms that are welcome.
        QueryTimeError: The answer takes longer than that.
        StoreUnavailableError: The server cannot be reached, or fails.
    """
    deadline = time.monotonic() + seconds
    beside = set_apart(question, aside or {})
    if beside is not None:
        return answer(beside, question, prefixes)
    chooses = refuse_reaching_out(question.query, lambda _: True)
    if chooses or question.default_graphs or question.named_graphs:
        raise ReachingQueryError(_WHOLE)
    try:
        # Not both at once: Virtuoso gives a graph as solutions where it may.
        accept = _TRIPLES if form_of(question.query) in _WITH_TRIPLES else _RESULTS
        store.kind()  # so that it can be told how long it may take
        response = store.stream(question.query, accept, seconds)
        with closing(response):
            found = write(_read(response, deadline), question, prefixes)
            return replace(found, cut="rows") if response.headers.get(_CUT_BY_SERVER) and not found.cut else found
    except (OSError, HTTPException) as error:
        if time.monotonic() >= deadline:
            raise QueryTimeError(seconds) from error
        raise StoreUnavailableError(store.endpoint, f"its answer broke off: {error}") from error
    except (SyntaxError, ValueError) as error:
        raise StoreUnavailableError(store.endpoint, f"its answer cannot be read: {error}") from error
    except StoreUnavailableError as error:
        if time.monotonic() >= deadline:
            raise QueryTimeError(seconds) from error
        raise


class _Body(io.RawIOBase):
    """The body of an answer as a file that ends with an error at the deadline."""

    def __init__(self, answer: HTTPResponse, deadline: float) -> None:
        self._answer, self._deadline = answer, deadline

    def readable(self) -> bool:
        """Returns that it can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Reads what comes next."""
        if time.monotonic() >= self._deadline:
            raise TimeoutError
        return self._answer.readinto(buffer)


def _read(answer: HTTPResponse, deadline: float) -> ox.QuerySolutions | ox.QueryBoolean | bool | Iterator[ox.Triple]:
    kind = answer.headers.get_content_type()
    body = io.BufferedReader(_Body(answer, deadline))
    if kind in _GRAPHS:
        return (quad.triple for quad in ox.parse(body, format=_GRAPHS[kind]))
    found = ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
    if isinstance(found, ox.QuerySolutions) and any(each.value in _VIRTUOSO_ASKED for each in found.variables):
        said = next((row[0] for row in found), None)  # for false some versions give no solution
        return isinstance(said, ox.Literal) and said.value in ("1", "true")
    return found
