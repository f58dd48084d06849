"""The use cases: check files, submit, withdraw, build a bundled library. The only place where steps are joined."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rdflib import DCTERMS, Graph, URIRef

from learntogether_kg import additions, ontology, pool, purging, queries, resources, watch, withheld
from learntogether_kg.custody import Record, custody_graph
from learntogether_kg.disclosure import storage
from learntogether_kg.disclosure.profile import Profile
from learntogether_kg.disclosure.protection import Protected
from learntogether_kg.disclosure.questions import check_release
from learntogether_kg.disclosure.worlds import MOST_MINUTES, alternatives
from learntogether_kg.errors import (
    AgreementError,
    DisclosureError,
    ExposureError,
    ForeignLibraryError,
    InvalidReviewError,
    LearnTogetherError,
    LibraryError,
    RepeatedReviewError,
    UnfinishedPurgeError,
    UnknownReviewError,
    UnreadableFileError,
)
from learntogether_kg.ingest.files import read_file, write_file
from learntogether_kg.library import Change, Library
from learntogether_kg.live import LiveLibrary
from learntogether_kg.live_state import LiveState
from learntogether_kg.migration.impact import Impact, weigh
from learntogether_kg.migration.queue import decisions, is_queue, read_queue, versions_in, write_queue
from learntogether_kg.migration.recoding import recode
from learntogether_kg.migration.touched import Migration
from learntogether_kg.namespaces import LT, ONTOLOGY_GRAPH
from learntogether_kg.purging import Plan, Purge
from learntogether_kg.recurrence import restricted
from learntogether_kg.recurrence.request import Counted, Protection
from learntogether_kg.snapshot import DISCLOSURE, Snapshot
from learntogether_kg.synthetic import files as synthetic
from learntogether_kg.typology import versions, vetting
from learntogether_kg.typology.extension import refuse_unfit
from learntogether_kg.typology.terms import Typology
from learntogether_kg.validation.engine import Engine, validate
from learntogether_kg.validation.report import Stage, ValidationReport

if TYPE_CHECKING:
    from learntogether_kg.ingest.draft import Draft
    from learntogether_kg.store.base import Store

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""The addresses that only this machine can reach."""

Progress = Callable[[Path], None]
"""Called with each file when it has been read and checked."""


def check(
    path: Path,
    stage: Stage = Stage.PUBLICATION,
    engine: Engine = Engine.FAST,
    data: bytes | None = None,
) -> ValidationReport:
    """Returns what the shapes say of a file; nothing is stored.

    Args:
        path: The file, or the name of an upload.
        stage: What the check is for.
        engine: Which program checks.
        data: Its bytes, where they are at hand already; then nothing is opened.

    Raises:
        UnreadableFileError: The file cannot be read as a review.
    """
    return _check(read_file(path, data), stage, engine)


def check_all(
    paths: Sequence[Path], stage: Stage = Stage.PUBLICATION, engine: Engine = Engine.FAST
) -> Iterator[ValidationReport | UnreadableFileError]:
    """Yields what the shapes say of each file, in the order of the files; many are read side by side.

    A file that cannot be read as a review has its error in its place, and the others are checked all the same.

    Args:
        paths: The files.
        stage: What the check is for.
        engine: Which program checks.
    """
    with closing(pool.each(partial(check, stage=stage, engine=engine), paths)) as checked:
        for found in checked:
            if isinstance(found, LearnTogetherError) and not isinstance(found, UnreadableFileError):
                raise found
            yield found


def check_on_save(
    path: Path, stage: Stage = Stage.PUBLICATION, engine: Engine = Engine.FAST
) -> Iterator[ValidationReport | UnreadableFileError]:
    """Yields what the shapes say of a file now and each time it is saved, until a KeyboardInterrupt.

    A file that cannot be read may be half written, or be about to get its name back. So that is said only when nothing
    more has come for a while.

    Args:
        path: The file.
        stage: What the check is for.
        engine: Which program checks.

    Raises:
        UnreadableFileError: There is no such file to begin with.
    """
    if not path.is_file():
        raise UnreadableFileError(path, "there is no such file")
    doubtful: UnreadableFileError | None = None
    for saved in watch.saves(path):
        if saved:
            try:
                report = check(path, stage, engine)
            except UnreadableFileError as error:
                doubtful = error
            else:
                doubtful = None
                yield report
        elif doubtful is not None:
            yield doubtful
            doubtful = None


def convert(source: Path, target: Path, with_source: bool = False) -> bool:
    """Writes a review that is in one kind of file as another kind; nothing is checked.

    Args:
        source: A file that can be read.
        target: The file to write: .ttl, .trig or .jsonld.
        with_source: Whether what identifies the report is written too.

    Returns:
        Whether the file holds something for custody that was left out.

    Raises:
        UnreadableFileError: One of the files cannot be read, or written.
    """
    draft = read_file(source)
    if draft.context is not None:
        reason = "it holds one coder's codes and no review; submit it, and it is put onto its review"
        raise UnreadableFileError(source, reason)
    write_file(draft, target, with_source)
    return len(draft.custody) > 0 and (not with_source or target.suffix.lower() == ".jsonld")


def init(path: Path, extensions: Sequence[Path] = ()) -> Library:
    """Makes an empty library in a folder, or returns the one that is there.

    Args:
        path: The folder.
        extensions: Extensions of the ontology that a new library is made with, and keeps.

    Raises:
        OntologyError: An extension does not fit.
        InconsistentOntologyError: The ontology, with its extensions, contradicts itself.
        LibraryError: The folder holds something else.
    """
    if (path / "CURRENT").exists():
        return Library.init(path)
    for file in extensions:
        refuse_unfit(file)
    with ontology.extended([file.resolve() for file in extensions]):
        vetting.refuse_unvetted()
        return Library.init(path)


def submit(
    library: Library | LiveLibrary,
    paths: Iterable[Path],
    progress: Progress = lambda _: None,
    note: str = "",
    replace_coding: bool = False,
    extensions: Sequence[Path] = (),
) -> Change:
    """Reads, checks and stores files as one new state of a library, all or nothing.

    A coder's workbook is put onto its review, which stands in the library or is submitted with it.

    Args:
        library: Where to store them.
        paths: Workbooks, recoding queues, or reviews in Turtle, TriG or JSON-LD.
        progress: Told of each file that is done.
        note: Why, for the audit log.
        replace_coding: Whether codes may go that the library has: those of a coder who has coded again, or of a coder
            whom a new version of a review does not have.
        extensions: Extensions of the ontology that the library takes with them, and keeps; each stands in the place of
            one of the same name that it has.

    Returns:
        What the library now has that it had not.

    Raises:
        UnreadableFileError: A file cannot be read as a review.
        InvalidReviewError: Files break a rule; the error holds the report of each of them.
        RepeatedReviewError: Two files are the same review.
        AgreementError: Codes do not fit their review, or others would be replaced or dropped unasked.
        DuplicateReviewError: A report would be in the library twice.
        OntologyError: An extension does not fit.
        InconsistentOntologyError: The ontology has changed, and contradicts itself.
    """
    with ontology.extended(_extensions(library, extensions)):
        return _submit(library, list(paths), progress, note, replace_coding)


def _submit(
    library: Library | LiveLibrary, paths: Sequence[Path], progress: Progress, note: str, replace_coding: bool
) -> Change:
    _vet(library)
    queues = [path for path in paths if is_queue(path)]
    files = [path for path in paths if path not in queues]
    records, refused = _read_queues(library, queues, progress)
    codings: list[Draft] = []
    read_and_check = partial(_read_and_check, extensions=ontology.extensions_in_use())
    with closing(pool.each(read_and_check, files)) as checked:
        for path, read in zip(files, checked, strict=True):
            if isinstance(read, LearnTogetherError):
                raise read
            report, record, coding = read
            if not report.conforms:
                refused.append(report)
            if coding is not None:
                codings.append(coding)
            elif record.study in records:
                raise RepeatedReviewError(path, records[record.study][0])
            else:
                _refuse_to_lose_recoding(library, path, record)
                records[record.study] = path, record
            progress(path)
    if refused:
        raise InvalidReviewError(refused)
    store = library.store if isinstance(library, LiveLibrary) else library.current().store
    for coding in codings:
        held = records.get(coding.study, (coding.file, None))[1]
        records[coding.study] = coding.file, _with_coding(coding, held, store, replace_coding)
    if not replace_coding:
        _refuse_to_drop(records.values(), store)
    return library.commit([record for _, record in records.values()], note=note)


def _with_coding(coding: Draft, held: Record | None, store: Store, replacing: bool) -> Record:
    """Returns the record of a review with a coder's codes, after checking them there.

    Args:
        coding: What the coder's workbook says.
        held: The review's record, where it is submitted too or has had codes added already.
        store: The library's store, where it is not.
        replacing: Whether other codes by the same coder may go.
    """
    base = held.graph if held else store.graph(coding.study)
    merged = additions.add_coding(coding, base, replacing=replacing)
    report = validate(coding.graph, coding.source_map, str(coding.file), context=merged)
    if not report.conforms:
        raise InvalidReviewError([report])
    own = _record(coding)
    if held:
        return replace(held, graph=merged, custody=held.custody + own.custody)
    return replace(own, graph=merged, onto=base)


def _refuse_to_drop(records: Iterable[tuple[Path, Record]], store: Store) -> None:
    """Makes sure that no coder's codes go because a new version of a review was made without them."""
    present = set(store.graph_names())
    for path, record in ((path, record) for path, record in records if record.study in present):
        dropped = additions.dropped_coders(store.graph(record.study), record.graph)
        if dropped:
            told = ", ".join(f"{number} code(s) by {coder}" for coder, number in dropped.items())
            raise AgreementError(
                f"{path}: the library has {told} for this review, which this version would drop; submit the coder's "
                "workbook with it, or say that they may go with `ltkg submit --replace-coding`"
            )


def withdraw(library: Library | LiveLibrary, names: Sequence[str], reason: str) -> Change:
    """Leaves reviews out of every later state. Releases that hold them stay as they are.

    Args:
        library: The library.
        names: Public labels or IRIs.
        reason: Why, for the audit log.

    Raises:
        UnknownReviewError: A name is of no review in the newest state.
        InconsistentOntologyError: The ontology has changed, and contradicts itself.
    """
    with ontology.extended(_extensions(library)):
        _vet(library)
        store = library.store if isinstance(library, LiveLibrary) else library.current().store
        known = queries.options(store, "lt:Study")
        studies = [_named(known, name) for name in names]
        return library.commit([], withdraw=studies, note=reason)


def weigh_version(library: Library, new: str, codes: str = "primary", coder: str = "") -> Impact:
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
    state = library.current()
    coding = state.coding()
    return weigh(_migration(state, new), coding, f"state {state.manifest.state} of {library.path}", codes, coder)


def queue_recoding(library: Library, new: str, folder: Path) -> list[Path]:
    """Writes a recoding queue for each review of a library that a newer version touches; nothing is recoded.

    Args:
        library: The library.
        new: The newer version, as for `versions.find`.
        folder: A new or an empty folder.

    Raises:
        OntologyError: The newer version cannot be read.
        UnreadableFileError: The folder cannot be used.
    """
    state = library.current()
    return write_queue(_migration(state, new), folder)


def plan_purge(library: Library, name: str) -> Plan:
    """Returns what a purge of a review would do; nothing is changed.

    Args:
        library: The library.
        name: Its public label in the newest state or in a release, or its IRI, also where it was withdrawn long ago.

    Raises:
        UnknownReviewError: It is the name of no review that the library has or had, or of more than one.
        UnfinishedPurgeError: A purge of another one was interrupted.
        LibraryBusyError: Another process is changing the library.
    """
    begun = purging.unfinished(library)
    if begun is not None:
        if name not in (begun.label, str(begun.study)):
            raise UnfinishedPurgeError(library.path, begun.label)
        return begun
    called = {study: {str(study)} for study in purging.known(library)}
    for snapshot in (*library.releases(), library.current()):
        for study, label in queries.options(snapshot.store, "lt:Study").items():
            called.setdefault(study, {str(study)}).add(label)
    found = sorted(study for study, names in called.items() if name in names)
    if len(found) != 1:
        raise UnknownReviewError(name, found)
    return purging.plan(library, found[0], name)


def purge(library: Library, plan: Plan, progress: Callable[[], None] = lambda: None) -> Purge:
    """Takes a review out of everything that a library keeps, for good; see `purging`.

    Args:
        library: The library.
        plan: What `plan_purge` said.
        progress: Called after each of the plan's steps.

    Raises:
        LibraryBusyError: Another process is changing the library.
        StoreUnavailableError: A part of the library is damaged.
    """
    return purging.run(library, plan.study, plan.label, progress)


def refuse_to_expose(release: Snapshot | LiveState, host: str) -> None:
    """Makes sure that others are only shown reviews that are published already: pages show whole records.

    Of a release under a restricted profile others see protected counts only, so it may hold any.

    Args:
        release: What is to be served.
        host: The address to be listened on.

    Raises:
        ExposureError: Others could reach the address, and the release holds reviews that are not published.
    """
    hidden = [] if host in LOOPBACK or protection(release).table is not None else queries.unpublished(release.store)
    if hidden:
        raise ExposureError(release.manifest.release, host, len(hidden))


def publish(
    library: Library,
    name: str | None = None,
    profile: str = "open",
    progress: Callable[[int], None] = lambda _: None,
    minutes: float = MOST_MINUTES,
) -> Snapshot:
    """Makes the newest state a release, under a profile of disclosure control that holds for it from then on.

    Args:
        library: The library.
        name: The release's name; by default today's date.
        profile: The name of a bundled profile, or the path of one's own.
        progress: Told now and then of how many small counts are still to be protected; it starts anew where another
            alternative library is needed.
        minutes: How long protection is looked for, at most.

    Raises:
        ProfileError: There is no such profile.
        DisclosureError: The release nearly is another one, its small counts cannot be protected, or the time is up.
    """
    rules = Profile.load(profile)
    if not rules.restricted:
        return library.publish(name)

    def protect(state: Snapshot, folder: Path) -> None:
        known = _known_releases(library)
        before = known[-1].worlds if known else None
        population = restricted.population(Counted.of(state).coding, before.population if before else None)
        check_release(population.names, [(each.release, each.names) for each in known], rules)
        protected = alternatives(population, rules, before, progress=progress, minutes=minutes)
        (folder / DISCLOSURE).mkdir()
        storage.write(folder / DISCLOSURE, protected, rules)

    return library.publish(name, protect)


def _known_releases(library: Library) -> list[withheld.Known]:
    """Returns the releases under a restricted profile that there are, or were before a purge, oldest first."""
    kept = ((each.manifest, storage.read_worlds(each.path / DISCLOSURE)) for each in library.releases())
    there = [withheld.Known(told.release, told.state, told.made, 0, each) for told, each in kept if each is not None]
    return sorted((*there, *withheld.read(library.path)), key=lambda known: (known.state, known.made))


def publish_live(
    live: LiveLibrary,
    folder: Path,
    name: str | None = None,
    profile: str = "open",
    progress: Callable[[int], None] = lambda _: None,
    minutes: float = MOST_MINUTES,
) -> Snapshot:
    """Makes a release of what a live library holds, in a folder's library.

    Args:
        live: The live library.
        folder: The folder's library; made where there is none.
        name: The release's name; by default today's date.
        profile: As for `publish`, and so the rest.
        progress: Told of the protection of small counts.
        minutes: How long that may take.

    Raises:
        LibraryError: The folder holds something else.
        StoreUnavailableError: The server does not answer.
    """
    library = init(folder)
    _vet(library)
    live.snapshot_into(library)
    return publish(library, name, profile, progress, minutes)


def protection(release: Snapshot | LiveState, profile: str | None = None) -> Protection:
    """Returns the disclosure control of answers about a release: that of the profile it was published under.

    Args:
        release: The release.
        profile: The name of a profile to answer under instead, at least as strict.

    Raises:
        ProfileError: There is no such profile.
        DisclosureError: The release's own profile is stricter, or it has none and was not prepared for one.
    """
    asked = Profile.named(profile) if profile else None
    if isinstance(release, LiveState):
        if asked is not None and asked.restricted:
            instead = f"publish a release of it with `ltkg publish --to DIR --profile {asked.name}` and ask that"
            raise DisclosureError("profile", "a live library is asked and served under profile open only", instead)
        return Protection()
    protected = storage.read_protected(release.path / DISCLOSURE)
    if protected is None:
        if asked is not None and asked.restricted:
            made = f"release {release.manifest.release} was published without a profile"
            raise DisclosureError("profile", made, f"publish one with `ltkg publish NAME --profile {asked.name}`")
        return Protection()
    if asked is not None and asked != protected.profile:
        worlds = storage.read_worlds(release.path / DISCLOSURE)
        stricter = protected.profile.or_stricter(asked)
        protected = Protected.of(worlds, stricter) if worlds else protected
    return restricted.protection(protected)


def bundled_files(name: resources.Bundle) -> list[Path]:
    """Returns the files of a bundled library.

    Args:
        name: ``sample`` for published reviews and a synthesis, ``teaching`` for synthetic ones.
    """
    return [file for ending in ("xlsx", "trig", "ttl") for file in resources.files(name, f"*.{ending}")]


def build_bundled(name: resources.Bundle, path: Path, progress: Progress = lambda _: None) -> Snapshot:
    """Builds a bundled library in a folder and publishes it; the second time nothing changes.

    Args:
        name: Which one, as for `bundled_files`.
        path: The library's folder.
        progress: Told of each file that is done.

    Raises:
        ForeignLibraryError: The folder is a library that holds other reviews.
        InconsistentOntologyError: The ontology, with its extensions, contradicts itself.
    """
    library = init(path)
    files = bundled_files(name)
    present = set(library.current().studies())
    if present:
        records = dict(zip(files, _records(files), strict=True))
        others = present - {record.study for record in records.values()}
        if others:
            raise ForeignLibraryError(path, name, len(others))
        held = library.held(records.values())  # they were checked when they came in
        store = library.current().store
        files = [
            file
            for file in files
            if records[file].study not in held and not _is_within(records[file].graph, store.graph(records[file].study))
        ]
    submit(library, files, progress, note=f"bundled: {name}")
    return library.publish()


def build_synthetic(n: int, seed: int, path: Path, progress: Callable[[], None] = lambda: None) -> Snapshot:
    """Builds a library of synthetic reviews in an empty folder and publishes it.

    They are not checked one by one, as they are valid by the way they are made; a test holds that.

    Args:
        n: How many.
        seed: As for `synthetic.files.generate`.
        path: The library's folder.
        progress: Called for each review that is written.

    Raises:
        LibraryError: The folder holds something.
    """
    library = init(path)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "synthetic.trig"
        for _ in synthetic.write(n, seed, file):
            progress()
        library.load(file, note=f"{n} synthetic reviews, seed {seed}")
    return library.publish()


def _is_within(review: Graph, held: Graph) -> bool:
    """Returns whether a library holds all that a review says, and maybe more coders' codes beside it."""
    return set(review) <= set(held)


def _vet(library: Library | LiveLibrary) -> None:
    """A new state takes the ontology in use; what the state before it holds was vetted when it came in."""
    vetting.refuse_unvetted([] if isinstance(library, LiveLibrary) else [library.current().manifest.ontology])


def _records(paths: Sequence[Path]) -> Iterator[Record]:
    with closing(pool.each(_read, paths)) as read:
        for found in read:
            if isinstance(found, LearnTogetherError):
                raise found
            yield found


def _read(path: Path) -> Record:
    return _record(read_file(path))


def _extensions(library: Library | LiveLibrary, more: Sequence[Path] = ()) -> list[Path]:
    """Returns the extensions that a library has, with some more; of two of the same name the later."""
    if isinstance(library, LiveLibrary):
        if more:
            raise LibraryError(library.store.endpoint, "a library on a server takes no extension; use one in a folder")
        return []
    kept = library.current().extensions()
    for file in more:
        refuse_unfit(file, kept)
    named = {ontology.declared_ontologies(file)[0]: file.resolve() for file in (*kept, *more)}
    return list(named.values())


def _migration(state: Snapshot, name: str) -> Migration:
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


def _read_queues(
    library: Library | LiveLibrary, queues: Sequence[Path], progress: Progress
) -> tuple[dict[URIRef, tuple[Path, Record]], list[ValidationReport]]:
    """Returns the reviews that queues recode, and what a check says of those that may not be stored so."""
    records: dict[URIRef, tuple[Path, Record]] = {}
    refused = []
    for path in queues:
        recoded = _recoded(library, path)
        if recoded is not None:
            report, record = recoded
            if not report.conforms:
                refused.append(report)
            if record.study in records:
                raise RepeatedReviewError(path, records[record.study][0])
            records[record.study] = path, record
        progress(path)
    return records, refused


def _recoded(library: Library | LiveLibrary, path: Path) -> tuple[ValidationReport, Record] | None:
    """Returns the review that a queue is about with what it decides; None where it decides nothing new."""
    queue = read_queue(path)
    if isinstance(library, LiveLibrary):
        raise UnreadableFileError(path, "a recoding queue is for a library in a folder")
    state = library.current()
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
    decided = decisions(queue, graph, touched, new)
    if not decided:
        return None
    made = recode(graph, decided, queue.version)
    return validate(made, file=str(path)), Record(queue.review, made, Graph(), path.name, onto=graph)


def _refuse_to_lose_recoding(library: Library | LiveLibrary, path: Path, record: Record) -> None:
    """Raises an error where a file would put the coding back to what it was before it was recoded."""
    if isinstance(library, LiveLibrary):
        return
    held = set(library.current().store.graph(record.study).subject_objects(LT.recodedFrom))
    if held - set(record.graph.subject_objects(LT.recodedFrom)):
        reason = "the library holds this review recoded, and the file would undo that; withdraw the review first"
        raise UnreadableFileError(path, f"{reason} if that is meant")


def _read_and_check(path: Path, extensions: Sequence[Path] = ()) -> tuple[ValidationReport, Record, Draft | None]:
    """Returns what a check says of a file, its record, and the file's draft where it holds one coder's codes."""
    ontology.use_extensions(extensions)
    draft = read_file(path)
    return _check(draft), _record(draft), draft if draft.coder is not None else None


def _check(draft: Draft, stage: Stage = Stage.PUBLICATION, engine: Engine = Engine.FAST) -> ValidationReport:
    return validate(
        draft.graph, draft.source_map, str(draft.file), stage, engine, custody=draft.custody, context=draft.context
    )


def _record(draft: Draft) -> Record:
    entries = [
        {"node": str(node), "predicate": str(predicate or ""), "cell": str(cell)}
        for node, predicate, cell in draft.source_map.items()
    ]
    source_map = json.dumps({"file": draft.source_map.file, "cells": entries}, sort_keys=True)
    custody = custody_graph(draft.study, draft.custody, source_map)
    return Record(draft.study, draft.graph, custody, draft.file.name)


def _named(known: dict[URIRef, str], name: str) -> URIRef:
    found = [iri for iri, label in known.items() if name in (label, str(iri))]
    if len(found) != 1:
        raise UnknownReviewError(name, found)
    return found[0]
