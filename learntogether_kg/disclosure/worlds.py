"""Alternative libraries: what else the library could be, for all that the published counts say.

Safety does not rest on how they are found (`search.py`): `Worlds.unprotected` looks at the result, and nothing is
published unless it is empty.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from learntogether_kg.disclosure.population import Counts, Members, Population, Scheme, count
from learntogether_kg.disclosure.profile import Profile
from learntogether_kg.disclosure.search import Search, members_of
from learntogether_kg.errors import DisclosureError

_MOST_WORLDS: Final = 12
MOST_MINUTES: Final = 60.0
"""How long alternatives are looked for, if nobody says otherwise."""
_ONE_WAY: Final = 50.0
"""What it costs to suppress a one-way count, which most people read, against 1 for a two-way count …"""
_ZERO: Final = 0.3
"""… and this for a zero that can no longer be shown."""


@dataclass(frozen=True)
class Worlds:
    """A library and its alternatives. Secret: who has them knows everything.

    Attributes:
        population: The real one.
        others: The facts of each alternative library, reviews in the same order.
        watched: Signed sums of categories (one column each, the last row is "every review"): the reviews by which two
            populations differ that can both be asked about, where these are fewer than the threshold.
    """

    population: Population
    others: tuple[Members, ...]
    watched: NDArray[np.int8]

    def without(self, names: Collection[str]) -> Worlds:
        """Returns the same worlds without some reviews, by their names in the population."""
        rows = [row for row, name in enumerate(self.population.names) if name not in names]
        kept = Population(
            self.population.scheme,
            tuple(self.population.names[row] for row in rows),
            self.population.facts[rows],
            None if self.population.answered is None else self.population.answered[rows],
        )
        return Worlds(kept, tuple(facts[rows] for facts in self.others), self.watched)

    def counts(self) -> list[Counts]:
        """Returns the counts of every world, the real one first."""
        scheme = self.population.scheme
        return [self.population.counts, *(count(scheme.complete(facts)) for facts in self.others)]

    def answered(self) -> Members:
        """Returns of which categories a share can be worked out, of which reviews.

        Returns:
            (Categories and, last, all reviews) × categories: whether somebody looked for the second in each review that
            has the first, in every world.
        """
        scheme, answered = self.population.scheme, self.population.answered
        size = len(scheme.categories)
        if answered is None:
            return np.zeros((size + 1, size), dtype=bool)
        unanswered = ~answered.astype(bool)
        everyone = np.ones((len(unanswered), 1), dtype=bool)
        all_of = np.ones((size + 1, size), dtype=bool)
        for facts in (self.population.facts, *self.others):
            of = np.hstack([scheme.complete(facts), everyone]).astype(np.float32)
            all_of &= of.T @ unanswered.astype(np.float32) == 0
        return all_of

    def unprotected(self, profile: Profile) -> Members:
        """Returns which counts must not be known and agree in all worlds.

        Returns:
            (Categories and watched differences) × the same.
        """
        scheme = self.population.scheme
        real = _extended(scheme, self.watched, self.population.facts)
        missing = _must_differ(scheme, self.watched, profile, real)
        for facts in self.others:
            missing &= _extended(scheme, self.watched, facts) == real
        return missing


def alternatives(
    population: Population,
    profile: Profile,
    before: Worlds | None = None,
    seed: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
    minutes: float = MOST_MINUTES,
) -> Worlds:
    """Returns a library with alternatives among which the counts that a profile allows do not tell.

    Args:
        population: The library of the release.
        profile: The rules.
        before: The worlds of the release before. What they say of reviews in both stays as it is, so that two releases
            together tell no more than each alone.
        seed: What makes the search repeatable, in tests. By default it is random and forgotten, since who knew it could
            tell the real library by making the search again.
        progress: Told now and then of how many small counts the alternative in hand leaves to be protected.
        minutes: How long they are looked for, at most.

    Raises:
        DisclosureError: There are too few reviews that may be altered, or the time is up.
    """
    random = np.random.default_rng(secrets.randbits(128) if seed is None else seed)
    kept, free = _kept(population, before)
    worlds = Worlds(population, tuple(kept), _watched(population, profile))
    if not profile.restricted:
        return worlds
    until = time.monotonic() + 60 * minutes

    def step(left: int) -> None:
        if time.monotonic() > until:
            reason = f"no alternatives were found for these {len(population.names)} reviews within {minutes:g} minutes"
            advice = "give it more with `--minutes`, or publish under a profile with fewer dimensions, as dfe-one-way"
            raise DisclosureError("guarantee", reason, advice)
        progress(left)

    for number in range(_MOST_WORLDS):
        missing = worlds.unprotected(profile)
        if not missing.any():
            return worlds
        # The release before may have left alternatives that still need one of their own for what is new.
        inherited = number < len(kept)
        start = kept[number] if inherited else population.facts
        # The products are many and small: several threads cost more than they bring, most where others work too.
        with threadpool_limits(1, "blas"):
            made = _search(worlds, profile, start, missing, free, random, step)
        others = [*worlds.others]
        others[number : number + 1] = [made]
        worlds = Worlds(population, tuple(others), worlds.watched)
    if worlds.unprotected(profile).any():
        number = int(np.triu(worlds.unprotected(profile)).sum())
        raise DisclosureError(
            "guarantee",
            f"{number} small counts of these {len(population.names)} reviews could be worked out from others",
            "publish when more reviews are there, or under a profile with fewer dimensions",
        )
    return worlds


def _search(
    worlds: Worlds,
    profile: Profile,
    start: Members,
    missing: Members,
    free: list[int],
    random: np.random.Generator,
    progress: Callable[[int], None],
) -> Members:
    scheme, watched = worlds.population.scheme, worlds.watched
    real = _extended(scheme, watched, worlds.population.facts)
    change = _extended(scheme, watched, start) - real
    weight = _weights(worlds, profile, real)
    return Search(scheme, start, free, change, missing, weight, profile.slack, watched, random, progress).run()


def _kept(population: Population, before: Worlds | None) -> tuple[list[Members], list[int]]:
    """Returns the facts in each earlier world, new reviews as they are, and the rows of the new ones."""
    if before is None:
        return [], list(range(len(population.names)))
    old = {name: row for row, name in enumerate(before.population.names)}
    rows = [(new, old[name]) for new, name in enumerate(population.names) if name in old]
    known = [new for new, _ in rows]
    kept = []
    for facts in before.others:
        world = population.facts.copy()
        world[known] = _carried(before.population.scheme, population.scheme, facts[[row for _, row in rows]])
        kept.append(world)
    return kept, sorted(set(range(len(population.names))) - set(known))


def _carried(before: Scheme, now: Scheme, facts: Members) -> Members:
    """Returns facts under the scheme of an earlier release as facts under this one, which may have more of them."""
    carried = np.zeros((len(facts), len(now.closure)), dtype=bool)
    spans = {one.name: (one, span) for one, span in zip(now.dimensions, now.spans, strict=True)}
    for dimension, span in zip(before.dimensions, before.spans, strict=True):
        one, place = spans[dimension.name]
        for column, fact in enumerate(dimension.facts, span.start):
            carried[:, place.start + one.facts.index(fact)] = facts[:, column]
    return carried


def near_populations(scheme: Scheme, counts: Counts, total: int, profile: Profile) -> list[tuple[int, int]]:
    """Returns pairs of populations that differ by fewer reviews than the threshold, of those that may be filtered by.

    Each is a category's number; the second of a pair may be the number after the last, which is all reviews.
    """
    sizes = counts.diagonal()
    filters = [
        number
        for number, each in enumerate(scheme.categories)
        if ("*" in profile.filters or each.dimension in profile.filters) and sizes[number] >= profile.minimum_population
    ]
    near = []
    for place, one in enumerate(filters):
        apart = sizes[one] + sizes - 2 * counts[one]
        near += [(one, other) for other in filters[:place] if profile.is_small(int(apart[other]))]
        if profile.is_small(int(total - sizes[one])):
            near.append((one, len(scheme.categories)))
    return near


def _watched(population: Population, profile: Profile) -> NDArray[np.int8]:
    """Returns the differences of populations that nearly are the same, as `Worlds.watched` says."""
    near = near_populations(population.scheme, population.counts, len(population.names), profile)
    watched = np.zeros((len(population.scheme.categories) + 1, len(near)), dtype=np.int8)
    for column, (less, more) in enumerate(near):
        watched[[more, less], column] = 1, -1
    return watched


def _extended(scheme: Scheme, watched: NDArray[np.int8], facts: Members) -> Counts:
    members = members_of(scheme, watched, facts)
    return np.asarray(np.rint(members.T @ members), dtype=np.int64)


def _must_differ(scheme: Scheme, watched: NDArray[np.int8], profile: Profile, real: Counts) -> Members:
    """Returns which counts must not be known: small ones that can be asked for, and what watched differences give."""
    size = len(scheme.categories)
    must = np.zeros(real.shape, dtype=bool)
    if profile.dimensions == 1:
        np.fill_diagonal(must[:size, :size], True)
    else:
        must[:size, :size] = scheme.askable
    must[:size, :size] &= (real[:size, :size] > 0) & (real[:size, :size] < profile.threshold)
    if watched.size and profile.dimensions > 1:
        # A difference can be taken of two tables only where both tables can be asked for.
        involved = (watched[:-1] != 0).astype(np.int64)
        both = (~scheme.askable).astype(np.int64) @ involved == 0
        must[:size, size:] = both & (real[:size, size:] != 0)
        must[size:, :size] = must[:size, size:].T
    return must


def _weights(worlds: Worlds, profile: Profile, real: Counts) -> NDArray[np.float64]:
    """Returns what it costs to change each count that could be shown so far."""
    scheme = worlds.population.scheme
    size = len(scheme.categories)
    shown = real[:size, :size]
    weight = np.where(scheme.askable, 1.0, 0.0) if profile.dimensions > 1 else np.zeros(shown.shape)
    np.fill_diagonal(weight, _ONE_WAY)
    weight[shown == 0] *= _ZERO if profile.zeros == "shown" else 0
    weight[(shown > 0) & (shown < profile.threshold)] = 0
    for facts in worlds.others:
        weight[count(scheme.complete(facts)) != shown] = 0
    whole = np.zeros(real.shape)
    whole[:size, :size] = weight
    return whole
