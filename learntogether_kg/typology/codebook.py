"""A typology as a codebook of REFI-QDA (.qdc), for NVivo, ATLAS.ti, MAXQDA, QualCoder and others."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from learntogether_kg import ontology, refi
from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.typology.terms import Typology


def export_codebook(typology: Typology, path: Path) -> None:
    """Writes a typology as a codebook.

    A term's identifier is made of its IRI, so that it is the same in every export and every version, and coding done
    elsewhere finds its way back. A term that is no longer to be used stays, marked as not codable.

    Args:
        typology: What to write.
        path: The file to write; one that is there is replaced.

    Raises:
        UnreadableFileError: It cannot be written there.
    """
    root = ET.Element("CodeBook", {"xmlns": refi.CODEBOOK, "origin": refi.ORIGIN})
    codes = ET.SubElement(root, "Codes")
    retired = [term.iri for term in typology.terms.values() if term.deprecated]
    for scheme in typology.schemes:
        refi.add_codes(codes, refi.tree(ontology.list_concepts(typology.graph, scheme), retired))
    try:
        path.write_bytes(refi.write(root))
    except OSError as error:
        raise UnreadableFileError(path, f"it cannot be written: {error.strerror or error}") from error
