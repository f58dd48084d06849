"""Custody: what identifies a review, kept apart from everything that is served.

Source records (publisher, title, identifiers, address, exact dates) and source maps stand in a store of their own that
is in no checkpoint and that the serving process never opens, beside a log of who changed what when.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rdflib import DCTERMS, RDF, Graph, Literal, URIRef

from learntogether_kg.disk import bring_to_disk, replace_text, sync
from learntogether_kg.errors import DuplicateReviewError
from learntogether_kg.namespaces import LT
from learntogether_kg.store.oxigraph import OxigraphStore

_MARK = "/custody/"
_NEW: Final = "store-without"
_OLD: Final = "store-before"


@dataclass(frozen=True)
class Record:
    """One study to be stored.

    Attributes:
        study: The IRI of the review or synthesis, which also names its graph.
        graph: What may be published.
        custody: What may not: the source record and the source map.
        file: The name of the file it came from, for messages.
        onto: What the library must hold of the study for it to be stored; None where that does not matter. What is in
            custody of such a study stays there, beside what this record brings.
    """

    study: URIRef
    graph: Graph
    custody: Graph
    file: str = ""
    onto: Graph | None = None


class Custody:
    """The custody folder of a library, opened for one change at a time."""

    def __init__(self, path: Path) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = path
        self._log = path / "audit.jsonl"
        self._end_purge()
        self._store = OxigraphStore.create(path / "store")

    def close(self) -> None:
        """Gives the folder free for the next change."""
        self._store.close()

    def latest(self, study: URIRef) -> Graph:
        """Returns what is in custody for a study, as of its newest submission; empty where nothing is."""
        entries = self._store.graphs_with(study, RDF.type, LT.Study)
        return self._store.graph(max(entries, key=_number)) if entries else Graph()

    def put(self, number: int, records: Iterable[Record]) -> None:
        """Writes the custody part of records under the number of the state that they will be in."""
        for record in records:
            self._store.replace_graph(URIRef(f"{record.study}{_MARK}{number}"), record.custody)
        self._store.flush()

    def forget_after(self, number: int) -> None:
        """Removes what was written for a state that never came to be."""
        for entry in self._store.graph_names():
            if _number(entry) > number:
                self._store.remove_graph(entry)
        self._store.flush()

    def refuse_twins(self, records: Iterable[Record], present: Collection[URIRef]) -> None:
        """Makes sure that no report would be in the library twice under different IRIs.

        Args:
            records: What is to be stored.
            present: The studies that the library will still hold.

        Raises:
            DuplicateReviewError: A record's source has the same identifier, or the same publisher and title, as
                another study of the library or of this submission.
        """
        coming = list(records)
        replaced = {record.study for record in coming}
        seen: dict[Literal, URIRef] = {}
        for record in coming:
            for key in record.custody.objects(record.study, LT.identityKey):
                assert isinstance(key, Literal)
                for other in (*self._holders(key, present, replaced), seen.setdefault(key, record.study)):
                    if other != record.study:
                        raise DuplicateReviewError(record.file, other, key.partition(":")[0])

    def _holders(self, key: Literal, present: Collection[URIRef], replaced: Collection[URIRef]) -> Iterator[URIRef]:
        """Yields the studies that stay in the library and go by that key as of their newest submission."""
        for entry in self._store.graphs_with(None, LT.identityKey, key):
            study = URIRef(entry.rpartition(_MARK)[0])
            if study in present and study not in replaced and (study, LT.identityKey, key) in self.latest(study):
                yield study

    def studies(self) -> set[URIRef]:
        """Returns the studies that custody knows or the audit log names, also those withdrawn long ago."""
        entries = {URIRef(entry.rpartition(_MARK)[0]) for entry in self._store.graph_names()}
        return entries.union(*({URIRef(study) for study in line["studies"]} for line in self._lines()))

    def purge(self, study: URIRef, state: int) -> None:
        """Removes what is known of a study, to the last byte, and logs that there was a purge and not of what.

        Store and log are written anew beside the old ones and then change places with them. After a kill at any point
        the next change finds either the old one or the new one whole.

        Args:
            study: The study.
            state: The number of the newest state, for the log.
        """
        new, store = self._path / _NEW, self._path / "store"
        self._store.write_without(study, new)
        bring_to_disk(new)
        self._store.close()
        store.rename(self._path / _OLD)
        self._end_purge()
        self._store = OxigraphStore.create(store)
        lines = [*_lines_without(self._lines(), study), _line("purge", (), state, "")]
        replace_text(self._log, "".join(map(_written, lines)))

    def _end_purge(self) -> None:
        """Brings the store of an interrupted purge to its place if the old one had left it, else forgets it."""
        new, store = self._path / _NEW, self._path / "store"
        if not store.exists() and new.exists():
            new.rename(store)
            sync(self._path)
        for left in (new, self._path / _OLD):
            shutil.rmtree(left, ignore_errors=True)

    def _lines(self) -> list[dict[str, Any]]:
        if not self._log.exists():
            return []
        return [json.loads(line) for line in self._log.read_text(encoding="utf-8").splitlines()]

    def log(self, action: str, studies: Iterable[URIRef], state: int, note: str = "") -> None:
        """Adds a line to the audit log and brings it to the disk."""
        with self._log.open("a", encoding="utf-8") as log:
            log.write(_written(_line(action, studies, state, note)))
            log.flush()
            os.fsync(log.fileno())


def custody_graph(study: URIRef, source: Graph, source_map: str) -> Graph:
    """Returns what goes into custody for a study.

    Args:
        study: Its IRI.
        source: Its source record.
        source_map: Where each node and value stood in the file, as JSON.
    """
    graph = Graph()
    graph += source
    graph.add((study, RDF.type, LT.Study))
    graph.add((study, LT.sourceMap, Literal(source_map)))
    for key in _identity(source):
        graph.add((study, LT.identityKey, Literal(key)))
    return graph


def _line(action: str, studies: Iterable[str], state: int, note: str) -> dict[str, Any]:
    time = datetime.now(UTC).isoformat(timespec="seconds")
    return {"time": time, "action": action, "state": state, "studies": sorted(studies), "note": note}


def _lines_without(lines: Sequence[dict[str, Any]], study: URIRef) -> Iterator[dict[str, Any]]:
    """Yields the lines of a log without a study, and without the notes of what was done to it: they may tell of it."""
    states = {line["state"] for line in lines if str(study) in line["studies"]}
    for line in lines:
        others = [each for each in line["studies"] if each != str(study)]
        if line["state"] not in states or line["action"] == "publish":
            yield line
        elif others or not line["studies"]:
            yield line | {"studies": others, "note": ""}


def _written(line: dict[str, Any]) -> str:
    return json.dumps(line) + "\n"


def _number(entry: URIRef) -> int:
    return int(entry.rpartition(_MARK)[2])


def _identity(source: Graph) -> set[str]:
    """Returns the keys under which a report is known. Before the colon stands what two of them would share."""
    keys: set[str] = set()
    for subject in set(source.subjects()):
        keys.update(f"identifier:{_folded(value)}" for value in source.objects(subject, DCTERMS.identifier))
        publishers = " + ".join(sorted(_folded(value) for value in source.objects(subject, DCTERMS.publisher)))
        titles = source.objects(subject, DCTERMS.title) if publishers else ()
        keys.update(f"publisher and title:{publishers} / {_folded(title)}" for title in titles)
    return keys


def _folded(value: object) -> str:
    return " ".join(str(value).casefold().split())
