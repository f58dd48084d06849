"""Small stores of a few reviews each, copied from a large one and kept as long as they may be asked again."""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from rdflib import URIRef

from learntogether_kg.namespaces import CATALOGUE, ONTOLOGY_GRAPH
from learntogether_kg.store.oxigraph import OxigraphStore

_AT_ONCE: Final = 3
"""So many small stores are asked at a time: no more than the cores can be busy."""
_ROOM: Final = 400
"""Small stores of this weight together are kept as they are: first pages of few patterns are what is asked most."""
_EMPTY: Final = 5
"""The weight of a small store without reviews, in reviews: its ontology has as many triples as five of them."""
_KEPT: Final = range(2, 32)
"""Stores of so many reviews are kept. One review is loaded in a millisecond, and walks through the library, which ask
for many at once, come by once."""
_REUSES: Final = 100
"""So many reviews go through one small store. What was taken out of it leaves some memory behind."""
_PACKED_BYTES: Final = 32 * 1024 * 1024
"""Of packed texts of reviews, of some 10 KB each."""


@dataclass(eq=False)
class _Part:
    """A small store.

    Attributes:
        store: The store, with the ontology and the catalogue.
        reviews: The reviews that it holds.
        used: How many reviews have ever been in it.
        readers: How many read it.
        is_sound: Whether nothing went wrong in it.
    """

    store: OxigraphStore
    reviews: tuple[URIRef, ...] = ()
    used: int = 0
    readers: int = 0
    is_sound: bool = True


class Shelf:
    """Small stores, each with the ontology, the catalogue and some reviews.

    Args:
        store: The whole library.
    """

    def __init__(self, store: OxigraphStore) -> None:
        self._store = store
        self._kept: OrderedDict[tuple[URIRef, ...], _Part] = OrderedDict()
        self._spare: list[_Part] = []
        self._texts: dict[URIRef, bytes] = {}
        self._size = 0
        self._places = threading.BoundedSemaphore(_AT_ONCE)
        self._lock = threading.Lock()

    @contextmanager
    def holding(self, reviews: tuple[URIRef, ...]) -> Iterator[OxigraphStore]:
        """Lends a small store that holds some reviews and no others, to be read only; several may have it at once."""
        with self._places:
            part = self._taken(reviews) or self._filled(reviews)
            try:
                yield part.store
            except BaseException:
                with self._lock:
                    part.is_sound = False
                raise
            finally:
                self._put_back(part)

    def _taken(self, reviews: tuple[URIRef, ...]) -> _Part | None:
        """Returns the small store on the shelf that holds these reviews; None where there is none."""
        with self._lock:
            part = self._kept.get(reviews)
            if part is not None:
                part.readers += 1
                self._kept.move_to_end(reviews)
            return part

    def _filled(self, reviews: tuple[URIRef, ...]) -> _Part:
        """Returns a small store that was filled with reviews: the one longest not asked, or a new one."""
        part = self._oldest(_EMPTY + len(reviews))
        if part is None or part.used + len(reviews) > _REUSES:
            part = _Part(OxigraphStore.in_memory([]))
            for name in (ONTOLOGY_GRAPH, CATALOGUE):
                part.store.load_triples(name, self._text(name))
        for review in part.reviews:
            part.store.remove_graph(review)
        for review in reviews:
            part.store.load_triples(review, self._text(review))
        part.reviews, part.used, part.readers = reviews, part.used + len(reviews), 1
        return part

    def _oldest(self, weight: int) -> _Part | None:
        """Takes a spare small store, or the one not asked the longest from a shelf with no room for one of a weight."""
        with self._lock:
            if self._spare:
                return self._spare.pop()
            return self._unread() if self._weight() + weight > _ROOM else None

    def _put_back(self, part: _Part) -> None:
        with self._lock:
            part.readers -= 1
            if not part.is_sound:
                self._kept.pop(part.reviews, None)
            elif len(part.reviews) not in _KEPT:
                if len(self._spare) < _AT_ONCE:
                    self._spare.append(part)
            elif part.readers == 0:
                # Where two filled one with the same at the same time, the later one stays.
                self._kept[part.reviews] = part
            while self._weight() > _ROOM and self._unread():
                pass

    def _weight(self) -> int:
        return sum(_EMPTY + len(reviews) for reviews in self._kept)

    def _unread(self) -> _Part | None:
        """Takes the small store from the shelf that nobody reads and that was not asked the longest."""
        oldest = next((reviews for reviews, part in self._kept.items() if part.readers == 0), None)
        return None if oldest is None else self._kept.pop(oldest)

    def _text(self, review: URIRef) -> bytes:
        """Returns a graph as text; one that is asked again need not be put together from the disk again."""
        packed = self._texts.get(review)
        if packed is not None:
            return zlib.decompress(packed)
        text = self._store.dump_triples(review)
        packed = zlib.compress(text, 1)
        with self._lock:
            self._size += len(packed) - len(self._texts.pop(review, b""))
            self._texts[review] = packed
            while self._size > _PACKED_BYTES:
                self._size -= len(self._texts.pop(next(iter(self._texts))))
        return text
