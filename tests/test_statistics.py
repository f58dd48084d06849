"""Every statistic against a published worked example, an independent library, or an enumeration of all there is."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import Table, Table2x2
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from learntogether_kg.statistics import (
    adjust_false_discovery,
    cooccurrence_null,
    jeffreys_interval,
    lift,
    odds_ratio,
    trend,
)

Matrix = npt.NDArray[np.bool_]


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.9, 0.95]))
def test_jeffreys_interval_is_that_of_statsmodels(case: tuple[int, int], level: float) -> None:
    count, n = case
    low, high = proportion_confint(count, n, alpha=1 - level, method="jeffreys")
    expected = (0.0 if count == 0 else low, 1.0 if count == n else high)
    assert np.allclose(jeffreys_interval(count, n, level), expected)


def test_jeffreys_interval_of_nothing_is_unknown() -> None:
    low, high = jeffreys_interval([0, 3], [0, 10])
    assert np.isnan([low[0], high[0]]).all()
    assert 0 < low[1] < 0.3 < high[1] < 1


def test_a_count_above_its_n_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and its n"):
        jeffreys_interval(11, 10)


def test_odds_ratio_of_bland_and_altman() -> None:
    """Hay fever and eczema in children: 4.89 with 95% interval 4.00 to 5.99 (Bland and Altman, BMJ 2000;320:1468)."""
    found = odds_ratio(141, 420, 928, 13525)
    assert [round(float(each), 2) for each in (found.estimate, found.low, found.high)] == [4.89, 4.00, 5.99]


@given(st.tuples(*[st.integers(0, 60)] * 4))
def test_odds_ratio_is_that_of_statsmodels(cells: tuple[int, int, int, int]) -> None:
    a, b, c, d = cells
    found = odds_ratio(a, b, c, d)
    if min(a + b, c + d, a + c, b + d) == 0:
        assert np.isnan([found.estimate, found.low, found.high]).all()
        return
    shifted = np.array([[a, b], [c, d]]) + 0.5 * (0 in cells)  # its own shift_zeros adds one half twice
    table = Table2x2(shifted, shift_zeros=False)
    low, high = table.oddsratio_confint(0.05)
    assert np.allclose([found.estimate, found.low, found.high], [table.oddsratio, low, high])


def test_odds_ratio_takes_many_tables_at_once() -> None:
    together = odds_ratio([5, 1], [5, 0], 7, [3, 4])
    for index, (a, b, c, d) in enumerate([(5, 5, 7, 3), (1, 0, 7, 4)]):
        alone = odds_ratio(a, b, c, d)
        assert together.low[index] == pytest.approx(float(alone.low))


def test_lift_compares_with_independence() -> None:
    assert lift(20, 40, 50, 100) == pytest.approx(1)
    assert lift(30, 40, 50, 100) == pytest.approx(1.5)
    assert np.isnan(lift(0, 0, 50, 100))


def test_trend_of_the_sas_manual() -> None:
    """Adverse responses over five doses: Z is 4.7918 in size (SAS/STAT, PROC FREQ, example "Cochran-Armitage")."""
    found = trend([6, 7, 9, 14, 23], [32, 33, 32, 32, 32], [0, 1, 2, 3, 4])
    assert found.statistic == pytest.approx(4.7918, abs=5e-5)
    assert found.p_value < 0.0001


def test_trend_of_the_influentialpoints_page() -> None:
    """Infection over three scores: 5, 14 and 18 of 30: chi-square 11.51 with N - 1 where Cochran-Armitage has N."""
    found = trend([5, 14, 18], [30, 30, 30], [1, 2, 3])
    assert found.statistic**2 * 89 / 90 == pytest.approx(11.51, abs=0.01)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=3, max_size=8))
def test_trend_is_that_of_statsmodels(groups: list[tuple[int, int]]) -> None:
    have = np.array([first for first, _ in groups], float)
    lack = np.array([second for _, second in groups], float)
    scores = np.arange(len(groups), dtype=float)
    found = trend(have, have + lack, scores)
    if have.sum() == 0 or lack.sum() == 0 or np.count_nonzero(have + lack) < 2:
        assert (found.statistic, found.p_value) == (0, 1)
        return
    table = Table(np.stack([have, lack], axis=1), shift_zeros=False)
    theirs = table.test_ordinal_association(row_scores=scores, col_scores=np.array([1.0, 0.0]))
    everything = have.sum() + lack.sum()  # they divide by N - 1 where Armitage divides by N
    assert found.statistic == pytest.approx(theirs.zscore * np.sqrt(everything / (everything - 1)))


def test_false_discovery_of_benjamini_and_hochberg() -> None:
    """The fifteen p-values of their paper, of which four are discoveries at 0.05."""
    p_values = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1.0,
    ]
    assert (adjust_false_discovery(p_values) <= 0.05).tolist() == [True] * 4 + [False] * 11


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_false_discovery_is_that_of_scipy_and_statsmodels(p_values: list[float]) -> None:
    found = adjust_false_discovery(p_values)
    assert np.allclose(found, stats.false_discovery_control(p_values))
    assert np.allclose(found, multipletests(p_values, method="fdr_bh")[1])


def matrices_with_margins(matrix: Matrix) -> list[Matrix]:
    """Every matrix with the same totals of rows and of columns, by trying all rows there could be."""
    size = matrix.shape[1]
    rows = [
        [np.isin(range(size), chosen) for chosen in combinations(range(size), int(total))]
        for total in matrix.sum(axis=1)
    ]
    found = (np.array(each) for each in product(*rows))
    return [each for each in found if (each.sum(axis=0) == matrix.sum(axis=0)).all()]


SMALL = np.array([[1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 0], [0, 0, 0, 1], [1, 1, 0, 1], [0, 1, 0, 0]], bool)


def test_null_is_the_uniform_distribution_over_all_matrices_with_these_totals() -> None:
    pairs = np.array([each.astype(int).T @ each.astype(int) for each in matrices_with_margins(SMALL)])
    observed = SMALL.astype(int).T @ SMALL.astype(int)
    upper, lower = (pairs >= observed).mean(axis=0), (pairs <= observed).mean(axis=0)
    exact = np.minimum(1, 2 * np.minimum(upper, lower))
    null = cooccurrence_null(SMALL, permutations=4000, seed=3)
    off = ~np.eye(4, dtype=bool)
    assert len(pairs) > 100
    assert (null.observed == observed).all()
    assert np.allclose(null.expected[off], pairs.mean(axis=0)[off], atol=0.03)
    assert np.allclose(null.p_value[off], exact[off], atol=0.05)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_every_drawn_matrix_keeps_all_totals(seed: int) -> None:
    matrix = np.random.default_rng(seed).random((9, 7)) < 0.4
    null = cooccurrence_null(matrix, permutations=3, seed=seed % 1000)
    columns = matrix.sum(axis=0)
    assert (np.diag(null.expected) == columns).all()
    rows = matrix.sum(axis=1)
    # The pairs in a row of k are k(k-1)/2 whatever is drawn, so their sum over all pairs of columns is fixed too.
    assert np.triu(null.expected, 1).sum() == pytest.approx((rows * (rows - 1) / 2).sum())


def test_the_same_seed_draws_the_same_matrices() -> None:
    first, again, other = (cooccurrence_null(SMALL, 50, seed).expected for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def random_library(seed: int, reviews: int = 400, patterns: int = 30) -> Matrix:
    """Reviews that report many patterns or few, patterns that are common or rare, and no association."""
    rng = np.random.default_rng(seed)
    inclination = rng.gamma(3, 1 / 3, (reviews, 1))
    frequency = 0.5 / np.arange(1, patterns + 1) ** 0.7
    chosen: Matrix = rng.random((reviews, patterns)) < np.minimum(0.95, inclination * frequency)
    return chosen


def test_without_associations_there_are_hardly_any_discoveries() -> None:
    upper = np.triu_indices(30, 1)
    discoveries, small = 0, []
    for seed in range(20):
        p_values = cooccurrence_null(random_library(seed), 300, seed).p_value[upper]
        discoveries += bool((adjust_false_discovery(p_values) < 0.05).any())
        small.append((p_values < 0.05).mean())
    # Each of 20 libraries without associations has a chance of at most 5% of any discovery: 5 or more is 0.26% likely.
    assert discoveries <= 4
    assert np.mean(small) < 0.06


def test_planted_associations_are_discovered_and_no_others() -> None:
    matrix = random_library(7, reviews=600)
    rng = np.random.default_rng(8)
    planted = [(2, 11), (5, 20)]
    for first, second in planted:
        matrix[:, second] |= matrix[:, first] & (rng.random(len(matrix)) < 0.5)
    upper = np.triu_indices(30, 1)
    found = adjust_false_discovery(cooccurrence_null(matrix, 500).p_value[upper]) < 0.01
    discovered = {(int(a), int(b)) for a, b, is_found in zip(*upper, found, strict=True) if is_found}
    assert set(planted) <= discovered
    assert len(discovered) <= 3
