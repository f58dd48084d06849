"""The layouts of the workbooks: ``workbook.toml`` (a review), ``coding.toml`` (a coder), ``mapping.toml`` (codes)."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources as package_files
from typing import Any, Final
from typing import Literal as OneOf

from rdflib import RDF, RDFS, SH, Graph, Literal, URIRef
from rdflib.term import Node

from learntogether_kg import ontology
from learntogether_kg.namespaces import LTS, expand

Kind = OneOf["review", "coding", "mapping"]
"""Which workbook: one that states a review, one that one coder codes the items of a review in, or one that says what
the codes of a REFI-QDA project become in a review."""

_FILES: Final[dict[Kind, str]] = {"review": "workbook.toml", "coding": "coding.toml", "mapping": "mapping.toml"}

REQUIRED_MARK: Final = " (required)"
"""What a heading carries, in words, where a row cannot do without its column."""

NOT_STATED: Final = "not stated"
"""What a person writes where the source does not say; never the same as a blank cell."""


@dataclass(frozen=True)
class Choice:
    """One entry of a drop-down: what it reads, and what it stands for."""

    text: str
    iri: URIRef
    instance_class: URIRef | None = None


@dataclass(frozen=True)
class Column:
    """A column of a sheet, or a field of a sheet of fields. See ``workbook.toml`` for what each part means."""

    header: str
    guide: str
    type: str = "text"
    predicate: URIRef | None = None
    entries: URIRef | None = None
    to: tuple[str, ...] = ()
    on: tuple[str, ...] = ("main",)
    many: str = ""
    required: bool = False
    width: int = 18
    depth: str = "findings"
    choices: tuple[str, ...] = ()
    shown: bool = False

    @property
    def heading(self) -> str:
        """The header as it is printed."""
        return self.header + (REQUIRED_MARK if self.required else "")

    @property
    def drop_down(self) -> tuple[str, ...]:
        """What its drop-down offers; empty where there is none."""
        return self.choices or tuple(choice.text for choice in choices(self.entries))


@dataclass(frozen=True)
class ClassRule:
    """The class of a row's node where a column is filled, or holds a certain text.

    Without a class of its own it is the one that the concept in that column gives to its instances.
    """

    column: str
    iri: URIRef | None
    text: str = ""


@dataclass(frozen=True)
class NodeTemplate:
    """What node a row makes. See ``workbook.toml`` for what each part means."""

    name: str
    iri: str
    classes: tuple[ClassRule, ...]
    when: tuple[str, ...] = ()
    each: str = ""
    coding: str = ""
    shared: bool = False
    context: bool = False
    fixed: Mapping[str, str | bool] = field(default_factory=dict)
    linked: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sheet:
    """A sheet of the workbook."""

    name: str
    layout: str
    guide: str
    columns: tuple[Column, ...]
    nodes: tuple[NodeTemplate, ...]
    rows: int = 0
    ids: str = ""
    prefill: URIRef | None = None
    depth: str = "findings"
    custody: bool = False
    optional: bool = False
    made_by: str = "ltkg template"

    @cached_property
    def by_header(self) -> dict[str, Column]:
        """Its columns by header, as :func:`key` writes it."""
        return {key(column.header): column for column in self.columns}

    def prefilled(self, row: int) -> str:
        """Returns what the first column holds in a new workbook, in the row of that number counted from 0."""
        if self.ids:
            return f"{self.ids}{row + 1}"
        if self.prefill:
            tops = [
                c
                for c in ontology.concepts(_scheme_of(self))
                if (c.iri, RDF.type, self.prefill) in ontology.load_ontology()
            ]
            return tops[row].choice if row < len(tops) else ""
        return ""


@cache
def sheets(kind: Kind = "review") -> tuple[Sheet, ...]:
    """Returns the sheets of a workbook in their order."""
    return tuple(_sheet(entry) for entry in _entries(kind)["sheet"])


def guide(kind: Kind = "review") -> tuple[str, tuple[tuple[str, str], ...]]:
    """Returns what a workbook's Guide sheet says: its title, and lines of a heading and a text each."""
    entries = _entries(kind)
    lines = [(name, text) for name, text in entries["lines"]]
    return entries["title"], (*lines, *((sheet.name, sheet.guide) for sheet in sheets(kind)))


def kind_of(names: Collection[str]) -> Kind:
    """Returns which workbook has sheets of those names; what looks like none is taken for a review's."""
    others: tuple[Kind, ...] = ("coding", "mapping")
    found = (kind for kind in others if sheets(kind)[0].name in names and sheets()[0].name not in names)
    return next(found, "review")


@cache
def _entries(kind: Kind) -> dict[str, Any]:
    text = package_files.files("learntogether_kg.ingest").joinpath(_FILES[kind]).read_text(encoding="utf-8")
    return tomllib.loads(text)


@ontology.per_ontology
def choices(source: URIRef | None) -> tuple[Choice, ...]:
    """Returns what a list offers: concepts of a code list, instances of a class, or rules to be answered, by name."""
    if source is None:
        return ()
    concepts = ontology.concepts(source)
    if concepts:
        return tuple(Choice(concept.choice, concept.iri, concept.instance_class) for concept in concepts)
    shapes = ontology.load_shapes()
    rules = sorted(str(shape) for shape in set(shapes.subjects(SH.severity, source)) - _unanswerable(shapes))
    if rules:
        return tuple(Choice(rule.rpartition("#")[2], URIRef(rule)) for rule in rules)
    graph = ontology.load_ontology()
    named = ((str(graph.value(iri, RDFS.label)), iri) for iri in graph.subjects(RDF.type, source))
    return tuple(Choice(label, URIRef(str(iri))) for label, iri in sorted(named))


def _unanswerable(shapes: Graph) -> set[Node]:
    return set(shapes.subjects(LTS.answerable, Literal(False)))


@ontology.per_ontology
def texts(source: URIRef) -> Mapping[str, Choice]:
    """Returns every text under which an entry of a list is understood, folded by :func:`key`.

    An entry goes by its drop-down text, its IRI, its local name, its label and its notation, as far as no other entry
    of the list goes by the same.
    """
    found: dict[str, set[Choice]] = {}
    concepts = {concept.iri: concept for concept in ontology.concepts(source)}
    for choice in choices(source):
        names = {choice.text, str(choice.iri), choice.iri.rpartition("#")[2]}
        if concept := concepts.get(choice.iri):
            names |= {concept.label, concept.notation or concept.label}
        for name in names:
            found.setdefault(key(name), set()).add(choice)
    return {name: entries.pop() for name, entries in found.items() if len(entries) == 1}


def key(text: str) -> str:
    """Returns a header or a choice without differences of case and spacing, and without the mark of a required one."""
    return " ".join(text.casefold().removesuffix(REQUIRED_MARK).split())


def _scheme_of(sheet: Sheet) -> URIRef:
    source = sheet.columns[0].entries
    assert source is not None, "a prefilled column has a list"
    return source


def _sheet(entry: dict[str, Any]) -> Sheet:
    plain_names = ("rows", "ids", "depth", "custody", "optional", "made_by")
    plain = {name: entry[name] for name in plain_names if name in entry}
    return Sheet(
        name=entry["name"],
        layout=entry["layout"],
        guide=entry["guide"],
        columns=tuple(_column(column) for column in entry["column"]),
        nodes=tuple(_node(name, node) for name, node in entry.get("nodes", {}).items()),
        prefill=_iri(entry["prefill"]) if "prefill" in entry else None,
        **plain,
    )


def _column(entry: dict[str, Any]) -> Column:
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    for name, attribute in (("property", "predicate"), ("list", "entries")):
        if name in values:
            values[attribute] = _iri(values.pop(name))
    if "many" in values:
        values["many"] = {True: ";", "lines": "\n"}.get(values["many"], values["many"])
    return Column(**values)


def _node(name: str, entry: dict[str, Any]) -> NodeTemplate:
    rules = [
        ClassRule(key(rule["column"]), _iri(rule["class"]) if "class" in rule else None, key(rule.get("is", "")))
        for rule in entry.get("classes", ())
    ]
    if "class" in entry:
        rules.append(ClassRule("", _iri(entry["class"])))
    when = entry.get("when", [])
    return NodeTemplate(
        name,
        entry["iri"],
        tuple(rules),
        when=tuple(map(key, [when] if isinstance(when, str) else when)),
        each=key(entry.get("each", "")),
        coding=key(entry.get("coding", "")),
        shared=entry.get("shared", False),
        context=entry.get("context", False),
        fixed=entry.get("set", {}),
        linked=entry.get("linked", {}),
    )


def _iri(name: str) -> URIRef:
    iri = expand(name)
    assert iri is not None, f"workbook.toml names {name!r}, which stands under no known prefix"
    return iri
