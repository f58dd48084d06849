"""The terms of a typology as one graph tells them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef
from rdflib.term import Node

from learntogether_kg import ontology
from learntogether_kg.errors import OntologyError
from learntogether_kg.namespaces import CL, LT, TYP
from learntogether_kg.sssom import RELATIONS

_INVERSE: Final = {"broadMatch": "narrowMatch", "narrowMatch": "broadMatch"}


@dataclass(frozen=True)
class Term:
    """One term of a typology.

    Attributes:
        iri: The term.
        label: Its preferred label.
        choice: The way down to it, as a list shows it: ``T4 › Clear roles``.
        other_labels: Its other labels, sorted.
        notation: Its short code; empty where it has none.
        definition: What it is for.
        scope_notes: What belongs under it and what does not, sorted.
        examples: Its examples, sorted.
        broader: The terms right above it in its scheme, sorted.
        status: ``proposed``, ``accepted``, ``deprecated``, or empty where that is not said.
        replaced_by: What takes its place, sorted.
        mappings: Pairs of a relation and a term of another scheme, sorted.
        since: The first version that has it.
    """

    iri: URIRef
    label: str
    choice: str
    other_labels: tuple[str, ...] = ()
    notation: str = ""
    definition: str = ""
    scope_notes: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    broader: tuple[URIRef, ...] = ()
    status: str = ""
    replaced_by: tuple[URIRef, ...] = ()
    mappings: tuple[tuple[str, URIRef], ...] = ()
    since: URIRef | None = None

    @property
    def deprecated(self) -> bool:
        """Whether it is no longer to be used."""
        return self.status == "deprecated"


@dataclass(frozen=True)
class Typology:
    """A typology as it stands in one version.

    Attributes:
        name: What people call it.
        graph: What it was read from.
        schemes: The concept schemes that make it up.
        terms: Its terms by IRI, in the order of a list.
        version: The newest version that the graph tells of; None where it tells of none.
    """

    name: str
    graph: Graph
    schemes: tuple[URIRef, ...]
    terms: Mapping[URIRef, Term]
    version: URIRef | None = None

    @classmethod
    def read(cls, name: str, graph: Graph, schemes: Sequence[URIRef] = (TYP.scheme,)) -> Typology:
        """Returns the typology that a graph tells of.

        Raises:
            OntologyError: A term stands above itself, rests on one that is not there, or would read as another does.
        """
        found: dict[URIRef, Term] = {}
        for scheme in schemes:
            listed = ontology.list_concepts(graph, scheme)
            for concept in listed:
                _refuse_dangling(graph, concept.iri)
            found.update({concept.iri: _term(graph, concept.iri, concept.choice) for concept in listed})
        return cls(name, graph, tuple(schemes), found, newest_version(graph))

    def label(self, iri: Node) -> str:
        """Returns how a term reads: its way down, or its label where it stands in another scheme."""
        if isinstance(iri, URIRef) and iri in self.terms:
            return self.terms[iri].choice
        return str(next(self.graph.objects(iri, SKOS.prefLabel), iri))

    def above(self, iri: URIRef) -> set[URIRef]:
        """Returns a term with all that stand above it."""
        found, waiting = set[URIRef](), [iri]
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting.extend(self.terms[each].broader if each in self.terms else ())
        return found

    def tops(self, iri: URIRef) -> set[URIRef]:
        """Returns the terms at the top of the scheme under which a term stands, itself where it is one."""
        return {each for each in self.above(iri) if each in self.terms and not self.terms[each].broader}

    def beside(self, iri: URIRef) -> list[Term]:
        """Returns the terms that stand right under one of those right above a term, without itself."""
        above = set(self.terms[iri].broader) if iri in self.terms else set()
        return [term for term in self.terms.values() if above & set(term.broader) and term.iri != iri]

    @cached_property
    def successors(self) -> Mapping[URIRef, tuple[URIRef, ...]]:
        """For each deprecated term what takes its place now, through all that took its place meanwhile."""
        return {iri: tuple(sorted(self._followed(iri))) for iri, term in self.terms.items() if term.deprecated}

    def _followed(self, iri: URIRef, passed: frozenset[URIRef] = frozenset()) -> set[URIRef]:
        found = set[URIRef]()
        for each in self.terms[iri].replaced_by if iri in self.terms else ():
            if each in passed:
                continue
            if each in self.terms and self.terms[each].deprecated:
                found |= self._followed(each, passed | {iri})
            else:
                found.add(each)
        return found

    def version_label(self, version: URIRef | None = None) -> str:
        """Returns how a version reads, by default its own."""
        version = version or self.version
        return str(self.graph.value(version, RDFS.label) or version) if version else ""

    def later_than(self, version: Node | None) -> bool:
        """Whether its version came after another."""
        return self.version is not None and version != self.version and version in earlier(self.graph, self.version)


def newest_version(graph: Graph) -> URIRef | None:
    """Returns the version that no other replaces; of several the one with the longest line behind it, None of none."""
    versions = {iri for iri in graph.subjects(RDF.type, LT.TypologyVersion) if isinstance(iri, URIRef)}
    replaced = set(graph.objects(None, DCTERMS.replaces))
    newest = sorted(versions - replaced, key=lambda iri: (-len(earlier(graph, iri)), str(iri)))
    return newest[0] if newest else None


def earlier(graph: Graph, version: URIRef) -> set[Node]:
    """Returns a version with all those before it."""
    return {each for each in graph.transitive_objects(version, DCTERMS.replaces) if each is not None}


def _refuse_dangling(graph: Graph, iri: URIRef) -> None:
    """Raises an OntologyError where a term stands under, or is replaced by, what the graph does not describe."""
    for predicate, said in ((SKOS.broader, "stands under"), (DCTERMS.isReplacedBy, "is replaced by")):
        for other in graph.objects(iri, predicate):
            if (other, SKOS.prefLabel, None) not in graph:
                raise OntologyError(str(iri), f"{said} <{other}>, which no file describes; correct it or add that term")


def _term(graph: Graph, iri: URIRef, choice: str) -> Term:
    replaced = _iris(graph.objects(iri, DCTERMS.isReplacedBy))
    status = str(graph.value(iri, LT.status) or "").removeprefix(str(CL))
    given_up = replaced or any(str(each).lower() in ("true", "1") for each in graph.objects(iri, OWL.deprecated))
    since = graph.value(iri, LT.sinceVersion)
    return Term(
        iri=iri,
        label=_first(graph, iri, SKOS.prefLabel),
        choice=choice,
        other_labels=_texts(graph, iri, SKOS.altLabel),
        notation=_first(graph, iri, SKOS.notation),
        definition=_first(graph, iri, SKOS.definition),
        scope_notes=_texts(graph, iri, SKOS.scopeNote),
        examples=_texts(graph, iri, SKOS.example),
        broader=_iris(graph.objects(iri, SKOS.broader)),
        status="deprecated" if given_up else status,
        replaced_by=replaced,
        mappings=tuple(sorted(_mappings(graph, iri))),
        since=since if isinstance(since, URIRef) else None,
    )


def _mappings(graph: Graph, iri: URIRef) -> Iterator[tuple[str, URIRef]]:
    for name in RELATIONS:
        yield from ((name, other) for other in graph.objects(iri, SKOS[name]) if isinstance(other, URIRef))
        told = (other for other in graph.subjects(SKOS[name], iri) if isinstance(other, URIRef))
        yield from ((_INVERSE.get(name, name), other) for other in told)


def _iris(nodes: Iterable[Node]) -> tuple[URIRef, ...]:
    return tuple(sorted({node for node in nodes if isinstance(node, URIRef)}))


def _texts(graph: Graph, iri: URIRef, predicate: URIRef) -> tuple[str, ...]:
    """Returns the texts in English or without a language, sorted, each with single spaces."""
    found = graph.objects(iri, predicate)
    return tuple(sorted({" ".join(t.split()) for t in found if isinstance(t, Literal) and t.language in ("en", None)}))


def _first(graph: Graph, iri: URIRef, predicate: URIRef) -> str:
    return next(iter(_texts(graph, iri, predicate)), "")
