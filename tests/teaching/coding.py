"""Who coded what, and where they looked: sets of reviews that every count rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from rdflib import RDF

from learntogether_kg.namespaces import LT, REVIEW
from tests.teaching.truth import (
    above,
    cell,
    code_label,
    files,
    has,
    ids,
    pattern_label,
    remembered,
    review_labels,
    reviews_in,
    rows,
    short,
    table,
    types,
)

AGREED = "teaching-agreed"
Record = dict[str, object]


@dataclass(frozen=True)
class Scope:
    """What one coder set out to code in one review, under which version."""

    review: str
    coder: str
    is_whole: bool
    is_deep: bool
    version: str
    level: str
    extent: str


@dataclass(frozen=True)
class Code:
    """One code on one item."""

    review: str
    item: str
    coder: str
    pattern: str
    is_primary: bool
    influence: str
    version: str


@remembered
def scopes() -> tuple[Scope, ...]:
    """The scopes of the table, each with the version that its file gives."""
    found = []
    for node in files().subjects(RDF.type, LT.CodingScope):
        review, coder = files().value(node, LT.inReview), short(files().value(node, LT.codedBy) or "")
        if review is not None:
            extent, level, version = (
                short(files().value(node, each) or "") for each in (LT.extent, LT.codingLevel, LT.underTypology)
            )
            whole, deep = extent == "whole-report", level == "types-and-sub-patterns"
            found.append(Scope(ids()[short(review)], coder, whole, deep, version, level, extent))
    told = sorted((row["review"], row["coder"], row["extent"], row["level"]) for row in table("scopes"))
    assert told == sorted((each.review, each.coder, each.extent, each.level) for each in found)
    return tuple(found)


@remembered
def codes_made() -> tuple[Code, ...]:
    """The codes of the table, each with the version that its file gives."""
    under = {}
    for node in files().subjects(RDF.type, LT.Classification):
        if files().value(node, LT.inReview) is not None:
            item, coder, pattern, version = (
                files().value(node, each) for each in (LT.classifies, LT.codedBy, LT.pattern, LT.underTypology)
            )
            primary = bool(files().value(node, LT.primary).toPython())
            under[str(item), short(coder), short(pattern), primary] = short(version)
    by_label = {label: identifier for identifier, label in ids().items()}
    found = []
    for row in table("codes"):
        item = str(REVIEW[f"{by_label[row['review']]}/{row['item']}"])
        primary = row["primary"] == "yes"
        version = under[item, row["coder"], row["pattern"], primary]
        found.append(Code(row["review"], row["item"], row["coder"], row["pattern"], primary, row["influence"], version))
    return tuple(found)


@remembered
def coders() -> tuple[str, ...]:
    return tuple(sorted({row["coder"] for row in table("scopes")}))


def chosen(coder: str = "", *, codes: str = "any", influence: str = "", pattern: str = "") -> list[Code]:
    """The codes that a question counts, on whatever items.

    Args:
        coder: Whose; empty for everybody's.
        codes: "primary" or "any".
        influence: What the coder says the pattern does; empty for any.
        pattern: The pattern, with those under it; empty for any. "No type fits" is none.
    """
    return [
        code
        for code in codes_made()
        if coder in ("", code.coder)
        and (codes == "any" or code.is_primary)
        and influence in ("", code.influence)
        and (pattern in above(code.pattern) if pattern else above(code.pattern))
    ]


@remembered
def found(coder: str, pattern: str, codes: str, influence: str = "") -> frozenset[str]:
    """The reviews in which a coder found a pattern."""
    return frozenset(code.review for code in chosen(coder, codes=codes, influence=influence, pattern=pattern))


@remembered
def coded(coder: str, pattern: str = "", *, is_versioned: bool = False) -> frozenset[str]:
    """The reviews that a coder has coded at the level of a pattern, where asked under a version that has it."""
    return frozenset(
        scope.review
        for scope in scopes()
        if scope.coder == coder
        and (not pattern or pattern in types() or scope.is_deep)
        and (not is_versioned or has(scope.version, pattern))
    )


@remembered
def coded_whole(coder: str, pattern: str) -> frozenset[str]:
    """The reviews whose whole report a coder read at the level of a pattern that the version in hand had."""
    return frozenset(
        scope.review
        for scope in scopes()
        if scope.coder == coder
        and scope.is_whole
        and (pattern in types() or scope.is_deep)
        and has(scope.version, pattern)
    )


def said(coder: str, pattern: str, result: str) -> set[str]:
    """The reviews of which a coder says outright how a search for a pattern ended."""
    return {row["review"] for row in rows("assessments", coder=coder, pattern=pattern, result=result)}


@remembered
def looked(coder: str, pattern: str) -> frozenset[str]:
    """The reviews in which a coder looked for a pattern, and found it or could say that it is not in the report."""
    silent = coded_whole(coder, pattern) | said(coder, pattern, "looked-for-not-found")
    return found(coder, pattern, "any") | (silent - said(coder, pattern, "cannot-tell"))


@remembered
def findings_read() -> frozenset[str]:
    return frozenset(reviews_in("findings"))


def by_coder(
    counted: Callable[[str], Iterable[str]], of: Callable[[str], Iterable[str]], *, is_silent: bool = True
) -> tuple[str, ...]:
    """The same count for every coder, as the answers write it.

    Args:
        counted: The reviews counted for a coder.
        of: The reviews they are counted of.
        is_silent: Whether a coder with neither "did not look".
    """
    lines = []
    for coder in coders():
        number, total = len(set(counted(coder))), len(set(of(coder)))
        did_look = number + total > 0 or not is_silent
        lines.append(f"{coder}: {number} of {total}" if did_look else f"{coder}: did not look")
    return tuple(sorted(lines))


def told(code: Code, *, with_coder: bool = True) -> str:
    """A code as the answers write it."""
    rank = "primary" if code.is_primary else "further"
    words = f"{pattern_label(code.pattern)} ({rank}, {code_label(code.influence).lower()})"
    return f"{code.coder}: {words}" if with_coder else words


def codes_of(review: str, items: Iterable[str]) -> tuple[str, ...]:
    """How items of a review are coded by everybody."""
    wanted = set(items)
    return tuple(sorted({told(code) for code in codes_made() if code.review == review and code.item in wanted}))


def rounded(value: Fraction) -> float:
    """To three decimals, halves up, as XPath's ``fn:round`` does."""
    return floor(value * 1000 + Fraction(1, 2)) / 1000


def kinds_of_question(review: str) -> list[str]:
    return cell("reviews", review, "question_kinds") or ["not-stated"]


def all_reviews() -> set[str]:
    return set(review_labels())
