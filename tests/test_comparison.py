"""Codings of the same items are compared by all, by pair and by lens, at two levels; what cannot be, is refused."""

from __future__ import annotations

import pytest

from learntogether_kg.agreement.coefficients import Resampling
from learntogether_kg.agreement.comparison import (
    ALL,
    LENS,
    MEASURES,
    PAIR,
    SUB_PATTERN,
    TYPE,
    Agreement,
    Comparison,
    compare,
)
from learntogether_kg.agreement.differences import KINDS, tell
from learntogether_kg.agreement.matching import join
from learntogether_kg.agreement.selection import Selection
from learntogether_kg.errors import AgreementError
from learntogether_kg.namespaces import REVIEW, TYP
from tests.agreements import NONE, SHORT, coded, coding, typology

PLAIN = Resampling(resamples=0)


def figures(comparison: Comparison, level: str, group: str = ALL, between: str = "") -> Agreement:
    (found,) = [
        each
        for each in comparison.agreements
        if each.level == level and each.group == group and between in ("", each.between)
    ]
    return found


def estimate(found: Agreement, measure: str) -> float | None:
    return found.figures[measure].estimate


A = coding("a", "forms forms roles roles supervision")
B = coding("b", "framework forms roles supervision .")


def test_codes_are_rolled_up_to_types_and_uncoded_items_are_missing() -> None:
    found = compare(coded(A, B, items=5), resampling=PLAIN)
    assert estimate(figures(found, SUB_PATTERN), "observed agreement") == pytest.approx(2 / 4)
    assert estimate(figures(found, TYPE), "observed agreement") == pytest.approx(3 / 4)
    # types a: 1 1 4 4, b: 1 1 4 2; chance (2/4 × 2/4) + (2/4 × 1/4) + 0 = 3/8
    assert estimate(figures(found, TYPE), "Cohen's kappa") == pytest.approx((3 / 4 - 3 / 8) / (5 / 8))
    assert figures(found, TYPE).figures["Krippendorff's alpha"].items == 4
    assert "Items left uncoded, which count as missing: b 1 of 5." in found.notes


def test_no_type_fits_is_a_code_and_not_a_missing_one() -> None:
    found = compare(coded(coding("a", "none forms"), coding("b", "none none"), items=2), resampling=PLAIN)
    assert figures(found, TYPE).figures["Krippendorff's alpha"].items == 2
    assert estimate(figures(found, TYPE), "observed agreement") == pytest.approx(1 / 2)
    assert typology().types(NONE) == {NONE}


def test_all_codes_of_an_item_are_compared_as_a_set() -> None:
    """One item alike, one with a set inside the other: Jaccard 1/2, MASI 1/2 × 2/3 = 1/3."""
    found = compare(
        coded(coding("a", "forms roles"), coding("b", "forms roles+supervision"), items=2), resampling=PLAIN
    )
    sets = ["forms", "forms", "roles", "roles supervision"]
    for measure, distance in (("alpha, Jaccard", 1 / 2), ("alpha, MASI", 2 / 3)):
        observed = 2 * distance / len(sets)
        # of the 12 ordered pairs of 4 codes, 8 have nothing in common, 2 are alike, 2 are the pair of sets
        expected = (8 + 2 * distance) / 12
        assert estimate(figures(found, SUB_PATTERN), measure) == pytest.approx(1 - observed / expected)
    assert estimate(figures(found, SUB_PATTERN), "Krippendorff's alpha") == pytest.approx(1)  # primary codes are alike


def test_each_pair_has_its_figures_and_all_together_have_fleiss() -> None:
    found = compare(coded(A, B, coding("c", "forms forms roles roles none"), items=5), resampling=PLAIN)
    pairs = [each.between for each in found.agreements if each.level == TYPE and each.group == PAIR]
    assert pairs == ["a – b", "a – c", "b – c"]
    assert estimate(figures(found, TYPE, PAIR, "a – c"), "observed agreement") == pytest.approx(4 / 5)
    assert "Cohen's kappa" not in figures(found, TYPE).figures
    assert figures(found, TYPE).figures["Fleiss' kappa"].items == 4
    assert set(figures(found, TYPE, PAIR, "a – c").figures) == set(MEASURES)


def test_lenses_are_professions_compared_among_and_across() -> None:
    comparison = compare(
        coded(
            coding("a", "forms forms", "Social worker"),
            coding("b", "forms roles", "Social worker"),
            coding("c", "forms roles", "Police officer"),
            coding("d", "roles roles"),
            items=2,
        ),
        resampling=PLAIN,
    )
    lenses = [each.between for each in comparison.agreements if each.level == TYPE and each.group == LENS]
    assert lenses == ["Police officer – Social worker", "among: Social worker"]
    across = figures(comparison, TYPE, LENS, "Police officer – Social worker")
    assert estimate(across, "observed agreement") == pytest.approx(3 / 4)  # c with a and with b, on two items
    assert across.figures["observed agreement"].items == 2
    assert any("not in the figures by professional lens: d" in note for note in comparison.notes)


def test_an_interval_across_lenses_draws_whole_items() -> None:
    """With every coder doubled there is no more to go by, so the interval is what it was."""
    codes = "forms roles supervision forms roles", "forms forms supervision roles roles"
    single = coded(coding("a", codes[0], "Police officer"), coding("b", codes[1], "Social worker"), items=5)
    double = coded(
        *(coding(f"a{n}", codes[0], "Police officer") for n in range(2)),
        *(coding(f"b{n}", codes[1], "Social worker") for n in range(2)),
        items=5,
    )
    found = [
        figures(compare(each), TYPE, LENS, "Police officer – Social worker").figures["observed agreement"]
        for each in (single, double)
    ]
    assert found[0] == found[1]
    assert found[0].low is not None


def test_who_looked_for_types_only_is_in_no_figure_by_sub_pattern() -> None:
    machine = coding("m", "T1 T1 roles roles .", kind="machine", level="types-only")
    found = compare(coded(A, B, machine, items=5), resampling=PLAIN)
    assert figures(found, TYPE).between == "a, b, m"
    assert figures(found, SUB_PATTERN).between == "a, b"
    assert any("Coded by types only" in note and "m" in note for note in found.notes)
    assert not [each for each in compare(coded(A, machine, items=5)).agreements if each.level == SUB_PATTERN]


def test_an_agreed_coding_is_compared_only_where_it_is_named() -> None:
    agreed = coding("ab", "forms forms roles roles supervision", kind="agreed")
    everything = coded(A, B, agreed, items=5)
    found = compare(everything, resampling=PLAIN)
    assert [coder.code for coder in found.coders] == ["a", "b"]
    assert any("ab" in note for note in found.notes)
    assert [coder.code for coder in compare(everything, Selection(("a", "ab"))).coders] == ["a", "ab"]


DIFFERENT = {
    "different type": ("forms", "roles"),
    "different sub-pattern": ("forms", "framework"),
    "more and less detail": ("T1", "forms"),
    "different influence": ("forms", "forms!"),
    "different further codes": ("forms", "forms+roles"),
    "coded by some only": ("forms", "."),
}


def test_every_kind_of_difference_is_tried() -> None:
    assert list(DIFFERENT) == list(KINDS)


@pytest.mark.parametrize("kind", DIFFERENT)
def test_a_difference_is_told_by_its_kind_with_each_coders_codes(kind: str) -> None:
    one, other = DIFFERENT[kind]
    found = compare(coded(coding("a", f"{one} roles"), coding("b", f"{other} roles"), items=2), resampling=PLAIN)
    (difference,) = found.differences
    assert (difference.item.id, difference.item.text, difference.kind) == ("F1", "Statement 1", kind)
    told = {coder.code: tell(found.coded.typology, codes) for coder, codes in difference.codes}
    assert told["a"] == tell(found.coded.typology, coding("a", one).codes[difference.item.iri])
    assert (told["b"] == ("not coded",)) == (other == ".")
    assert SHORT[one] in difference.patterns
    assert TYP["human-tool-operation"] in difference.patterns  # what stands above is there to be looked up


def test_differences_come_worst_first_and_detail_is_none_with_who_looked_for_types() -> None:
    codes = " ".join(one for one, _ in DIFFERENT.values()), " ".join(other for _, other in DIFFERENT.values())
    found = compare(coded(coding("a", codes[0]), coding("b", codes[1]), items=6), resampling=PLAIN)
    assert [each.kind for each in found.differences] == list(KINDS)
    by_types = compare(coded(coding("a", codes[0]), coding("b", codes[1], level="types-only"), items=6))
    assert [each.kind for each in by_types.differences] == [
        kind for kind in KINDS if kind not in ("different sub-pattern", "more and less detail")
    ]


TWO = REVIEW["bbbbbbbbbbbbbbbb"]


@pytest.mark.parametrize(
    ("codings", "selection", "words"),
    [
        ([A], Selection(), "there is one coding, by a; to compare, give two or more"),
        ([], Selection(), "there is no coding"),
        ([A, B], Selection(("a", "z")), "no coder 'z' has coded here; there are: a, b"),
        ([A, B], Selection(reviews=("Review 9",)), "no coded reviews are named 'Review 9'; there are Synthetic aaaa"),
        ([A, coding("b", "forms", review=TWO)], Selection(), "no review was coded by two of a, b"),
        (
            [A, coding("b", "forms", version=TYP["version-later"])],
            Selection(),
            "different versions of the typology (a coded under Typology of 2008; b coded under",
        ),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_sentence(
    codings: list[object], selection: Selection, words: str
) -> None:
    with pytest.raises(AgreementError) as caught:
        compare(coded(*codings, items=5), selection)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_items_of_several_files_are_matched_by_their_iris() -> None:
    one, other = coded(A, items=5, place="a.xlsx"), coded(B, items=5, place="b.xlsx")
    found = compare(join([one, other], typology()), resampling=PLAIN)
    assert found.items == 5
    assert [coder.code for coder in found.coders] == ["a", "b"]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (coded(B, items=4, place="b.xlsx"), "finding F5 of Synthetic aaaa stands in a.xlsx and not in b.xlsx"),
        (coded(B, items=6, place="b.xlsx"), "finding F6 of Synthetic aaaa stands in b.xlsx and not in a.xlsx"),
        (
            coded(B, items=5, texts={2: "Else"}, place="b.xlsx"),
            "F2 of Synthetic aaaa reads otherwise in a.xlsx than in",
        ),
        (
            coded(coding("a", "forms", place="b.xlsx"), items=5, place="b.xlsx"),
            "coder a has coded Synthetic aaaa both in a.xlsx and in b.xlsx; give each coding once",
        ),
    ],
)
def test_files_that_do_not_code_the_same_are_refused_in_one_sentence(other: object, words: str) -> None:
    first = coded(coding("a", "forms", place="a.xlsx"), items=5, place="a.xlsx")
    with pytest.raises(AgreementError) as caught:
        join([first, other], typology())
    assert words in str(caught.value)
