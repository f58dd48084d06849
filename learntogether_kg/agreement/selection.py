"""Which codings are compared, and whether they can be."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from rdflib import URIRef

from learntogether_kg.agreement.codings import Coded, Coder, Coding
from learntogether_kg.errors import AgreementError
from learntogether_kg.namespaces import CL

_TWO: Final = 2


@dataclass(frozen=True)
class Selection:
    """What is to be compared.

    Attributes:
        coders: Codes or IRIs; empty for all but agreed codings, which rest on others.
        reviews: Public labels or IRIs; empty for all.
    """

    coders: tuple[str, ...] = ()
    reviews: tuple[str, ...] = ()


def select(coded: Coded, selection: Selection) -> tuple[tuple[Coding, ...], list[str]]:
    """Returns the codings that are compared, and notes on what was left out.

    Raises:
        AgreementError: As for `compare`.
    """
    reviews = {_review(coded, name) for name in selection.reviews}
    codings = [each for each in coded.codings if not reviews or each.review in reviews]
    notes: list[str] = []
    if selection.coders:
        named = {_coder(codings, name) for name in selection.coders}
        codings = [each for each in codings if each.coder.iri in named]
    else:
        agreed = sorted({each.coder.code for each in codings if each.coder.kind == CL.agreed})
        codings = [each for each in codings if each.coder.kind != CL.agreed]
        if agreed:
            notes.append(f"Left out, as it rests on others' codes: {', '.join(agreed)}. Name it to compare it.")
    _refuse_too_few(codings)
    _refuse_versions(coded, codings)
    shared = _shared(codings)
    return tuple(each for each in codings if each.review in shared), notes


def coders_of(codings: Collection[Coding]) -> tuple[Coder, ...]:
    """Returns the coders of codings by their codes, each once, with a profession if any of the files gives it."""
    found: dict[URIRef, Coder] = {}
    for coding in codings:
        known = found.setdefault(coding.coder.iri, coding.coder)
        if not known.profession:
            found[coding.coder.iri] = coding.coder
    return tuple(sorted(found.values(), key=lambda coder: coder.code))


def _review(coded: Coded, name: str) -> URIRef:
    found = [iri for iri, label in coded.reviews.items() if name in (label, str(iri))]
    if len(found) != 1:
        known = ", ".join(sorted(set(coded.reviews.values()))[:8])
        raise AgreementError(f"{len(found) or 'no'} coded reviews are named {name!r}; there are {known}")
    return found[0]


def _coder(codings: Sequence[Coding], name: str) -> URIRef:
    for coding in codings:
        if name in (coding.coder.code, str(coding.coder.iri)):
            return coding.coder.iri
    known = ", ".join(sorted({each.coder.code for each in codings})) or "none"
    raise AgreementError(f"no coder {name!r} has coded here; there are: {known}")


def _refuse_too_few(codings: Sequence[Coding]) -> None:
    names = sorted({each.coder.code for each in codings})
    if len(names) < _TWO:
        there = f"there is one coding, by {names[0]}" if names else "there is no coding"
        raise AgreementError(f"{there}; to compare, give two or more codings of the same items")
    if not _shared(codings):
        raise AgreementError(f"no review was coded by two of {', '.join(names)}; give codings of the same review")


def _shared(codings: Sequence[Coding]) -> set[URIRef]:
    """Returns the reviews that two coders have coded."""
    coders: dict[URIRef, set[URIRef]] = {}
    for each in codings:
        coders.setdefault(each.review, set()).add(each.coder.iri)
    return {review for review, who in coders.items() if len(who) > 1}


def _refuse_versions(coded: Coded, codings: Sequence[Coding]) -> None:
    versions: dict[URIRef, Coding] = {}
    for each in codings:
        if each.version is not None:
            versions.setdefault(each.version, each)
    if len(versions) > 1:
        told = "; ".join(
            f"{each.coder.code} coded under {coded.typology.name(version)}"
            for version, each in sorted(versions.items(), key=lambda pair: pair[0])
        )
        raise AgreementError(f"the codings are under different versions of the typology ({told}); compare those of one")
