"""Where the data files lie: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

Bundle = Literal["sample", "teaching"]
Folder = Literal["ontology", "shapes", "queries"] | Bundle

_PACKAGE = Path(__file__).parent


def folder(name: Folder) -> Path:
    """Returns the folder of that name; bundled reviews always stand inside the package."""
    if name in get_args(Bundle):
        return _PACKAGE / name
    installed = _PACKAGE / "data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def files(name: Folder, pattern: str) -> list[Path]:
    """Returns the files of a folder that match a glob pattern, sorted by path so that every machine agrees."""
    return sorted(folder(name).glob(pattern))
