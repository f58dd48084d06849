"""What chance alone would do to pairs of patterns, worked out once for each question and kept with the release.

Under a release it stands in ``chance/``, one file for each matrix of reviews and patterns that a question led to. Its
name is a digest of that matrix, of the number of permutations and of the seed, so that no file is ever out of date. The
files are no part of what was published: without them the same figures are worked out again.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np

from learntogether_kg import statistics
from learntogether_kg.recurrence.index import Flags
from learntogether_kg.statistics import Null

FOLDER: Final = "chance"
"""The folder of a release for what is kept here."""

SEED: Final = 20080101
"""Of the null model, so that the same release gives the same p-values."""
_MOST_FILES: Final = 500
"""Whoever asks ever new questions must not fill the disk; beyond this nothing more is kept there."""
_MOST_IN_MEMORY: Final = 32
_ARRAYS: Final = ("observed", "expected", "p_value")


class Chance:
    """What was worked out, in memory and, where there is a folder that can be written, there too."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._known: dict[str, Null] = {}

    def of(self, found: Flags, permutations: int) -> Null:
        """Returns what chance would do; see `statistics.cooccurrence_null`.

        Args:
            found: Reviews × patterns.
            permutations: How many matrices are drawn.
        """
        key = _key(found, permutations)
        null = self._known.get(key) or self._read(key, found.shape[1], permutations)
        if null is None:
            null = statistics.cooccurrence_null(found, permutations, SEED)
            self._write(key, null)
        while len(self._known) >= _MOST_IN_MEMORY:
            self._known.pop(next(iter(self._known)))
        self._known[key] = null
        return null

    def _read(self, key: str, size: int, permutations: int) -> Null | None:
        """Returns what a file holds; None where there is none, or it is damaged."""
        if self._folder is None:
            return None
        try:
            told = BytesIO((self._folder / f"{key}.npz").read_bytes())
            with np.load(told, allow_pickle=False) as kept:
                observed, expected, p_value = (kept[name] for name in _ARRAYS)
                method = str(kept["method"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        if any(each.shape != (size, size) for each in (observed, expected, p_value)):
            return None
        return Null(observed, expected, p_value, permutations, method)

    def _write(self, key: str, null: Null) -> None:
        """Keeps it in the folder, whole or not at all; where it cannot be written, it is not kept."""
        if self._folder is None:
            return
        try:
            self._folder.mkdir(exist_ok=True)
            if sum(1 for _ in self._folder.glob("*.npz")) < _MOST_FILES:
                _replace(self._folder / f"{key}.npz", lambda path: _save(path, null))
        except OSError:  # a release may well lie where nobody can write
            return


def _key(found: Flags, permutations: int) -> str:
    told = f"{statistics.CHANCE} {found.shape} {permutations} {SEED} ".encode()
    return hashlib.sha256(told + np.packbits(found).tobytes()).hexdigest()


def _save(path: Path, null: Null) -> None:
    arrays = {name: getattr(null, name) for name in _ARRAYS}
    with path.open("wb") as file:
        np.savez(file, method=np.array(null.method), **arrays)


def _replace(path: Path, write: Callable[[Path], None]) -> None:
    """Writes a file beside its place and moves it there, so that no reader sees a part of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")
    os.close(handle)
    beside = Path(name)
    try:
        write(beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
