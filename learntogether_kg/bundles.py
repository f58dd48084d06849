"""Libraries that are built whole: the bundled ones, and synthetic ones of any size."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from rdflib import Graph

from learntogether_kg import pool, resources
from learntogether_kg.custody import Record
from learntogether_kg.errors import ForeignLibraryError, LearnTogetherError
from learntogether_kg.ingest.files import read_file
from learntogether_kg.reviews import Progress, init, record_of, submit
from learntogether_kg.snapshot import Snapshot
from learntogether_kg.synthetic import files as synthetic


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


def _records(paths: Sequence[Path]) -> Iterator[Record]:
    with closing(pool.each(_read, paths)) as read:
        for found in read:
            if isinstance(found, LearnTogetherError):
                raise found
            yield found


def _read(path: Path) -> Record:
    return record_of(read_file(path))
