"""The classifications that a newer version of the typology touches, and what each may become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
from rdflib import RDF, Graph, Literal, URIRef
from rdflib.term import Node

from learntogether_kg.namespaces import CATALOGUE, LT, ONTOLOGY_GRAPH
from learntogether_kg.store.base import Store
from learntogether_kg.typology.changes import BEARS_ON_CODING, Change, Kind, compare
from learntogether_kg.typology.terms import Term, Typology

_SEEN = (LT.statement, LT.description)
_EVIDENCE = (LT.statement, LT.description, LT.reasoned, LT.knew, LT.yielded)


@dataclass(frozen=True)
class Touched:
    """One classification that a newer version touches.

    Attributes:
        review: The review it stands in.
        review_label: That review's public label.
        node: The classification.
        item: The id of what is classified.
        statement: What that says.
        evidence: What it rests on, one text a line.
        coder: The coder's code.
        primary: Whether it is the coder's first code for the item.
        pattern: What it is classified as.
        change: What happened to that.
        candidates: What it may become; the first is what is proposed where the change decides that.
    """

    review: URIRef
    review_label: str
    node: URIRef
    item: str
    statement: str
    evidence: str
    coder: str
    primary: bool
    pattern: Term
    change: Change
    candidates: tuple[Term, ...]

    @property
    def proposed(self) -> Term | None:
        """What it would become by the change alone; None where a person must decide."""
        return self.candidates[0] if self.change.mechanical else None


@dataclass(frozen=True)
class Migration:
    """A library's reviews between the typology it has and a newer one.

    Attributes:
        store: The triples of the library.
        old: The typology it has.
        new: The newer one.
        changes: What differs.
        graphs: The reviews that hold a touched classification, with their triples.
        touched: The touched classifications, by review and item.
    """

    store: Store
    old: Typology
    new: Typology
    changes: tuple[Change, ...]
    graphs: Mapping[URIRef, Graph]
    touched: tuple[Touched, ...]

    @classmethod
    def of(cls, store: Store, coding: pa.Table, new: Typology, old: Typology | None = None) -> Migration:
        """Returns what a newer typology touches.

        Args:
            store: The triples of a library.
            coding: Its coding table.
            new: The newer typology.
            old: The older; by default the one that the library has.

        Raises:
            OntologyError: The library's own typology cannot be read.
        """
        old = old or Typology.read("the library's typology", store.graph(ONTOLOGY_GRAPH))
        changes = tuple(compare(old, new))
        concerned = _concerned(old, new, changes)
        reviews = _reviews_with(coding, set(map(str, concerned)))
        graphs = {iri: store.graph(iri) for iri in reviews}
        found = [each for iri, graph in graphs.items() for each in _in_review(iri, graph, old, new, concerned)]
        found.sort(
            key=lambda each: (
                each.review_label,
                each.review,
                len(each.item),
                each.item,
                each.coder,
                not each.primary,
                each.node,
            )
        )
        held = {each.review for each in found}
        return cls(store, old, new, changes, {iri: g for iri, g in graphs.items() if iri in held}, tuple(found))

    @property
    def catalogue(self) -> Graph:
        """The library's own record, with its default coder."""
        return self.store.graph(CATALOGUE)


def _concerned(old: Typology, new: Typology, changes: tuple[Change, ...]) -> dict[URIRef, Change]:
    """Returns the patterns whose codings are touched, those under one that moved in place among them."""
    found = {each.old.iri: each for each in changes if each.old and BEARS_ON_CODING & set(each.kinds)}
    moved = {iri for iri, each in found.items() if Kind.MOVED in each.kinds and each.new[0].iri == iri}
    for iri, term in old.terms.items():
        if iri not in found and iri in new.terms and moved & new.above(iri):
            which = " and ".join(sorted(new.label(each) for each in moved & new.above(iri)))
            found[iri] = Change((Kind.MOVED,), term, (new.terms[iri],), (f"stands under {which}, which moved",))
    return found


def _reviews_with(coding: pa.Table, patterns: set[str]) -> list[URIRef]:
    rows = zip(*(coding[name].to_pylist() for name in ("record", "review", "pattern")), strict=True)
    return sorted({URIRef(review) for record, review, pattern in rows if record == "coding" and pattern in patterns})


def _in_review(
    review: URIRef, graph: Graph, old: Typology, new: Typology, concerned: Mapping[URIRef, Change]
) -> Iterator[Touched]:
    label = _text(graph, review, LT.publicLabel)
    for node in graph.subjects(RDF.type, LT.Classification):
        pattern, version = graph.value(node, LT.pattern), graph.value(node, LT.underTypology)
        if not isinstance(node, URIRef) or not isinstance(pattern, URIRef) or pattern not in concerned:
            continue
        if new.version is not None and version == new.version and old.version != new.version:
            continue  # it was made, or made anew, under the newer version
        item = graph.value(node, LT.classifies)
        change = concerned[pattern]
        coder = graph.value(node, LT.codedBy)
        yield Touched(
            review=review,
            review_label=label,
            node=node,
            item=_text(graph, item, LT.localId) or str(item).rpartition("/")[2],
            statement=_text(graph, item, *_SEEN),
            evidence=_evidence(graph, item),
            coder=_text(graph, coder, LT.coderCode),
            primary=str(graph.value(node, LT.primary)).lower() in ("true", "1"),
            pattern=old.terms[pattern],
            change=change,
            candidates=tuple(_candidates(change, old, new)),
        )


def _candidates(change: Change, old: Typology, new: Typology) -> list[Term]:
    """Returns what a coding may become: what took its place, then what stands beside it, then what stands above it."""
    assert change.old is not None
    found = list(change.new)
    if not change.mechanical:
        kin = [*(term.iri for term in old.beside(change.old.iri)), *change.old.broader]
        found += [new.terms[iri] for iri in kin if iri in new.terms and not new.terms[iri].deprecated]
        nothing = [
            term
            for term in new.terms.values()
            if not term.broader and (term.iri, RDF.type, LT.Pattern) not in new.graph
        ]
        found += [term for term in nothing if not term.deprecated]
    return list({term.iri: term for term in found}.values())


def _evidence(graph: Graph, item: Node | None) -> str:
    lines = [str(text) for name in (LT.howItShowed, LT.whyUnderlying) for text in graph.objects(item, name)]
    for name in (LT.supportedBy, LT.contradictedBy):
        for other in sorted(graph.objects(item, name), key=str):
            said = _text(graph, other, *_EVIDENCE)
            against = "against: " if name == LT.contradictedBy else ""
            lines += [f"{against}{_text(graph, other, LT.localId)} {said}".strip()] if said else []
    return "\n".join(lines)


def _text(graph: Graph, node: Node | None, *predicates: URIRef) -> str:
    found = (value for name in predicates for value in graph.objects(node, name) if isinstance(value, Literal))
    return str(next(found, "")) if node is not None else ""
