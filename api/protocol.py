"""A request of the SPARQL 1.1 Protocol (W3C Recommendation of 21 March 2013, section 2.1), read with care."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.exceptions import HTTPException

from api.negotiation import weight
from learntogether_kg.errors import ReachingQueryError
from learntogether_kg.store.endpoint import GRAPH_TYPES, RESULT_TYPES

FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"
_LARGEST: Final = 256 * 1024
_MOST_FIELDS: Final = 1000
_MOST_GRAPHS: Final = 100
_READ_ONLY: Final = "This library is read-only, so no update is done. Send a query"
_ONE_QUERY: Final = "Send one query at a time: there is more than one parameter named query"
_ALIASES: Final = {
    "srj": "json",
    "json-ld": "jsonld",
    "json": "json",
    "xml": "xml",
    "srx": "xml",
    "rdf": "rdfxml",
    "rdf+xml": "rdfxml",
    "rdf/xml": "rdfxml",
    "ttl": "turtle",
    "n3": "turtle",
    "nt": "ntriples",
    "n-triples": "ntriples",
}
"""Other names of forms, as clients send them."""
_BOTH: Final = {"json": ("json", "jsonld"), "xml": ("xml", "rdfxml")}
"""Forms that mean one thing for solutions and another for a graph."""


@dataclass(frozen=True)
class Sent:
    """What a request asks.

    Attributes:
        query: The query; None where there is none.
        default_graphs: The default-graph-uri parameters.
        named_graphs: The named-graph-uri parameters.
        form: The ``format`` parameter, a key of `RESULT_TYPES` or `GRAPH_TYPES`; empty where Accept decides.
        accept: The Accept header.
    """

    query: str | None
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    form: str
    accept: str

    def results(self) -> tuple[str, ...]:
        """Returns the welcome forms of solutions, the best first."""
        return self._welcome(RESULT_TYPES, 0)

    def graphs(self) -> tuple[str, ...]:
        """Returns the welcome forms of a graph, the best first."""
        return self._welcome(GRAPH_TYPES, 1)

    def _welcome(self, offered: Mapping[str, tuple[str, ...]], kind: int) -> tuple[str, ...]:
        form = _BOTH[self.form][kind] if self.form in _BOTH else self.form
        return (form,) if form in offered else welcome(self.accept, offered)


def welcome(accept: str, offered: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Returns the forms that an Accept header welcomes, the best first; all where there is no such header."""
    weights = {form: max(weight(accept or "*/*", each) for each in types) for form, types in offered.items()}
    return tuple(sorted((form for form in offered if weights[form] > 0), key=lambda form: -weights[form]))


async def read(request: Request) -> Sent:
    """Reads a request.

    Raises:
        HTTPException: 400 where it is not as the protocol says, 413 where it is too long, 415 where its body is of
            another media type.
        ReachingQueryError: It is an update.
    """
    fields = _fields(request.scope["query_string"])
    if request.method == "POST":
        fields += await _posted(request)
    if any(name == "update" for name, _ in fields):
        raise ReachingQueryError(_READ_ONLY)
    queries = [value for name, value in fields if name == "query"]
    if len(queries) > 1:
        raise HTTPException(400, _ONE_QUERY)
    if request.method == "POST" and not queries:
        raise HTTPException(400, "There is no query. Send it as the field named query, or as the body itself")
    return Sent(
        queries[0] if queries else None,
        _graphs(fields, "default-graph-uri"),
        _graphs(fields, "named-graph-uri"),
        _form(fields),
        request.headers.get("accept", ""),
    )


async def _posted(request: Request) -> list[tuple[str, str]]:
    kind, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    kind = kind.strip()
    if kind == UPDATE:
        raise ReachingQueryError(_READ_ONLY)
    charset = parameters.partition("charset=")[2].partition(";")[0].strip().strip('"')
    if kind not in (FORM, QUERY) or charset not in ("", "utf-8", "utf8"):
        raise HTTPException(415, f"Send {FORM} or {QUERY}, in UTF-8", {"Accept-Post": f"{FORM}, {QUERY}"})
    body = await _body(request)
    if kind == FORM:
        return _fields(body)
    try:
        return [("query", body.decode())]
    except UnicodeDecodeError as error:
        raise HTTPException(400, f"The query is not in UTF-8: {error.reason} at byte {error.start}") from None


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise HTTPException(413, f"The query is longer than {_LARGEST // 1024} KB, which is the limit here")
    return bytes(body)


def _fields(encoded: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(encoded.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(
            400, f"The parameters cannot be read: they must be percent-encoded UTF-8, and no more than {_MOST_FIELDS}"
        ) from error


def _graphs(fields: list[tuple[str, str]], name: str) -> tuple[str, ...]:
    graphs = tuple(value for key, value in fields if key == name)
    if len(graphs) > _MOST_GRAPHS:
        raise HTTPException(
            400, f"There are more than {_MOST_GRAPHS} {name} parameters; leave them out to ask of the whole release"
        )
    return graphs


def _form(fields: list[tuple[str, str]]) -> str:
    given = [value for name, value in fields if name == "format" and value]
    if not given:
        return ""
    for asked in given[-1].lower().replace(" ", "+").split(","):  # some clients send what they put into Accept
        if asked in _ALIASES:
            return _ALIASES[asked]
        for offered in (RESULT_TYPES, GRAPH_TYPES):
            for form, types in offered.items():
                if asked == form or asked in types:
                    return form
    known = ", ".join([*RESULT_TYPES, *GRAPH_TYPES])
    raise HTTPException(400, f"The format {given[-1]!r} is not one of {known}")
