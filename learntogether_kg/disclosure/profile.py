"""Profiles of disclosure control: the rules as data, with their sources and words for the reader of a table.

A profile is a TOML file. Three are bundled; an operator's own is named by its path. It belongs to whoever runs a
library: a client may ask for a stricter one and never for a looser one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, Self

from learntogether_kg.errors import DisclosureError, ProfileError

FOLDER: Final = Path(__file__).parent / "profiles"

MOST_DIMENSIONS: Final = 2
"""How many dimensions the guarantee of a restricted profile is worked out for."""

KEYS: Final[Mapping[str, str]] = {
    "title": "its name for people",
    "explanation": "what it does to a table, in words for its reader",
    "restricted": "whether only protected counts may leave; without it all rules below are off",
    "threshold": "the smallest count that may be shown, zero apart",
    "zeros": '"shown" or "hidden": whether a count of none is shown as 0',
    "rounding": "the base that shown counts are rounded to; 1 for none",
    "minimum_population": "of how many reviews a filter must leave a question, at least",
    "minimum_share": "from which denominator on a share is shown",
    "dimensions": "how many dimensions a question may touch, breakdowns and filters together: 1 or 2; 0 for any number",
    "filters": 'the dimensions that may be filtered by; ["*"] for all',
    "codes": 'which counting rules may be asked for: "primary", "any". Two rules are near-duplicates of one population',
    "coders": '"default" for the library\'s default coding alone, "any" for every coder beside it',
    "release_gap": "by how many reviews a release must differ from each kept one, at least",
    "source": "where the rules come from: a table each of name, address, and what it says",
    "symbols": "what stands for a count that is suppressed, not applicable, not available",
}
"""Every key of a profile's file with its meaning; all of them are required."""


@dataclass(frozen=True)
class Source:
    """Where a rule comes from.

    Attributes:
        name: The publication.
        address: Its web address, or nothing.
        says: What it says, in our words.
    """

    name: str
    address: str
    says: str


@dataclass(frozen=True)
class Symbols:
    """What stands in the place of a number."""

    suppressed: str
    not_applicable: str
    not_available: str


@dataclass(frozen=True)
class Profile:
    """The rules under which counts may leave. Its attributes are explained in `KEYS`."""

    name: str
    title: str
    explanation: str
    restricted: bool
    threshold: int
    zeros: Literal["shown", "hidden"]
    rounding: int
    minimum_population: int
    minimum_share: int
    dimensions: int
    filters: tuple[str, ...]
    codes: tuple[str, ...]
    coders: Literal["default", "any"]
    release_gap: int
    source: tuple[Source, ...]
    symbols: Symbols

    @classmethod
    def named(cls, name: str) -> Self:
        """Returns a bundled profile. The one way for a client's word, since it opens no file that a client names.

        Raises:
            ProfileError: There is none of that name.
        """
        if name not in bundled():
            raise ProfileError(name, f"there is none of that name; there are {', '.join(bundled())}")
        return cls._read(FOLDER / f"{name}.toml")

    @classmethod
    def load(cls, name: str) -> Self:
        """Returns a bundled profile by its name, or an operator's own by the path of its file, which ends in ``.toml``.

        Raises:
            ProfileError: There is none of that name, or its file is not fit to be used.
        """
        return cls._read(Path(name)) if name.endswith(".toml") else cls.named(name)

    @classmethod
    def _read(cls, path: Path) -> Self:
        try:
            told = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ProfileError(path, f"it cannot be read: {error}") from error
        return cls.told(path.stem, told)

    @classmethod
    def told(cls, name: str, told: dict[str, Any]) -> Self:
        """Returns a profile from what its file says.

        Raises:
            ProfileError: It is not fit to be used.
        """
        wrong = set(told) ^ set(KEYS)
        if wrong:
            known = sorted(wrong & set(KEYS))
            reason = f"it lacks {', '.join(known)}" if known else f"it has unknown keys {', '.join(sorted(wrong))}"
            raise ProfileError(name, f"{reason}; every profile states all of {', '.join(KEYS)}")
        try:
            told = told | {key: tuple(told[key]) for key in ("filters", "codes")}
            told["source"] = tuple(Source(**each) for each in told["source"])
            told["symbols"] = Symbols(**told["symbols"])
        except TypeError as error:
            raise ProfileError(name, f"a source has name, address and says; symbols are three; {error}") from error
        profile = cls(name=name, **told)
        profile._check()
        return profile

    def _check(self) -> None:
        """A rule that cannot be kept, or keeps nothing, is refused before it is relied on."""
        numbers = ("threshold", "rounding", "minimum_population", "minimum_share", "dimensions", "release_gap")
        for key in numbers:
            value = getattr(self, key)
            if type(value) is not int or value < (1 if key in ("threshold", "rounding") else 0):
                raise ProfileError(self.name, f"{key} must be a whole number, {KEYS[key]}")
        if (
            self.zeros not in ("shown", "hidden")
            or self.coders not in ("default", "any")
            or type(self.restricted) is not bool
        ):
            raise ProfileError(
                self.name, f"zeros is {KEYS['zeros']}; coders is {KEYS['coders']}; restricted is true or false"
            )
        if not self.codes or not set(self.codes) <= {"primary", "any"} or not self.source:
            raise ProfileError(self.name, f"codes is {KEYS['codes']}; and at least one source is named")
        if not self.restricted:
            return
        if not 1 <= self.dimensions <= MOST_DIMENSIONS or self.codes[1:] or self.coders != "default":
            reason = (
                "a restricted profile allows one or two dimensions, one counting rule and the default coding, since its"
            )
            raise ProfileError(self.name, f"{reason} guarantee is worked out for these")
        if self.threshold == 1 or self.release_gap < self.threshold or self.minimum_population < self.threshold:
            reason = "a restricted profile has a threshold of 2 or more, and neither release_gap nor minimum_population"
            raise ProfileError(self.name, f"{reason} is under the threshold")
        if self.rounding > self.threshold:
            raise ProfileError(self.name, "rounding is over the threshold, so that a count could be shown as 0")

    def is_small(self, count: int) -> bool:
        """Whether a count is one that must not be known."""
        return self.restricted and 0 < count < self.threshold

    @property
    def slack(self) -> int:
        """By how much the worlds may differ on a count that is shown: it is rounded to the middle between them."""
        return 2 if self.rounding > 1 else 0

    @property
    def off_by(self) -> int:
        """How far a shown count may be from the true one, at most."""
        return self.rounding // 2 + self.slack // 2

    def is_as_strict_as(self, other: Profile) -> bool:
        """Whether nothing that this profile shows would be hidden by the other."""
        if not self.restricted or not other.restricted:
            return self.restricted or not other.restricted
        at_least = ("threshold", "minimum_population", "minimum_share", "release_gap")
        return (
            all(getattr(self, key) >= getattr(other, key) for key in at_least)
            and self.rounding % other.rounding == 0
            and self.dimensions <= other.dimensions
            and (self.zeros == "hidden" or other.zeros == "shown")
            and self.codes == other.codes
            and ("*" in other.filters or set(self.filters) <= set(other.filters))
        )

    def or_stricter(self, asked: Profile) -> Profile:
        """Returns the profile that a client asked for where this one is configured.

        Raises:
            DisclosureError: It is not at least as strict.
        """
        if not asked.is_as_strict_as(self):
            raise DisclosureError(
                "profile",
                f"this library answers under profile {self.name}, and {asked.name} would show more",
                f"ask without a profile, or for one that is stricter than {self.name}",
            )
        return asked


def bundled() -> list[str]:
    """Returns the names of the profiles that come with the project."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


assert {each.name for each in fields(Profile)} == {"name", *KEYS}, "every key has a meaning"
