"""Codings made by hand, for tests of what compares them."""

from __future__ import annotations

from collections.abc import Mapping

from rdflib import URIRef

from learntogether_kg import ontology
from learntogether_kg.agreement.codings import Code, Coded, Coder, Coding, Item, Typology
from learntogether_kg.agreement.extraction import read_codings
from learntogether_kg.namespaces import CL, CODER, ONTOLOGY_GRAPH, REVIEW, TYP
from learntogether_kg.store.oxigraph import OxigraphStore

ONE = REVIEW["aaaaaaaaaaaaaaaa"]
VERSION = TYP["version-2008"]
NONE = TYP["no-type-fits"]
SHORT = {
    "forms": TYP["assessment-forms"],
    "framework": TYP["assessment-framework"],
    "T1": TYP["human-tool-operation"],
    "T2": TYP["human-management-system-operation"],
    "roles": TYP["clear-roles"],
    "supervision": TYP["supervision"],
    "none": NONE,
}


def typology() -> Typology:
    """The typology as it is shipped."""
    return read_codings(OxigraphStore.in_memory([(ONTOLOGY_GRAPH, ontology.load_ontology())])).typology


def coding(
    coder: str,
    codes: str,
    profession: str = "",
    kind: str = "human",
    level: str = "types-and-sub-patterns",
    version: URIRef = VERSION,
    review: URIRef = ONE,
    place: str = "",
) -> Coding:
    """One coder's codes of items F1, F2 …: names of SHORT, "+" before a further one, "." for an uncoded item.

    A name may end in "!" for constructive influence; otherwise it is unsafe.
    """
    found: dict[URIRef, tuple[Code, ...]] = {}
    for number, text in enumerate(codes.split(), start=1):
        if text != ".":
            found[item_iri(number, review)] = tuple(
                Code(SHORT[name.strip("!")], place == 0, CL.constructive if name.endswith("!") else CL.unsafe)
                for place, name in enumerate(text.split("+"))
            )
    who = Coder(CODER[coder], coder, CL[kind], profession)
    return Coding(who, review, version, CL[level], found, place)


def item_iri(number: int, review: URIRef = ONE) -> URIRef:
    """The IRI of item F<number>."""
    return URIRef(f"{review}/F{number}")


def coded(*codings: Coding, items: int, texts: Mapping[int, str] | None = None, place: str = "") -> Coded:
    """Codings of one review or several, each with so many findings."""
    reviews = dict.fromkeys(each.review for each in codings)
    made = {}
    for review in reviews:
        for number in range(1, items + 1):
            iri = item_iri(number, review)
            made[iri] = Item(iri, review, f"F{number}", "finding", (texts or {}).get(number, f"Statement {number}"))
    labels = {review: f"Synthetic {review[-4:]}" for review in reviews}
    return Coded(made, codings, labels, typology(), {}, place)
