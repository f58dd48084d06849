"""The answer of a named query, and the forms in which it is given."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol, overload

from rdflib import Literal, URIRef

from learntogether_kg.namespaces import shorten
from learntogether_kg.store.base import Solutions, Store, Term

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    class LabelQuery(Protocol):
        """The query that finds the labels of some resources."""

        def bind(self, terms: Mapping[str, Term | Sequence[Term] | None]) -> str:
            """Returns its text for some resources."""


LIST_SEPARATOR = "\n"
"""What stands between the members of a list column in a query's GROUP_CONCAT."""
_LABELS_AT_ONCE: Final = 500
"""So many labels are asked for in one query, since a server is asked over a network."""
_ADDRESS: Final = ("http://", "https://")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, order=True)
class Resource:
    """A resource in an answer, with the label a person reads."""

    label: str
    iri: str


Scalar = None | bool | int | float | str | Resource
Value = Scalar | tuple[Scalar, ...]
Row = tuple[Value, ...]
_Told = None | bool | int | float | str | dict[str, str]
"""A scalar as JSON has it."""


class Labels:
    """The labels of resources in one store, each looked up once.

    Args:
        store: The store.
        query: How one is looked up.
        own: How the IRIs begin that are looked up there, where all others are known to others.
        others: The labels of all others.
    """

    def __init__(
        self, store: Store, query: LabelQuery, own: tuple[str, ...] = (), others: Labels | None = None
    ) -> None:
        self._store = store
        self._query = query
        self._own = own
        self._others = others
        self._known: dict[URIRef, str] = {}

    def of(self, iri: URIRef) -> str:
        """Returns the label of a resource, or a short form of its IRI where it has none."""
        if self._others is not None and not str(iri).startswith(self._own):
            return self._others.of(iri)
        if iri not in self._known:
            self.learn([iri])
        return self._known[iri]

    def learn(self, iris: Iterable[URIRef]) -> None:
        """Looks up the labels of many resources at once, where they are not known yet."""
        asked = dict.fromkeys(iris)
        if self._others is not None:
            self._others.learn(iri for iri in asked if not str(iri).startswith(self._own))
            asked = dict.fromkeys(iri for iri in asked if str(iri).startswith(self._own))
        missing = (iri for iri in asked if iri not in self._known)
        while some := tuple(islice(missing, _LABELS_AT_ONCE)):
            found = {iri: str(label) for iri, label in self._store.select(self._query.bind({"iri": some}))}
            for iri in some:
                self._known[iri] = found.get(iri) or shorten(iri).rpartition("/")[2]


class LateRows(Sequence[Row]):
    """Rows of which many are never read: each is made when it is.

    Args:
        count: How many there are.
        made: Makes those from one place up to another, which is not among them.
    """

    _AT_ONCE: Final = 200

    def __init__(self, count: int, made: Callable[[int, int], Iterable[Row]]) -> None:
        self._count = count
        self._made = made

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...

    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        if isinstance(place, int):
            (row,) = self[range(self._count)[place] : range(self._count)[place] + 1]
            return row
        start, stop, step = place.indices(self._count)
        return tuple(self._made(start, stop))[::step] if start < stop else ()

    def __iter__(self) -> Iterator[Row]:
        for start in range(0, self._count, self._AT_ONCE):
            yield from self[start : start + self._AT_ONCE]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # as of a list


@dataclass(frozen=True)
class Answer:
    """Columns and rows, with what was asked.

    Attributes:
        query: The query's name.
        arguments: What it was asked with, every parameter named, as a person reads it; empty means any.
        columns: The names of the columns.
        rows: One value a column: a number, text, a resource with its label, a list of these, or None.
        resources: The columns that hold resources, where that is said; else the rows tell.
    """

    query: str
    arguments: dict[str, str]
    columns: tuple[str, ...]
    rows: Sequence[Row]
    resources: tuple[str, ...] = ()

    @classmethod
    def of(  # what a query's file says, each for itself
        cls,
        query: str,
        arguments: dict[str, str],
        solutions: Solutions,
        lists: Iterable[str],
        labels: Labels,
        resources: tuple[str, ...] = (),
    ) -> Self:
        """Returns the answer that a store's solutions make.

        Args:
            query: The query's name.
            arguments: What it was asked with.
            solutions: What the store said.
            lists: The columns that hold several values each, joined by LIST_SEPARATOR; they come back sorted, since
                a store may join them in any order.
            labels: Where labels of resources are found.
            resources: The columns that hold resources, where that is said.
        """
        several = set(lists)
        told = list(solutions)
        lists_at = {place for place, name in enumerate(solutions.variables) if name in several}
        labels.learn(
            iri for row in told for place, term in enumerate(row) for iri in _resources(term, place in lists_at)
        )
        rows = tuple(
            tuple(
                _members(term, labels) if name in several else _value(term, labels)
                for name, term in zip(solutions.variables, row, strict=True)
            )
            for row in told
        )
        return cls(query, arguments, solutions.variables, rows, resources)

    def as_records(self) -> list[dict[str, object]]:
        """Returns the rows as JSON-ready objects; a resource becomes ``{"iri": …, "label": …}``."""
        return [dict(zip(self.columns, map(_json_value, row), strict=True)) for row in self.rows]

    def packed(self) -> bytes:
        """Returns the answer as bytes that `unpack` reads, to be sent from one process to another."""
        told = [[_json_value(value) for value in row] for row in self.rows]
        return json.dumps([self.query, self.arguments, self.columns, told, self.resources]).encode()

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """Returns the answer that `packed` gave."""
        query, arguments, columns, rows, resources = json.loads(packed)
        read = tuple(tuple(_read(value) for value in row) for row in rows)
        return cls(query, arguments, tuple(columns), read, tuple(resources))

    def as_csv(self) -> Iterator[str]:
        """Yields the lines of a CSV table (RFC 4180), heading first.

        A column of resources becomes two, the label and ``<name>_iri``; the members of a list are joined by "; ".
        Before a text that a spreadsheet would run as a formula stands an apostrophe, also on the command line, so that
        both faces give the same bytes; JSON gives it as it is.
        """
        linked = [self._has_resources(index) for index in range(len(self.columns))]
        return csv_lines(self.columns, linked, self.rows)

    def _has_resources(self, index: int) -> bool:
        if self.resources:
            return self.columns[index] in self.resources
        return any(isinstance(member, Resource) for row in self.rows for member in _scalars(row[index]))


def csv_lines(columns: Sequence[str], linked: Sequence[bool], rows: Iterable[Row]) -> Iterator[str]:
    """Yields the lines of a table, each as soon as its row is there; see `Answer.as_csv`.

    Args:
        columns: The names of the columns.
        linked: Of each of them, whether it holds resources.
        rows: The rows.
    """
    yield _csv_line(
        [
            part
            for name, link in zip(columns, linked, strict=True)
            for part in ((name, f"{name}_iri") if link else (name,))
        ]
    )
    for row in rows:
        yield _csv_line(
            [
                part
                for value, link in zip(row, linked, strict=True)
                for part in ((_csv_cell(value), _iris(value)) if link else (_csv_cell(value),))
            ]
        )


def text(value: Value) -> str:
    """Returns a value as a person reads it: the label of a resource, the members of a list joined, nothing for None."""
    return "; ".join(_scalar_text(member) for member in _scalars(value))


def heading(column: str) -> str:
    """Returns the name of a column as words: ``findingsRead`` becomes ``findings read``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).lower()


def _scalar_text(value: Scalar) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Resource():
            return value.label
    return str(value)


def _scalars(value: Value) -> tuple[Scalar, ...]:
    return value if isinstance(value, tuple) else (value,)


def _iris(value: Value) -> str:
    return "; ".join(member.iri for member in _scalars(value) if isinstance(member, Resource))


def _json_value(value: Value) -> object:
    if isinstance(value, tuple):
        return [_json_value(member) for member in value]
    return {"iri": value.iri, "label": value.label} if isinstance(value, Resource) else value


def _read(value: _Told | list[_Told]) -> Value:
    """Returns the value that `_json_value` gave."""
    return tuple(_read_one(member) for member in value) if isinstance(value, list) else _read_one(value)


def _read_one(value: _Told) -> Scalar:
    return Resource(value["label"], value["iri"]) if isinstance(value, dict) else value


def _value(term: Term | None, labels: Labels) -> Scalar:
    if term is None:
        return None
    if isinstance(term, URIRef):
        return Resource(labels.of(term), str(term))
    native = term.value if isinstance(term, Literal) else None
    if isinstance(native, Decimal):
        return float(native)
    return native if isinstance(native, bool | int | float) else str(term)


def _resources(term: Term | None, is_list: bool) -> Iterator[URIRef]:
    """Yields the resources that a term names: itself, or the members of a list."""
    if isinstance(term, URIRef) and not is_list:
        yield term
    elif is_list and term:
        yield from (URIRef(member) for member in term.split(LIST_SEPARATOR) if member.startswith(_ADDRESS))


def _members(term: Term | None, labels: Labels) -> tuple[Scalar, ...]:
    members = {member for member in str(term or "").split(LIST_SEPARATOR) if member}
    resources = [Resource(labels.of(URIRef(m)), m) for m in members if m.startswith(_ADDRESS)]
    return (*sorted(resources), *sorted(m for m in members if not m.startswith(_ADDRESS)))


def _csv_cell(value: Value) -> str:
    """What was captured from a report may begin like a formula (OWASP, CSV injection); a number is never one."""
    words = text(value)
    return f"'{words}" if words.startswith(_FORMULA) and not isinstance(value, int | float) else words


def _csv_line(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
