"""Reads files of mappings between terms, in SSSOM's form of a table (https://w3id.org/sssom/), as statements of RDF.

A file is a part of the ontology like any other: it declares one ontology, named by its ``mapping_set_id``. Each row
says how two terms are related (SKOS Reference, section 10), and a node of its own tells who says so and on what ground.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import quote

import yaml
from rdflib import DCTERMS, OWL, RDF, SKOS, XSD, Literal, URIRef
from rdflib.term import Node

from learntogether_kg.errors import OntologyError
from learntogether_kg.namespaces import LT, ONTOLOGY_GRAPH, PREFIXES, SEMAPV, SSSOM

SUFFIX: Final = ".sssom.tsv"
NO_TERM: Final = SSSOM.NoTermFound
"""Stands for a term where the other scheme has none."""
RELATIONS: Final = ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")
"""How a term may be mapped to one of another scheme; SKOS Reference, section 10."""
PROVISIONAL: Final = "provisional: "
"""So begins the comment of a mapping that no source bears out."""
_NEEDED: Final = ("subject_id", "predicate_id", "object_id", "mapping_justification")
_NEEDED_OF_A_SET: Final = ("mapping_set_id", "license", "mapping_set_title")
_BUILT_IN: Final = {
    "sssom": str(SSSOM),
    "semapv": str(SEMAPV),
    **{k: PREFIXES[k] for k in ("owl", "rdf", "rdfs", "skos")},
}
_CURIE: Final = re.compile(r"([A-Za-z_][\w.-]*):([^\s/][^\s]*)")
_IRI: Final = re.compile(r"https?://[^<>\"{}|\\^`\s]+")
_MOST_BYTES: Final = 10_000_000


@dataclass(frozen=True)
class MappingFile:
    """What a file of mappings says.

    Attributes:
        iri: The set of mappings, which is also the ontology that the file is.
        triples: All that it says.
        prefixes: The prefixes under which it writes names.
        lines: The line of each mapping's node.
        columns: The place of each column, from 1.
    """

    iri: URIRef
    triples: list[tuple[Node, Node, Node]]
    prefixes: dict[str, str]
    lines: dict[URIRef, int] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)

    def line(self, mapping: Node) -> int:
        """Returns the line of a mapping."""
        return self.lines.get(mapping, 0) if isinstance(mapping, URIRef) else 0

    def place(self, mapping: Node, slot: str) -> str:
        """Returns where a slot of a mapping stands, as a person finds it."""
        return f"line {self.line(mapping)}" + (
            f", column {self.columns[slot]} ({slot})" if slot in self.columns else ""
        )


@dataclass(frozen=True)
class _Slot:
    kind: str = "text"
    set: bool = False
    mapping: bool = False
    list: bool = False
    propagates: bool = False
    property: URIRef | None = None


def is_mapping_file(path: Path) -> bool:
    """Whether a file is one of mappings, by its name."""
    return path.name.endswith(SUFFIX)


def read(path: Path, text: str) -> MappingFile:
    """Returns what a file of mappings says.

    Args:
        path: Its name, for what is told.
        text: What stands in it.

    Raises:
        OntologyError: It is no SSSOM table, or something in it cannot be read; it names line and column.
    """
    return _Reader(path, text).read()


class _Reader:
    """Reads one file."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        if len(text) > _MOST_BYTES:
            self._refuse("", f"it is larger than {_MOST_BYTES // 1_000_000} MB; split it")
        lines = text.splitlines(keepends=True)
        self._first = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
        self._table = "".join(lines[self._first :])
        self._head = self._read_head("".join(line.removeprefix("#") for line in lines[: self._first]))
        self._prefixes = {**_BUILT_IN, **self._curie_map()}

    def read(self) -> MappingFile:
        iri = URIRef(self._head["mapping_set_id"])
        if not _IRI.fullmatch(iri):
            self._refuse("the head", f"mapping_set_id: {str(iri)!r} is no address that begins with https://")
        found = MappingFile(iri, [*self._of_set(iri)], self._prefixes)
        pairs: dict[tuple[Node, Node], int] = {}
        for line, row in self._rows(found.columns):
            node, triples = self._mapping(iri, line, row, found.columns)
            pair = (triples[1][2], triples[2][2])
            if pair in pairs:
                self._refuse(f"line {line}", f"it maps the same two terms as line {pairs[pair]}; keep one of the two")
            pairs[pair] = line
            found.lines[node] = line
            found.triples.extend(triples)
        if not found.lines:
            self._refuse(f"line {self._first + 1}", "there is no mapping under the names of the columns")
        return found

    def _refuse(self, where: str, reason: str) -> NoReturn:
        raise OntologyError(self._path, f"{where}: {reason}" if where else reason)

    def _read_head(self, text: str) -> dict[str, Any]:
        if not text.strip():
            self._refuse("line 1", "it has no head: lines that begin with # and say mapping_set_id, license and so on")
        try:
            head = yaml.safe_load(text)
        except yaml.MarkedYAMLError as error:
            line = f"line {error.problem_mark.line + 1}" if error.problem_mark else "the head"
            self._refuse(line, f"the head is no YAML: {error.problem}")
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            self._refuse("the head", f"it is no YAML: {str(error).splitlines()[0]}")
        if not isinstance(head, dict):
            self._refuse("line 1", "the head says no names with values, as in `#license: https://…`")
        for name, value in head.items():
            slot = slots().get(str(name))
            if slot is None or not slot.set:
                self._refuse("the head", f"SSSOM knows no {name!r} of a set of mappings")
            elif name not in ("curie_map", "extension_definitions") and not _is_plain(value, slot.list):
                self._refuse("the head", f"{name}: give one text" + (" or a list of texts" if slot.list else ""))
        for name in _NEEDED_OF_A_SET:
            if not head.get(name):
                self._refuse("the head", f"it has no {name}; add a line `#{name}: …`")
        return {str(name): value for name, value in head.items()}

    def _curie_map(self) -> dict[str, str]:
        found = self._head.get("curie_map") or {}
        if not isinstance(found, dict) or not all(isinstance(each, str) for each in (*found, *found.values())):
            self._refuse("the head", "curie_map: give prefixes with the beginnings of addresses that they stand for")
        return dict(found)

    def _of_set(self, iri: URIRef) -> Iterator[tuple[Node, Node, Node]]:
        yield iri, RDF.type, OWL.Ontology
        yield iri, OWL.imports, ONTOLOGY_GRAPH
        for name, value in self._head.items():
            slot = slots()[name]
            if slot.property is not None and not slot.mapping:
                yield iri, slot.property, Literal(str(value), lang=None if slot.property == OWL.versionInfo else "en")
        yield iri, DCTERMS.license, URIRef(self._head["license"])

    def _rows(self, columns: dict[str, int]) -> Iterator[tuple[int, dict[str, str]]]:
        """Yields each row with its line, after the places of the columns are known."""
        reader = csv.reader(io.StringIO(self._table, newline=""), delimiter="\t", strict=True)
        names: list[str] = []
        line = self._first + 1
        try:
            for cells in reader:
                if not names:
                    names = [each.strip() for each in cells]
                    columns.update(self._places(names, line))
                elif any(each.strip() for each in cells):
                    if len(cells) > len(names):
                        self._refuse(f"line {line}", f"it has {len(cells)} cells and there are {len(names)} columns")
                    yield line, {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
                line = self._first + reader.line_num + 1
        except csv.Error as error:
            self._refuse(f"line {line}", f"it is no row of a table: {error}")
        if not names:
            self._refuse(f"line {line}", "there is no table under the head")

    def _places(self, names: list[str], line: int) -> dict[str, int]:
        extra = {
            str(each.get("slot_name"))
            for each in self._head.get("extension_definitions") or []
            if isinstance(each, dict)
        }
        for place, name in enumerate(names, 1):
            known = name in extra or (name in slots() and slots()[name].mapping)
            if not known or name in names[: place - 1]:
                reason = "it stands there twice" if known else "SSSOM knows no such column"
                self._refuse(f"line {line}, column {place}", f"{name!r}: {reason}")
        for name in _NEEDED:
            if name not in names:
                self._refuse(f"line {line}", f"there is no column {name}")
        return {name: place for place, name in enumerate(names, 1)}

    def _mapping(
        self, of: URIRef, line: int, row: Mapping[str, str], columns: Mapping[str, int]
    ) -> tuple[URIRef, list[tuple[Node, Node, Node]]]:
        """Returns the node of a mapping and what is said: of the node the two ends first, then the rest."""

        def where(slot: str) -> str:
            return f"line {line}" + (f", column {columns[slot]} ({slot})" if slot in columns else "")

        for name in _NEEDED:
            if not row.get(name):
                self._refuse(where(name), "it is empty; it must be given")
        if row.get("predicate_modifier"):
            self._refuse(
                where("predicate_modifier"), "that two terms are not related cannot be told in SKOS; leave it out"
            )
        read = {name: self._values(name, text, where(name)) for name, text in row.items() if text and name in slots()}
        subject, relation, other = (read[name][0] for name in ("subject_id", "predicate_id", "object_id"))
        if relation not in {SKOS[each] for each in RELATIONS}:
            self._refuse(where("predicate_id"), f"a relation is one of skos:{', skos:'.join(RELATIONS)}")
        node = URIRef(f"{of}#{_local(subject)}-{_local(relation)}-{_local(other)}")
        triples: list[tuple[Node, Node, Node]] = [(node, RDF.type, LT.Mapping)]
        triples += [(node, LT.mappingSubject, subject), (node, LT.mappingObject, other)]
        triples += [(node, LT.inMappingSet, of)]
        if NO_TERM not in (subject, other):
            triples.append((subject, relation, other))
        for name, slot in slots().items():
            if slot.property is None or not slot.mapping or name in ("subject_id", "object_id"):
                continue
            values = read.get(name) or (
                self._values(name, str(self._head[name]), "the head")
                if slot.propagates and self._head.get(name)
                else []
            )
            triples += [(node, _note(slot.property, each), each) for each in values]
        return node, triples

    def _values(self, name: str, text: str, where: str) -> list[Node]:
        slot = slots()[name]
        texts = [each.strip() for each in text.split("|")] if slot.list else [text]
        return [self._value(slot.kind, each, where) for each in texts if each]

    def _value(self, kind: str, text: str, where: str) -> Node:
        if kind == "iri":
            return self._iri(text, where)
        if kind == "date":
            try:
                return Literal(datetime.date.fromisoformat(text).isoformat())
            except ValueError:
                self._refuse(where, f"{text!r} is no date; write it as 2026-11-25")
        if kind == "share":
            if not re.fullmatch(r"0(\.\d+)?|1(\.0+)?", text):
                self._refuse(where, f"{text!r} is no number from 0 to 1")
            return Literal(text, datatype=XSD.decimal)
        return Literal(text, lang="en")

    def _iri(self, text: str, where: str) -> URIRef:
        if _IRI.fullmatch(text):
            return URIRef(text)
        found = _CURIE.fullmatch(text)
        if found is None:
            self._refuse(where, f"{text!r} is no name such as typ:clear-roles and no address")
        if found[1] not in self._prefixes:
            self._refuse(where, f"the prefix of {text!r} stands in no curie_map; add it to the head")
        whole = self._prefixes[found[1]] + found[2]
        if not _IRI.fullmatch(whole):
            self._refuse(where, f"{text!r} stands for {whole!r}, which is no address")
        return URIRef(whole)


@cache
def slots() -> Mapping[str, _Slot]:
    """Returns the slots of SSSOM by name, with what becomes of each here."""
    with Path(__file__).with_suffix(".toml").open("rb") as file:
        return {name: _slot(told) for name, told in tomllib.load(file).items()}


def _slot(told: dict[str, Any]) -> _Slot:
    prefix, _, local = str(told.pop("property", "")).partition(":")
    return _Slot(**told, property=URIRef(PREFIXES[prefix] + local) if local else None)


def _is_plain(value: object, several: bool) -> bool:
    if isinstance(value, list):
        return several and all(_is_plain(each, False) for each in value)
    return isinstance(value, str | int | float | datetime.date)


def _note(predicate: URIRef, value: Node) -> URIRef:
    """Returns the property of a comment: what a mapping says of itself is an editor's note where it is provisional."""
    return SKOS.editorialNote if predicate == SKOS.scopeNote and str(value).startswith(PROVISIONAL) else predicate


def _local(iri: Node) -> str:
    return quote(str(iri).rstrip("/#").rpartition("/")[2].rpartition("#")[2], safe="")
