"""Codings of the same items, as a store holds them: what can be coded, who coded it as what, what the codes mean."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from rdflib import URIRef

from learntogether_kg import resources
from learntogether_kg.errors import AgreementError
from learntogether_kg.namespaces import CL, LT, shorten
from learntogether_kg.store.base import Store, Term

_SEPARATOR: Final = " › "
_KINDS: Final = {LT.Finding: "finding", LT.ContributoryFactor: "factor", LT.FactorInteraction: "interaction"}
_ORDER: Final = tuple(_KINDS.values())


@dataclass(frozen=True)
class Item:
    """Something that can be coded.

    Attributes:
        iri: By which it is matched.
        review: The review it is part of.
        id: Its id within the review.
        kind: Finding, factor or interaction.
        text: What it says.
        context: More about it, by heading: where it was stated, how it showed.
    """

    iri: URIRef
    review: URIRef
    id: str
    kind: str
    text: str
    context: tuple[tuple[str, str], ...] = ()

    @property
    def place(self) -> tuple[str, int, int, str]:
        """What items are sorted by: review, kind, and id as people count."""
        return self.review, _ORDER.index(self.kind), len(self.id), self.id


@dataclass(frozen=True)
class Code:
    """One code that a coder gave an item.

    Attributes:
        pattern: A pattern, or the concept that says no type fits.
        primary: Whether it is the coder's first for the item.
        influence: What the coder says it does there; None where that is not said, and so below.
        explains: Whether the item explains or only describes.
        confidence: How sure the coder is.
    """

    pattern: URIRef
    primary: bool
    influence: URIRef | None = None
    explains: URIRef | None = None
    confidence: URIRef | None = None


@dataclass(frozen=True)
class Coder:
    """Who coded.

    Attributes:
        iri: By which coders are matched.
        code: The short code under which the coder is shown.
        kind: Human, machine, as published or agreed.
        profession: The lens through which the coder looks: a role in words; empty where none is given.
    """

    iri: URIRef
    code: str
    kind: URIRef | None = None
    profession: str = ""


@dataclass(frozen=True)
class Coding:
    """What one coder made of one review.

    Attributes:
        coder: Who.
        review: Which.
        version: The version of the typology in hand.
        level: Whether the coder chose among types only.
        codes: By item; one that is not there was not coded.
        place: The file it stands in; empty for a library.
    """

    coder: Coder
    review: URIRef
    version: URIRef | None
    level: URIRef | None
    codes: Mapping[URIRef, tuple[Code, ...]]
    place: str = ""

    @property
    def types_only(self) -> bool:
        """Whether nothing below a type was looked for."""
        return self.level == CL["types-only"]


@dataclass(frozen=True)
class Typology:
    """What codes mean.

    Attributes:
        labels: By pattern, version or entry of a code list.
        definitions: By pattern.
        notations: Of the types.
        above: Each pattern with itself and all above it.
    """

    labels: Mapping[URIRef, str] = field(default_factory=dict)
    definitions: Mapping[URIRef, str] = field(default_factory=dict)
    notations: Mapping[URIRef, str] = field(default_factory=dict)
    above: Mapping[URIRef, frozenset[URIRef]] = field(default_factory=dict)

    def types(self, pattern: URIRef) -> frozenset[URIRef]:
        """Returns the types above a pattern, or itself where it stands under none, as "no type fits" does."""
        found = frozenset(each for each in self.above.get(pattern, ()) if each in self.notations)
        return found or frozenset({pattern})

    def name(self, term: URIRef | None) -> str:
        """Returns what a code is called, as a drop-down has it: ``T4 › Clear roles``; empty for None."""
        if term is None:
            return ""
        label = self.labels.get(term, shorten(term).rpartition(":")[2])
        if term in self.notations:
            return f"{self.notations[term]} {label}"
        types = sorted(self.notations[each] for each in self.types(term) if each in self.notations)
        return "/".join(types) + _SEPARATOR + label if types else label


@dataclass(frozen=True)
class Coded:
    """Everything that a store has to compare.

    Attributes:
        items: By IRI.
        codings: One for each coder and review.
        reviews: Their public labels.
        typology: What the codes mean.
        derived: By the coder of an agreed coding, the coders it was agreed between.
        place: The file it stands in; empty for a library or several files.
    """

    items: Mapping[URIRef, Item]
    codings: tuple[Coding, ...]
    reviews: Mapping[URIRef, str]
    typology: Typology
    derived: Mapping[URIRef, frozenset[URIRef]]
    place: str = ""

    @cached_property
    def items_of(self) -> Mapping[URIRef, tuple[Item, ...]]:
        """The items of each review, in the order in which they are numbered."""
        found: dict[URIRef, list[Item]] = {}
        for item in sorted(self.items.values(), key=lambda each: each.place):
            found.setdefault(item.review, []).append(item)
        return {review: tuple(items) for review, items in found.items()}


def read_codings(store: Store, place: str = "", reviews: Collection[URIRef] = ()) -> Coded:
    """Returns what a store has to compare.

    Args:
        store: One that holds the ontology beside its reviews.
        place: The file that the reviews came from, for messages; empty for a library.
        reviews: Only these; by default all.

    Raises:
        AgreementError: Something is coded as what is no pattern: left out, it would pass for not coded.
        StoreUnavailableError: The store does not answer.
    """
    file = resources.folder("queries") / "internal" / "codings.rq"
    solutions = store.select(file.read_text(encoding="utf-8"))
    rows: dict[str, list[_Row]] = {}
    for values in solutions:
        row = _Row(dict(zip(solutions.variables, values, strict=True)))
        if not reviews or row.iri("review") is None or row.iri("review") in reviews:
            rows.setdefault(row.text("record"), []).append(row)
    items, typology = _items(rows), _typology(rows)
    _refuse_unknown_patterns(rows, items, typology, place)
    labels = {
        review: row.text("reviewLabel")
        for record in ("scope", "item")
        for row in rows.get(record, ())
        if (review := row.iri("review")) is not None
    }
    derived: dict[URIRef, set[URIRef]] = {}
    for row in rows.get("derived", ()):
        derived.setdefault(row.node, set()).add(row.required("other"))
    return Coded(
        items=items,
        codings=tuple(_codings(rows, place)),
        reviews=labels,
        typology=typology,
        derived={coder: frozenset(others) for coder, others in derived.items()},
        place=place,
    )


class _Row:
    """One row of the query, its values by column."""

    def __init__(self, values: Mapping[str, Term | None]) -> None:
        self._values = values

    def text(self, column: str) -> str:
        value = self._values[column]
        return "" if value is None else str(value)

    def iri(self, column: str) -> URIRef | None:
        value = self._values[column]
        return value if isinstance(value, URIRef) else None

    def required(self, column: str) -> URIRef:
        found = self.iri(column)
        assert found is not None, f"{column} is bound in every such row"
        return found

    @property
    def node(self) -> URIRef:
        return self.required("node")


def _items(rows: Mapping[str, list[_Row]]) -> dict[URIRef, Item]:
    context: dict[URIRef, list[tuple[str, str]]] = {}
    for row in rows.get("context", ()):
        context.setdefault(row.node, []).append((row.text("kind"), row.text("text")))
    return {
        row.node: Item(
            iri=row.node,
            review=row.required("review"),
            id=row.text("label") or row.node.rpartition("/")[2],
            kind=_KINDS[row.required("kind")],
            text=row.text("text"),
            context=tuple(sorted(context.get(row.node, ()))),
        )
        for row in rows.get("item", ())
    }


def _refuse_unknown_patterns(
    rows: Mapping[str, list[_Row]], items: Mapping[URIRef, Item], typology: Typology, place: str
) -> None:
    for row in rows.get("coding", ()):
        pattern = row.iri("other")
        if pattern is None or pattern not in typology.labels:
            item = items[row.node].id if row.node in items else row.node.rpartition("/")[2]
            raise AgreementError(
                f"{place + ': ' if place else ''}{item} is coded as {row.text('other')!r}, which is no pattern of the "
                "typology in use; `ltkg validate` names the cell"
            )


def _codings(rows: Mapping[str, list[_Row]], place: str) -> Iterator[Coding]:
    codes: dict[tuple[URIRef, URIRef], dict[URIRef, list[Code]]] = {}
    for row in rows.get("coding", ()):
        pattern = row.required("other")
        key = row.required("review"), row.required("coder")
        code = Code(
            pattern,
            row.text("primary") == "true",
            row.iri("influence"),
            row.iri("explains"),
            row.iri("confidence"),
        )
        codes.setdefault(key, {}).setdefault(row.node, []).append(code)
    for row in sorted(rows.get("scope", ()), key=lambda each: (each.text("review"), each.text("label"))):
        review, iri = row.required("review"), row.required("coder")
        coder = Coder(iri, row.text("label"), row.iri("kind"), row.text("role"))
        given = codes.get((review, iri), {})
        yield Coding(
            coder,
            review,
            row.iri("other"),
            row.iri("level"),
            {
                item: tuple(sorted(each, key=lambda code: (not code.primary, code.pattern)))
                for item, each in given.items()
            },
            place,
        )


def _typology(rows: Mapping[str, list[_Row]]) -> Typology:
    above: dict[URIRef, set[URIRef]] = {}
    for row in rows.get("pattern", ()):
        above.setdefault(row.node, set()).add(row.required("other"))
    told = rows.get("definition", ())
    return Typology(
        labels={row.node: row.text("label") for row in told},
        definitions={row.node: row.text("text") for row in told if row.text("text")},
        notations={row.node: row.text("text") for row in rows.get("type", ())},
        above={pattern: frozenset(others) for pattern, others in above.items()},
    )


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
