"""Writing so that a kill or a power failure at any point leaves the old or the new, whole."""

from __future__ import annotations

import os
from pathlib import Path


def bring_to_disk(folder: Path) -> None:
    """Returns when everything in a folder is on the disk and no longer only in memory."""
    for path in sorted(folder.rglob("*"), reverse=True):
        sync(path)
    sync(folder)


def sync(path: Path) -> None:
    """Returns when one file, or the list of names in one folder, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_text(path: Path, text: str) -> None:
    """Puts a text in the place of a file's, or makes the file; nobody sees a part of it."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    sync(beside)
    beside.rename(path)
    sync(path.parent)
