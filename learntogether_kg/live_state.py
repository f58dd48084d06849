"""One state of a live library: what a server answers as long as the library is at that state.

A server keeps no earlier state, so that an answer could be of a later one than it says. So after each answer the
server is asked again which state it is at. States are counted up only, and where it is still the same one, the answer
was of it.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa
from rdflib import Graph, URIRef

from learntogether_kg import coding_table, resources
from learntogether_kg.errors import StateChangedError
from learntogether_kg.snapshot import Manifest
from learntogether_kg.store.base import Solutions
from learntogether_kg.store.endpoint import Question, Reply
from learntogether_kg.store.remote import reply
from learntogether_kg.store.servers import Kind
from learntogether_kg.store.sparql import SparqlStore

_MOST_KEPT: Final = 200_000
"""So many terms of answers are kept in memory."""
_LARGEST_KEPT: Final = 20_000
"""An answer of more terms than this is not kept."""


class StateStore:
    """A server that is asked about one state of a library; what it has said of that state need not be asked again.

    Args:
        store: The server.
        state: The number of the state.
        newest: Asks the server which state it is at.
    """

    def __init__(self, store: SparqlStore, state: int, newest: Callable[[], int]) -> None:
        self._store = store
        self._state = state
        self._newest = newest
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Solutions] = OrderedDict()
        self._size = 0

    def select(self, query: str) -> Solutions:
        """Returns the solutions of a SELECT query.

        Raises:
            StateChangedError: The library is at another state.
            StoreUnavailableError: The server does not answer.
        """
        with self._lock:
            found = self._kept.get(query)
            if found is not None:
                self._kept.move_to_end(query)
                return found
        solutions = self._store.select(query)
        self.confirm()
        found = Solutions(solutions.variables, tuple(solutions))
        self._keep(query, found)
        return found

    def select_csv(self, query: str) -> bytes:
        """Returns the solutions of a SELECT query as CSV; raises as `select` does."""
        table = self._store.select_csv(query)
        self.confirm()
        return table

    def graph(self, name: URIRef) -> Graph:
        """Returns a copy of one named graph; raises as `select` does."""
        graph = self._store.graph(name)
        self.confirm()
        return graph

    def graph_names(self) -> list[URIRef]:
        """Returns the names of all named graphs, sorted; raises as `select` does."""
        names = self._store.graph_names()
        self.confirm()
        return names

    def kind(self) -> Kind:
        """Returns which kind of server it is; see `SparqlStore.kind`."""
        return self._store.kind()

    def confirm(self) -> None:
        """Makes sure that the library is at this state.

        Raises:
            StateChangedError: It is at another one.
            StoreUnavailableError: The server does not answer.
        """
        now = self._newest()
        if now != self._state:
            raise StateChangedError(self._store.endpoint, self._state, now)

    def _keep(self, query: str, solutions: Solutions) -> None:
        size = _terms(solutions)
        if size > _LARGEST_KEPT:
            return
        with self._lock:
            if query in self._kept:
                return
            self._kept[query] = solutions
            self._size += size
            while self._size > _MOST_KEPT:
                self._size -= _terms(self._kept.popitem(last=False)[1])


@dataclass(frozen=True, eq=False)
class LiveState:
    """A state of a live library; it is asked as a release is, and is under no profile of disclosure control.

    Attributes:
        server: The server.
        number: The number of the state.
        newest: Asks the server which state it is at.
    """

    server: SparqlStore
    number: int
    newest: Callable[[], int]

    @classmethod
    def unread(cls, state: LiveState) -> LiveState:
        """Returns a state of which only the number is told, for when the server does not answer."""
        found = cls(state.server, state.number, state.newest)
        found.__dict__["manifest"] = Manifest(state.number, "", "", "", None, 0, state.name)
        return found

    @property
    def name(self) -> str:
        """How answers name it."""
        return f"state-{self.number}"

    @cached_property
    def store(self) -> StateStore:
        """Its triples."""
        return StateStore(self.server, self.number, self.newest)

    @cached_property
    def manifest(self) -> Manifest:
        """What is known of it: not when it was made nor by what; and quads are not counted, since that takes long."""
        studies = len(tuple(self.store.select(_query("studies"))))
        return Manifest(self.number, "", "", "", None, studies, self.name)

    def coding(self) -> pa.Table:
        """Returns its coding table; see `coding_table`."""
        return coding_table.extract(self.store)

    def extensions(self) -> list[Path]:
        """Returns copies of the extensions of the ontology that it keeps, which last as long as this process."""
        return [_copy(str(text)) for (text,) in self.store.select(_query("kept-extensions"))]

    def is_whole(self) -> bool:
        """Returns whether the server answers and is at this state."""
        return self.newest() == self.number

    def reply(
        self,
        question: Question,
        prefixes: dict[str, str],
        seconds: float,
        aside: Mapping[str, bytes] | None = None,
    ) -> Reply:
        """Returns the answer to a query from outside; see `store.remote.reply`.

        Raises:
            StateChangedError: The library is at another state.
            LearnTogetherError: As `store.remote.reply` raises.
        """
        found = reply(self.server, question, prefixes, seconds, aside)
        self.store.confirm()
        return found


def _copy(extension: str) -> Path:
    """Returns a file that holds an extension's text."""
    file = Path(_copies().name) / f"extension-{hashlib.sha256(extension.encode()).hexdigest()[:12]}.ttl"
    if not file.exists():
        file.write_text(extension, encoding="utf-8")
    return file


@cache
def _copies() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="ltkg-extensions-")


def _query(name: str) -> str:
    return (resources.folder("queries") / "internal" / f"{name}.rq").read_text(encoding="utf-8")


def _terms(solutions: Solutions) -> int:
    return sum(len(row) for row in solutions) + 1
