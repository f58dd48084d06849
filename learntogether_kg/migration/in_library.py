"""A newer version of the typology in a library: what it touches there, and what its recoding queues decide."""

from __future__ import annotations

from pathlib import Path

from rdflib import DCTERMS, Graph

from learntogether_kg import ontology
from learntogether_kg.custody import Record
from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.library import Library
from learntogether_kg.live import LiveLibrary
from learntogether_kg.live_state import LiveState
from learntogether_kg.migration.impact import Impact, weigh
from learntogether_kg.migration.queue import decisions, read_queue, versions_in, write_queue
from learntogether_kg.migration.recoding import recode
from learntogether_kg.migration.touched import Migration
from learntogether_kg.namespaces import LT, ONTOLOGY_GRAPH
from learntogether_kg.snapshot import Snapshot
from learntogether_kg.typology import versions
from learntogether_kg.typology.terms import Typology
from learntogether_kg.validation.engine import validate
from learntogether_kg.validation.report import ValidationReport


def newest(library: Library | LiveLibrary) -> Snapshot | LiveState:
    """Returns the newest state of a library."""
    return library.newest() if isinstance(library, LiveLibrary) else library.current()


def weigh_version(library: Library | LiveLibrary, new: str, codes: str = "primary", coder: str = "") -> Impact:
    """Returns what a newer version of the typology does to the newest state of a library; nothing is changed.

    Args:
        library: The library.
        new: The newer version, as for `versions.find`.
        codes: Which codes of an item count: ``primary`` or ``any``.
        coder: Whose coding counts; by default that of the library's default coder.

    Raises:
        OntologyError: The newer version cannot be read.
        QueryArgumentError: There is no such coder.
    """
    state = newest(library)
    name = library.store.endpoint if isinstance(library, LiveLibrary) else library.path
    return weigh(_migration(state, new), state.coding(), f"state {state.manifest.state} of {name}", codes, coder)


def queue_recoding(library: Library | LiveLibrary, new: str, folder: Path) -> list[Path]:
    """Writes a recoding queue for each review of a library that a newer version touches; nothing is recoded.

    Args:
        library: The library.
        new: The newer version, as for `versions.find`.
        folder: A new or an empty folder.

    Raises:
        OntologyError: The newer version cannot be read.
        UnreadableFileError: The folder cannot be used.
    """
    state = newest(library)
    return write_queue(_migration(state, new), folder)


def _migration(state: Snapshot | LiveState, name: str) -> Migration:
    """Returns what a newer version touches in a state, also where the state has taken that version already."""
    new = versions.find(name, state.extensions())
    migration = Migration.of(state.store, state.coding(), new)
    if (
        new.version is None
        or migration.old.version != new.version
        or new.version not in versions_in(migration.old.graph)
    ):
        return migration
    if not any((new.version, DCTERMS.replaces, None) in typology.graph for typology in (new, migration.old)):
        return migration
    old = versions.before(new.version, [*state.extensions(), *([Path(name)] if Path(name).is_file() else [])])
    return Migration.of(state.store, state.coding(), new, old)


def recoded(library: Library | LiveLibrary, path: Path) -> tuple[ValidationReport, Record]:
    """Returns the review that a queue is about with what it decides, as it is where that is nothing new."""
    queue = read_queue(path)
    state = newest(library)
    if queue.version not in versions_in(ontology.load_ontology()):
        reason = f"it recodes under <{queue.version}>, which the library does not know; add --extension FILE.ttl"
        raise UnreadableFileError(path, reason)
    graph = state.store.graph(queue.review)
    if not len(graph):
        raise UnreadableFileError(path, f"the library has no review <{queue.review}>")
    new = Typology.read("the newer version", ontology.load_ontology())
    # What is touched follows from the typology before that version, also where the library has taken it already.
    taken = queue.version in versions_in(state.store.graph(ONTOLOGY_GRAPH))
    old = versions.before(queue.version) if taken else None
    touched = Migration.of(state.store, state.coding(), new, old).touched
    made = recode(graph, decisions(queue, graph, touched, new), queue.version)
    return validate(made, file=str(path)), Record(queue.review, made, Graph(), path.name, onto=graph)


def refuse_to_lose_recoding(library: Library | LiveLibrary, path: Path, record: Record) -> None:
    """Raises an error where a file would put the coding back to what it was before it was recoded."""
    held = set(newest(library).store.graph(record.study).subject_objects(LT.recodedFrom))
    if held - set(record.graph.subject_objects(LT.recodedFrom)):
        reason = "the library holds this review recoded, and the file would undo that; withdraw the review first"
        raise UnreadableFileError(path, f"{reason} if that is meant")
