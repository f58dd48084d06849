"""The bytes of a file that is given to us, and no more of them than a review can have."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from learntogether_kg.errors import UnreadableFileError

_MEGABYTE: Final = 1024 * 1024


def load(path: Path, most: int, data: bytes | None = None) -> bytes:
    """Returns what a file holds.

    Args:
        path: The file, or the name of an upload.
        most: How many bytes it may have.
        data: Its bytes, where they are at hand already, as those of an upload are; then nothing is opened.

    Raises:
        UnreadableFileError: It is not there, is larger, or is no ordinary file: a device or a pipe may never end.
    """
    if data is None:
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise UnreadableFileError(path, "it is a device or a pipe; give an ordinary file")
            with path.open("rb") as file:
                data = file.read(most + 1)
        except OSError as error:
            raise UnreadableFileError(path, f"it cannot be read: {error.strerror or error}") from error
    if len(data) > most:
        raise UnreadableFileError(path, f"it is larger than {most // _MEGABYTE} MB; a review is not")
    return data
