"""What may be asked of a release under a profile, and which releases may stand side by side."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from learntogether_kg.disclosure.population import Category
from learntogether_kg.disclosure.profile import Profile
from learntogether_kg.disclosure.protection import Protected
from learntogether_kg.errors import DisclosureError


@dataclass(frozen=True)
class Question:
    """A question about counts.

    Attributes:
        by: The dimensions that reviews are broken down by.
        where: What the reviews asked about have in common.
        codes: The counting rule: "primary" codes of each item, or "any".
        coder: Whose coding counts; None for the library's default coder.
        ranges: Whether a filter takes a range of values, as of years.
    """

    by: tuple[str, ...] = ()
    where: tuple[Category, ...] = ()
    codes: str = "primary"
    coder: str | None = None
    ranges: bool = False


def allow(question: Question, profile: Profile, protected: Protected | None = None) -> None:
    """Refuses a question that a profile does not answer.

    Args:
        question: What is asked.
        profile: The rules.
        protected: The counts of the release, to look at the population that a filter leaves.

    Raises:
        DisclosureError: The profile does not answer it; the error names the rule and what can be asked instead.
    """
    if not profile.restricted:
        return
    touched = len(question.by) + len(question.where)
    if touched > profile.dimensions:
        most = "one dimension" if profile.dimensions == 1 else f"{profile.dimensions} dimensions"
        reason = f"the question touches {touched}, breakdowns and filters together, and {most} are the most"
        raise DisclosureError("dimensions", reason, "leave out a breakdown or a filter")
    if question.codes not in profile.codes:
        reason = f"{question.codes} codes beside {profile.codes[0]} ones are almost the same reviews counted twice"
        raise DisclosureError(
            "codes", f"{reason}, and their difference can be a handful", f"ask for {profile.codes[0]} codes"
        )
    if question.coder is not None and profile.coders != "any":
        reason = "each coder's counts are almost those of the others, and their difference can be a handful of reviews"
        raise DisclosureError("coders", reason, "ask without a coder for the library's default coding")
    if question.ranges:
        reason = "two ranges can differ by a handful of reviews"
        raise DisclosureError("filters", reason, "ask for one value, or break down by the dimension and add up")
    for each in question.where:
        _allow_filter(each, profile, protected)


def _allow_filter(filtered: Category, profile: Profile, protected: Protected | None) -> None:
    if "*" not in profile.filters and filtered.dimension not in profile.filters:
        allowed = ", ".join(profile.filters) or "none"
        reason = f"{filtered.dimension} is not a filter here"
        raise DisclosureError(
            "filters", reason, f"filter by one of these: {allowed}; or break down by {filtered.dimension}"
        )
    if protected is None:
        return
    size = protected.count(filtered)
    if size.value is None or size.value < profile.minimum_population:
        reason = f"fewer than {profile.minimum_population} reviews may have {filtered.dimension} {filtered.value!r}"
        raise DisclosureError("minimum_population", reason, f"break down all reviews by {filtered.dimension} instead")
    if filtered in protected.near:
        which = f"the reviews with {filtered.dimension} {filtered.value!r}"
        reason = f"{which} are those of another population but for fewer than {profile.threshold}"
        raise DisclosureError("filters", reason, "ask about all reviews, or filter by something else")


def check_release(names: Collection[str], kept: Iterable[tuple[str, Collection[str]]], profile: Profile) -> None:
    """Refuses a release that nearly is another one, since what it adds could be told by subtraction.

    Args:
        names: The reviews of the release, with a new name for each of which anything known has changed.
        kept: The name and the reviews of each release that is still to be had, or was before a purge.
        profile: The rules.

    Raises:
        DisclosureError: It differs from one of them by fewer reviews than the profile's gap.
    """
    if not profile.restricted:
        return
    for release, others in kept:
        apart = len(set(names) ^ set(others))
        if 0 < apart < profile.release_gap:
            few = f"fewer than {profile.release_gap} reviews, new, changed, withdrawn or purged"
            reason = f"it differs from release {release} by {few}"
            raise DisclosureError("release_gap", reason, "publish when more reviews are there, new or changed")
