"""Answers whose rows come from one review each, worked out review by review.

A library of ten thousand reviews is too large to be searched for what stands in one of them. A query that says
``#+ each-row-from: review`` can be asked of a small store instead, which holds the ontology, the catalogue and a few
reviews; reviews follow each other in the order of their labels, as the query's own rows do, so that the answers one
after the other are that of the whole store. A test holds that.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from time import monotonic
from typing import Final

from rdflib import URIRef

from learntogether_kg import queries
from learntogether_kg.answers import Answer, Row, csv_lines
from learntogether_kg.errors import TooLongError
from learntogether_kg.queries import Arguments, Vocabulary
from learntogether_kg.query_files import NamedQuery
from learntogether_kg.shelf import Shelf
from learntogether_kg.store.base import Solutions
from learntogether_kg.store.oxigraph import OxigraphStore

_BATCHES: Final = (4, 8, 16, 32)
"""How many reviews are asked at once, at first and then: few, so that the first rows come soon; later more."""
_FEW: Final = 100
_TRAILS: Final = 200
Coded = Callable[[URIRef, URIRef | None, tuple[str, ...]], Container[URIRef]]


class Parts:
    """The reviews of a library in their order, and how far answers were worked out over them.

    Args:
        store: The whole library.
        vocabulary: Its vocabulary.
        coded: Tells in which reviews anybody coded something as a pattern or one under it: with an influence or, for
            None, with any; and something of which one of some facts is known or, for none, anything.
    """

    def __init__(self, store: OxigraphStore, vocabulary: Vocabulary, coded: Coded) -> None:
        self.shelf = Shelf(store)
        self.vocabulary = vocabulary
        self._lock = threading.Lock()
        self._trails: OrderedDict[str, Trail] = OrderedDict()
        self._coded = coded
        self._known: OrderedDict[tuple[URIRef, URIRef | None, tuple[str, ...]], tuple[URIRef, ...]] = OrderedDict()
        self._reviews: tuple[URIRef, ...] | None = None

    def reviews(self) -> tuple[URIRef, ...]:
        """Returns all reviews in the order of their labels."""
        if self._reviews is None:
            self._reviews = tuple(self.vocabulary.choices("lt:Review").labels)
        return self._reviews

    def coded_as(
        self, pattern: URIRef, influence: URIRef | None = None, on: tuple[str, ...] = ()
    ) -> tuple[URIRef, ...]:
        """Returns the reviews in which something is coded as a pattern or one under it, in the order of their labels.

        Args:
            pattern: The pattern.
            influence: The influence that it was coded with; None for any.
            on: Facts of which one must be known of what is coded so; none for anything.
        """
        key = pattern, influence, on
        known = self._known.get(key)
        if known is None:
            coded = self._coded(pattern, influence, on)
            known = tuple(review for review in self.reviews() if review in coded)
            with self._lock:
                self._known[key] = known
                while len(self._known) > _TRAILS:
                    self._known.popitem(last=False)
        return known

    def trail(self, key: str) -> Trail:
        """Returns how many rows stood before which review, as far as an answer was ever worked out."""
        with self._lock:
            found = self._trails.setdefault(key, Trail())
            self._trails.move_to_end(key)
            while len(self._trails) > _TRAILS:
                self._trails.popitem(last=False)
            return found


@dataclass
class Trail:
    """How far an answer was worked out.

    Attributes:
        points: Rising pairs: a number of rows, and the review, counted from 0, that so many rows stand before.
        total: How many rows there are; None while that is not known.
    """

    points: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])
    total: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def before(self, offset: int) -> tuple[int, int]:
        """Returns a number of rows, no more than asked for, and the review they stand before."""
        with self._lock:
            return self.points[bisect_right(self.points, offset, key=itemgetter(0)) - 1]

    def note(self, rows: int, review: int) -> None:
        """Notes that so many rows stand before a review."""
        with self._lock:
            if review > self.points[-1][1]:
                self.points.append((rows, review))


@dataclass(frozen=True)
class Walk:
    """An answer that is worked out as far as it is asked for.

    Attributes:
        parts: Where the reviews are asked.
        asked: The query with its arguments.
        only: The one review whose rows are wanted; None for all that the arguments allow.
    """

    parts: Parts
    asked: Arguments
    only: URIRef | None = None

    @property
    def query(self) -> str:
        """The query's name."""
        return self.asked.query.name

    @property
    def arguments(self) -> dict[str, str]:
        """What it was asked with, as a person reads it."""
        return self.asked.shown

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.asked.query.columns)

    @property
    def total(self) -> int | None:
        """How many rows there are; None while nobody has come to the end."""
        return self._trail().total

    @property
    def is_short(self) -> bool:
        """Whether so few reviews are asked that all of them can be for any part."""
        return len(self._reviews()) <= _FEW

    def part(self, offset: int, limit: int | None, seconds: float) -> Answer:
        """Returns some of the rows.

        Args:
            offset: How many rows to leave out.
            limit: How many there are at most; None for all.
            seconds: How long it may take.

        Raises:
            TooLongError: It takes longer.
        """
        end = None if limit is None else offset + limit
        found = tuple(self.rows(offset, end, monotonic() + seconds))
        return Answer(self.query, self.arguments, self.columns, found, self.asked.query.resources)

    def lines(self, offset: int, limit: int | None, seconds: float) -> Iterator[str]:
        """Yields the rows as lines of CSV, as `Answer.as_csv`, each as soon as it is known.

        Raises:
            TooLongError: It takes longer than so many seconds.
        """
        linked = [name in self.asked.query.resources for name in self.columns]
        end = None if limit is None else offset + limit
        return csv_lines(self.columns, linked, self.rows(offset, end, monotonic() + seconds))

    def rows(self, start: int, end: int | None, until: float) -> Iterator[Row]:
        """Yields rows from one number to another.

        Raises:
            TooLongError: It is later than the given time of the monotonic clock.
        """
        trail, reviews = self._trail(), self._reviews()
        before, place = trail.before(start)
        first, none_before = place, before
        sizes = iter(_BATCHES)
        most = _BATCHES[0]
        while place < len(reviews) and (end is None or before < end):
            if monotonic() > until:
                raise TooLongError(self.query)
            most = next(sizes, most)
            size = most if end is None else _enough(end - before, before - none_before, place - first, most)
            wanted = slice(max(start - before, 0), None if end is None else end - before)
            number, found = self._ask(reviews[place : place + size], wanted)
            yield from found
            before, place = before + number, min(place + size, len(reviews))
            trail.note(before, place)
        if place >= len(reviews):
            trail.total = before

    def _ask(self, reviews: tuple[URIRef, ...], wanted: slice) -> tuple[int, Sequence[Row]]:
        """Returns how many rows some reviews have, and those of them that are wanted."""
        own = tuple(f"{review}/" for review in reviews)
        with self.parts.shelf.holding(reviews) as part:
            labels = queries.labels_of(part, own, self.parts.vocabulary.labels)
            solutions = part.select(self.asked.query.bind(self.asked.terms))
            rows = tuple(solutions)
            shown = Solutions(solutions.variables, rows[wanted])
            return len(rows), queries.answer_of(self.asked.query, self.asked, shown, labels).rows

    def _reviews(self) -> tuple[URIRef, ...]:
        one = self.only or self._resource(self.asked.query.each_row_from)
        if one is not None:
            return (one,)
        pattern = self._resource(self.asked.query.coded_as)
        if pattern is None:
            return self.parts.reviews()
        query = self.asked.query
        return self.parts.coded_as(pattern, self._resource(query.coded_with), query.coded_on)

    def _resource(self, parameter: str) -> URIRef | None:
        """Returns the resource that a parameter was given, or has as its default; None for any, or for no parameter."""
        taken = parameter in (each.name for each in self.asked.query.parameters)
        return URIRef(self.asked.text(parameter)) if taken and self.asked.text(parameter) else None

    def _trail(self) -> Trail:
        return self.parts.trail(f"{self.only}\n{self.asked.query.bind(self.asked.terms)}")


def _enough(rows: int, rows_before: int, reviews_before: int, most: int) -> int:
    """Returns how many reviews may have so many rows, if they have as many each as those before: a power of two.

    So that different questions ask for the same reviews together more often, and find them so on the shelf.

    Args:
        rows: How many rows are wanted.
        rows_before: How many rows the reviews before had.
        reviews_before: How many these were.
        most: How many it is at most, and where the reviews before tell nothing.
    """
    if not rows_before:
        return most
    needed = -(-rows * reviews_before // rows_before)
    return min(most, 1 << (needed - 1).bit_length())


def walk(parts: Parts, query: NamedQuery, arguments: Mapping[str, str]) -> Walk | None:
    """Returns the answer of a query, to be worked out review by review; None where that cannot be done.

    Args:
        parts: Where the reviews are asked.
        query: The query.
        arguments: As for `queries.ask`.

    Raises:
        QueryArgumentError: An argument is unknown or not of its type.
    """
    if not query.each_row_from:
        return None
    read = queries.read_arguments(query, arguments, parts.vocabulary)
    if query.given and read.terms.get(query.given) is None:
        return None
    return Walk(parts, read)
