"""A SPARQL query from outside, answered in the form asked for and under limits."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox
from rdflib import URIRef

from learntogether_kg.errors import FormNotOfferedError, MalformedQueryError, ReachingQueryError, StoreUnavailableError
from learntogether_kg.store.reach import refuse_reaching_out
from learntogether_kg.store.results import WRITERS

RESULT_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "json": ("application/sparql-results+json", "application/json"),
    "xml": ("application/sparql-results+xml", "application/xml", "text/xml"),
    "csv": ("text/csv",),
    "tsv": ("text/tab-separated-values",),
}
"""The forms of the answers of SELECT and ASK, each with its media type and others by which it is known."""

GRAPH_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "turtle": ("text/turtle", "application/x-turtle", "text/rdf+n3", "text/n3"),
    "ntriples": ("application/n-triples", "text/plain"),
    "jsonld": ("application/ld+json", "application/json"),
    "rdfxml": ("application/rdf+xml", "application/xml", "text/xml"),
}
"""Likewise for CONSTRUCT and DESCRIBE."""

_FORMATS: Final = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdfxml": ox.RdfFormat.RDF_XML,
}
_LONGEST_REASON: Final = 300
_PREFIXED: Final = ("turtle", "rdfxml")


@dataclass(frozen=True)
class Question:
    """A query, and how its answer is wanted.

    Attributes:
        query: The query, as it was sent.
        default_graphs: The graphs that stand for the default graph.
        named_graphs: The graphs that GRAPH may name. Where there are neither, the query chooses by FROM; where it
            does not, the default graph is the union of all, and GRAPH may name all.
        results: The forms that the answer of SELECT or ASK may have, the best first.
        graphs: The forms that the answer of CONSTRUCT or DESCRIBE may have, the best first.
        rows: How many solutions or triples the answer may hold.
        size: How many bytes.
        link: Where it is told that an answer was cut.
    """

    query: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    results: tuple[str, ...]
    graphs: tuple[str, ...]
    rows: int
    size: int
    link: str


@dataclass(frozen=True)
class Reply:
    """An answer.

    Attributes:
        form: A key of `RESULT_TYPES` or `GRAPH_TYPES`.
        media_type: Its media type.
        cut: Which limit cut it, rows or bytes; empty where it is whole.
        body: The document.
    """

    form: str
    media_type: str
    cut: str
    body: bytes


def reply(
    path: Path, question: Question, prefixes: Mapping[str, str], aside: Mapping[str, bytes] | None = None
) -> Reply:
    """Returns the answer to a question. The store is opened for it, and read-only.

    Args:
        path: The store's folder.
        question: What is asked.
        prefixes: Under which a graph may be written.
        aside: Graphs that stand beside the store, by name, in N-Triples: a question that chooses no others is asked of
            them.

    Raises:
        MalformedQueryError: It is not SPARQL.
        ReachingQueryError: It would do more than read this store.
        FormNotOfferedError: Its answer cannot be given in any of the forms that are welcome.
        StoreUnavailableError: The store cannot be read.
    """
    try:
        store = ox.Store.read_only(str(path))
    except (OSError, RuntimeError) as error:
        raise StoreUnavailableError(path, f"it cannot be opened: {error}") from error
    return answer(store, question, prefixes, aside)


def answer(
    store: ox.Store, question: Question, prefixes: Mapping[str, str], aside: Mapping[str, bytes] | None = None
) -> Reply:
    """Returns the answer to a question of an open store; see `reply`."""
    beside = set_apart(question, aside or {})
    store = store if beside is None else beside
    chooses = refuse_reaching_out(question.query, lambda graph: _holds(store, graph))
    chosen = bool(question.default_graphs or question.named_graphs)  # by the protocol, which goes before the query
    default, named = _graphs(store, question.default_graphs), _graphs(store, question.named_graphs)
    try:
        found = store.query(
            question.query,
            use_default_graph_as_union=not (chosen or chooses),
            default_graph=[*default] if chosen else None,
            named_graphs=[*named] if chosen else None,
        )
        return write(found, question, prefixes)
    except SyntaxError as error:
        said = " ".join(str(error).split())[:_LONGEST_REASON]
        raise MalformedQueryError(f"The query is not SPARQL 1.1: {said}") from error
    except OSError as error:
        raise StoreUnavailableError("of this library", f"the query cannot be run: {error}") from error


def set_apart(question: Question, aside: Mapping[str, bytes]) -> ox.Store | None:
    """Returns a store of the graphs that stand beside, where a question chooses of them; else None.

    Args:
        question: What is asked.
        aside: The graphs by name, in N-Triples.

    Raises:
        MalformedQueryError: The question cannot be read.
        ReachingQueryError: It is an update or asks another server, or it chooses of them and of others.
    """
    named: list[str] = []

    def note(graph: URIRef) -> bool:
        named.append(str(graph))
        return True

    refuse_reaching_out(question.query, note)
    chosen = {*question.default_graphs, *question.named_graphs} or set(named)
    if not chosen & set(aside):
        return None
    if others := sorted(chosen - set(aside)):
        kept = ", ".join(sorted(chosen & set(aside)))
        raise ReachingQueryError(f"{kept} is asked alone; leave out {', '.join(others)}, or ask twice")
    store = ox.Store()
    for name in chosen:
        store.load(aside[name], format=ox.RdfFormat.N_TRIPLES, to_graph=ox.NamedNode(name))
    return store


def write(
    answer: ox.QuerySolutions | ox.QueryBoolean | bool | Iterable[ox.Triple],
    question: Question,
    prefixes: Mapping[str, str],
) -> Reply:
    """Returns an engine's answer in the form that is asked for, up to the limits.

    Args:
        answer: Solutions, a truth value, or the triples of a graph.
        question: How the answer is wanted.
        prefixes: Under which a graph may be written.

    Raises:
        FormNotOfferedError: Its answer cannot be given in any of the forms that are welcome.
        MalformedQueryError: A value cannot be carried by that form.
    """
    if isinstance(answer, ox.QuerySolutions):
        return _solutions(answer, question)
    if not isinstance(answer, ox.QueryBoolean | bool):
        return _triples(answer, question, prefixes)
    form = _form(question.results, RESULT_TYPES)
    return Reply(form, RESULT_TYPES[form][0], "", WRITERS[form].boolean(bool(answer)).encode())


def _holds(store: ox.Store, graph: URIRef) -> bool:
    try:
        return store.contains_named_graph(ox.NamedNode(graph))
    except ValueError:  # not an absolute IRI
        return False


def _graphs(store: ox.Store, names: Sequence[str]) -> list[ox.NamedNode]:
    for name in names:
        if not _holds(store, URIRef(name)):
            raise ReachingQueryError(f"{name} is no graph of this release; leave it out to ask of all it has")
    return [ox.NamedNode(name) for name in names]


def _form(welcome: Sequence[str], offered: Iterable[str]) -> str:
    if not welcome:
        raise FormNotOfferedError(offered)
    return welcome[0]


def _solutions(answer: ox.QuerySolutions, question: Question) -> Reply:
    form = _form(question.results, RESULT_TYPES)
    writer = WRITERS[form]
    variables = [variable.value for variable in answer.variables]
    written = (writer.row(variables, list(solution)) for solution in answer)
    rows, cut = _within(written, question)
    document = writer.document(variables, writer.between.join(rows), question.link if cut else "")
    return Reply(form, RESULT_TYPES[form][0], cut, document.encode())


def _triples(answer: Iterable[ox.Triple], question: Question, prefixes: Mapping[str, str]) -> Reply:
    form = _form(question.graphs, GRAPH_TYPES)
    # A graph is a set, and the engine may give a triple more than once.
    lines, cut = _within((f"{triple} .\n" for triple in answer), question, distinct=True)
    given = dict(prefixes) if form in _PREFIXED else None
    try:
        triples = ox.parse("".join(lines), format=ox.RdfFormat.N_TRIPLES)
        written = io.BytesIO()
        ox.serialize((quad.triple for quad in triples), written, format=_FORMATS[form], prefixes=given)
    except (SyntaxError, ValueError, OSError) as error:
        raise FormNotOfferedError(GRAPH_TYPES, f"this graph cannot be written as {form}: {error}") from error
    return Reply(form, GRAPH_TYPES[form][0], cut, written.getvalue())


def _within(written: Iterator[str], question: Question, distinct: bool = False) -> tuple[list[str], str]:
    """Returns as many as the limits allow, and which of them ended it."""
    kept: dict[str | int, str] = {}
    size = 0
    for number, each in enumerate(written):
        key = each if distinct else number
        if key in kept:
            continue
        size += len(each.encode())
        if len(kept) == question.rows:
            return list(kept.values()), "rows"
        if size > question.size:
            return list(kept.values()), "bytes"
        kept[key] = each
    return list(kept.values()), ""
