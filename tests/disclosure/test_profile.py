"""Profiles are data: complete, sourced, refused where they could not be kept, and never loosened by a client."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from learntogether_kg.disclosure.profile import FOLDER, KEYS, Profile, bundled
from learntogether_kg.errors import DisclosureError, ProfileError

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
DFE = (FOLDER / "dfe.toml").read_text(encoding="utf-8")


def test_there_are_profiles() -> None:
    assert {"dfe", "open", "threshold-10"} <= set(bundled())


@pytest.mark.parametrize("name", bundled())
def test_each_profile_can_be_used_has_sources_and_is_in_the_readme(name: str) -> None:
    profile = Profile.load(name)
    assert profile.name == name
    assert all(source.name and source.says for source in profile.source)
    assert profile.explanation.endswith(".")
    assert f"`{name}`" in README
    assert not profile.restricted or any(source.address for source in profile.source)


@pytest.mark.parametrize("key", KEYS)
def test_a_profile_without_one_of_the_keys_is_refused(key: str, tmp_path: Path) -> None:
    told = tomllib.loads(DFE)
    del told[key]
    with pytest.raises(ProfileError, match=f"it lacks {key}"):
        Profile.told("mine", told)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("threshold = 6", "threshhold = 6\nthreshold = 6", "unknown keys threshhold"),
        ("threshold = 6", "threshold = 0", "threshold must be a whole number"),
        ("threshold = 6", "threshold = true", "threshold must be a whole number"),
        ("rounding = 1", 'rounding = "5"', "rounding must be a whole number"),
        ('zeros = "shown"', 'zeros = "maybe"', "zeros is"),
        ("rounding = 1", "rounding = 10", "shown as 0"),
        ("threshold = 6", "threshold = 1", "a threshold of 2 or more"),
        ("dimensions = 2", "dimensions = 3", "one or two dimensions"),
        ('codes = ["primary"]', 'codes = ["primary", "any"]', "one counting rule"),
        ('codes = ["primary"]', 'codes = ["first"]', "codes is"),
        ('coders = "default"', 'coders = "any"', "the default coding"),
        ("release_gap = 6", "release_gap = 1", "under the threshold"),
        ("minimum_population = 6", "minimum_population = 2", "under the threshold"),
        ('not_available = ":"', 'other = ":"', "symbols are three"),
        ("[symbols]", "[symbols", "it cannot be read"),
    ],
)
def test_a_profile_that_could_not_be_kept_is_refused(before: str, after: str, said: str, tmp_path: Path) -> None:
    assert before in DFE
    own = tmp_path / "own.toml"
    own.write_text(DFE.replace(before, after), encoding="utf-8")
    with pytest.raises(ProfileError, match=said):
        Profile.load(str(own))


def test_an_operator_can_have_a_profile_of_their_own(tmp_path: Path) -> None:
    own = tmp_path / "ours.toml"
    own.write_text(DFE.replace("threshold = 6", "threshold = 5"), encoding="utf-8")
    assert (Profile.load(str(own)).name, Profile.load(str(own)).threshold) == ("ours", 5)
    with pytest.raises(ProfileError, match="cannot be read"):
        Profile.load(str(tmp_path / "none.toml"))


@pytest.mark.parametrize("name", ["none", "../profiles/dfe", "/etc/passwd", "dfe.toml", ""])
def test_a_client_names_a_bundled_profile_or_none(name: str) -> None:
    with pytest.raises(ProfileError, match="there are dfe, dfe-one-way, open, threshold-10"):
        Profile.named(name)


@pytest.mark.parametrize(
    ("configured", "asked", "allowed"),
    [
        ("open", "open", True),
        ("open", "dfe", True),
        ("open", "threshold-10", True),
        ("dfe", "dfe-one-way", True),
        ("dfe-one-way", "dfe", False),
        ("dfe", "open", False),
        ("dfe", "dfe", True),
        ("dfe", "threshold-10", True),
        ("threshold-10", "open", False),
        ("threshold-10", "dfe", False),
        ("threshold-10", "threshold-10", True),
    ],
)
def test_a_client_may_ask_for_a_stricter_profile_only(configured: str, asked: str, allowed: bool) -> None:
    own = Profile.load(configured)
    if allowed:
        assert own.or_stricter(Profile.named(asked)).name == asked
    else:
        with pytest.raises(DisclosureError, match="would show more") as caught:
            own.or_stricter(Profile.named(asked))
        assert caught.value.rule == "profile"


@pytest.mark.parametrize(
    "looser",
    [
        {"threshold": 5},
        {"zeros": "shown"},
        {"rounding": 1},
        {"rounding": 3},
        {"minimum_population": 9},
        {"minimum_share": 1},
        {"restricted": False},
        {"release_gap": 5},
        {"codes": ("any",)},
    ],
)
def test_one_looser_rule_is_enough_to_be_refused(looser: dict[str, object]) -> None:
    ten = Profile.load("threshold-10")
    assert ten.is_as_strict_as(ten)
    assert not replace(ten, **looser).is_as_strict_as(ten)  # type: ignore[arg-type]  # any field, by name


def test_a_profile_with_fewer_dimensions_and_filters_is_stricter() -> None:
    ten = Profile.load("threshold-10")
    narrow = replace(ten, dimensions=1, filters=("year",))
    assert narrow.is_as_strict_as(ten)
    assert not ten.is_as_strict_as(narrow)
