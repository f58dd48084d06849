"""What stands in the teaching library: its tables, and what only its Turtle files and the typology hold.

The tables of ``fixtures/teaching-truth`` are the design that the reviews were written from; ``test_teaching.py`` holds
that files and tables agree. Texts, versions and the typology stand in no table: they are looked up in the parsed files,
one statement at a time. Nothing here asks a query.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import ParamSpec, TypeVar

from rdflib import DCTERMS, OWL, RDF, SKOS, Graph, Literal, URIRef
from rdflib.term import Node

from learntogether_kg import bundles, ontology
from learntogether_kg.ingest.files import read_file
from learntogether_kg.namespaces import CL, CODER, LT, REVIEW, TYP

TRUTH = Path(__file__).parents[1] / "fixtures" / "teaching-truth"
NOT_STATED = "not-stated"
Row = dict[str, str]
Given = ParamSpec("Given")
Told = TypeVar("Told")
_sources: list[tuple[Path, Graph | None]] = [(TRUTH, None)]
_remembered: list[Callable[[], None]] = []


def remembered(function: Callable[Given, Told]) -> Callable[Given, Told]:
    """Keeps what a function of hashable arguments said, until other tables are read."""
    kept = cache(function)
    _remembered.append(kept.cache_clear)
    return kept


@contextmanager
def reading(tables: Path, graph: Graph) -> Iterator[None]:
    """Reads other tables, and a graph in place of the teaching library's files, for as long as the context lasts."""
    _sources.append((tables, graph))
    _forget()
    try:
        yield
    finally:
        _sources.pop()
        _forget()


def _forget() -> None:
    for clear in _remembered:
        clear()


# The tables


@remembered
def table(name: str) -> tuple[Row, ...]:
    """The rows of a table that are about reviews: a synthesis is counted nowhere."""
    with (_sources[-1][0] / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(row for row in csv.DictReader(file) if not row["review"].startswith("Synthetic synthesis"))


def rows(name: str, **wanted: str) -> list[Row]:
    """The rows in which the columns named have the values given."""
    return [row for row in table(name) if all(row[column] == value for column, value in wanted.items())]


def cell(name: str, review: str, column: str, **wanted: str) -> list[str]:
    """The members of one cell of the one row meant; none where there is no such row."""
    return [member for row in rows(name, review=review, **wanted) for member in row[column].split()]


def row_of(name: str, review: str, **wanted: str) -> Row:
    """The one row of a review that is meant."""
    (row,) = rows(name, review=review, **wanted)
    return row


@remembered
def review_labels() -> tuple[str, ...]:
    return tuple(row["review"] for row in table("reviews"))


def reviews_in(name: str) -> set[str]:
    return {row["review"] for row in table(name)}


@remembered
def ids() -> dict[str, str]:
    return {row["id"]: row["review"] for row in table("reviews")}


# The files


@remembered
def files() -> Graph:
    """The graphs of all reviews with the model: what no table holds is looked up here."""
    _, given = _sources[-1]
    if given is not None:
        return given
    whole = Graph()
    whole += ontology.load_ontology()
    for file in bundles.bundled_files("teaching"):
        whole += read_file(file).graph
    return whole


def node(review: str, local_id: str) -> URIRef:
    (identifier,) = [key for key, label in ids().items() if label == review]
    return REVIEW[f"{identifier}/{local_id}"]


def text(review: str, local_id: str, *properties: URIRef) -> str | None:
    """The text that a part of a review has under the first of the properties that it has."""
    for each in properties:
        value = files().value(node(review, local_id), each)
        if value is not None:
            return str(value)
    return None


def texts(review: str, local_id: str, property_: URIRef) -> list[str]:
    return [str(value) for value in files().objects(node(review, local_id), property_)]


def short(iri: Node | str) -> str:
    """The name after the last # or /."""
    return str(iri).rpartition("#")[2].rpartition("/")[2]


def name(iri: Node | str) -> str:
    """A short name for an IRI: a part of a review follows the review's label."""
    path = str(iri).removeprefix(str(REVIEW))
    if path == str(iri):
        return short(iri)
    identifier, _, part = path.partition("/")
    return f"{ids()[identifier]} {part}".strip()


@remembered
def label(iri: Node) -> str:
    return str(files().value(iri, SKOS.prefLabel))


def code_label(code: str) -> str:
    """The label of a member of a code list."""
    return label(CL[code])


@remembered
def code_list(scheme: str) -> list[str]:
    return sorted(short(iri) for iri in files().subjects(SKOS.inScheme, CL[scheme]))


@remembered
def class_of_kind(artefact_kind: str) -> str:
    """Whether a kind of artefact is a tool or guidance."""
    found = files().value(CL[artefact_kind], LT.instanceClass)
    return "" if found is None else short(found)


# The typology


def _names(nodes: Iterator[Node]) -> list[str]:
    return sorted(short(node) for node in nodes)


@remembered
def patterns() -> tuple[str, ...]:
    return tuple(_names(files().subjects(RDF.type, LT.Pattern)))


@remembered
def types() -> tuple[str, ...]:
    return tuple(_names(files().subjects(RDF.type, LT.PatternType)))


@remembered
def above(pattern: str) -> frozenset[str]:
    """A pattern with all patterns it stands under; nothing for "no type fits", which is no pattern."""
    if pattern not in patterns():
        return frozenset()
    broader = [short(iri) for iri in files().objects(TYP[pattern], SKOS.broader)]
    return frozenset({pattern}).union(*(above(each) for each in broader))


@remembered
def types_of(pattern: str) -> frozenset[str]:
    return above(pattern) & frozenset(types())


def pattern_label(pattern: str) -> str:
    return label(TYP[pattern])


def pattern_text(pattern: str, property_: URIRef) -> str | None:
    value = files().value(TYP[pattern], property_)
    return None if value is None else str(value)


def status(pattern: str) -> str | None:
    value = files().value(TYP[pattern], LT.status)
    return None if value is None else short(value)


@remembered
def versions_within(version: str) -> frozenset[str]:
    """A version of the typology with those it replaces, directly or not."""
    earlier = [short(iri) for iri in files().objects(TYP[version], DCTERMS.replaces)]
    return frozenset({version}).union(*(versions_within(each) for each in earlier))


@remembered
def versions() -> tuple[str, ...]:
    return tuple(_names(files().subjects(RDF.type, LT.TypologyVersion)))


@remembered
def since(pattern: str) -> str | None:
    value = files().value(TYP[pattern], LT.sinceVersion)
    return None if value is None else short(value)


@remembered
def has(version: str, pattern: str) -> bool:
    """Whether a version of the typology has the pattern at all."""
    return (since(pattern) or version) in versions_within(version)


def replacements(pattern: str) -> list[str]:
    return _names(files().objects(TYP[pattern], DCTERMS.isReplacedBy))


def is_deprecated(pattern: str) -> bool:
    return status(pattern) == "deprecated" or (TYP[pattern], OWL.deprecated, Literal(True)) in files()


# Coders


@remembered
def kind_of_coder(coder: str) -> str:
    return short(files().value(CODER[coder], LT.coderKind) or "")
