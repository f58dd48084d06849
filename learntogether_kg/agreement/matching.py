"""Codings of several files put together, where they code the same items."""

from __future__ import annotations

from collections.abc import Iterable

from rdflib import URIRef

from learntogether_kg.agreement.codings import Coded, Coding, Item, Typology
from learntogether_kg.errors import AgreementError


def join(parts: Iterable[Coded], typology: Typology) -> Coded:
    """Returns codings of several files as one, after making sure that they code the same.

    Raises:
        AgreementError: An item of a review stands in one file and not in another, or reads otherwise there; or a coder
            has coded a review in two files.
    """
    files = list(parts)
    items: dict[URIRef, Item] = {}
    for one in files:
        for other in files:
            if one is not other:
                _refuse_other_items(one, other)
        for iri, item in one.items.items():
            items[iri] = item if iri not in items or item.context else items[iri]
    codings: dict[tuple[URIRef, URIRef], Coding] = {}
    for part in files:
        for coding in part.codings:
            known = codings.setdefault((coding.review, coding.coder.iri), coding)
            if known is not coding:
                _refuse_twice(known, coding, part)
    derived: dict[URIRef, frozenset[URIRef]] = {}
    reviews: dict[URIRef, str] = {}
    for part in files:
        derived.update(part.derived)
        reviews.update({iri: label for iri, label in part.reviews.items() if label or iri not in reviews})
    return Coded(items, tuple(codings.values()), reviews, typology, derived)


def _refuse_other_items(one: Coded, other: Coded) -> None:
    """Compares the items of a review that two files share, kind by kind: a file need not offer each kind."""
    for review in one.items_of.keys() & other.items_of.keys():
        there = {item.iri: item for item in other.items_of[review]}
        kinds = {item.kind for item in there.values()}
        for item in one.items_of[review]:
            if item.kind in kinds and item.iri not in there:
                raise AgreementError(
                    f"{item.kind} {item.id} of {_named(one, review)} stands in {one.place} and not in {other.place}; "
                    "compare codings of the same items"
                )
            if item.iri in there and " ".join(there[item.iri].text.split()) != " ".join(item.text.split()):
                raise AgreementError(
                    f"{item.kind} {item.id} of {_named(one, review)} reads otherwise in {one.place} than in "
                    f"{other.place}, so its coders did not code the same; have it coded again from one text"
                )


def _refuse_twice(known: Coding, coding: Coding, part: Coded) -> None:
    raise AgreementError(
        f"coder {coding.coder.code} has coded {_named(part, coding.review)} both in {known.place} and in "
        f"{coding.place}; give each coding once"
    )


def _named(coded: Coded, review: URIRef) -> str:
    return coded.reviews.get(review) or review.rpartition("/")[2]
