"""A typology in the forms that other programs read, by the ending of the file's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.typology.codebook import export_codebook
from learntogether_kg.typology.terms import Typology

WRITERS: Final[Mapping[str, Callable[[Typology, Path], None]]] = {
    ".qdc": export_codebook,
}
"""What writes a typology, by the ending of the file's name. A new form is a new entry."""


def export(typology: Typology, path: Path) -> None:
    """Writes a typology to a file; one that is there is replaced.

    Raises:
        UnreadableFileError: The name has an ending that no writer is known for, or nothing can be written there.
    """
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise UnreadableFileError(path, f"it is of a kind that is not written; give one of {', '.join(WRITERS)}")
    writer(typology, path)
