"""Answers whose rows come from one review each, worked out review by review.

A library of ten thousand reviews is too large to be searched for what stands in one of them. A query that says
``#+ each-row-from: review`` can be asked of a small store instead, which holds the ontology, the catalogue and a few
reviews; reviews follow each other in the order of their labels, as the query's own rows do, so that the answers one
after the other are that of the whole store. A test holds that.
"""

from __future__ import annotations

import queue
import threading
import zlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import itemgetter
from time import monotonic
from typing import Final

from rdflib import URIRef

from learntogether_kg import queries
from learntogether_kg.answers import Answer, Row, csv_lines
from learntogether_kg.errors import TooLongError
from learntogether_kg.namespaces import CATALOGUE, LT, ONTOLOGY_GRAPH
from learntogether_kg.queries import Arguments, NamedQuery, Vocabulary
from learntogether_kg.store.base import Solutions
from learntogether_kg.store.oxigraph import OxigraphStore

_BATCHES: Final = (4, 8, 16, 32)
"""How many reviews are asked at once, at first and then: few, so that the first rows come soon; later more."""
_FEW: Final = 100
_AT_ONCE: Final = 3
"""So many small stores are lent at a time: more would take memory, and no more than the cores can be busy."""
_REUSES: Final = 100
"""So many reviews go through one small store. What was taken out of it leaves some memory behind."""
_TRAILS: Final = 200
_KEPT_BYTES: Final = 32 * 1024 * 1024
"""Of packed texts of reviews, of some 10 KB each."""
_ABOVE: Final = "coding-terms"


class Parts:
    """Small stores, each with the ontology, the catalogue and room for some reviews.

    Args:
        store: The whole library.
        vocabulary: Its vocabulary.
    """

    def __init__(self, store: OxigraphStore, vocabulary: Vocabulary) -> None:
        self._store = store
        self.vocabulary = vocabulary
        self._free: queue.LifoQueue[tuple[OxigraphStore, int]] = queue.LifoQueue()
        self._places = threading.BoundedSemaphore(_AT_ONCE)
        self._lock = threading.Lock()
        self._trails: OrderedDict[str, Trail] = OrderedDict()
        self._texts: dict[URIRef, bytes] = {}
        self._size = 0
        self._coded: dict[str, tuple[URIRef, ...]] = {}

    def reviews(self) -> tuple[URIRef, ...]:
        """Returns all reviews in the order of their labels."""
        return tuple(self.vocabulary.choices("lt:Review").labels)

    def coded_as(self, pattern: URIRef) -> tuple[URIRef, ...]:
        """Returns the reviews in which anything is coded as a pattern or one under it, in the order of their labels."""
        if str(pattern) not in self._coded:
            pairs = self.vocabulary.typology.select(queries.internal(_ABOVE).text)
            below = {row[1] for row in pairs if str(row[0]) == "pattern" and row[2] == pattern}
            coded = {
                graph
                for each in below
                if isinstance(each, URIRef)
                for graph in self._store.graphs_with(None, LT.pattern, each)
            }
            self._coded[str(pattern)] = tuple(review for review in self.reviews() if review in coded)
        return self._coded[str(pattern)]

    @contextmanager
    def holding(self, reviews: Sequence[URIRef]) -> Iterator[OxigraphStore]:
        """Lends a small store that holds some reviews."""
        with self._places:
            part, used = self._borrow()
            for review in reviews:
                part.load_triples(review, self._text(review))
            yield part  # after an error it is not used again
            if used + len(reviews) < _REUSES:
                for review in reviews:
                    part.remove_graph(review)
                self._free.put((part, used + len(reviews)))

    def _text(self, review: URIRef) -> bytes:
        """Returns a review as text; one that is asked again need not be put together from the disk again."""
        packed = self._texts.get(review)
        if packed is not None:
            return zlib.decompress(packed)
        text = self._store.dump_triples(review)
        packed = zlib.compress(text, 1)
        with self._lock:
            self._size += len(packed) - len(self._texts.pop(review, b""))
            self._texts[review] = packed
            while self._size > _KEPT_BYTES:
                self._size -= len(self._texts.pop(next(iter(self._texts))))
        return text

    def trail(self, key: str) -> Trail:
        """Returns how many rows stood before which review, as far as an answer was ever worked out."""
        with self._lock:
            found = self._trails.setdefault(key, Trail())
            self._trails.move_to_end(key)
            while len(self._trails) > _TRAILS:
                self._trails.popitem(last=False)
            return found

    def _borrow(self) -> tuple[OxigraphStore, int]:
        try:
            return self._free.get_nowait()
        except queue.Empty:
            return self._store.part([ONTOLOGY_GRAPH, CATALOGUE]), 0


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
        sizes = iter(_BATCHES)
        size = _BATCHES[0]
        while place < len(reviews) and (end is None or before < end):
            if monotonic() > until:
                raise TooLongError(self.query)
            size = next(sizes, size)
            wanted = slice(max(start - before, 0), None if end is None else end - before)
            number, found = self._ask(reviews[place : place + size], wanted)
            yield from found
            before, place = before + number, place + size
            trail.note(before, min(place, len(reviews)))
        if place >= len(reviews):
            trail.total = before

    def _ask(self, reviews: Sequence[URIRef], wanted: slice) -> tuple[int, tuple[Row, ...]]:
        """Returns how many rows some reviews have, and those of them that are wanted."""
        own = tuple(f"{review}/" for review in reviews)
        with self.parts.holding(reviews) as part:
            labels = queries.labels_of(part, own, self.parts.vocabulary.labels)
            solutions = part.select(self.asked.query.bind(self.asked.terms))
            rows = tuple(solutions)
            shown = Solutions(solutions.variables, rows[wanted])
            return len(rows), queries.answer_of(self.asked.query, self.asked, shown, labels).rows

    def _reviews(self) -> tuple[URIRef, ...]:
        query, terms = self.asked.query, self.asked.terms
        one, pattern = self.only or terms.get(query.each_row_from), terms.get(query.coded_as)
        if isinstance(one, URIRef):
            return (one,)
        return self.parts.coded_as(pattern) if isinstance(pattern, URIRef) else self.parts.reviews()

    def _trail(self) -> Trail:
        return self.parts.trail(f"{self.only}\n{self.asked.query.bind(self.asked.terms)}")


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
