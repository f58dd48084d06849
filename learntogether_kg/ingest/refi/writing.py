"""Writes a review as a project (.qdpx): codes, coders, and the passages of its items in texts of their own."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import unquote

from rdflib import OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef
from rdflib.term import Node

from learntogether_kg import ontology, refi
from learntogether_kg.ingest.draft import Draft
from learntogether_kg.ingest.refi.drafting import HEADINGS
from learntogether_kg.ingest.refi.mapping import CodeMapping
from learntogether_kg.ingest.refi.sheet import ITEM_CODES
from learntogether_kg.namespaces import CL, LT, TYP

_ITEMS: Final = {LT.Finding: LT.statement, LT.ContributoryFactor: LT.statement, LT.FactorInteraction: LT.description}
"""The classes whose members are classified, and the property that holds the text of each."""
_CARRIED: Final[Mapping[URIRef, frozenset[URIRef]]] = {
    **{kind: frozenset({text}) for kind, text in _ITEMS.items()},
    LT.Classification: frozenset({LT.pattern, LT.classifies, LT.codedBy, LT.influence, LT.primary}),
    LT.Coder: frozenset({LT.coderCode}),
    LT.Review: frozenset({LT.publicLabel}),
}
_STRUCTURE: Final = frozenset({RDF.type, LT.inReview, LT.localId, LT.earliest, LT.latest})
"""What a project says by the place where a thing stands or by its name, and what follows from a date as stated."""
_GUID: Final = re.compile("[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
_SEPARATOR: Final = "\n\n"
_MADE: Final = (2000, 1, 1, 0, 0, 0)  # as in our workbooks: the same review is the same file


@dataclass(frozen=True)
class _Passage:
    """The text of an item, where it was taken from, and what the review says of it in its own words."""

    source: str
    source_name: str
    text: str
    statement: str


def write_project(
    draft: Draft, passages: Sequence[Sequence[str]] = (), mapping: CodeMapping | None = None
) -> tuple[bytes, Counter[str]]:
    """Returns a review as a project, and a count of what of it is not in it.

    Args:
        draft: The review.
        passages: The table of passages that stayed with it, where it came from a project, the heading first. An item
            without a passage has its statement in the place of one.
        mapping: That of the project it came from; then coders, and codes that became a pattern or an influence, are
            written as that project has them.
    """
    return _Writer(draft, passages, mapping).write()


class _Writer:
    def __init__(self, draft: Draft, passages: Sequence[Sequence[str]], mapping: CodeMapping | None) -> None:
        self._users = mapping.users() if mapping else {}
        self._own = mapping.own_codes() if mapping else {}
        self._draft, self._graph = draft, draft.graph
        self._passages = _by_item(passages)
        self._left: Counter[str] = Counter()
        label = str(self._graph.value(draft.study, LT.publicLabel) or "Review")
        self._root = ET.Element("Project", {"xmlns": refi.PROJECT, "name": refi.text(label), "origin": refi.ORIGIN})

    def write(self) -> tuple[bytes, Counter[str]]:
        self._add_users()
        self._add_codes()
        texts = self._add_sources()
        self._count_left()
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in (("project.qde", refi.write(self._root)), *texts):
                archive.writestr(zipfile.ZipInfo(name, _MADE), content, zipfile.ZIP_DEFLATED)
        return data.getvalue(), self._left

    def _add_users(self) -> None:
        coders = sorted(self._members(LT.Coder))
        users = ET.SubElement(self._root, "Users") if coders else self._root
        for coder in coders:
            name = str(self._graph.value(coder, LT.coderCode) or unquote(coder.rpartition("/")[2]))
            guid, name = self._users.get(name, (refi.guid(str(coder)), name))
            ET.SubElement(users, "User", {"guid": guid, "name": refi.text(name)})

    def _add_codes(self) -> None:
        graph = ontology.load_ontology()
        retired = [iri for iri in graph.subjects(OWL.deprecated, Literal(True)) if isinstance(iri, URIRef)]
        influences = refi.tree(ontology.concepts(CL.influences))
        kinds = tuple(refi.Code(refi.guid(str(kind)), _label(kind)) for kind in ITEM_CODES)
        folders: tuple[refi.Code, ...] = (
            refi.Code(refi.guid(str(CL.influences)), "Influence", codable=False, codes=influences),
            refi.Code(refi.guid(str(LT.Classification)), "Kind of item", codable=False, codes=kinds),
        )
        if self._own:
            own = tuple(refi.Code(guid, name) for guid, name in self._own.values())
            folder = refi.Code(
                refi.guid(f"{self._draft.study}/codes"), "Codes of the project", codable=False, codes=own
            )
            folders = (*folders, folder)
        codes = ET.SubElement(ET.SubElement(self._root, "CodeBook"), "Codes")
        refi.add_codes(codes, (*refi.tree(ontology.concepts(TYP.scheme), retired), *folders))

    def _add_sources(self) -> Iterator[tuple[str, bytes]]:
        by_source: dict[str, list[tuple[URIRef, _Passage]]] = {}
        for item in self._items():
            passage = self._passage(item)
            by_source.setdefault(passage.source, []).append((item, passage))
        sources = ET.SubElement(self._root, "Sources") if by_source else self._root
        written = []
        for source, found in by_source.items():
            attributes = {
                "guid": source,
                "name": refi.text(found[0][1].source_name),
                "plainTextPath": f"internal://{source}.txt",
            }
            element = ET.SubElement(sources, "TextSource", attributes)
            text = ""
            for item, passage in found:
                self._add_selection(element, item, passage, len(text))
                text += passage.text + _SEPARATOR
            written.append((f"Sources/{source}.txt", text.encode()))
        return iter(written)

    def _items(self) -> list[URIRef]:
        """Returns the items that somebody has coded, in the order of their kind and name; counts the others."""
        classified = set(self._graph.objects(None, LT.classifies))
        found = []
        for kind in _ITEMS:
            for item in sorted(self._members(kind)):
                if item in classified:
                    found.append(item)
                    if kind == LT.FactorInteraction:
                        self._left[f"{_label(kind)}: comes back as a finding"] += 1
                else:
                    self._left[f"{_label(kind)}: not coded"] += 1
        return found

    def _passage(self, item: URIRef) -> _Passage:
        kind = next(kind for kind in _ITEMS if (item, RDF.type, kind) in self._graph)
        statement = refi.text(str(self._graph.value(item, _ITEMS[kind]) or item))
        kept = self._passages.get(unquote(item.rpartition("/")[2]))
        if kept:
            given = kept["source guid"]
            source = given if _GUID.fullmatch(given) else refi.guid(f"urn:source:{given}")
            return _Passage(source, kept["source"], refi.text(kept["passage"]), statement)
        study = self._draft.study
        name = f"Statements of {self._root.get('name')}"
        return _Passage(refi.guid(f"{study}/statements"), name, statement, statement)

    def _add_selection(self, parent: ET.Element, item: URIRef, passage: _Passage, start: int) -> None:
        given = sorted(
            (node for node in self._graph.subjects(LT.classifies, item) if isinstance(node, URIRef)),
            key=lambda node: (str(self._graph.value(node, LT.primary)) != "true", node),
        )
        attributes = {
            "guid": refi.guid(str(item)),
            "name": unquote(item.rpartition("/")[2]),
            "startPosition": str(start),
            "endPosition": str(start + len(passage.text)),
        }
        selection = ET.SubElement(parent, "PlainTextSelection", attributes)
        if passage.statement != passage.text:
            ET.SubElement(selection, "Description").text = passage.statement
        self._count_unsaid(given)
        coded: set[tuple[str, str]] = set()
        kinds = [kind for kind in ITEM_CODES if (item, RDF.type, kind) in self._graph]
        for node in given:
            coder = str(self._graph.value(node, LT.codedBy) or "")
            codes = [self._graph.value(node, LT.pattern), self._graph.value(node, LT.influence), *kinds]
            day = self._day(node)
            for code in map(str, filter(None, codes)):
                if (coder, code) not in coded:
                    coded.add((coder, code))
                    user = {"creatingUser": self._user(coder)} if coder else {}
                    self._add_coding(selection, code, {"guid": refi.guid(f"{item}|{coder}|{code}"), **user, **day})

    def _user(self, coder: str) -> str:
        return self._users.get(unquote(coder.rpartition("/")[2]), (refi.guid(coder),))[0]

    def _count_unsaid(self, given: Sequence[URIRef]) -> None:
        """Counts what codes side by side cannot say: whose influence is which, and that none of them is primary."""
        by_coder: dict[Node | None, list[URIRef]] = {}
        for node in given:
            by_coder.setdefault(self._graph.value(node, LT.codedBy), []).append(node)
        for nodes in by_coder.values():
            if len({value for node in nodes for value in self._graph.objects(node, LT.influence)}) > 1:
                self._left["classification: influences that differ by pattern"] += 1
            if str(self._graph.value(nodes[0], LT.primary)) != "true":
                self._left["classification: none of a coder's is primary, so the first will be"] += 1

    def _day(self, node: URIRef) -> dict[str, str]:
        """Returns the attribute for the date of a classification, where that is stated to the day."""
        try:
            day = date.fromisoformat(str(self._graph.value(node, LT.dateAsStated)))
        except ValueError:
            return {}
        return {"creationDateTime": f"{day.isoformat()}T00:00:00Z"}

    def _add_coding(self, selection: ET.Element, code: str, attributes: Mapping[str, str]) -> None:
        coding = ET.SubElement(selection, "Coding", dict(attributes))
        ET.SubElement(coding, "CodeRef", {"targetGUID": self._own.get(code, (refi.guid(code),))[0]})

    def _count_left(self) -> None:
        """Counts whatever the review says that no part of a project holds, by class and property."""
        for graph in (self._graph, self._draft.custody):
            for subject, predicate, value in graph:
                kinds = [kind for kind in graph.objects(subject, RDF.type) if isinstance(kind, URIRef)]
                kind = next((kind for kind in kinds if kind in _CARRIED), kinds[0] if kinds else None)
                carried = _CARRIED.get(kind, frozenset()) if kind else frozenset()
                if predicate in carried | _STRUCTURE or self._is_carried(subject, predicate, value):
                    continue
                self._left[f"{_label(kind) if kind else 'others'}: {_label(predicate)}"] += 1

    def _is_carried(self, subject: Node, predicate: Node, value: Node) -> bool:
        """Whether codings say it: the influence of an item as a coder gave it, the date of a code to the day."""
        if predicate == LT.influence:
            given = self._graph.subjects(LT.classifies, subject)
            return any((node, LT.influence, value) in self._graph for node in given)
        return (subject, RDF.type, LT.Classification) in self._graph and bool(
            predicate == LT.dateAsStated and isinstance(subject, URIRef) and self._day(subject)
        )

    def _members(self, kind: URIRef) -> set[URIRef]:
        return {node for node in self._graph.subjects(RDF.type, kind) if isinstance(node, URIRef)}


def _by_item(table: Sequence[Sequence[str]]) -> dict[str, dict[str, str]]:
    """Returns the row of each item in a table of passages; none where it is not laid out as ours."""
    if not table or tuple(table[0][: len(HEADINGS)]) != HEADINGS:
        return {}
    rows = (dict(zip(HEADINGS, line, strict=False)) for line in table[1:])
    return {row["item"]: row for row in reversed(list(rows)) if row["item"] and row["source guid"] and row["passage"]}


def _label(iri: Node) -> str:
    graph: Graph = ontology.load_ontology()
    found = graph.value(iri, RDFS.label) or graph.value(iri, SKOS.prefLabel)
    return str(found or re.split("[#/]", str(iri))[-1])
