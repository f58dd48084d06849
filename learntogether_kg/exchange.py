"""The use cases about projects of REFI-QDA: one becomes a draft review, and a review becomes one."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest.cells import read_notes
from learntogether_kg.ingest.files import read_file
from learntogether_kg.ingest.refi.drafting import PASSAGES, make_draft
from learntogether_kg.ingest.refi.mapping import check_complete, read_mapping
from learntogether_kg.ingest.refi.reading import read_project
from learntogether_kg.ingest.refi.sheet import write_mapping
from learntogether_kg.ingest.refi.writing import write_project
from learntogether_kg.ingest.template import write_template
from learntogether_kg.ingest.workbook import read_workbook

SUFFIX = ".qdpx"
"""What the name of a project ends with."""


def prepare_mapping(source: Path, mapping: Path) -> Counter[str]:
    """Writes the workbook that says what the codes of a project become, or adds to it what it lacks.

    Args:
        source: The project.
        mapping: The workbook; what a person filled in one that is there is kept.

    Returns:
        How many ``Codes``, ``Coders`` and ``Sources`` were added, and how many codes with passages are ``open``.

    Raises:
        UnreadableFileError: One of the files cannot be read, or written.
    """
    return write_mapping(read_project(source), mapping)


def import_project(source: Path, target: Path, mapping: Path, force: bool = False) -> Counter[str]:
    """Writes the draft workbook of a project.

    Args:
        source: The project.
        target: The workbook.
        mapping: The filled mapping workbook.
        force: Whether a workbook that is there is replaced; somebody may have worked on it.

    Returns:
        What of the project is not in the draft, counted.

    Raises:
        UnreadableFileError: One of the files cannot be read or written, the mapping leaves something open, or the
            draft would be larger than a review can be. Nothing was written.
    """
    if target.suffix.lower() != ".xlsx":
        raise UnreadableFileError(target, "a project becomes a draft workbook; choose a name that ends in .xlsx")
    if target.exists() and not force:
        raise UnreadableFileError(target, "it is there already; choose another name, or replace it with --force")
    project, answers = read_project(source), read_mapping(mapping)
    check_complete(project, answers)
    made = make_draft(source, project, answers)
    data = io.BytesIO()
    write_template(data, "evidence", made.cells, notes={PASSAGES: made.passages})
    read_workbook(target, data.getvalue())  # what is written can be read again
    _write(target, data.getvalue())
    return made.left


def export_project(source: Path, target: Path, mapping: Path | None = None) -> Counter[str]:
    """Writes a review as a project; one that is there is replaced.

    Args:
        source: The review, in any form that is read. A draft workbook that came of a project has its passages.
        target: The project.
        mapping: The mapping workbook of the project it came from, to write coders and codes as they are there.

    Returns:
        What of the review is not in the project, counted.

    Raises:
        UnreadableFileError: One of the files cannot be read, or written.
    """
    draft = read_file(source)
    if draft.context is not None:
        raise UnreadableFileError(source, "it holds one coder's codes and no review; submit it, and export the review")
    passages = read_notes(source, PASSAGES) if source.suffix.lower() == ".xlsx" else []
    content, left = write_project(draft, passages, read_mapping(mapping) if mapping else None)
    _write(target, content)
    return left


def _write(target: Path, content: bytes) -> None:
    try:
        target.write_bytes(content)
    except OSError as error:
        raise UnreadableFileError(target, f"it cannot be written: {error.strerror or error}") from error
