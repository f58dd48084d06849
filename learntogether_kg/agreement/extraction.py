"""Reads codings out of a store, by one query."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from rdflib import URIRef

from learntogether_kg import resources
from learntogether_kg.agreement.codings import Code, Coded, Coder, Coding, Item, Typology
from learntogether_kg.errors import AgreementError
from learntogether_kg.namespaces import LT
from learntogether_kg.store.base import Store, Term

_KINDS: Final = {LT.Finding: "finding", LT.ContributoryFactor: "factor", LT.FactorInteraction: "interaction"}


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
