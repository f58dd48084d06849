"""Coefficients of agreement give what their authors worked out, and what independent programs give."""

from __future__ import annotations

from itertools import combinations

import krippendorff
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.metrics.agreement import AnnotationTask
from nltk.metrics.distance import jaccard_distance, masi_distance
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters
from statsmodels.stats.inter_rater import fleiss_kappa as statsmodels_fleiss

from learntogether_kg.agreement import coefficients, distances
from learntogether_kg.agreement.coefficients import Resampling

PLAIN = Resampling(resamples=0)
Codes = npt.NDArray[np.int64]


def rows(*texts: str) -> Codes:
    """Each text is a coder, each letter a code, a dot a missing one."""
    letters = sorted({letter for text in texts for letter in text.replace(" ", "")} - {"."})
    return np.array([[letters.index(c) if c != "." else -1 for c in text.replace(" ", "")] for text in texts])


def nominal_alpha(codes: Codes) -> coefficients.Figure:
    return coefficients.alpha(codes, 1 - np.eye(int(codes.max()) + 1), PLAIN)


# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability"
SECTION_A = rows("0100000010", "1110010000")
SECTION_B = rows("aabbdcccedda", "babbbccceddd")
SECTION_C = rows("123321412...", "1233224125.3", ".3332342251.", "12332441251.")

# Cohen 1960, table 1: 200 subjects, two judges, three categories
COHEN_1960 = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]

# Fleiss 1971, table 1: 30 patients, 6 diagnoses of 5 categories each
FLEISS_1971 = """
    444444 222555 233335 555555 222444 113333 333355 113334 114444 555555 144444 124444 222333 144444 224445
    333335 111455 111112 224444 133555 555555 244444 224555 114444 144445 222224 111155 224444 133333 555555
"""


@pytest.mark.parametrize(("codes", "alpha"), [(SECTION_A, 0.095), (SECTION_B, 0.692), (SECTION_C, 0.743)])
def test_alpha_is_that_of_krippendorff_2011(codes: Codes, alpha: float) -> None:
    assert nominal_alpha(codes).estimate == pytest.approx(alpha, abs=0.0005)


def test_an_item_with_one_code_is_left_out_of_alpha_as_in_krippendorff_2011() -> None:
    assert nominal_alpha(SECTION_C).items == 11  # of 12; the last was coded by one observer only


def test_kappa_is_that_of_cohen_1960() -> None:
    pairs = [(i, j) for i, row in enumerate(COHEN_1960) for j, n in enumerate(row) for _ in range(n)]
    figure = coefficients.cohen_kappa(np.array(pairs).T, PLAIN)
    assert figure.estimate == pytest.approx(0.492, abs=0.0005)
    assert figure.items == 200


def test_kappa_is_that_of_fleiss_1971() -> None:
    codes = np.array([[int(code) - 1 for code in item] for item in FLEISS_1971.split()]).T
    assert codes.shape == (6, 30)
    assert coefficients.fleiss_kappa(codes, PLAIN).estimate == pytest.approx(0.430, abs=0.0005)
    assert coefficients.per_cent(codes, PLAIN).estimate == pytest.approx(0.5556, abs=0.0001)  # his mean P


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [  # Passonneau 2006: Jaccard times 1, 2/3, 1/3 or 0 for identity, inclusion, intersection, disjunction
        ("ab", "ab", 0),
        ("ab", "abc", 1 - 2 / 3 * 2 / 3),
        ("abc", "ab", 1 - 2 / 3 * 2 / 3),
        ("ab", "bc", 1 - 1 / 3 * 1 / 3),
        ("ab", "cd", 1),
        ("", "", 0),
        ("", "a", 1),
    ],
)
def test_masi_is_that_of_passonneau_2006(one: str, other: str, distance: float) -> None:
    assert distances.masi(frozenset(one), frozenset(other)) == pytest.approx(distance)


def test_independent_coders_have_a_kappa_of_nothing() -> None:
    codes = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    assert coefficients.cohen_kappa(codes, PLAIN).estimate == pytest.approx(0)


SETS = st.frozensets(st.sampled_from("abcd"), min_size=1, max_size=3)


@given(st.lists(st.tuples(SETS, SETS, SETS), min_size=2, max_size=25), st.data())
@settings(deadline=None, max_examples=60)
def test_set_valued_alpha_is_that_of_two_other_programs(
    items: list[tuple[frozenset[str], ...]], data: st.DataObject
) -> None:
    categories = sorted({each for item in items for each in item}, key=sorted)
    codes = np.array([[categories.index(each) for each in item] for item in items]).T
    missing = data.draw(st.lists(st.booleans(), min_size=codes.size, max_size=codes.size))
    codes = np.where(np.array(missing).reshape(codes.shape), -1, codes)
    for distance in (distances.nominal, distances.jaccard, distances.masi):
        ours = coefficients.alpha(codes, distances.matrix(categories, distance), PLAIN)
        paired = codes[:, (codes >= 0).sum(axis=0) > 1]
        if len(set(paired[paired >= 0])) < 2:
            assert ours.estimate is None
            continue

        def metric(v1: object, v2: object, *_: object, **__: object) -> object:
            table = distances.matrix(categories, distance)  # noqa: B023  # called before the loop goes on
            return np.vectorize(lambda i, j: table[int(i), int(j)])(v1, v2) ** 1

        theirs = krippendorff.alpha(
            np.where(codes < 0, np.nan, codes),
            value_domain=list(range(len(categories))) if len(categories) > 1 else None,
            level_of_measurement=metric,
        )
        assert ours.estimate == pytest.approx(theirs)


@given(st.lists(st.tuples(SETS, SETS), min_size=2, max_size=25))
@settings(deadline=None, max_examples=60)
def test_alpha_and_distances_are_those_of_nltk(items: list[tuple[frozenset[str], ...]]) -> None:
    for one, other in items:
        assert distances.jaccard(one, other) == pytest.approx(jaccard_distance(one, other))
        assert distances.masi(one, other) == pytest.approx(masi_distance(one, other), abs=0.0034)  # it has 0.67, 0.33
    if len({each for item in items for each in item}) < 2:
        return
    categories = sorted({each for item in items for each in item}, key=sorted)
    codes = np.array([[categories.index(each) for each in item] for item in items]).T
    triples = [(str(coder), str(i), each) for i, item in enumerate(items) for coder, each in enumerate(item)]
    task = AnnotationTask(data=triples, distance=jaccard_distance)
    ours = coefficients.alpha(codes, distances.matrix(categories, distances.jaccard), PLAIN)
    assert ours.estimate == pytest.approx(task.alpha())


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=2, max_size=30))
@settings(deadline=None, max_examples=60)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning", "ignore::RuntimeWarning")
def test_kappas_are_those_of_other_programs(items: list[tuple[int, ...]]) -> None:
    codes = np.array(items).T
    for one, other in combinations(range(3), 2):
        ours = coefficients.cohen_kappa(codes[[one, other]], PLAIN).estimate
        if len(set(codes[one]) | set(codes[other])) > 1:
            assert ours == pytest.approx(cohen_kappa_score(codes[one], codes[other]))
        else:
            assert ours is None
    ours = coefficients.fleiss_kappa(codes, PLAIN).estimate
    if len(set(codes.flatten())) > 1:
        assert ours == pytest.approx(statsmodels_fleiss(aggregate_raters(codes.T)[0]))
    else:
        assert ours is None


def test_what_is_undefined_says_why_and_is_no_number() -> None:
    same, apart = np.zeros((2, 4), dtype=np.int64), np.array([[0, -1], [-1, 1]])
    for figure in (
        coefficients.cohen_kappa(same, PLAIN),
        coefficients.fleiss_kappa(same, PLAIN),
        nominal_alpha(same),
    ):
        assert figure.estimate is None
        assert figure.undefined == coefficients.ONE_CATEGORY
        assert figure.items == 4
    assert coefficients.per_cent(same, PLAIN).estimate == 1
    for figure in (coefficients.cohen_kappa(apart, PLAIN), coefficients.per_cent(apart, PLAIN), nominal_alpha(apart)):
        assert (figure.estimate, figure.items, figure.undefined) == (None, 0, coefficients.NOT_PAIRED)
    assert coefficients.fleiss_kappa(apart, PLAIN).undefined == coefficients.NOT_ALL


def test_an_interval_is_that_of_resampled_items() -> None:
    """Worked out the slow way: items drawn, codes put together, the coefficient of each."""
    codes, resampling = SECTION_C, Resampling(seed=3, resamples=400)
    figure = coefficients.alpha(codes, 1 - np.eye(5), resampling)
    paired = codes[:, (codes >= 0).sum(axis=0) > 1]
    drawn = [np.repeat(paired, row.astype(int), axis=1) for row in resampling.weights(paired.shape[1])]
    found = [nominal_alpha_of(each) for each in drawn]
    assert (figure.low, figure.high) == pytest.approx(tuple(np.quantile(found, [0.025, 0.975])))
    assert figure.estimate is not None
    assert figure.low is not None
    assert figure.high is not None
    assert figure.low < figure.estimate < figure.high


def nominal_alpha_of(codes: Codes) -> float:
    return float(krippendorff.alpha(np.where(codes < 0, np.nan, codes), level_of_measurement="nominal"))


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    first, again, other = (nominal_alpha_drawn(seed) for seed in (1, 1, 2))
    assert first == again
    assert (first.low, first.high) != (other.low, other.high)
    assert first.estimate == other.estimate


def nominal_alpha_drawn(seed: int) -> coefficients.Figure:
    return coefficients.alpha(SECTION_C, 1 - np.eye(5), Resampling(seed, 150))


def test_many_items_are_resampled_in_parts_that_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = nominal_alpha_drawn(1)
    monkeypatch.setattr(coefficients, "_BLOCK", 40)
    assert nominal_alpha_drawn(1) == whole


def test_full_agreement_has_no_interval_as_no_resample_could_disagree() -> None:
    figure = coefficients.cohen_kappa(rows("aabb", "aabb"), Resampling())
    assert (figure.estimate, figure.low, figure.high) == (1, None, None)
