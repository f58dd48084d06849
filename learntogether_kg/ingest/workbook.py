"""Reads a filled workbook into a graph, as ``workbook.toml`` or ``coding.toml`` says each cell is meant.

A cell that is wrong is not refused here. What it says goes into the graph as it stands, as plain text or as the IRI of
something that nothing describes; the shapes refuse it there, and the source map names the cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from rdflib import RDF, XSD, Graph, Literal, URIRef

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest import layout
from learntogether_kg.ingest.cells import Cells, Row, Value, read_cells
from learntogether_kg.ingest.dates import bounds
from learntogether_kg.ingest.draft import Draft
from learntogether_kg.ingest.layout import Column, NodeTemplate, Sheet, key
from learntogether_kg.namespaces import CODER, LT, REVIEW, expand
from learntogether_kg.source_map import Cell, SourceMap
from learntogether_kg.store.base import Term

_ANSWERS: Final = {"yes": "true", "no": "false"}
_CODING: Final = (LT.codedBy, LT.underTypology, LT.dateAsStated, LT.earliest, LT.latest, LT.notStated)


def read_workbook(path: Path, data: bytes | None = None) -> Draft:
    """Returns what a review workbook says.

    Args:
        path: The file, or the name of an upload.
        data: Its bytes, where they are at hand already; then nothing is opened.

    Raises:
        UnreadableFileError: It is not a review workbook that can be read.
    """
    return read_review(path, read_cells(path, data))


def read_review(path: Path, cells: Cells) -> Draft:
    """Returns what the cells of a review workbook say.

    Args:
        path: The file they stand in.
        cells: The rows of its sheets. None is refused.

    Raises:
        UnreadableFileError: They are those of a mapping of codes, which states no review.
    """
    if layout.kind_of(cells) == "mapping":
        reason = "it says what the codes of a project become and is no review; give it to `ltkg convert` with --mapping"
        raise UnreadableFileError(path, reason)
    return _Reader(path, cells).read()


@dataclass(frozen=True)
class _Coding:
    """What a coder's row gives to each of that coder's codes: coder, date and typology version, with their cells."""

    code: str
    statements: tuple[tuple[URIRef, Term], ...]
    cells: tuple[tuple[URIRef, Cell], ...]


class _Reader:
    """Fills the graphs of one workbook, sheet by sheet."""

    def __init__(self, path: Path, cells: Cells) -> None:
        self._path = path
        self._cells = cells
        self._kind = layout.kind_of(cells)
        self._identity = (
            cells["Coding"][0].values["review"] if self._kind == "coding" else cells["Review"][0].values["id"]
        )
        self._study = _review_iri(self._identity.text)
        self._graph = Graph(identifier=self._study)
        self._custody = Graph()
        self._context = Graph()
        self._map = SourceMap(path.name)
        self._owners: dict[URIRef, Cell] = {}
        self._codings: list[_Coding] = []

    def read(self) -> Draft:
        for sheet in layout.sheets(self._kind):
            for row in self._cells.get(sheet.name, ()):
                self._read_row(sheet, row)
        context = self._context if self._kind == "coding" else None
        return Draft(self._path, self._study, self._graph, self._custody, self._map, context)

    def _read_row(self, sheet: Sheet, row: Row) -> None:
        graph = self._custody if sheet.custody else self._graph
        nodes: dict[str, list[URIRef]] = {}
        for template in sheet.nodes:
            own = self._context if template.context else graph
            nodes[template.name] = list(self._make_nodes(own, sheet, template, row, nodes))
        for column in sheet.columns:
            value = row.values.get(key(column.header))
            if value is None:
                continue
            if column.type == "agency" and not any(nodes.values()):
                list(self._terms(graph, column, value))  # a row may say no more than that an agency was involved
            self._note_unmade(sheet, column, value, nodes)
            for template in sheet.nodes:
                # A template made once for each value of this column has stated them already.
                if template.name in column.on and template.each != key(column.header):
                    for node in nodes[template.name]:
                        self._state(self._context if template.context else graph, node, column, value)
        if "scope" in nodes:
            self._codings.append(self._coding(row, nodes["scope"][0]))

    def _note_unmade(self, sheet: Sheet, column: Column, value: Value, nodes: dict[str, list[URIRef]]) -> None:
        """Notes a cell of which no node was made as that of the row's first node: who misses it looks there."""
        if column.predicate is not None and not any(nodes[name] for name in column.on):
            for node in nodes[sheet.nodes[0].name]:
                self._map.add_value(node, column.predicate, value.cell)

    def _make_nodes(
        self, graph: Graph, sheet: Sheet, template: NodeTemplate, row: Row, made: dict[str, list[URIRef]]
    ) -> Iterator[URIRef]:
        filled = [row.values[header] for header in template.when if row.text(header)]
        if template.when and all(key(value.text) == layout.NOT_STATED for value in filled) and template.linked:
            self._mark_not_stated(graph, template, filled, made)
            return
        kind = _class_of(sheet, template, row)
        if kind is None or (template.when and not filled):
            return
        coding = self._coding_of(template, row)
        values = _parts(row.text(template.each), ";") if template.each else [""]
        for index, value in enumerate(values):
            node = self._node(sheet, template, row, coding, f"-{index + 1}" if value else "")
            graph.add((node, RDF.type, kind))
            self._map.add_node(node, self._identity.cell if node == self._study else row.cell)
            if not sheet.custody and node != self._study and not node.startswith(CODER):
                graph.add((node, LT.inReview, self._study))
            for name, fixed in template.fixed.items():
                graph.add((node, _iri(name), self._fixed(fixed, made)))
            for name, start in template.linked.items():
                for other in made[start.removeprefix("@")]:
                    graph.add((other, _iri(name), node))
                    self._map.add_value(other, _iri(name), filled[0].cell if filled else row.cell)
            if template.coding:
                self._add_coding(graph, node, coding, row)
            if value:
                self._add_pattern_of(graph, sheet, template, node, Value(value, row.values[template.each].cell))
            yield node

    def _mark_not_stated(
        self, graph: Graph, template: NodeTemplate, values: Sequence[Value], made: dict[str, list[URIRef]]
    ) -> None:
        """States that the source does not tell of the node that other nodes would be linked to."""
        for name, start in template.linked.items():
            for other, value in ((node, value) for node in made[start.removeprefix("@")] for value in values):
                graph.add((other, LT.notStated, _iri(name)))
                self._map.add_value(other, _iri(name), value.cell)

    def _add_pattern_of(self, graph: Graph, sheet: Sheet, template: NodeTemplate, node: URIRef, value: Value) -> None:
        """States one of the several values of the column that a template makes a node each of."""
        column = sheet.by_header[template.each]
        assert column.predicate is not None
        for term in self._terms(graph, column, value):
            graph.add((node, column.predicate, term))
        self._map.add_value(node, column.predicate, value.cell)

    def _node(self, sheet: Sheet, template: NodeTemplate, row: Row, coding: _Coding | None, suffix: str) -> URIRef:
        names = {header: _slug(sheet, header, value.text) for header, value in row.values.items()}
        if coding:
            names["coder"] = _quoted(coding.code)
        local = re.sub(r"\{([^}]+)\}", lambda found: names.get(found[1], ""), template.iri) + suffix
        if not local:
            return self._study
        node = CODER[local.removeprefix("coder/")] if local.startswith("coder/") else URIRef(f"{self._study}/{local}")
        if not template.shared and self._owners.setdefault(node, row.cell) != row.cell:
            node = URIRef(f"{node}--row-{row.number}")  # the shape on identifiers names the second of two
        return node

    def _fixed(self, value: str | bool, made: dict[str, list[URIRef]]) -> Term:
        if isinstance(value, bool):
            return Literal(value)
        name = value.removeprefix("@")
        return self._study if name == "review" else made[name][0]

    def _coding_of(self, template: NodeTemplate, row: Row) -> _Coding | None:
        if template.coding == "first":
            return self._codings[0] if self._codings else None
        code = row.text(template.coding)
        return next((coding for coding in self._codings if key(coding.code) == key(code)), None) or (
            _Coding(code, (), ()) if code else None
        )

    def _coding(self, row: Row, scope: URIRef) -> _Coding:
        statements = [
            (predicate, term)
            for predicate in _CODING
            for term in self._graph.objects(scope, predicate)
            if isinstance(term, URIRef | Literal)
        ]
        cells = [(predicate, self._map.locate(scope, predicate) or row.cell) for predicate in _CODING]
        return _Coding(row.text("coder"), tuple(statements), tuple(cells))

    def _add_coding(self, graph: Graph, node: URIRef, coding: _Coding | None, row: Row) -> None:
        named = row.values.get("coder")
        if named:
            self._map.add_value(node, LT.codedBy, named.cell)  # the first cell noted is the one that is shown
        if named and named.text and not (coding and coding.statements):
            graph.add((node, LT.codedBy, CODER[_quoted(named.text)]))
            for predicate in _CODING:  # what is missing is missing because no such coder is on the Coders sheet
                self._map.add_value(node, predicate, named.cell)
        for predicate, term in coding.statements if coding else ():
            graph.add((node, predicate, term))
        for predicate, cell in coding.cells if coding else ():
            self._map.add_value(node, predicate, cell)

    def _state(self, graph: Graph, node: URIRef, column: Column, value: Value) -> None:
        """Adds what a cell says of a node, and where it says it; a blank cell says nothing."""
        if column.predicate is None:
            return
        self._map.add_value(node, column.predicate, value.cell)
        if key(value.text) == layout.NOT_STATED and not column.entries:
            graph.add((node, LT.notStated, column.predicate))
            return
        for term in self._terms(graph, column, value):
            graph.add((node, column.predicate, term))
            self._map.add_value(node, column.predicate, value.cell, term)
            if column.type == "date":
                self._add_bounds(graph, node, value)

    def _terms(self, graph: Graph, column: Column, value: Value) -> Iterator[Term]:
        for text in _parts(value.text, column.many):
            match column.type:
                case "concept":
                    yield _concept(column, text)
                case "agency" | "artefact":
                    yield from self._shared(graph, column, text, value.cell)
                case "reference":
                    for name in re.split(r"[,\s]+", text):
                        yield URIRef(f"{self._study}/{_quoted(name)}")
                case "coder":
                    yield self._named_coder(text)
                case "integer":
                    yield Literal(int(text)) if re.fullmatch(r"-?\d{1,9}", text) else Literal(text)
                case "boolean":
                    answer = _ANSWERS.get(key(text))
                    yield Literal(answer, datatype=XSD.boolean) if answer else Literal(text)
                case _:
                    yield Literal(text)

    def _named_coder(self, code: str) -> URIRef:
        """Returns a coder by code. One that a coder's own workbook names is described in the review, not there."""
        coder = CODER[_quoted(code)]
        if self._kind == "coding":
            self._context.add((coder, RDF.type, LT.Coder))
            self._context.add((coder, LT.coderCode, Literal(code)))
        return coder

    def _shared(self, graph: Graph, column: Column, text: str, cell: Cell) -> Iterator[Term]:
        """Makes the review's one agency, tool or guidance of a kind. "Not stated" makes none."""
        if key(text) == layout.NOT_STATED:
            return
        assert column.entries is not None
        choice = layout.texts(column.entries).get(key(text))
        name = choice.iri.rpartition("#")[2] if choice else _quoted(text)
        node = URIRef(f"{self._study}/{column.type}-{name}")
        kind = LT.Agency if column.type == "agency" else (choice and choice.instance_class) or LT.Artefact
        predicate = LT.agencyKind if column.type == "agency" else LT.artefactKind
        graph.add((node, RDF.type, kind))
        graph.add((node, LT.inReview, self._study))
        graph.add((node, predicate, choice.iri if choice else Literal(text)))
        if self._map.locate(node) is None:
            self._map.add_node(node, cell)
            self._map.add_value(node, predicate, cell)
        yield node

    def _add_bounds(self, graph: Graph, node: URIRef, value: Value) -> None:
        found = bounds(value.text)
        for predicate, instant in zip((LT.earliest, LT.latest), found or (), strict=False):
            graph.add((node, predicate, Literal(instant, datatype=XSD.dateTime)))
            self._map.add_value(node, predicate, value.cell)


def _review_iri(text: str) -> URIRef:
    """Returns the review's IRI; from a blank or odd id one that the shape on reviews refuses, at its cell."""
    if text.startswith(str(REVIEW)):
        return REVIEW[_quoted(text.removeprefix(str(REVIEW)))]
    return REVIEW[_quoted(text) or "-"]


def _class_of(sheet: Sheet, template: NodeTemplate, row: Row) -> URIRef | None:
    for rule in template.classes:
        text = row.text(rule.column)
        if rule.iri is None:
            entries = sheet.by_header[rule.column].entries
            choice = layout.texts(entries).get(key(text)) if entries else None
            if choice and choice.instance_class:
                return choice.instance_class
        elif not rule.column or (key(text) == rule.text if rule.text else text):
            return rule.iri
    return None


def _concept(column: Column, text: str) -> Term:
    assert column.entries is not None
    choice = layout.texts(column.entries).get(key(text))
    return choice.iri if choice else Literal(text)


def _slug(sheet: Sheet, header: str, text: str) -> str:
    """Returns a value as a part of an IRI; an entry of a list by its local name."""
    column = sheet.by_header[header]
    choice = layout.texts(column.entries).get(key(text)) if column.entries else None
    return choice.iri.rpartition("#")[2] if choice else _quoted(text)


def _quoted(text: str) -> str:
    return quote(text.strip(), safe="")


def _parts(text: str, separator: str) -> Sequence[str]:
    parts = text.split(separator) if separator else [text]
    return [part.strip() for part in parts if part.strip()]


def _iri(name: str) -> URIRef:
    iri = expand(name)
    assert iri is not None, f"workbook.toml names {name!r}, which stands under no known prefix"
    return iri
