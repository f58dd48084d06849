"""Answers over the teaching library, worked out a second time from the tables that say what was put into it.

The tables of ``fixtures/teaching-truth`` are plain lists that a person can check; what is computed from them here knows
nothing of SPARQL, of the graph or of the program.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from learntogether_kg import queries
from learntogether_kg.library import Library

TRUTH = Path(__file__).parent / "fixtures" / "teaching-truth"
AGREED = "teaching-agreed"
Row = dict[str, str]


@cache
def table(name: str) -> list[Row]:
    with (TRUTH / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def ask(teaching_library: Library) -> Callable[..., list[dict[str, object]]]:
    store = teaching_library.release().store
    return lambda name, **arguments: queries.ask(store, name, arguments).as_records()


Ask = Callable[..., list[dict[str, object]]]


def codes(coder: str, *, any_code: bool = False, influence: str = "") -> list[Row]:
    """The codes of a coder on findings and factors that count as primary, or all of them."""
    return [
        row
        for row in table("codes")
        if row["coder"] == coder
        and not row["review"].startswith("Synthetic synthesis")
        and (any_code or row["primary"] == "yes")
        and influence in ("", row["influence"])
    ]


def local(value: object) -> str:
    assert isinstance(value, dict)
    return str(value["iri"]).rpartition("#")[2].rpartition("/")[2]


def labels(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(member["label"]) for member in value]


@pytest.mark.parametrize(("coder", "which"), [(AGREED, "primary"), (AGREED, "any"), ("teaching-a", "primary")])
def test_recurring_patterns(ask: Ask, coder: str, which: str) -> None:
    expected: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in codes(coder, any_code=which == "any"):
        for pattern in {row["pattern"], row["type"]} - {"", "no-type-fits"}:
            expected[pattern, row["influence"]].add(row["review"])
    found = {
        (local(row["pattern"]), local(row["influence"])): labels(row["inReviews"])
        for row in ask("recurring-patterns", minimum="1", coder=coder, codes=which)
    }
    assert found == {key: sorted(reviews) for key, reviews in expected.items()}
    assert len(found) > 20


def test_the_agreed_coding_is_the_default(ask: Ask) -> None:
    assert ask("catalogue")[0]["defaultCoder"] == {
        "iri": f"https://w3id.org/learntogether/id/coder/{AGREED}",
        "label": AGREED,
    }


@pytest.mark.parametrize("influence", ["unsafe", "constructive"])
def test_agencies_by_pattern(ask: Ask, influence: str) -> None:
    reviews = {row["review"] for row in codes(AGREED, influence=influence) if row["type"]}
    expected: dict[str, set[str]] = defaultdict(set)
    for row in table("agencies"):
        if row["review"] in reviews:
            expected[row["kind"]].add(row["review"])
    rows = ask("agencies-by-pattern", influence=f"cl:{influence}")
    found = {local(row["agencyKind"]): row["reviews"] for row in rows if row["reviews"]}
    assert found == {kind: len(named) for kind, named in expected.items()}
    assert {row["reviewsWithPattern"] for row in rows} == {len(reviews)}


def test_types_reported(ask: Ask) -> None:
    found = {local(row["type"]): row["reviews"] for row in ask("types-reported")}
    expected: dict[str, set[str]] = {name: set() for name in found}
    for row in codes(AGREED):
        if row["type"]:
            expected[row["type"]].add(row["review"])
    assert found == {name: len(reviews) for name, reviews in expected.items()}


def test_coding_by_kind_of_coder(ask: Ask) -> None:
    kinds = {"agreed": (AGREED,), "human": ("teaching-a", "teaching-b"), "machine": ("teaching-machine",)}
    found = {
        (local(row["coderKind"]), local(row["type"])): (row["primaryClassifications"], row["primaryItems"])
        for row in ask("coding-by-coder-kind")
    }
    for kind, coders in kinds.items():
        rows = [row for coder in coders for row in codes(coder) if row["type"]]
        for name in {row["type"] for row in rows}:
            those = [row for row in rows if row["type"] == name]
            assert found[kind, name] == (len(those), len({(row["review"], row["item"]) for row in those})), (kind, name)


def test_incomplete_reviews(ask: Ask) -> None:
    numbered: dict[str, int] = defaultdict(int)
    for row in table("findings"):
        numbered[row["review"]] += row["stated_as"] == "numbered-finding"
    expected = {
        row["review"]: (int(row["findings_declared"]), numbered[row["review"]])
        for row in table("reviews")
        if row["findings_declared"].isdigit() and int(row["findings_declared"]) > numbered[row["review"]]
    }
    found = {row["review"]["label"]: (row["declared"], row["captured"]) for row in ask("incomplete-reviews")}  # type: ignore[index]
    assert found == expected
    assert found


def test_trade_offs(ask: Ask) -> None:
    expected: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in table("tradeoffs"):
        first, second = sorted(row["goals"].split(" / "))
        expected[first, second].add(row["review"])
    found = {
        tuple(sorted((str(row["goal"]), str(row["otherGoal"])))): labels(row["inReviews"]) for row in ask("trade-offs")
    }
    assert found == {goals: sorted(reviews) for goals, reviews in expected.items()}


def test_factors_safe_alone_and_unsafe_together(ask: Ask) -> None:
    influence = {(row["review"], row["factor"]): row["influence"] for row in table("factors")}
    expected = {
        (row["review"], row["interaction"], row["reach"])
        for row in table("interactions")
        if row["influence"] == "unsafe"
        and {influence[row["review"], factor] for factor in row["factors"].split()} <= {"constructive", "neutral"}
    }
    found = {
        (row["review"]["label"], local(row["interaction"]), local(row["reach"]))  # type: ignore[index]
        for row in ask("unsafe-interactions")
    }
    assert found == expected
    assert {reach for _, _, reach in found} == {"within-one-agency", "between-agencies"}
