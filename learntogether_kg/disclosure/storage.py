"""Alternatives and protected counts as files of a release.

The alternatives must be the same whenever a release is asked, and the next release continues them: they are made once,
when it is published, and kept. They are as secret as the reviews. The protected counts are all that a server needs.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np

from learntogether_kg.disclosure.population import Category, Dimension, Population, Scheme
from learntogether_kg.disclosure.profile import Profile
from learntogether_kg.disclosure.protection import Protected
from learntogether_kg.disclosure.worlds import Worlds
from learntogether_kg.errors import ProfileError, StoreUnavailableError

SECRET: Final = "alternatives.npz"
"""The alternative libraries: for whoever publishes the next release, and for nobody else."""
SHOWN: Final = "protected-counts.json"
"""What may leave."""


def write(folder: Path, worlds: Worlds, profile: Profile) -> None:
    """Writes the alternatives of a release and its protected counts."""
    write_worlds(folder, worlds)
    (folder / SHOWN).write_text(json.dumps(_protected_document(Protected.of(worlds, profile))) + "\n", encoding="utf-8")


def write_worlds(folder: Path, worlds: Worlds) -> None:
    """Writes alternatives alone."""
    scheme, answered = worlds.population.scheme, worlds.population.answered
    told = json.dumps([_dimension_document(each) for each in scheme.dimensions])
    facts = np.stack([worlds.population.facts, *worlds.others])
    with (folder / SECRET).open("wb") as file:
        np.savez_compressed(
            file,
            scheme=told,
            names=np.array(worlds.population.names, dtype=str),
            facts=facts,
            watched=worlds.watched,
            answered=np.zeros(0, dtype=bool) if answered is None else answered,
        )


def read_worlds(folder: Path) -> Worlds | None:
    """Returns the alternatives of a release; None where it was not published under a restricted profile.

    Raises:
        StoreUnavailableError: The file is damaged.
    """
    path = folder / SECRET
    if not path.is_file():
        return None
    try:
        # From memory, since numpy leaves a damaged file open.
        with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as file:
            dimensions = [_dimension(each) for each in json.loads(str(file["scheme"]))]
            names, facts, watched = tuple(map(str, file["names"])), file["facts"], file["watched"]
            answered = file["answered"] if file["answered"].size else None
    except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise StoreUnavailableError(path, f"it cannot be read: {error}") from error
    return Worlds(Population(Scheme(dimensions), names, facts[0], answered), tuple(facts[1:]), watched)


def read_protected(folder: Path) -> Protected | None:
    """Returns the protected counts of a release; None where it was not published under a restricted profile.

    Raises:
        StoreUnavailableError: The file is damaged.
    """
    path = folder / SHOWN
    if not path.is_file():
        return None
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        categories = tuple(Category(*each) for each in told["categories"])
        near = frozenset(Category(*each) for each in told["near"])
        counts, askable = np.array(told["counts"], dtype=np.int64), np.array(told["askable"], dtype=bool)
        answered = np.array([[mark == "1" for mark in row] for row in told["answered"]], dtype=bool)
        profile = Profile.told(told["profile"].pop("name"), told["profile"])
    except (OSError, ValueError, KeyError, TypeError, ProfileError) as error:
        raise StoreUnavailableError(path, f"it cannot be read: {error}") from error
    return Protected(profile, categories, told["reviews"], counts, askable, near, answered)


def _protected_document(protected: Protected) -> dict[str, Any]:
    return {
        "profile": asdict(protected.profile),
        "reviews": protected.reviews,
        "categories": [[each.dimension, each.value] for each in protected.categories],
        "near": sorted([each.dimension, each.value] for each in protected.near),
        "counts": protected.counts.tolist(),
        "askable": protected.askable.astype(int).tolist(),
        "answered": ["".join("01"[mark] for mark in row) for row in protected.answered.astype(int).tolist()],
    }


def _dimension_document(dimension: Dimension) -> dict[str, Any]:
    rolls_up = {fact: [[each.dimension, each.value] for each in every] for fact, every in dimension.rolls_up.items()}
    return asdict(replace(dimension, rolls_up={})) | {"rolls_up": rolls_up}


def _dimension(told: dict[str, Any]) -> Dimension:
    rolls_up = {fact: tuple(Category(*each) for each in every) for fact, every in told["rolls_up"].items()}
    return Dimension(**told | {"facts": tuple(told["facts"]), "rolls_up": rolls_up, "alone": tuple(told["alone"])})
