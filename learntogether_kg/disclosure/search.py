"""The search for one alternative library that spoils as little as possible.

It goes through the facts, weighs at once every exchange of that fact between two reviews (and every giving and taking
of it), and makes the one that lowers the cost most, until none does. To move fact *a* from review *r* to review *s*
changes the counts of *a* with what only *r* has by -1 and with what only *s* has by +1, so the cost of all exchanges
is a product of three matrices. Where a fact rolls up or excludes another that is an estimate; the exchange is weighed
exactly before it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from learntogether_kg.disclosure.population import Members, Scheme

Costs = NDArray[np.float32]
Places = NDArray[np.intp]
Exchange = tuple[float, int, int, int]
"""What an exchange costs by estimate; the review that gives, the one that takes, and a fact. -1 where there is none."""

_SAMPLE: Final = 160
"""Reviews on each side whose exchanges are weighed at once."""
_MUST: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 64.0, 1000.0, 4.0, 16.0, 64.0, 1000.0)
"""What a count costs that must differ and does not, round by round: first a bargain, in the end at any price; twice,
since what was bought dear may be had cheaper the second time."""
_DRAWS: Final = 400
"""Exchanges that are drawn to change one count that must differ, where the best ones do not."""
_NOTHING: Final = 1e-4
_PASSES: Final = 30
"""How often a round goes through all facts, at most."""


class Search:
    """One alternative library in the making.

    Args:
        scheme: What reviews are counted by.
        facts: Reviews × facts to start from.
        free: The rows that may be altered.
        change: Categories × categories, the counts of the start less those of the real library.
        must: Which counts must differ from those of the real library.
        weight: What it costs where another count differs by more than the slack.
        slack: By how much a count may differ without harm, since it is rounded.
        watched: As `Worlds.watched`.
        random: Breaks ties and takes samples.
        progress: Told of how many counts that must differ do not yet; what it raises ends the search.
    """

    def __init__(
        self,
        scheme: Scheme,
        facts: Members,
        free: list[int],
        change: NDArray[np.int64],
        must: Members,
        weight: NDArray[np.float64],
        slack: int,
        watched: NDArray[np.int8],
        random: np.random.Generator,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.scheme, self.random, self.slack = scheme, random, slack
        self.watched, self.progress = watched, progress
        self.facts, self.free = facts.copy(), np.array(free, dtype=np.intp)
        self.members = members_of(scheme, watched, facts)
        self.change, self.must, self.weight = change.copy(), must, weight.astype(np.float32)
        self.price = np.float32(_MUST[0])
        self.of_fact = [np.flatnonzero(row) for row in scheme.closure]
        self.dimension = np.repeat(np.arange(len(scheme.spans)), [span.stop - span.start for span in scheme.spans])

    def run(self) -> Members:
        """Returns the facts of the alternative library."""
        if len(self.free) == 0:
            return self.facts
        for price in _MUST:
            self.price = np.float32(price)
            for _ in range(_PASSES):
                self.progress(int(np.triu(self.must & (self.change == 0)).sum()))
                if not sum(self._improve(int(fact)) for fact in self.random.permutation(len(self.of_fact))):
                    break
        for one, other in np.argwhere(np.triu(self.must & (self.change == 0))):
            if self.change[one, other] == 0:
                self.progress(int(np.triu(self.must & (self.change == 0)).sum()))
                self._force(int(one), int(other))
        return self.facts

    def _improve(self, fact: int) -> bool:
        """Makes the best exchange of a fact, if it is better than none. A fact that costs nothing now is left alone."""
        categories = np.concatenate([self.of_fact[fact], self._watching(self.of_fact[fact])])
        if not self._cost(categories, self.change[categories]).any():
            return False
        return any(self._make(fact, *exchange[1:]) for exchange in sorted(self._best(fact))[:3])

    def _watching(self, categories: Places) -> Places:
        """Returns the watched differences that some categories are part of."""
        return np.flatnonzero(self.watched[categories].any(axis=0)) + len(self.scheme.categories)

    def _force(self, one: int, other: int) -> None:
        """Makes some exchange after which a count differs, where none of the best did it.

        The best of each kind are found by estimate, so exchanges are drawn here and weighed one by one.
        """
        facts = self._facts_behind(one, other)
        for _ in range(_DRAWS):
            fact = int(self.random.choice(facts))
            span = self.scheme.spans[self.dimension[fact]]
            first, second = (int(row) for row in self.random.choice(self.free, 2))
            if self.scheme.dimensions[self.dimension[fact]].single:
                mine = int(self.facts[first, span].argmax()) + span.start
                choices = [(mine, first, second, -1), (mine, first, -1, fact)]
            else:
                has = bool(self.facts[first, fact])
                choices = [(fact, first, second, -1)] if has else []
                choices.append((fact, first, -1, -1) if has else (fact, -1, first, -1))
            made = any(self._make(*choice) for choice in choices if choice[1] != choice[2])
            if made and self.change[one, other] != 0:
                return

    def _facts_behind(self, one: int, other: int) -> Places:
        """Returns the facts that two categories, or watched differences of categories, depend on."""
        size = len(self.scheme.categories)
        places: list[int] = []
        for each in (one, other):
            places += (
                [each] if each < size else [int(place) for place in np.flatnonzero(self.watched[:-1, each - size])]
            )
        return np.flatnonzero(self.scheme.closure[:, places].any(axis=1))

    def _make(self, fact: int, giver: int, taker: int, other: int) -> bool:
        """Makes an exchange if, weighed exactly, it is better than none."""
        rows = np.array([row for row in (giver, taker) if row >= 0])
        facts = self._exchanged(fact, giver, taker, other)
        if facts is None:
            return False
        after = members_of(self.scheme, self.watched, facts)
        touched, change, cost = self._weigh(self.members[rows], after)
        if cost >= -_NOTHING:
            return False
        self.change[touched] = change
        self.change[:, touched] = change.T
        self.facts[rows], self.members[rows] = facts, after
        return True

    def _weigh(self, before: Costs, after: Costs) -> tuple[Places, NDArray[np.int64], float]:
        """Returns the categories that an exchange touches, their changes since the real library, and its exact cost."""
        touched = np.flatnonzero((before != after).any(axis=0))
        step = after[:, touched].T @ after - before[:, touched].T @ before
        was = self.change[touched]
        now = was + np.rint(step).astype(np.int64)
        cost = self._cost(touched, now) - self._cost(touched, was)
        cost[:, touched] /= 2  # each of these pairs stands there twice
        return touched, now, float(cost.sum())

    def _cost(self, rows: Places, change: NDArray[np.int64]) -> Costs:
        must = self.price * (self.must[rows] & (change == 0))
        return np.asarray(must + self.weight[rows] * (np.abs(change) > self.slack), dtype=np.float32)

    def _gains(self, rows: Places) -> tuple[Costs, Costs]:
        """Returns what it costs to lower and to raise each count of some categories by one."""
        change = self.change[rows]
        now = self._cost(rows, change)
        lower, higher = self._cost(rows, change - 1) - now, self._cost(rows, change + 1) - now
        for place, category in enumerate(rows):
            for column in np.flatnonzero(self.watched[category]) if category < len(self.scheme.categories) else ():
                down, up = self._gains(np.array([len(self.scheme.categories) + column]))
                against = self.watched[category, column] < 0
                lower[place] += (up if against else down)[0]
                higher[place] += (down if against else up)[0]
        return lower, higher

    def _best(self, fact: int) -> Iterator[Exchange]:
        """Yields the best exchange of each kind."""
        has = self.facts[self.free, fact]
        givers, takers = self._sample(self.free[has]), self._sample(self.free[~has])
        if self.scheme.dimensions[self.dimension[fact]].single:
            yield from self._swaps(fact, givers, takers)
            return
        loses = self._depends(fact, givers)
        lacks = self.members[np.ix_(takers, self.of_fact[fact])] == 0
        down, up = self._gains(self.of_fact[fact])
        lose = self._taken(down, givers) * loses
        gain = (self._taken(up, takers) + up[np.arange(len(up)), self.of_fact[fact]]) * lacks
        yield from self._least(lose.sum(axis=1)[:, None], givers, np.array([-1]))
        yield from self._least(gain.sum(axis=1)[None, :], np.array([-1]), takers)
        if len(givers) and len(takers):
            cost = np.zeros((len(givers), len(takers)), dtype=np.float32)
            for place, category in enumerate(self.of_fact[fact]):
                both = loses[:, place][:, None] & lacks[:, place][None, :]
                moved = self._moved(category, down[place], up[place], givers, takers)
                apart = lose[:, place][:, None] + gain[:, place][None, :]
                cost += np.where(both, moved, apart)
            yield from self._least(cost, givers, takers)

    def _swaps(self, fact: int, givers: Places, takers: Places) -> Iterator[Exchange]:
        """Yields the best exchange of two values of a single-valued dimension, and the best change of one."""
        span = self.scheme.spans[self.dimension[fact]]
        if len(givers) == 0:
            return
        theirs = self.facts[takers, span].argmax(axis=1) + span.start if len(takers) else np.array([], dtype=np.intp)
        swap = np.zeros((len(givers), len(takers)), dtype=np.float32)
        down, up = self._gains(self.of_fact[fact])
        mine = set(map(int, self.of_fact[fact]))
        leave = self._taken(down, givers)
        for other in range(span.start, span.stop):
            if other == fact:
                continue
            there = np.flatnonzero(theirs == other)
            yours = set(map(int, self.of_fact[other]))
            change = np.zeros(len(givers), dtype=np.float32)
            for place, category in enumerate(self.of_fact[fact]):
                if int(category) not in yours:
                    change += leave[:, place]
                    swap[:, there] += self._moved(category, down[place], up[place], givers, takers[there])
            lower, raise_ = self._gains(self.of_fact[other])
            for place, category in enumerate(self.of_fact[other]):
                if int(category) not in mine:
                    change += self._taken(raise_[place][None, :], givers)[:, 0] + raise_[place, category]
                    swap[:, there] += self._moved(category, raise_[place], lower[place], givers, takers[there])
            least = int(change.argmin())
            yield float(change[least]), int(givers[least]), -1, other
        yield from self._least(swap, givers, takers)

    def _taken(self, gains: Costs, rows: Places) -> Costs:
        """Returns reviews × categories of a fact: what it costs to give or take the category at a review."""
        return np.asarray((self.members[rows] != 0).astype(np.float32) @ gains.T)

    def _moved(self, category: np.intp, down: Costs, up: Costs, givers: Places, takers: Places) -> Costs:
        """Returns givers × takers, what it costs when a category goes from one to the other."""
        mine, theirs = (self.members[givers] != 0).astype(np.float32), (self.members[takers] != 0).astype(np.float32)
        down, up = down.copy(), up.copy()
        down[category] = up[category] = 0  # one loses and one gains, so this count stays
        shared = (mine * (down + up)) @ theirs.T
        return np.asarray((mine @ down)[:, None] + (theirs @ up)[None, :] - shared)

    def _depends(self, fact: int, rows: Places) -> Members:
        """Returns reviews × categories of a fact: whether the review has the category by this fact alone."""
        without = self.facts[rows].copy()
        without[:, fact] = False
        return np.asarray(~self.scheme.complete(without)[:, self.of_fact[fact]])

    def _least(self, cost: Costs, givers: Places, takers: Places) -> Iterator[Exchange]:
        if cost.size:
            giver, taker = np.unravel_index(int(cost.argmin()), cost.shape)
            yield float(cost[giver, taker]), int(givers[giver]), int(takers[taker]), -1

    def _sample(self, rows: Places) -> Places:
        return rows if len(rows) <= _SAMPLE else np.sort(self.random.choice(rows, _SAMPLE, replace=False))

    def _exchanged(self, fact: int, giver: int, taker: int, other: int) -> Members | None:
        """Returns the facts of the one or two reviews after an exchange; None where a review would have none left."""
        span = self.scheme.spans[self.dimension[fact]]
        facts = self.facts[[row for row in (giver, taker) if row >= 0]].copy()
        if self.scheme.dimensions[self.dimension[fact]].single:
            if taker >= 0:
                facts[[0, 1], span] = facts[[1, 0], span]
            else:
                facts[0, fact], facts[0, other] = False, True
            return facts
        if giver >= 0:
            facts[0, fact] = False
            if not facts[0, span].any():
                return None
        if taker >= 0:
            facts[-1, fact] = True
        return facts


def members_of(scheme: Scheme, watched: NDArray[np.int8], facts: Members) -> Costs:
    """Returns reviews × (categories and watched differences)."""
    categories = scheme.complete(facts).astype(np.float32)
    return np.hstack([categories, categories @ watched[:-1].astype(np.float32) + watched[-1]])
