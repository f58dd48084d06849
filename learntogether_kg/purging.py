"""Purging: one study is taken out of everything a library keeps, to the last byte.

A removal alone leaves the bytes in files that checkpoints share. So the newest state, every release and custody are
built anew from what is left and put in the place of the old:

* A release that holds the study is built anew under another name; under its own it answers that it was purged. One
  under a restricted profile is not built anew: beside the copies that others have of its answers, one that differs by
  a single review would tell what is known of it. See `withheld`.
* A release that does not hold it is built anew under its own name with the same content, since its files may have been
  those of a state that did. What was worked out beside it (``chance/``) is worked out again when it is asked for.
* The newest state is built anew under the next number. In custody store and audit log are; the log keeps that there was
  a purge.

``purging/journal.json`` says from the first step to the last what is to be purged. While it is there nothing else
changes the library. So after a kill at any point, either there is no journal, and nothing has happened, or a rerun ends
the purge; each step can be done twice.

What this cannot reach: copies, backups and downloads elsewhere, answers that others have kept, files that a running
server has open until it is asked again or restarted, a live library on a server, and blocks of the disk that the system
has not written over yet.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Final

from rdflib import URIRef

from learntogether_kg import coding_table, withheld
from learntogether_kg.custody import Custody
from learntogether_kg.disclosure import storage
from learntogether_kg.disk import bring_to_disk, replace_text, sync
from learntogether_kg.library import JOURNAL, PURGED, PURGING, Library, keep_extensions, now, write_catalogue
from learntogether_kg.snapshot import DISCLOSURE, Manifest, Snapshot, hash_files, studies_in, write_manifest
from learntogether_kg.store.oxigraph import OxigraphStore

_REBUILT: Final = "-rebuilt"
_LONGEST: Final = 64 - len(_REBUILT) - 4


@dataclass(frozen=True)
class Plan:
    """What a purge is to do, and what of it is done.

    Attributes:
        study: The IRI of the study.
        label: What it is called, for people.
        in_state: Whether the newest state holds it.
        rebuilt: The releases that hold it, each with the name it is built anew under.
        dropped: The releases that hold it and are not built anew, since they are under a restricted profile.
        others: The releases that do not hold it.
        done: What was done before an interruption: names of releases, and "" for the newest state.
    """

    study: URIRef
    label: str
    in_state: bool
    rebuilt: Mapping[str, str]
    dropped: tuple[str, ...]
    others: tuple[str, ...]
    done: tuple[str, ...] = field(default=(), compare=False)

    def in_words(self) -> list[str]:
        """Returns what it will do, a sentence a line."""
        where = ["the newest state"] if self.in_state else []
        where += [f"release {name}" for name in (*self.rebuilt, *self.dropped)]
        again = "An interrupted purge is gone on with. " if self.done else ""
        lines = [
            f"{again}{self.label!r} ({self.study}) will be removed for good from "
            f"{', '.join([*where, 'custody and the audit log'])}. This cannot be undone."
        ]
        if self.rebuilt:
            named = ", ".join(f"{old} as {new}" for old, new in self.rebuilt.items())
            lines.append(f"Built anew without it, under another name, while the old one answers 410: {named}.")
        if self.dropped:
            lines.append(
                f"Not built anew, as they are under a restricted profile and the difference of one review would show: "
                f"{', '.join(self.dropped)}; they answer 410. The next release under such a profile must differ from "
                "them by as many reviews as the profile's gap says."
            )
        if self.others:
            lines.append(f"Built anew as they are, since they do not hold it: {', '.join(self.others)}.")
        return lines

    @property
    def steps(self) -> int:
        """How many steps are still to be done."""
        return len({"", *self.rebuilt, *self.dropped, *self.others} - set(self.done)) + 1


@dataclass(frozen=True)
class Purge:
    """What a purge did.

    Attributes:
        plan: What was to be done, all of which is done.
        state: The number of the newest state after it.
        statements: How many statements of other studies were left out too, since they named the study.
    """

    plan: Plan
    state: int
    statements: int

    def in_words(self) -> list[str]:
        """Returns what it did and what it could not do, a sentence a line."""
        built = len(self.plan.rebuilt) + len(self.plan.others)
        also = (
            f"; {self.statements} statement(s) of other studies that named it are gone too" if self.statements else ""
        )
        return [
            f"Purged. Built anew without it: the newest state (now {self.state}), {built} release(s), custody and the "
            f"audit log{also}.",
            "Not reached: backups, copies and downloads elsewhere, what others have kept of answers, and blocks of the "
            "disk that are not written over yet. Restart every server that serves this library, and purge backups too.",
        ]


def known(library: Library) -> set[URIRef]:
    """Returns the studies that custody or the audit log name, also those that no state and no release holds.

    Raises:
        LibraryBusyError: Another process is changing the library.
    """
    with library.change() as custody:
        return custody.studies()


def plan(library: Library, study: URIRef, label: str) -> Plan:
    """Returns what a purge of a study would do; nothing is changed.

    Args:
        library: The library.
        study: The IRI of a study.
        label: What it is called.
    """
    rebuilt: dict[str, str] = {}
    dropped, others = [], []
    for release in library.releases():
        name = release.path.name
        if not release.store.mentions(study):
            others.append(name)
        elif (release.path / DISCLOSURE / storage.SECRET).exists():
            dropped.append(name)
        else:
            rebuilt[name] = _new_name(library, name, rebuilt.values())
    return Plan(study, label, library.current().store.mentions(study), rebuilt, tuple(dropped), tuple(others))


def unfinished(library: Library) -> Plan | None:
    """Returns the purge that was begun and not ended, if there is one.

    Raises:
        StoreUnavailableError: Its journal cannot be read.
    """
    journal = library.path / PURGING / JOURNAL
    if not journal.exists():
        return None
    told = json.loads(journal.read_text(encoding="utf-8"))
    lists = {name: tuple(told[name]) for name in ("dropped", "others", "done")}
    return Plan(**told | lists | {"study": URIRef(told["study"])})


def run(library: Library, study: URIRef, label: str, progress: Callable[[], None] = lambda: None) -> Purge:
    """Purges a study, or does what is left of a purge that was interrupted.

    Args:
        library: The library.
        study: As for `plan`, which is made anew: others may have changed the library since it was looked at.
        label: What it is called.
        progress: Called after each step; there are as many as `Plan.steps`.

    Raises:
        LibraryBusyError: Another process is changing the library.
        StoreUnavailableError: A part of the library is damaged.
    """
    with library.change(purging=True) as custody:
        plan_now = unfinished(library) or plan(library, study, label)
        return _Run(library, plan_now, custody, progress).to_the_end()


class _Run:
    """One run of a purge, which holds the library."""

    def __init__(self, library: Library, plan: Plan, custody: Custody, progress: Callable[[], None]) -> None:
        self._library, self._plan, self._custody, self._progress = library, plan, custody, progress
        self._folder = library.path / PURGING
        self._old = self._folder / "old"
        self._releases = library.path / "releases"
        self._statements = 0

    def to_the_end(self) -> Purge:
        self._begin()
        for name in (*self._plan.rebuilt, *self._plan.dropped, *self._plan.others):
            if name not in self._plan.done:
                self._release(name)
                self._tick(name)
        if "" not in self._plan.done:
            self._state()
            self._tick("")
        state = self._library.current().manifest.state
        self._forget_names()
        self._custody.purge(self._plan.study, state)
        (self._folder / JOURNAL).unlink()
        sync(self._folder)
        shutil.rmtree(self._folder)
        self._progress()
        return Purge(self._plan, state, self._statements)

    def _begin(self) -> None:
        """Writes the journal, or clears away after an interruption: a release is in its place, old or new."""
        self._old.mkdir(parents=True, exist_ok=True)
        sync(self._library.path)
        if not (self._folder / JOURNAL).exists():
            self._write_journal()
        for old in self._old.iterdir():
            place = self._releases / old.name
            if place.exists() or place.with_name(f"{old.name}{PURGED}").exists():
                shutil.rmtree(old)
            else:
                old.rename(place)

    def _tick(self, done: str) -> None:
        self._plan = replace(self._plan, done=(*self._plan.done, done))
        self._write_journal()
        self._progress()

    def _write_journal(self) -> None:
        replace_text(self._folder / JOURNAL, json.dumps(asdict(self._plan)) + "\n")

    def _release(self, name: str) -> None:
        place = self._releases / name
        marker = self._releases / f"{name}{PURGED}"
        successor = self._plan.rebuilt.get(name, "")
        if name in self._plan.others:
            self._build(Snapshot(place))
            self._put_away(place)
            self._put_in_place(name)
        elif not marker.exists():
            if not successor:
                self._withhold(Snapshot(place))
            elif not (self._releases / successor).exists():
                self._build(Snapshot(place), successor)
                self._put_in_place(successor)
            replace_text(marker, f"{successor}\n" if successor else "")
        if marker.exists() and place.exists():
            self._put_away(place)
        shutil.rmtree(self._old / name, ignore_errors=True)

    def _build(self, release: Snapshot, name: str = "") -> None:
        """Builds a release anew beside the others: as it was, or without the study under another name."""
        following = self._library.path / "next"
        shutil.rmtree(following, ignore_errors=True)
        store = self._write_parts(release, following)
        if name:
            write_catalogue(store, release.manifest.state)
            store.flush()
        elif (release.path / DISCLOSURE).exists():
            shutil.copytree(release.path / DISCLOSURE, following / DISCLOSURE)
        counted = replace(release.manifest, quads=len(store), studies=len(studies_in(store)))
        store.close()
        manifest = replace(counted, files=hash_files(following))
        write_manifest(following, replace(manifest, release=name, made=now()) if name else manifest)
        bring_to_disk(following)

    def _write_parts(self, source: Snapshot, folder: Path) -> OxigraphStore:
        """Writes the store and the coding table of a state or a release without the study, and opens the store."""
        folder.mkdir()
        self._statements += source.store.write_without(self._plan.study, folder / "store")
        store = OxigraphStore.create(folder / "store")
        before, coding = source.path / coding_table.FOLDER, folder / coding_table.FOLDER
        coding_table.write_without(before, coding, store, self._plan.study)
        keep_extensions(folder, source.extensions())
        return store

    def _put_in_place(self, name: str) -> None:
        (self._library.path / "next").rename(self._releases / name)
        sync(self._releases)

    def _put_away(self, place: Path) -> None:
        """Takes an old release from its place in one step; it is removed in many."""
        place.rename(self._old / place.name)
        sync(self._releases)

    def _withhold(self, release: Snapshot) -> None:
        worlds = storage.read_worlds(release.path / DISCLOSURE)
        assert worlds is not None, "the plan looked"
        manifest = release.manifest
        told = withheld.Known(manifest.release, manifest.state, manifest.made, 0, worlds)
        withheld.write(self._library.path, told.without(self._is_of_study))

    def _forget_names(self) -> None:
        """Takes the study out of the alternatives of releases that were purged before."""
        for told in withheld.read(self._library.path):
            if any(map(self._is_of_study, told.names)):
                withheld.write(self._library.path, told.without(self._is_of_study))

    def _is_of_study(self, name: str) -> bool:
        return name.partition(" ")[0] == str(self._plan.study)

    def _state(self) -> None:
        before = self._library.current()
        following = self._library.path / "next"
        number = before.manifest.state + 1
        store = self._write_parts(before, following)
        write_catalogue(store, number)
        store.flush()
        told = before.manifest
        manifest = Manifest(number, now(), told.software, told.ontology, len(store), len(studies_in(store)))
        store.close()
        write_manifest(following, manifest)
        self._library.make_current(following, number, before)


def _new_name(library: Library, name: str, taken: Collection[str]) -> str:
    stem = name.partition(_REBUILT)[0][:_LONGEST]
    names = (f"{stem}{_REBUILT}" if number == 1 else f"{stem}{_REBUILT}-{number}" for number in count(1))
    return library.free_name(each for each in names if each not in taken)
