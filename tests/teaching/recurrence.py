"""What the questions of policy that count coded reviews must answer: P1 to P6, P8, P9, P15.

Each function is written from the question and from what its columns are said to hold, over sets of reviews. What comes
first in an answer is held by the tests; here the rows stand in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from fractions import Fraction
from functools import cache

from tests.teaching.coding import (
    AGREED,
    Record,
    all_reviews,
    by_coder,
    chosen,
    coded,
    coded_whole,
    coders,
    findings_read,
    found,
    kinds_of_question,
    looked,
    rounded,
    said,
)
from tests.teaching.compare import answers
from tests.teaching.truth import (
    NOT_STATED,
    above,
    cell,
    class_of_kind,
    code_list,
    patterns,
    rows,
    table,
    types,
)


def listed(reviews: Set[str]) -> tuple[str, ...]:
    return tuple(sorted(reviews))


@answers("recurring-patterns")
def recurring_patterns(minimum: int = 2, coder: str = AGREED, codes: str = "primary") -> Iterator[Record]:
    """P1. Reviews are counted, not findings; a sub-pattern counts for what stands above it."""
    for pattern in patterns():
        for influence in code_list("influences"):
            reviews = found(coder, pattern, codes, influence)
            if len(reviews) >= minimum:
                yield {
                    "pattern": pattern,
                    "influence": influence,
                    "reviews": len(reviews),
                    "findingsRead": len(findings_read()),
                    "byCoder": by_coder(
                        lambda each, p=pattern, i=influence: found(each, p, codes, i),
                        lambda each, p=pattern: coded(each, p),
                    ),
                    "inReviews": listed(reviews),
                }


@answers("types-reported")
def types_reported(coder: str = AGREED, codes: str = "primary", influence: str = "") -> Iterator[Record]:
    """P2. Of reviews read, of reviews that looked, of all; a share only where reviews were free to say no."""
    for type_ in types():
        reviews, any_found = found(coder, type_, codes, influence), found(coder, type_, "any")
        searched = looked(coder, type_)
        in_part = any_found - coded_whole(coder, type_)
        note = ""
        if not searched:
            note = "No share: the coder looked for the type in no review"
        elif searched == any_found:
            note = "No share: no review is recorded in which the coder looked for the type and did not find it"
        elif len(searched) < 10:
            note = "No share: the coder looked for the type in fewer than 10 reviews"
        elif in_part:
            note = (
                f"No share: of the reviews in which the coder found the type, {len(in_part)} had not been coded as a "
            )
            note += "whole, so that a miss would have left no trace there"
        yield {
            "type": type_,
            "reviews": len(reviews),
            "findingsRead": len(findings_read()),
            "looked": len(searched),
            "lookedNotFound": len(searched - any_found),
            "cannotTell": len(said(coder, type_, "cannot-tell") - any_found),
            "allReviews": len(all_reviews()),
            "share": None if note else rounded(Fraction(len(reviews), len(searched))),
            "shareNote": note,
            "byCoder": by_coder(lambda each, t=type_: found(each, t, codes, influence), coded, is_silent=False),
        }


YEARS = {"publication": "publication_year", "report": "report_year", "period-end": "period_to"}


@answers("patterns-by-year")
def patterns_by_year(
    pattern: str = "",
    yearOf: str = "publication",  # noqa: N803 - the query's own parameter
    coder: str = AGREED,
    codes: str = "primary",
    influence: str = "",
) -> Iterator[Record]:
    """P3. Every figure of P2 year by year; of which year, the question says."""
    by_year: dict[str, set[str]] = {}
    for row in table("reviews"):
        by_year.setdefault(row[YEARS[yearOf]] or "not known", set()).add(row["review"])
    for year, reviews in by_year.items():
        for each in [pattern] if pattern else types():
            yield {
                "year": year,
                "pattern": each,
                "reviews": len(found(coder, each, codes, influence) & reviews),
                "looked": len(looked(coder, each) & reviews),
                "findingsRead": len(findings_read() & reviews),
                "allReviews": len(reviews),
                "byCoder": by_coder(
                    lambda who, e=each, r=reviews: found(who, e, codes, influence) & r,
                    lambda who, e=each, r=reviews: coded(who, e, is_versioned=True) & r,
                ),
            }


@answers("pattern-pairs")
def pattern_pairs(
    level: str = "types", minimum: int = 1, coder: str = AGREED, codes: str = "primary", influence: str = ""
) -> Iterator[Record]:
    """P4. Two patterns of one level in one review, beside how often they would meet if neither drew the other."""
    of_level = [each for each in patterns() if (each in types()) == (level == "types")]
    for one in of_level:
        for other in of_level:
            if one < other and one not in above(other) and other not in above(one):
                row = _pair(one, other, coder, codes, influence)
                if int(str(row["together"])) >= minimum:
                    yield row


def _pair(one: str, other: str, coder: str, codes: str, influence: str) -> Record:
    def inside(who: str) -> Set[str]:
        """Coded at this level under a version that has both."""
        return coded(who, one, is_versioned=True) & coded(who, other, is_versioned=True)

    def both(who: str) -> Set[str]:
        return found(who, one, codes, influence) & found(who, other, codes, influence)

    total = inside(coder)
    whole = total & coded_whole(coder, one) & coded_whole(coder, other)
    together, ones, others = both(coder), found(coder, one, codes, influence), found(coder, other, codes, influence)
    note = ""
    if len(total) < 10:
        note = "No lift: the coder coded fewer than 10 reviews"
    elif whole < total:
        note = "No lift: not all of the reviews were coded as a whole, so that a miss would have left no trace there"
    elif total in (ones, others):
        note = "No lift: one of the two stands in every review coded"
    elif not together:
        note = "No lift: the two stand together in no review"
    return {
        "pattern": one,
        "otherPattern": other,
        "together": len(together),
        "reviews": len(ones),
        "otherReviews": len(others),
        "reviewsCoded": len(total),
        "wholeReports": len(whole),
        "expected": rounded(Fraction(len(ones) * len(others), len(total))) if total else None,
        "lift": None if note else rounded(Fraction(len(together) * len(total), len(ones) * len(others))),
        "liftNote": note,
        "byCoder": by_coder(both, inside),
    }


@answers("agencies-by-pattern")
def agencies_by_pattern(
    coder: str = AGREED, pattern: str = "", influence: str = "unsafe", codes: str = "primary"
) -> Iterator[Record]:
    """P5. Involved in the case, not blamed."""
    stated = {row["review"] for row in table("agencies") if row["kind"] not in ("", NOT_STATED)}
    for kind in code_list("agency-kinds"):
        there = {row["review"] for row in rows("agencies", kind=kind)}
        if kind != NOT_STATED:
            reviews = found(coder, pattern, codes, influence)
            yield {
                "agencyKind": kind,
                "reviews": len(reviews & there),
                "reviewsWithPattern": len(reviews),
                "agenciesStated": len(reviews & stated),
                "byCoder": by_coder(
                    lambda who, t=there: found(who, pattern, codes, influence) & t,
                    lambda who: found(who, pattern, codes, influence),
                    is_silent=False,
                ),
                "inReviews": listed(reviews & there),
            }


@answers("constructive-patterns")
def constructive_patterns(minimum: int = 2, coder: str = AGREED, codes: str = "primary") -> Iterator[Record]:
    """P6. A review of several kinds counts under each."""
    for pattern in patterns():
        of_any = found(coder, pattern, codes, "constructive")
        if not found("", pattern, "any", "constructive") or len(of_any) < minimum:
            continue
        for kind in code_list("question-kinds"):
            of_kind = {review for review in all_reviews() if kind in kinds_of_question(review)}
            yield {
                "pattern": pattern,
                "questionKind": kind,
                "reviews": len(of_any & of_kind),
                "findingsRead": len(findings_read() & of_kind),
                "allKinds": len(of_any),
                "byCoder": by_coder(
                    lambda who, p=pattern, k=of_kind: found(who, p, codes, "constructive") & k,
                    lambda who, p=pattern, k=of_kind: coded(who, p) & k,
                ),
                "inReviews": listed(of_any & of_kind),
            }


def rests_on(review: str, item: str) -> set[str]:
    """A coded item with the factors it rests on or consists of."""
    factors = {row["factor"] for row in rows("factors", review=review)}
    below = cell("findings", review, "supported_by", finding=item) + cell(
        "interactions", review, "factors", interaction=item
    )
    return {item} | (set(below) & factors)


NATIONAL = "national-system-level"


@answers("national-level-patterns")
def national_level_patterns(
    minimum: int = 1, coder: str = AGREED, influence: str = "", codes: str = "primary"
) -> Iterator[Record]:
    """P8. By a factor at national level, or by a recommendation to a national body or meant to act there."""
    national = {(row["review"], row["factor"]) for row in rows("factors", level=NATIONAL)}
    recommended = {
        (row["review"], finding)
        for row in rows("recommendations", what="recommendation")
        if NATIONAL in row["level"].split() or "national-body" in row["addressee"].split()
        for finding in row["findings"].split()
    }
    stating = {row["review"] for row in table("factors") if row["level"] not in ("", NOT_STATED)}
    for row in table("recommendations"):
        stating |= {row["review"]} if {*row["level"].split(), *row["addressee"].split()} - {NOT_STATED} else set()
    for pattern in patterns():

        def by_factor(who: str, p: str = pattern) -> set[str]:
            those = chosen(who, codes=codes, influence=influence, pattern=p)
            return {c.review for c in those if any((c.review, f) in national for f in rests_on(c.review, c.item))}

        def by_recommendation(who: str, p: str = pattern) -> set[str]:
            those = chosen(who, codes=codes, influence=influence, pattern=p)
            return {c.review for c in those if (c.review, c.item) in recommended}

        def either(who: str, factor=by_factor, recommendation=by_recommendation) -> set[str]:
            return factor(who) | recommendation(who)

        if len(either(coder)) >= minimum:
            with_pattern = found(coder, pattern, codes, influence)
            yield {
                "pattern": pattern,
                "reviews": len(either(coder)),
                "withFactor": len(by_factor(coder)),
                "withRecommendation": len(by_recommendation(coder)),
                "reviewsWithPattern": len(with_pattern),
                "levelsStated": len(with_pattern & stating),
                "byCoder": by_coder(either, lambda who, p=pattern: found(who, p, codes, influence), is_silent=False),
                "inReviews": listed(either(coder)),
            }


@answers("artefacts-by-pattern")
def artefacts_by_pattern(
    coder: str = AGREED, pattern: str = "", influence: str = "unsafe", codes: str = "primary"
) -> Iterator[Record]:
    """P9. Concerned by what is coded itself, or by a factor under it."""
    kinds = {(row["review"], row["artefact"]): row["kind"] for row in table("artefacts")}
    stated = {review for (review, _), kind in kinds.items() if kind not in ("", NOT_STATED)}

    @cache
    def concerned(review: str, item: str) -> set[str]:
        named: list[str] = []
        for each in rests_on(review, item):
            named += cell("findings", review, "artefacts", finding=each)
            named += cell("factors", review, "artefacts", factor=each)
        return {kinds[review, artefact] for artefact in named}

    for kind in code_list("artefact-kinds"):

        def with_kind(who: str, k: str = kind) -> set[str]:
            those = chosen(who, codes=codes, influence=influence, pattern=pattern)
            return {code.review for code in those if k in concerned(code.review, code.item)}

        if kind != NOT_STATED:
            reviews = found(coder, pattern, codes, influence)
            yield {
                "artefactKind": kind,
                "form": class_of_kind(kind).lower() or None,
                "reviews": len(with_kind(coder)),
                "reviewsWithPattern": len(reviews),
                "artefactsStated": len(reviews & stated),
                "byCoder": by_coder(with_kind, lambda who: found(who, pattern, codes, influence), is_silent=False),
                "inReviews": listed(with_kind(coder)),
            }


@answers("patterns-after-recommendation")
def patterns_after_recommendation(
    minimum: int = 1, coder: str = AGREED, influence: str = "unsafe", codes: str = "primary"
) -> Iterator[Record]:
    """P15. Later means published in a later year; that the practice came later too is told apart."""
    published = {row["review"]: int(row["publication_year"] or 0) for row in table("reviews")}
    begun = {row["review"]: int(row["period_from"] or 0) for row in table("reviews")}
    answered = {
        (row["review"], finding)
        for row in rows("recommendations", what="recommendation")
        for finding in row["findings"].split()
    }

    def recommending(who: str, pattern: str) -> set[str]:
        those = chosen(who, codes=codes, influence=influence, pattern=pattern)
        return {code.review for code in those if (code.review, code.item) in answered}

    def first(who: str, pattern: str) -> int | None:
        return min((published[review] for review in recommending(who, pattern) if published[review]), default=None)

    def later(who: str, pattern: str) -> set[str]:
        year = first(who, pattern)
        return set() if year is None else {review for review in all_reviews() if published[review] > year}

    for pattern in patterns():
        reviews = found(coder, pattern, codes, influence) & later(coder, pattern)
        if len(reviews) >= minimum:
            lines = [
                f"{who}: {len(found(who, pattern, codes, influence) & later(who, pattern))} of "
                f"{len(coded(who, pattern) & later(who, pattern))}"
                if recommending(who, pattern)
                else f"{who}: no recommendation"
                for who in coders()
            ]
            yield {
                "pattern": pattern,
                "firstRecommended": first(coder, pattern),
                "recommendedIn": listed(recommending(coder, pattern)),
                "reviews": len(reviews),
                "practiceAfter": len({each for each in reviews if begun[each] > (first(coder, pattern) or 0)}),
                "laterReviews": len(coded(coder, pattern) & later(coder, pattern)),
                "yearNotKnown": len({r for r in found(coder, pattern, codes, influence) if not published[r]}),
                "byCoder": tuple(sorted(lines)),
                "inReviews": listed(reviews),
            }
