"""A live library: a SPARQL 1.1 server that holds the newest state and no other.

The graphs are those of a library folder. What identifies a review is never sent there: custody is a folder's matter,
and so are releases, which are made from a live library by `snapshot_into`.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from rdflib import Graph, Literal, URIRef

from learntogether_kg import ontology, resources
from learntogether_kg.custody import Record
from learntogether_kg.errors import LibraryBusyError, StateChangedError
from learntogether_kg.library import Change, Library
from learntogether_kg.live_state import LiveState
from learntogether_kg.namespaces import CATALOGUE, LT, ONTOLOGY_GRAPH
from learntogether_kg.store.base import Store
from learntogether_kg.store.sparql import SparqlStore

_CHANGE_SECONDS = 5
"""So long is the end of a change waited for."""
_PAUSE_SECONDS = 0.05
_CHECK_SECONDS = 10
"""So long may the server take to say which state it is at."""


def is_address(library: str) -> bool:
    """Returns whether what names a library is a server's address, and no folder."""
    return library.startswith(("http://", "https://"))


class LiveLibrary:
    """A library on a server.

    Args:
        store: The server.
    """

    def __init__(self, store: SparqlStore) -> None:
        self.store = store

    def state(self) -> int:
        """Returns the number of its state; 0 where nothing was ever submitted.

        While it is being changed, the end of that is waited for. Few servers ever show that they are; those that do a
        request step by step do, and only so can nobody see half of a change.

        Raises:
            StateChangedError: The change takes longer.
            StoreUnavailableError: The server does not answer.
        """
        asked = SparqlStore(self.store.endpoint, self.store.update_endpoint, _CHECK_SECONDS)
        deadline = time.monotonic() + _CHANGE_SECONDS
        while True:
            ((number, numbers),) = asked.select(_query("state"))
            state = int(number) if isinstance(number, Literal) else 0
            if int(str(numbers)) <= 1:
                return state
            if time.monotonic() > deadline:
                raise StateChangedError(self.store.endpoint, state - 1, state)
            time.sleep(_PAUSE_SECONDS)  # a server tells nobody that a change has ended: it has to be asked again

    def newest(self) -> LiveState:
        """Returns the state it is at now."""
        return self.at(self.state())

    def at(self, number: int) -> LiveState:
        """Returns the state of that number, which answers as long as the library is at it."""
        return LiveState(self.store, number, self.state)

    def studies(self) -> list[URIRef]:
        """Returns the IRIs of its reviews and syntheses, sorted; other graphs of the server are left alone."""
        return studies_in(self.store)

    def commit(self, records: Sequence[Record], withdraw: Collection[URIRef] = (), note: str = "") -> Change:  # noqa: ARG002  # a server keeps no log of ours
        """Stores records and withdraws studies by one update, which counts the state up; no update where all is there.

        The extensions in use become those that the library keeps.

        Args:
            records: What to store; a study that is there already is replaced. Their custody part stays here.
            withdraw: Studies to remove.
            note: Why; a folder's library keeps it in its log.

        Raises:
            StoreUnavailableError: The server does not do it; then nothing is changed.
            LibraryBusyError: Somebody else has changed what a record was made for.
        """
        present = set(self.studies())
        for record in records:
            if record.onto is not None and set(record.onto) != set(self.store.graph(record.study)):
                raise LibraryBusyError(self.store.endpoint)
        unchanged = [r for r in records if r.study in present and set(r.graph) == set(self.store.graph(r.study))]
        changed = [r for r in records if r not in unchanged]
        replace: dict[URIRef, Graph] = {r.study: r.graph for r in changed}
        terms = ontology.load_ontology()
        keep = self._keeping()
        if keep or len(self.store.graph(ONTOLOGY_GRAPH)) != len(terms):
            replace[ONTOLOGY_GRAPH] = terms.skolemize()  # some servers take no blank nodes in an update
        if replace or withdraw:
            materialise = [file.read_text(encoding="utf-8") for file in resources.files("queries", "materialise/*.ru")]
            begin, end = (_update(name) for name in ("begin-change", "end-change"))
            self.store.change(replace, withdraw, [begin], [*keep, *materialise, end])
        return Change(
            self.state(),
            added=tuple(r.study for r in changed if r.study not in present),
            replaced=tuple(r.study for r in changed if r.study in present),
            unchanged=tuple(r.study for r in unchanged),
            withdrawn=tuple(withdraw),
        )

    def _keeping(self) -> list[str]:
        """Returns the steps by which the library comes to keep the extensions in use; none where it keeps them."""
        texts = sorted(file.read_text(encoding="utf-8-sig") for file in ontology.extensions_in_use())
        if texts == sorted(str(text) for (text,) in self.store.select(_query("kept-extensions"))):
            return []
        kept = Graph()
        for text in texts:
            kept.add((CATALOGUE, LT.extensionText, Literal(text)))
        triples = "\n".join(sorted(kept.serialize(format="nt").splitlines()))
        put = [f"INSERT DATA {{ GRAPH {CATALOGUE.n3()} {{ {triples} }} }}"] if texts else []
        return [_update("forget-extensions"), *put]

    def snapshot_into(self, library: Library) -> Change:
        """Makes the newest state of a folder's library hold what this one holds, so that it can be published there.

        Args:
            library: The folder's library; what it holds beside it is withdrawn.

        Raises:
            StateChangedError: This library went on to another state meanwhile.
            StoreUnavailableError: The server does not answer.
        """
        state = self.newest()
        held = studies_in(state.store)
        records = [Record(study, state.store.graph(study), Graph()) for study in held]
        gone = set(library.current().studies()) - set(held)
        with ontology.extended(state.extensions()):
            return library.commit(records, gone, f"from {self.store.endpoint}, state {state.number}")


def studies_in(store: Store) -> list[URIRef]:
    """Returns the IRIs of the reviews and syntheses in a store, sorted."""
    return sorted(name for (name,) in store.select(_query("studies")) if isinstance(name, URIRef))


def _update(name: str) -> str:
    return (resources.folder("queries") / "live" / f"{name}.ru").read_text(encoding="utf-8")


def _query(name: str) -> str:
    return (resources.folder("queries") / "internal" / f"{name}.rq").read_text(encoding="utf-8")
