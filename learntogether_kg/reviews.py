"""The use cases about reviews: check files, convert, submit, withdraw, purge. Where their steps are joined."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rdflib import URIRef

from learntogether_kg import additions, ontology, pool, purging, queries, watch
from learntogether_kg.custody import Record, custody_graph
from learntogether_kg.errors import (
    AgreementError,
    InvalidReviewError,
    LearnTogetherError,
    RepeatedReviewError,
    UnfinishedPurgeError,
    UnknownReviewError,
    UnreadableFileError,
)
from learntogether_kg.ingest.files import read_file, write_file
from learntogether_kg.library import Change, Library
from learntogether_kg.live import LiveLibrary
from learntogether_kg.migration import in_library
from learntogether_kg.migration.queue import is_queue
from learntogether_kg.purging import Plan, Purge
from learntogether_kg.typology import vetting
from learntogether_kg.typology.extension import refuse_unfit
from learntogether_kg.validation.engine import Engine, validate
from learntogether_kg.validation.report import Stage, ValidationReport

if TYPE_CHECKING:
    from learntogether_kg.ingest.draft import Draft
    from learntogether_kg.store.base import Store


Progress = Callable[[Path], None]
"""Called with each file when it has been read and checked."""


@contextmanager
def ontology_of(library: Library | LiveLibrary | None, extensions: Sequence[Path] = ()) -> Iterator[None]:
    """Uses the ontology as a library has it, so that a workbook offers its terms and a check knows them.

    Args:
        library: The library; None for the package's own ontology.
        extensions: Extensions to use besides; each stands in the place of one of the same name.

    Raises:
        OntologyError: An extension does not fit.
        UndescribedTermsError: One lacks what the rules of editing ask for.
    """
    with ontology.extended(_extensions(library, extensions)):
        yield


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
    using = partial(_check_using, stage=stage, engine=engine, extensions=ontology.extensions_in_use())
    with closing(pool.each(using, paths)) as checked:
        for found in checked:
            if isinstance(found, LearnTogetherError) and not isinstance(found, UnreadableFileError):
                raise found
            yield found


def _check_using(path: Path, stage: Stage, engine: Engine, extensions: Sequence[Path]) -> ValidationReport:
    """Returns what the shapes say of a file, in whichever process."""
    ontology.use_extensions(extensions)
    return check(path, stage, engine)


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
        UndescribedTermsError: One lacks what the rules of editing ask for.
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
        UndescribedTermsError: One lacks what the rules of editing ask for.
        InconsistentOntologyError: The ontology has changed, and contradicts itself.
    """
    with ontology.extended(_extensions(library, extensions)):
        return _submit(library, list(paths), progress, note, replace_coding)


def _submit(
    library: Library | LiveLibrary, paths: Sequence[Path], progress: Progress, note: str, replace_coding: bool
) -> Change:
    vet(library)
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
                in_library.refuse_to_lose_recoding(library, path, record)
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
    own = record_of(coding)
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
        vet(library)
        store = library.store if isinstance(library, LiveLibrary) else library.current().store
        known = queries.options(store, "lt:Study")
        studies = [_named(known, name) for name in names]
        return library.commit([], withdraw=studies, note=reason)


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


def vet(library: Library | LiveLibrary) -> None:
    """Makes sure that the ontology in use was vetted: a new state takes it.

    What the state before it holds was vetted when it came in.

    Args:
        library: The library that the new state is for.

    Raises:
        InconsistentOntologyError: The ontology has changed, and contradicts itself.
    """
    vetting.refuse_unvetted([] if isinstance(library, LiveLibrary) else [library.current().manifest.ontology])


def _extensions(library: Library | LiveLibrary | None, more: Sequence[Path] = ()) -> list[Path]:
    """Returns the extensions that a library has, with some more; of two of the same name the later."""
    kept = in_library.newest(library).extensions() if library else []
    for file in more:
        refuse_unfit(file, kept)
    named = {ontology.declared_ontologies(file)[0]: file.resolve() for file in (*kept, *more)}
    return list(named.values())


def _read_queues(
    library: Library | LiveLibrary, queues: Sequence[Path], progress: Progress
) -> tuple[dict[URIRef, tuple[Path, Record]], list[ValidationReport]]:
    """Returns the reviews that queues recode, and what a check says of those that may not be stored so."""
    records: dict[URIRef, tuple[Path, Record]] = {}
    refused = []
    for path in queues:
        report, record = in_library.recoded(library, path)
        if not report.conforms:
            refused.append(report)
        if record.study in records:
            raise RepeatedReviewError(path, records[record.study][0])
        records[record.study] = path, record
        progress(path)
    return records, refused


def _read_and_check(path: Path, extensions: Sequence[Path] = ()) -> tuple[ValidationReport, Record, Draft | None]:
    """Returns what a check says of a file, its record, and the file's draft where it holds one coder's codes."""
    ontology.use_extensions(extensions)
    draft = read_file(path)
    return _check(draft), record_of(draft), draft if draft.coder is not None else None


def _check(draft: Draft, stage: Stage = Stage.PUBLICATION, engine: Engine = Engine.FAST) -> ValidationReport:
    return validate(
        draft.graph, draft.source_map, str(draft.file), stage, engine, custody=draft.custody, context=draft.context
    )


def record_of(draft: Draft) -> Record:
    """Returns what a library keeps of a draft: its graph, and in custody where each statement stood in which file."""
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
