"""A library: a folder of states, releases and custody.

::

    CURRENT            the number of the newest state
    states/<n>/        store/, coding/ and manifest.json; each change makes a new one, the newest is kept
    releases/<name>/   a state that was published: kept, citable, served, never changed
    custody/           what identifies a review; in no state and no release

Nothing is written in place. A change is built beside the newest state, brought to the disk, moved to its name, and
becomes current when CURRENT is replaced: a kill at any point leaves the library as it was before or after, whole.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rdflib import RDF, Graph, Literal, URIRef

from learntogether_kg import __version__, coding_table, ontology, resources, sssom
from learntogether_kg.custody import Custody, Record
from learntogether_kg.disk import bring_to_disk, replace_text, sync
from learntogether_kg.errors import (
    LibraryBusyError,
    LibraryError,
    LibraryMissingError,
    PurgedReleaseError,
    ReleaseExistsError,
    StoreUnavailableError,
    UnfinishedPurgeError,
    UnknownReleaseError,
)
from learntogether_kg.namespaces import CATALOGUE, LT, ONTOLOGY_GRAPH
from learntogether_kg.snapshot import EXTENSIONS, Manifest, Snapshot, hash_files, studies_in, write_manifest
from learntogether_kg.store.oxigraph import OxigraphStore

if TYPE_CHECKING:
    from typing import Self

PURGED: Final = ".purged"
"""The ending of the file that a purged release leaves in its place; it holds the name of what it was rebuilt as."""
PURGING: Final = "purging"
"""The folder in which a purge keeps what it is about; gone when it has ended."""
JOURNAL: Final = "journal.json"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Change:
    """What a commit did to the library.

    Attributes:
        state: The newest state after it.
        added: Studies that were not there before.
        replaced: Studies that were there with other content.
        unchanged: Studies that were there already, just so.
        withdrawn: Studies that are no longer there.
    """

    state: int
    added: tuple[URIRef, ...] = ()
    replaced: tuple[URIRef, ...] = ()
    unchanged: tuple[URIRef, ...] = ()
    withdrawn: tuple[URIRef, ...] = ()


class Library:
    """A library folder that exists."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def init(cls, path: Path) -> Self:
        """Makes an empty library, or returns the one that is there.

        Raises:
            LibraryError: The folder holds something else.
        """
        library = cls(path)
        if (path / "CURRENT").exists():
            return library
        if path.exists() and (not path.is_dir() or any(child.name not in _PARTS for child in path.iterdir())):
            raise LibraryError(path, "there is something else here; choose a new or an empty folder")
        for part in ("states", "releases"):
            (path / part).mkdir(parents=True, exist_ok=True)
        with library.change() as custody:
            if not (path / "CURRENT").exists():
                library._build(custody, 1, None, [], ())
        return library

    @classmethod
    def open(cls, path: Path) -> Self:
        """Returns the library in a folder.

        Raises:
            LibraryMissingError: There is none.
        """
        if not (path / "CURRENT").is_file():
            raise LibraryMissingError(path)
        return cls(path)

    def current(self) -> Snapshot:
        """Returns the newest state."""
        return Snapshot(self.path / "states" / str(self._number()))

    def commit(self, records: Sequence[Record], withdraw: Collection[URIRef] = (), note: str = "") -> Change:
        """Stores records and withdraws studies, all or nothing, as one new state.

        Where nothing would change, no state is made.

        Args:
            records: What to store; a study that is there already is replaced.
            withdraw: Studies to leave out of the new state.
            note: Why, for the audit log.

        Returns:
            What was done.

        Raises:
            DuplicateReviewError: A report would be in the library twice.
            LibraryBusyError: Another process is changing the library, or has changed what a record was made for.
        """
        with self.change() as custody:
            before = self.current()
            present = set(before.studies())
            records = [self._with_kept(record, before, custody) for record in records]
            custody.refuse_twins(records, present - set(withdraw))
            unchanged = [r for r in records if r.study in present and _is_same(r, before.store, custody)]
            changed = [r for r in records if r not in unchanged]
            number = before.manifest.state
            if changed or withdraw or before.manifest.ontology != ontology.fingerprint():
                number += 1
                self._build(custody, number, before, changed, withdraw)
                if changed or not withdraw:
                    custody.log("submit", [r.study for r in changed], number, note)
                if withdraw:
                    custody.log("withdraw", withdraw, number, note)
            return Change(
                number,
                added=tuple(r.study for r in changed if r.study not in present),
                replaced=tuple(r.study for r in changed if r.study in present),
                unchanged=tuple(r.study for r in unchanged),
                withdrawn=tuple(withdraw),
            )

    def load(self, file: Path, note: str = "") -> Change:
        """Fills an empty library from one file of whole reviews that need no check, in one step.

        Args:
            file: TriG, a named graph for each study, named by its IRI.
            note: Why, for the audit log.

        Raises:
            LibraryError: The library is not empty.
            StoreUnavailableError: The file does not parse.
        """
        with self.change() as custody:
            before = self.current()
            if before.studies():
                raise LibraryError(self.path, "it holds reviews already; give `--library` an empty folder")
            number = before.manifest.state + 1
            self._build(custody, number, before, [], (), file)
            added = tuple(self.current().studies())
            custody.log("load", added, number, note)
            return Change(number, added=added)

    def held(self, records: Iterable[Record]) -> set[URIRef]:
        """Returns the studies of those records that stand in the newest state just so.

        Raises:
            LibraryBusyError: Another process is changing the library.
        """
        with self.change() as custody:
            state = self.current()
            present = set(state.studies())
            return {each.study for each in records if each.study in present and _is_same(each, state.store, custody)}

    def publish(self, name: str | None = None, prepare: Callable[[Snapshot, Path], None] | None = None) -> Snapshot:
        """Makes the newest state a release.

        Args:
            name: Its name; by default today's date. Where the newest release is of this very state, that one is
                returned and none is made, unless there is something to prepare.
            prepare: Adds to the release, given the state and the folder of the release, while nobody can see it. What
                it raises leaves no release.

        Raises:
            ReleaseExistsError: A release of that name exists.
            LibraryError: The name has characters other than letters, digits, dot, dash and underscore.
        """
        if name is not None and not _NAME.fullmatch(name):
            raise LibraryError(self.path, f"{name!r} is no name for a release; use letters, digits, dot, dash")
        with self.change() as custody:
            state, releases = self.current(), self.releases()
            if name is None and not prepare and releases and releases[-1].manifest.state == state.manifest.state:
                return releases[-1]
            name = name or self._dated_name()
            target = self.path / "releases" / name
            if target.exists() or name in self.purged():
                raise ReleaseExistsError(self.path, name)
            release = self._write_release(state, name, target, prepare)
            custody.log("publish", [], state.manifest.state, name)
            return release

    def releases(self) -> list[Snapshot]:
        """Returns the releases, oldest first."""
        found = [Snapshot(path.parent) for path in (self.path / "releases").glob("*/manifest.json")]
        return sorted(found, key=lambda release: (release.manifest.state, release.manifest.made))

    def release(self, name: str | None = None) -> Snapshot:
        """Returns one release, by default the newest.

        Raises:
            PurgedReleaseError: It was purged.
            UnknownReleaseError: There is none of that name, or none at all.
        """
        if name is not None and name in self.purged():
            raise PurgedReleaseError(self.path, name, self.successor(name))
        releases = {release.manifest.release: release for release in self.releases()}
        if name is None and releases:
            return list(releases.values())[-1]
        if name is None or name not in releases:
            raise UnknownReleaseError(self.path, name or "", releases)
        return releases[name]

    def purged(self) -> list[str]:
        """Returns the names of the releases that were purged, sorted; each left a file ``releases/<name>.purged``."""
        return sorted(
            path.name.removesuffix(PURGED) for path in (self.path / "releases").glob(f"*{PURGED}") if path.is_file()
        )

    def successor(self, name: str) -> str:
        """Returns the name under which a purged release was rebuilt; empty where it was not."""
        marker = self.path / "releases" / f"{name}{PURGED}"
        return marker.read_text(encoding="utf-8").strip() if marker.is_file() else ""

    def purge_begun(self) -> str | None:
        """Returns what the study is called of which a purge was begun and not ended; None where there is none."""
        try:
            return str(json.loads((self.path / PURGING / JOURNAL).read_text(encoding="utf-8"))["label"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise StoreUnavailableError(self.path / PURGING, f"its journal cannot be read: {error}") from error

    def free_name(self, names: Iterable[str]) -> str:
        """Returns the first of some names for a release that none has or had."""
        taken = {path.name.removesuffix(PURGED) for path in (self.path / "releases").iterdir()}
        return next(name for name in names if name not in taken)

    def _with_kept(self, record: Record, before: Snapshot, custody: Custody) -> Record:
        """Returns a record that adds to a study with what is in custody of that study already."""
        if record.onto is None:
            return record
        if set(record.onto) != set(before.store.graph(record.study)):
            raise LibraryBusyError(self.path)
        kept = custody.latest(record.study)
        return replace(record, custody=kept if set(record.graph) == set(record.onto) else kept + record.custody)

    def _number(self) -> int:
        try:
            return int((self.path / "CURRENT").read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            raise StoreUnavailableError(self.path, f"CURRENT cannot be read: {error}") from error

    def _dated_name(self) -> str:
        today = datetime.now(UTC).date().isoformat()
        return self.free_name(today if number == 1 else f"{today}-{number}" for number in count(1))

    @contextmanager
    def change(self, purging: bool = False) -> Iterator[Custody]:
        """Holds the library for one change, after clearing away what a killed one left.

        Args:
            purging: Whether the change is to go on with a purge that was begun.

        Raises:
            LibraryBusyError: Another process is changing the library.
            UnfinishedPurgeError: A purge was begun and not ended.
        """
        with (self.path / "LOCK").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise LibraryBusyError(self.path) from error
            if not purging and (label := self.purge_begun()) is not None:
                raise UnfinishedPurgeError(self.path, label)
            with closing(Custody(self.path / "custody")) as custody:
                self._clear_away(custody)
                yield custody

    def _clear_away(self, custody: Custody) -> None:
        number = self._number() if (self.path / "CURRENT").exists() else 0
        custody.forget_after(number)
        shutil.rmtree(self.path / "next", ignore_errors=True)
        if self.purge_begun() is None:
            shutil.rmtree(self.path / PURGING, ignore_errors=True)
        for path in (self.path / "states").iterdir():
            if path.name != str(number):
                shutil.rmtree(path)

    def _build(
        self,
        custody: Custody,
        number: int,
        before: Snapshot | None,
        records: Sequence[Record],
        withdraw: Collection[URIRef],
        file: Path | None = None,
    ) -> None:
        """Builds the state of that number beside the one before it, and makes it current."""
        following = self.path / "next"
        following.mkdir()
        if before:
            before.store.checkpoint(following / "store")
        if file:
            store = OxigraphStore.create(following / "store")
            store.bulk_load(file)
            store.close()
        # What a file brought is in the store alone, so there the table is extracted as for a first state.
        _fill(following, number, before, records, withdraw, anew=file is not None)
        custody.put(number, records)
        self.make_current(following, number, before)

    def make_current(self, folder: Path, number: int, before: Snapshot | None) -> None:
        """Gives a state that was built in a folder its place and makes it the newest; the one before it goes."""
        state = self.path / "states" / str(number)
        bring_to_disk(folder)
        folder.rename(state)
        sync(state.parent)
        replace_text(self.path / "CURRENT", f"{number}\n")
        if before:
            shutil.rmtree(before.path)

    def _write_release(
        self, state: Snapshot, name: str, target: Path, prepare: Callable[[Snapshot, Path], None] | None
    ) -> Snapshot:
        following = self.path / "next"
        following.mkdir()
        state.store.checkpoint(following / "store")
        coding_table.release(state.path / coding_table.FOLDER, following / coding_table.FOLDER, state.store)
        keep_extensions(following, state.extensions())
        if prepare:
            prepare(state, following)
        manifest = Manifest(
            **{**asdict(state.manifest), "made": now(), "release": name, "files": hash_files(following)}
        )
        write_manifest(following, manifest)
        bring_to_disk(following)
        following.rename(target)
        sync(target.parent)
        return Snapshot(target)


_PARTS: Final = frozenset({"states", "releases", "custody", "next", "LOCK", "tokens.json", PURGING})


def _fill(
    folder: Path,
    number: int,
    before: Snapshot | None,
    records: Sequence[Record],
    withdraw: Collection[URIRef],
    anew: bool,
) -> None:
    store = OxigraphStore.create(folder / "store")
    fingerprint = ontology.fingerprint()
    if before is None or before.manifest.ontology != fingerprint:
        store.replace_graph(ONTOLOGY_GRAPH, ontology.load_ontology())
    for study in withdraw:
        store.remove_graph(study)
    for record in records:
        store.replace_graph(record.study, record.graph)
    write_catalogue(store, number)
    store.flush()
    _write_coding_table(folder / coding_table.FOLDER, number, store, None if anew else before, records, withdraw)
    keep_extensions(folder, ontology.extensions_in_use())
    manifest = Manifest(number, now(), __version__, fingerprint, len(store), len(studies_in(store)))
    write_manifest(folder, manifest)


def write_catalogue(store: OxigraphStore, number: int) -> None:
    """Writes the library's own record of a state, and what follows from all of its studies together."""
    catalogue = Graph()
    catalogue.add((CATALOGUE, RDF.type, LT.Catalogue))
    catalogue.add((CATALOGUE, LT.stateNumber, Literal(number)))
    store.replace_graph(CATALOGUE, catalogue)
    for file in resources.files("queries", "materialise/*.ru"):
        store.update(file.read_text(encoding="utf-8"))


def keep_extensions(folder: Path, files: Iterable[Path]) -> None:
    """Copies extensions into a state or a release, each under a name of its own."""
    for number, file in enumerate(files, start=1):
        (folder / EXTENSIONS).mkdir(exist_ok=True)
        ending = sssom.SUFFIX if sssom.is_mapping_file(file) else ".ttl"
        shutil.copyfile(file, folder / EXTENSIONS / f"{number:02}{ending}")


def _write_coding_table(
    folder: Path,
    number: int,
    store: OxigraphStore,
    before: Snapshot | None,
    records: Sequence[Record],
    withdraw: Collection[URIRef],
) -> None:
    if before is None:
        coding_table.write(folder, store)
    else:
        changed = [(record.study, record.graph) for record in records]
        coding_table.update(before.path / coding_table.FOLDER, folder, store, changed, withdraw, number)


def _is_same(record: Record, store: OxigraphStore, custody: Custody) -> bool:
    """Graphs have no blank nodes, so they are the same when their sets of triples are."""
    return set(record.graph) == set(store.graph(record.study)) and set(record.custody) == set(
        custody.latest(record.study)
    )


def now() -> str:
    """Returns the time in UTC as manifests have it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
