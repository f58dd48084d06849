"""A typology in the forms that other programs read, by the ending of the file's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.sssom import SUFFIX
from learntogether_kg.typology import forms, mappings
from learntogether_kg.typology.codebook import export_codebook
from learntogether_kg.typology.terms import Typology


def _to_file(write: Callable[[Typology], bytes]) -> Callable[[Typology, Path], None]:
    """Returns what writes a typology to a file, given what returns it as bytes."""

    def written(typology: Typology, path: Path) -> None:
        data = write(typology)
        try:
            path.write_bytes(data)
        except OSError as error:
            raise UnreadableFileError(path, f"it cannot be written: {error.strerror or error}") from error

    return written


WRITERS: Final[Mapping[str, Callable[[Typology, Path], None]]] = {
    ".ttl": _to_file(forms.write_turtle),
    ".jsonld": _to_file(forms.write_json_ld),
    ".csv": _to_file(forms.write_csv),
    ".xlsx": _to_file(forms.write_workbook),
    SUFFIX: _to_file(mappings.write_sssom),
    ".qdc": export_codebook,
}
"""What writes a typology, by the ending of the file's name. A new form is a new entry."""


def export(typology: Typology, path: Path) -> None:
    """Writes a typology to a file; one that is there is replaced.

    Raises:
        UnreadableFileError: The name has an ending that no writer is known for, or nothing can be written there.
        OntologyError: Its mappings are asked for, and it has none.
    """
    writer = next((each for ending, each in WRITERS.items() if path.name.lower().endswith(ending)), None)
    if writer is None:
        raise UnreadableFileError(path, f"it is of a kind that is not written; give one of {', '.join(WRITERS)}")
    writer(typology, path)
