"""Reads a file of any kind we know, and writes triples."""

from __future__ import annotations

import json
from pathlib import Path

from rdflib import Dataset, URIRef

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest import plain_json
from learntogether_kg.ingest.draft import Draft
from learntogether_kg.ingest.rdf import FORMATS, read_rdf
from learntogether_kg.ingest.workbook import read_workbook
from learntogether_kg.namespaces import PREFIXES


def read_file(path: Path, data: bytes | None = None) -> Draft:
    """Returns the review or synthesis in a file, by the ending of its name.

    Args:
        path: The file, or the name of an upload.
        data: Its bytes, where they are at hand already; then nothing is opened.

    Raises:
        UnreadableFileError: The file is not there, is of a kind that is not known, or cannot be read.
    """
    if data is None and not path.exists():
        raise UnreadableFileError(path, "there is no such file")
    if data is None and path.is_dir():
        raise UnreadableFileError(path, "it is a folder; name the files in it")
    match path.suffix.lower():
        case ".xlsx":
            return read_workbook(path, data)
        case suffix if suffix in FORMATS:
            return read_rdf(path, data)
    known = ", ".join((".xlsx", *FORMATS))
    raise UnreadableFileError(path, f"it is of a kind that is not read; give one of {known}")


def write_file(draft: Draft, path: Path, with_source: bool = False) -> None:
    """Writes a review as Turtle, TriG or plain JSON, by the ending of the file's name.

    Args:
        draft: What to write.
        path: The file; one that is there is replaced.
        with_source: Whether to write what goes to custody too, which identifies the report. Plain JSON never holds it.

    Raises:
        UnreadableFileError: The name has another ending, or nothing can be written there.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise UnreadableFileError(path, f"it is of a kind that is not written; give one of {', '.join(FORMATS)}")
    if suffix == ".jsonld":
        text = json.dumps(plain_json.write(draft.graph, draft.study), indent=2, ensure_ascii=False) + "\n"
    else:
        dataset = Dataset()
        for prefix, iri in PREFIXES.items():
            dataset.bind(prefix, iri)
        name = URIRef(f"{draft.study}/source") if suffix == ".trig" else None
        for graph, triples in ((draft.study if name else None, draft.graph), (name, draft.custody)):
            target = dataset.graph(graph) if graph else dataset.default_graph
            for triple in triples if with_source or triples is draft.graph else ():
                target.add(triple)
        text = dataset.serialize(format=FORMATS[suffix])
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UnreadableFileError(path, f"it cannot be written: {error.strerror or error}") from error
