"""Coefficients of agreement: per cent, Cohen's and Fleiss' kappa, Krippendorff's alpha, each with a bootstrap interval.

Numbers in, numbers out; nothing here knows of reviews. Each is worked out from sums over items, so that a resample of
items is a vector of weights and a thousand of them are one product of matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from learntogether_kg.agreement.distances import Floats

Whole = npt.NDArray[np.int64]
"""Coders × items: the number of the category that a coder gave an item; negative where the coder gave none."""

Truths = npt.NDArray[np.bool_]

LEVEL: Final = 0.95
RESAMPLES: Final = 1000
_DEFINED: Final = 0.95
"""The share of resamples in which a coefficient must be defined for its interval to be told."""

_BLOCK: Final = 4_000_000
"""How many weights are held at a time."""

NOT_PAIRED: Final = "no item was coded by two of them"
ONE_CATEGORY: Final = "all codes are one and the same, so there is nothing that chance could be told from"
NOT_ALL: Final = "no item was coded by all of them"


@dataclass(frozen=True)
class Figure:
    """A coefficient of agreement.

    Attributes:
        estimate: Its value; 1 is full agreement, and but for per cent agreement 0 is what chance would give. None
            where it is undefined.
        low: The lower end of its interval; None where none can be told.
        high: The upper end.
        items: The number of items it rests on.
        undefined: Why there is no estimate, in words; else empty.
    """

    estimate: float | None
    low: float | None
    high: float | None
    items: int
    undefined: str = ""


@dataclass(frozen=True)
class Resampling:
    """How intervals are drawn: items are resampled with replacement, the middle 95 % of the resamples is the interval.

    Attributes:
        seed: The same seed gives the same interval.
        resamples: How many are drawn; 0 for no interval.
        item_of: The number of the item that each column of the codes belongs to, where an item has several; they are
            drawn together. Empty where each column is an item.
    """

    seed: int = 1
    resamples: int = RESAMPLES
    item_of: tuple[int, ...] = ()

    def weights(self, items: int) -> Floats:
        """Returns how often each item is drawn in each resample, resamples × items."""
        return np.concatenate(list(self.blocks(items, items)))

    def blocks(self, items: int, columns: int) -> Iterator[Floats]:
        """Yields the same a number of resamples at a time, so that many items need no more memory than few.

        Args:
            items: How many items are drawn from.
            columns: How many columns of codes each resample will be spread over.
        """
        random, left = np.random.default_rng(self.seed), self.resamples
        while left:
            size = min(left, max(_BLOCK // columns, 1))
            yield random.multinomial(items, np.full(items, 1 / items), size).astype(np.float64)
            left -= size

    def items(self, usable: Truths) -> Whole:
        """Returns the item of each usable column, counted from 0 without a gap."""
        own = np.array(self.item_of) if self.item_of else np.arange(len(usable))
        numbered: Whole = np.unique(own[usable], return_inverse=True)[1]
        return numbered


Statistic = Callable[[Floats], Floats]
"""Weights of items (draws × items) in, a coefficient for each draw out; NaN where it is undefined."""


def per_cent(codes: Whole, resampling: Resampling) -> Figure:
    """Returns the share, from 0 to 1, of pairs of codes of one item that are the same.

    With missing codes each pair that is there counts once, so an item that more coders coded weighs more.

    Args:
        codes: Coders × items.
        resampling: How the interval is drawn.
    """
    counts = _counts(codes)
    alike, pairs = (counts * (counts - 1)).sum(axis=1), _pairs(counts)
    return _figure(lambda w: _ratio(w @ alike, w @ pairs), pairs > 0, resampling, NOT_PAIRED)


def cohen_kappa(codes: Whole, resampling: Resampling) -> Figure:
    """Returns Cohen's kappa of two coders, over the items that both coded.

    Source: Cohen 1960, "A Coefficient of Agreement for Nominal Scales".

    Args:
        codes: 2 × items.
        resampling: How the interval is drawn.
    """
    assert codes.shape[0] == 2  # noqa: PLR2004  # Cohen's is for two
    both = _by_all(codes)
    size = max(int(codes.max(initial=-1)) + 1, 1)
    first, second = (np.where(both[:, None], np.eye(size)[np.maximum(row, 0)], 0.0) for row in codes)
    alike = (both & (codes[0] == codes[1])).astype(np.float64)

    def statistic(weights: Floats) -> Floats:
        n = weights @ both.astype(np.float64)
        observed = _ratio(weights @ alike, n)
        expected = _ratio(((weights @ first) * (weights @ second)).sum(axis=1), n * n)
        return _beyond_chance(observed, expected)

    return _figure(statistic, both, resampling, NOT_PAIRED)


def fleiss_kappa(codes: Whole, resampling: Resampling) -> Figure:
    """Returns Fleiss' kappa, over the items that all coders coded: it is defined for a fixed number of codes an item.

    Source: Fleiss 1971, "Measuring Nominal Scale Agreement among Many Raters".

    Args:
        codes: Coders × items.
        resampling: How the interval is drawn.
    """
    whole = _by_all(codes)
    counts = np.where(whole[:, None], _counts(codes), 0.0)
    raters = codes.shape[0]
    alike = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1)) if raters > 1 else np.zeros(len(whole))

    def statistic(weights: Floats) -> Floats:
        n = weights @ whole.astype(np.float64)
        shares = _ratio(weights @ counts, (n * raters)[:, None])
        return _beyond_chance(_ratio(weights @ alike, n), (shares**2).sum(axis=1))

    return _figure(statistic, whole & (raters > 1), resampling, NOT_ALL)


def alpha(codes: Whole, distances: Floats, resampling: Resampling) -> Figure:
    """Returns Krippendorff's alpha: 1 less the disagreement observed in proportion to that expected by chance.

    Items that fewer than two coders coded are left out, and all codes of the others are used, however many there are.

    Source: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section E, for any number of coders and
    any distance.

    Args:
        codes: Coders × items.
        distances: Categories × categories, between 0 and 1; 0 on the diagonal.
        resampling: How the interval is drawn.
    """
    counts = _counts(codes, len(distances))
    paired = counts.sum(axis=1) > 1
    counts = np.where(paired[:, None], counts, 0.0)
    per_item = ((counts @ distances) * counts).sum(axis=1) / np.maximum(counts.sum(axis=1) - 1, 1)

    def statistic(weights: Floats) -> Floats:
        totals = weights @ counts
        n = totals.sum(axis=1)
        observed = _ratio(weights @ per_item, n)
        expected = _ratio(((totals @ distances) * totals).sum(axis=1), n * (n - 1))
        return 1 - _ratio(observed, expected)

    return _figure(statistic, paired, resampling, NOT_PAIRED)


def _figure(statistic: Statistic, usable: Truths, resampling: Resampling, missing: str) -> Figure:
    """Returns a coefficient with its interval.

    Where all codes of all items agree there is no interval: every resample agrees too, which says nothing of how sure
    that is.
    """
    item_of = resampling.items(usable)
    items = int(item_of.max(initial=-1)) + 1
    if not items:
        return Figure(None, None, None, 0, missing)
    estimate = float(statistic(usable.astype(np.float64)[None, :])[0])
    if np.isnan(estimate):
        return Figure(None, None, None, items, ONE_CATEGORY)
    if items < 2 or not resampling.resamples:  # noqa: PLR2004  # of one item there is nothing to resample
        return Figure(estimate, None, None, items)
    found = np.concatenate(
        [statistic(_spread(each, usable, item_of)) for each in resampling.blocks(items, len(usable))]
    )
    found = found[~np.isnan(found)]
    if len(found) < _DEFINED * resampling.resamples or np.ptp(found) == 0:
        return Figure(estimate, None, None, items)
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Figure(estimate, float(low), float(high), items)


def _spread(drawn: Floats, usable: Truths, item_of: Whole) -> Floats:
    """Returns how often items are drawn as weights of the columns that belong to them, 0 for those that are no use."""
    weights = np.zeros((len(drawn), len(usable)))
    weights[:, usable] = drawn[:, item_of]
    return weights


def _counts(codes: Whole, size: int | None = None) -> Floats:
    """Returns how many coders gave an item a category, items × categories."""
    size = max(int(codes.max(initial=-1)) + 1, 1) if size is None else size
    return np.stack([(codes == category).sum(axis=0) for category in range(size)], axis=1).astype(np.float64)


def _by_all(codes: Whole) -> Truths:
    """Returns which items every coder coded."""
    return np.asarray((codes >= 0).all(axis=0), dtype=np.bool_)


def _pairs(counts: Floats) -> Floats:
    coded: Floats = counts.sum(axis=1)
    return coded * (coded - 1)


def _beyond_chance(observed: Floats, expected: Floats) -> Floats:
    return _ratio(observed - expected, 1 - expected)


def _ratio(above: Floats, below: Floats) -> Floats:
    """Returns a quotient, NaN where it would be by nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.abs(below) > 1e-12, above / below, np.nan)  # noqa: PLR2004  # rounding, not a number of ours
