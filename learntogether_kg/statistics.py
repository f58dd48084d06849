"""Statistics of counts: intervals, odds ratios, trends, and what chance alone would do to pairs of patterns.

Numbers in, numbers out; nothing here knows of reviews or of a library. Reviews are chosen cases, not a sample drawn at
random: an interval says how far a share could move if reviews like these were drawn again, and nothing about practice
at large.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
"""Rows × machine words, a bit for each column."""

LEVEL: Final = 0.95
CHANCE: Final = "curveball by selection, burn-in 20, 5 rounds, binomial tail"
"""How chance is drawn and told, in a few words; another wording where other figures would come of the same matrix."""
_BURN_IN: Final = 20
"""Rounds before the first sample; a round trades each row once, so this is ten trades a row (Neal 2023)."""
_ROUNDS: Final = 5
"""Rounds between two samples."""
_BITS: Final = 64
_FEW: Final = 10
"""With fewer samples than this beyond what was observed, their number is too rough a measure of a tail."""


@dataclass(frozen=True)
class OddsRatio:
    """Odds ratios with their intervals, each an array of one shape."""

    estimate: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Trend:
    """A test of a trend in shares.

    Attributes:
        statistic: Standard normal where there is no trend; positive where the share rises.
        p_value: Two-sided; 1 where nothing can be told, as with one group only.
        method: The test in words.
    """

    statistic: float
    p_value: float
    method: str


@dataclass(frozen=True)
class Null:
    """What chance alone would do to pairs of columns.

    Attributes:
        observed: Rows that have both columns of a pair; columns × columns, the diagonal holding the column totals.
        expected: The mean of that over the samples; its diagonal is the totals too.
        p_value: Two-sided; columns × columns, 1 on the diagonal.
        samples: How many matrices were drawn.
        method: The null model in words.
    """

    observed: Whole
    expected: Floats
    p_value: Floats
    samples: int
    method: str


def jeffreys_interval(count: npt.ArrayLike, n: npt.ArrayLike, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Returns the Jeffreys interval of a share: equal-tailed, from a Beta(1/2, 1/2) prior.

    It is 0 at the lower end where the count is 0, and 1 at the upper end where all are counted. Chosen over Wilson's
    since its coverage is as good for small n and it stays within 0 and 1 without being cut (Brown, Cai and DasGupta
    2001, doi:10.1214/ss/1009213286).

    Args:
        count: How many have it; an array or a number.
        n: Of how many; broadcast against ``count``.
        level: The level of the interval, between 0 and 1.

    Returns:
        Lower and upper ends. Both are not-a-number where n is 0.

    Raises:
        ValueError: A count is negative or above its n.
    """
    counted, of = np.broadcast_arrays(np.asarray(count, float), np.asarray(n, float))
    if np.any(counted < 0) or np.any(counted > of):
        raise ValueError("a count must lie between 0 and its n")
    tail = (1 - level) / 2
    from scipy import special  # noqa: PLC0415  # slow to load, and few commands work out statistics

    low = special.betaincinv(counted + 0.5, of - counted + 0.5, tail)
    high = special.betaincinv(counted + 0.5, of - counted + 0.5, 1 - tail)
    low, high = np.where(counted == 0, 0.0, low), np.where(counted == of, 1.0, high)
    nothing = of == 0
    return np.where(nothing, np.nan, low), np.where(nothing, np.nan, high)


def odds_ratio(
    a: npt.ArrayLike, b: npt.ArrayLike, c: npt.ArrayLike, d: npt.ArrayLike, level: float = LEVEL
) -> OddsRatio:
    """Returns the odds ratio of two-by-two tables with the logit interval (Woolf 1955).

    Where a cell of a table is 0, one half is added to all four of its cells (Haldane 1956, Anscombe 1956), so that
    the ratio and its interval are finite.

    Args:
        a: Both. Arrays or numbers that broadcast against each other, zero or more, here and below.
        b: The first only.
        c: The second only.
        d: Neither.
        level: The level of the interval, between 0 and 1.

    Returns:
        Not-a-number where a row or a column of the table is empty: then nothing can be said.
    """
    cells = np.stack(np.broadcast_arrays(*(np.asarray(each, float) for each in (a, b, c, d))))
    one, two, three, four = cells
    empty = np.minimum(one + two, three + four) * np.minimum(one + three, two + four) == 0
    cells = cells + 0.5 * (cells == 0).any(axis=0)
    one, two, three, four = cells
    logarithm = np.log(one * four / (two * three))
    from scipy import special  # noqa: PLC0415  # slow to load, and few commands work out statistics

    margin = special.ndtri(0.5 + level / 2) * np.sqrt((1 / cells).sum(axis=0))
    ends = (np.exp(each) for each in (logarithm, logarithm - margin, logarithm + margin))
    return OddsRatio(*(np.where(empty, np.nan, end) for end in ends))


def lift(both: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike, n: npt.ArrayLike) -> Floats:
    """Returns how many times more often two things stand together than if they were independent.

    Not-a-number where one of them never occurs.
    """
    product = np.asarray(first, float) * np.asarray(second, float)
    times: Floats = np.asarray(both, float) * np.asarray(n, float)
    times, product = np.broadcast_arrays(times, product)
    found: Floats = np.divide(times, product, out=np.full(product.shape, np.nan), where=product > 0)
    return found


def trend(counts: npt.ArrayLike, totals: npt.ArrayLike, scores: npt.ArrayLike) -> Trend:
    """Returns the Cochran-Armitage test for a linear trend in shares over ordered groups (Armitage 1955).

    Args:
        counts: How many of each group have it.
        totals: How many each group has; a group of none says nothing.
        scores: The place of each group, such as its year.
    """
    have, of, place = (np.asarray(each, float) for each in (counts, totals, scores))
    everything, share = of.sum(), have.sum() / max(of.sum(), 1)
    method = "Cochran-Armitage test for trend, two-sided"
    spread = (of * place**2).sum() - (of * place).sum() ** 2 / max(everything, 1)
    variance = share * (1 - share) * spread
    if variance <= 0:
        return Trend(0.0, 1.0, method)
    statistic = float((place * (have - of * share)).sum() / np.sqrt(variance))
    from scipy import special  # noqa: PLC0415  # slow to load, and few commands work out statistics

    return Trend(statistic, float(2 * special.ndtr(-abs(statistic))), method)


def adjust_false_discovery(p_values: npt.ArrayLike) -> Floats:
    """Returns for each p-value the smallest false discovery rate at which it would be called a discovery.

    Benjamini and Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x. The rate is held over all the p-values given,
    so all that were looked at must be given.

    Args:
        p_values: One dimension.
    """
    given = np.asarray(p_values, float)
    order = np.argsort(given)[::-1]
    ranks = np.arange(given.size, 0, -1)
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum.accumulate(np.minimum(1, given[order] * given.size / ranks))
    return adjusted


def cooccurrence_null(incidence: npt.NDArray[np.bool_], permutations: int = 1000, seed: int = 0) -> Null:
    """Returns how often pairs of columns would stand together by chance alone.

    Chance keeps how many columns each row has and how many rows each column has, and nothing else. Matrices are drawn
    by the curveball algorithm (Strona and others 2014, doi:10.1038/ncomms5114) in rounds that trade every row once.
    The p-value of a pair is the share of samples, the observed one among them, that are at least as far out on its
    side, doubled (Phipson and Smyth 2010). Where fewer than ten samples are, that is too rough to correct for
    hundreds of pairs; there the tail of a binomial is taken that has the mean and the variance of the samples, since a
    pair's count is nearly a sum of independent rows (the idea of fitting the tail: Knijnenburg and others 2009,
    doi:10.1093/bioinformatics/btp211).

    Args:
        incidence: Rows × columns: which row has which column.
        permutations: How many matrices to draw, at least 1.
        seed: With the same seed the same matrices are drawn.
    """
    rows, size = incidence.shape
    words = _packed(incidence)
    observed = _count_pairs(words, size)
    total, squares = np.zeros((size, size)), np.zeros((size, size))
    above, below = np.zeros((size, size), np.int64), np.zeros((size, size), np.int64)
    order = np.random.default_rng(seed).permuted(np.arange(rows))
    _compiled(_trade)(words, order, _BURN_IN, seed)
    for sample in range(1, permutations + 1):
        _compiled(_trade)(words, order, _ROUNDS, seed + sample)
        drawn = _count_pairs(words, size)
        total += drawn
        squares += drawn.astype(float) ** 2
        above += drawn >= observed
        below += drawn <= observed
    mean = total / permutations
    variance = np.maximum(squares / permutations - mean**2, 0)
    upper = _tail(above, permutations, _binomial_tail(observed, mean, variance))
    lower = _tail(below, permutations, 1 - _binomial_tail(observed + 1, mean, variance))
    p_value = np.minimum(1, 2 * np.minimum(upper, lower))
    np.fill_diagonal(p_value, 1)
    return Null(
        observed,
        mean,
        p_value,
        permutations,
        f"{permutations} matrices with the same totals of rows and of columns (curveball), seed {seed}; two-sided",
    )


def _packed(incidence: npt.NDArray[np.bool_]) -> Words:
    """Returns each row as machine words: column c is bit c % 64 of word c // 64."""
    rows, columns = incidence.shape
    padded = np.zeros((rows, -(-columns // _BITS) * _BITS), np.bool_)
    padded[:, :columns] = incidence
    return np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)


def _tail(beyond: Whole, permutations: int, fitted: Floats) -> Floats:
    """Returns the chance of a tail: by counting samples where enough are in it, else by the fitted distribution."""
    counted = (beyond + 1) / (permutations + 1)
    return np.where(beyond >= _FEW, counted, np.minimum(counted, fitted))


def _binomial_tail(at_least: Whole, mean: Floats, variance: Floats) -> Floats:
    """Returns the chance of at least so many under a binomial of that mean and variance.

    Its number of trials need not be whole. Where the variance is not below the mean there is no such binomial, and a
    Poisson distribution of that mean is taken; where there is no variance, the count is certain.
    """
    chance = np.clip(1 - np.divide(variance, mean, out=np.ones_like(mean), where=mean > 0), 1e-9, 1 - 1e-9)
    trials = np.maximum(mean / chance, at_least)
    from scipy import special  # noqa: PLC0415  # slow to load, and few commands work out statistics

    tail = np.where(at_least <= 0, 1.0, special.betainc(np.maximum(at_least, 1), trials - at_least + 1, chance))
    return np.where(variance > 0, tail, (at_least <= mean).astype(float))


def _trade(words: Words, order: Whole, rounds: int, seed: int) -> None:
    """Lets the rows trade, two by two, what only one of them has; each keeps how many it has.

    In each round the rows are paired anew at random. Of what only one of two rows has, every choice of as many as the
    first row had is as likely as any other: each in turn is chosen with the chance of what is still to be chosen among
    what is still to be seen (selection sampling; Knuth, The Art of Computer Programming, 3.4.2, algorithm S).

    Args:
        words: Rows as `_packed` gives them; changed.
        order: The places of the rows in any order; changed.
        rounds: How many.
        seed: Of the choices.
    """
    np.random.seed(seed)  # compiled code has its own generator of this kind and no other
    zero, one = np.uint64(0), np.uint64(1)
    for _ in range(rounds):
        for place in range(len(order) - 1, 0, -1):
            other = np.random.randint(0, place + 1)
            order[place], order[other] = order[other], order[place]
        for pair in range(len(order) // 2):
            first, second = words[order[2 * pair]], words[order[2 * pair + 1]]
            left = wanted = 0
            for word in range(len(first)):
                apart = first[word] ^ second[word]
                mine = apart & first[word]
                while apart != zero:
                    apart &= apart - one
                    left += 1
                while mine != zero:
                    mine &= mine - one
                    wanted += 1
            if wanted in (0, left):
                continue
            for word in range(len(first)):
                apart, both = first[word] ^ second[word], first[word] & second[word]
                chosen, unseen = zero, apart
                while unseen != zero:
                    rest = unseen & (unseen - one)
                    if np.random.random() * left < wanted:
                        chosen |= unseen ^ rest
                        wanted -= 1
                    left -= 1
                    unseen = rest
                first[word], second[word] = both | chosen, both | (apart ^ chosen)


def _count(words: Words, counts: Whole) -> None:
    """Adds to the upper triangle and the diagonal how many rows have both of each pair of columns.

    A row has few of the columns, so going through those is quicker than a product of matrices, and takes one core.
    """
    zero, one = np.uint64(0), np.uint64(1)
    held = np.empty(counts.shape[0], np.int64)
    for row in range(words.shape[0]):
        size = 0
        for word in range(words.shape[1]):
            unseen, place = words[row, word], 64 * word
            while unseen != zero:
                if unseen & one:
                    held[size] = place
                    size += 1
                unseen >>= one
                place += 1
        for first in range(size):
            for second in range(first, size):
                counts[held[first], held[second]] += 1


def _count_pairs(words: Words, columns: int) -> Whole:
    """Returns for each pair of columns how many rows have both; on the diagonal how many have the column."""
    counts = np.zeros((columns, columns), np.int64)
    _compiled(_count)(words, counts)
    return np.triu(counts) + np.triu(counts, 1).T


@cache
def _compiled(function: Callable[..., None]) -> Callable[..., None]:
    import numba  # noqa: PLC0415  # slow to load, and only samples need it

    compiled: Callable[..., None] = numba.njit(cache=True)(function)
    return compiled
