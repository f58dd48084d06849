"""The items that coders coded differently: what to talk about, and what the codes in question mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from rdflib import URIRef

from learntogether_kg.agreement.codings import Code, Coded, Coder, Coding, Item, Typology

KINDS: Final = {
    "different type": "their first codes are under different types",
    "different sub-pattern": "their first codes are under one type and stand beside each other",
    "more and less detail": "one first code stands above the other",
    "different influence": "the same first code, with another influence",
    "different further codes": "the same first code, with other codes beside it",
    "coded by some only": "some left it uncoded, which no figure counts as disagreement",
}
"""How far apart coders may be on an item, worst first. An item is told under the worst of all its pairs of coders."""

_ORDER: Final = tuple(KINDS)


@dataclass(frozen=True)
class Difference:
    """An item that is not coded alike by all.

    Attributes:
        item: The item.
        review: The label of its review.
        kind: One of `KINDS`.
        codes: By coder, what each gave; empty for one who left it uncoded.
        patterns: The patterns in question, those that stand above them included, to be looked up.
    """

    item: Item
    review: str
    kind: str
    codes: tuple[tuple[Coder, tuple[Code, ...]], ...]
    patterns: tuple[URIRef, ...]


def differences(
    coded: Coded, codings: Sequence[Coding], coders: Sequence[Coder], items: Sequence[Item]
) -> Iterator[Difference]:
    """Yields the items that are not coded alike, the worst kind of difference first, then in their order.

    Args:
        coded: Where codes are looked up.
        codings: What is compared.
        coders: The coders, in the order in which they are shown.
        items: The items of the reviews that are compared.
    """
    given = {(each.coder.iri, each.review): each for each in codings}
    found = []
    for item in items:
        here = [(coder, given[coder.iri, item.review]) for coder in coders if (coder.iri, item.review) in given]
        codes = tuple((coder, coding.codes.get(item.iri, ())) for coder, coding in here)
        types_only = {coding.coder.iri for _, coding in here if coding.types_only}
        kind = _kind(coded.typology, codes, types_only)
        if kind:
            patterns = {code.pattern for _, each in codes for code in each}
            patterns |= {above for pattern in patterns for above in coded.typology.above.get(pattern, ())}
            label = coded.reviews.get(item.review, "")
            ordered = tuple(sorted(patterns, key=coded.typology.name))
            found.append(Difference(item, label, kind, codes, ordered))
    yield from sorted(found, key=lambda each: _ORDER.index(each.kind))


def tell(typology: Typology, codes: Sequence[Code]) -> tuple[str, ...]:
    """Returns codes in words, one each; ``not coded`` where there are none.

    Args:
        typology: What the codes mean.
        codes: Those of one coder for one item.
    """
    if not codes:
        return ("not coded",)
    return tuple(f"{typology.name(code.pattern)} ({', '.join(_qualities(typology, code))})" for code in codes)


def _qualities(typology: Typology, code: Code) -> Iterator[str]:
    yield "primary" if code.primary else "further"
    if code.influence is not None:
        yield typology.name(code.influence).lower()


def _kind(typology: Typology, codes: Sequence[tuple[Coder, tuple[Code, ...]]], types_only: set[URIRef]) -> str:
    """Returns the worst kind of difference between two coders of an item; empty where there is none."""
    done = [(coder, each) for coder, each in codes if each]
    kinds = {
        _difference(typology, one, other, coder.iri in types_only or second.iri in types_only)
        for (coder, one), (second, other) in combinations(done, 2)
    } - {""}
    if done and len(done) < len(codes):
        kinds.add("coded by some only")
    return min(kinds, key=_ORDER.index, default="")


def _difference(typology: Typology, one: Sequence[Code], other: Sequence[Code], by_types: bool) -> str:
    """Returns how two coders' codes of an item differ. With one who looked for types only, detail is no difference."""
    first, second = (next((code for code in codes if code.primary), codes[0]) for codes in (one, other))
    if not typology.types(first.pattern) & typology.types(second.pattern):
        return "different type"
    if first.pattern != second.pattern and not by_types:
        in_line = first.pattern in typology.above.get(second.pattern, ()) or second.pattern in typology.above.get(
            first.pattern, ()
        )
        return "more and less detail" if in_line else "different sub-pattern"
    if first.influence != second.influence:
        return "different influence"
    return "" if _further(typology, one, by_types) == _further(typology, other, by_types) else "different further codes"


def _further(typology: Typology, codes: Sequence[Code], by_types: bool) -> frozenset[URIRef]:
    if by_types:
        return frozenset(each for code in codes for each in typology.types(code.pattern))
    return frozenset(code.pattern for code in codes)
