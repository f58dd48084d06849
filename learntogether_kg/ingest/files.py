"""Reads a file of any kind we know."""

from __future__ import annotations

from pathlib import Path

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest.draft import Draft
from learntogether_kg.ingest.rdf import FORMATS, read_rdf
from learntogether_kg.ingest.workbook import read_workbook


def read_file(path: Path) -> Draft:
    """Returns the review or synthesis in a file, by the ending of its name.

    Raises:
        UnreadableFileError: The file is not there, is of a kind that is not known, or cannot be read.
    """
    if not path.exists():
        raise UnreadableFileError(path, "there is no such file")
    if path.is_dir():
        raise UnreadableFileError(path, "it is a folder; name the files in it")
    match path.suffix.lower():
        case ".xlsx":
            return read_workbook(path)
        case suffix if suffix in FORMATS:
            return read_rdf(path)
    known = ", ".join((".xlsx", *FORMATS))
    raise UnreadableFileError(path, f"it is of a kind that is not read; give one of {known}")
