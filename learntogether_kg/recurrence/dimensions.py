"""Dimensions: what reviews can be counted by and filtered on, as ``dimensions.toml`` says."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

Of = Literal["pattern", "influence", "coder", "item", "review"]


@dataclass(frozen=True)
class Dimension:
    """What reviews can be counted by.

    Attributes:
        name: Its name on the command line and in an address.
        of: What it belongs to.
        label: Its heading.
        meaning: One sentence about it.
        fact: The `dimension` of its rows in the coding table; empty for what is not a fact.
        facts: For a year, the same for each kind of year.
        said: For a year, each kind in words.
        list: The prefixed name of the code list its values come from; empty where they come from the reviews.
        several: Whether one review can have several values.
        types: Whether only the six types are meant.
    """

    name: str
    of: Of
    label: str
    meaning: str
    fact: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)
    list: str = ""
    several: bool = False
    types: bool = False


@cache
def dimensions() -> Mapping[str, Dimension]:
    """Returns all dimensions by name, in the order of the file."""
    told = tomllib.loads((Path(__file__).parent / "dimensions.toml").read_text(encoding="utf-8"))
    return {name: Dimension(name=name, **{"fact": name, **entry}) for name, entry in told.items()}


def year_kinds() -> Mapping[str, str]:
    """Returns the kinds of year that can be asked for, each in words; the first is the default."""
    return dimensions()["year"].said
