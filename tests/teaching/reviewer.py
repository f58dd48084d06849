"""What the questions of reviewers must answer: R1 to R7.

Each function is written from the question and from what its columns are said to hold. Texts are looked up in the files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import permutations

from learntogether_kg.namespaces import LT
from tests.teaching.coding import AGREED, Code, Record, all_reviews, coders, codes_made, scopes, told
from tests.teaching.compare import answers
from tests.teaching.practice import ASPECTS, part, words
from tests.teaching.truth import (
    NOT_STATED,
    above,
    cell,
    code_label,
    files,
    is_deprecated,
    node,
    patterns,
    replacements,
    row_of,
    rows,
    short,
    table,
    text,
    types_of,
)


def asked(review: str) -> list[str]:
    return [review] if review else sorted(all_reviews())


def depth(review: str) -> str:
    return f"depth-{row_of('reviews', review)['depth']}"


def statement(review: str, item: str) -> str | None:
    return text(review, item, LT.statement, LT.description)


@answers("thinly-supported-findings")
def thinly_supported_findings(review: str = "") -> Iterator[Record]:
    """R1. By the finding itself or by a factor it rests on; what stands behind an episode is nobody's word yet."""
    for where in asked(review):
        for row in rows("findings", review=where):
            supports = row["supported_by"].split()
            views = {each for each in supports if rows("perspectives", review=where, perspective=each)}
            for each in supports:
                views |= set(cell("factors", where, "perspectives", factor=each))
            sources = {each for each in supports if rows("evidence", review=where, source=each)}
            for view in views:
                sources |= set(cell("perspectives", where, "sources", perspective=view))
            lacks = [] if views else ["no perspective"]
            lacks += {0: ["no source"], 1: ["one source"]}.get(len(sources), [])
            if lacks:
                yield {
                    "review": where,
                    "finding": part(where, row["finding"]),
                    "statement": statement(where, row["finding"]),
                    "weakness": ", ".join(lacks),
                    "perspectives": len(views),
                    "sources": len(sources),
                    "restsOn": tuple(sorted(part(where, each) for each in supports)),
                    "contradictedBy": tuple(sorted(part(where, each) for each in row["contradicted_by"].split())),
                    "depth": depth(where),
                }


@answers("seen-differently-or-alike")
def seen_differently_or_alike(review: str = "") -> Iterator[Record]:
    """R2. Of one event, from one standpoint, of one thing; by at least two people."""
    groups: dict[tuple[str, str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for where in asked(review):
        for view in rows("perspectives", review=where):
            for aspect, property_ in ASPECTS.items():
                said = text(where, view["perspective"], property_)
                if said is not None:
                    standpoint = view["standpoint"] or NOT_STATED
                    groups[where, view["episode"], standpoint, aspect].append((view["person"], said))
    for (where, event, standpoint, aspect), views in groups.items():
        if len({person for person, _ in views}) > 1:
            yield {
                "review": where,
                "event": part(where, event),
                "description": text(where, event, LT.description),
                "standpoint": standpoint,
                "aspect": aspect,
                "seen": "alike" if len({words(said) for _, said in views}) == 1 else "differently",
                "people": len({person for person, _ in views}),
                "views": tuple(sorted(f"{_who(where, person)}: {said}" for person, said in views)),
            }


def _who(review: str, person: str) -> str:
    role = row_of("people", review, person=person)["role"]
    return f"{code_label(role) if role else 'Role not stated'} ({person})"


@answers("missing-voices")
def missing_voices(review: str = "") -> Iterator[Record]:
    """R3. Agencies of which there is no perspective; family and first-line managers whether there is any or not."""
    for where in asked(review):
        people = rows("people", review=where)
        for row in rows("agencies", review=where):
            theirs = [each for each in people if _agency_of(where, each["person"]) == row["agency"]]
            if not _perspectives_of(where, theirs):
                yield _voice(where, "agency", theirs, part(where, row["agency"]), row["kind"])
        yield _voice(where, "family", [each for each in people if each["kind"] == "family"])
        managers = [each for each in people if each["level"] == "first-line-manager"]
        yield _voice(where, "first-line manager", managers)


def _agency_of(review: str, person: str) -> str:
    """The agency itself, since two of one kind may be in one review."""
    return short(files().value(node(review, person), LT.agency) or "")


def _perspectives_of(review: str, people: list[dict[str, str]]) -> int:
    return sum(len(rows("perspectives", review=review, person=each["person"])) for each in people)


def _voice(
    review: str, voice: str, people: list[dict[str, str]], agency: str | None = None, kind: str | None = None
) -> Record:
    took_part = {f"{each['person']}: {code_label(each['participation'] or NOT_STATED)}" for each in people}
    return {
        "review": review,
        "voice": voice,
        "agency": agency,
        "agencyKind": kind,
        "perspectives": _perspectives_of(review, people),
        "people": len(people),
        "participation": tuple(sorted(took_part)),
        "depth": depth(review),
    }


@answers("review-team-professions")
def review_team_professions(review: str = "") -> Iterator[Record]:
    """R4. A profession mattered where somebody of it did, to the family, to the professionals or to both."""
    for where in asked(review):
        team = rows("team", review=where)
        answered = [each["independent"] or NOT_STATED for each in team]
        key = defaultdict(set)
        for each in rows("people", review=where, kind="professional"):
            if each["role"] and each["key"].startswith("key-"):
                key[each["role"]].add(each["key"])
        for profession in key or [None]:
            yield {
                "review": where,
                "profession": profession,
                "keyAccordingTo": tuple(sorted(key.get(profession, ()))),
                "onTeam": len([each for each in team if each["role"] == profession]) if profession else None,
                "teamMembers": len(team),
                "independentMembers": answered.count("yes"),
                "independenceNotStated": answered.count(NOT_STATED),
            }


@answers("coder-differences")
def coder_differences(
    review: str = "",
    coderA: str = "",  # noqa: N803 - the query's own parameter
    coderB: str = "",  # noqa: N803 - the query's own parameter
) -> Iterator[Record]:
    """R5. Where both set out to code the review; each two once, unless one of them is asked for."""
    level = {(scope.review, scope.coder): scope.level for scope in scopes()}
    for where in asked(review):
        for one, other in permutations(coders(), 2):
            is_meant = coderA in ("", one) and coderB in ("", other) and (coderA or coderB or one < other)
            if not is_meant or not {(where, one), (where, other)} <= level.keys():
                continue
            for item in sorted({c.item for c in codes_made() if c.review == where and c.coder in (one, other)}):
                ones, others = (_codes(where, item, each) for each in (one, other))
                difference = _difference(ones, others)
                if difference:
                    yield {
                        "review": where,
                        "item": part(where, item),
                        "statement": statement(where, item),
                        "coderA": one,
                        "codesA": tuple(sorted(told(code, with_coder=False) for code in ones)),
                        "coderB": other,
                        "codesB": tuple(sorted(told(code, with_coder=False) for code in others)),
                        "difference": difference,
                        "levels": f"{code_label(level[where, one])} / {code_label(level[where, other])}",
                    }


def _codes(review: str, item: str, coder: str) -> list[Code]:
    return [code for code in codes_made() if (code.review, code.item, code.coder) == (review, item, coder)]


def _difference(ones: list[Code], others: list[Code]) -> str:
    """The first difference that holds; all but the last are about the primary codes, of which each coder gives one."""
    if not ones or not others:
        return "coded by one of the two only"
    (one,), (other,) = ([code for code in those if code.is_primary] for those in (ones, others))
    if one.pattern != other.pattern:
        if not types_of(one.pattern) & types_of(other.pattern):
            return "different type"
        in_line = one.pattern in above(other.pattern) or other.pattern in above(one.pattern)
        return "same type, one in more detail" if in_line else "same type, different pattern"
    if one.influence != other.influence:
        return "different influence"
    same = {(code.pattern, code.is_primary, code.influence) for code in ones} == {
        (code.pattern, code.is_primary, code.influence) for code in others
    }
    return "" if same else "different further codes"


@answers("similar-findings")
def similar_findings(
    review: str = "",
    localId: str = "",  # noqa: N803 - the query's own parameter
    coder: str = AGREED,
    codes: str = "primary",
) -> Iterator[Record]:
    """R6. Patterns shared with the same influence come first of all; agencies and levels add to them."""
    for finding in rows("findings", review=review):
        own = _patterns_in(review, finding["finding"], coder, codes)
        for row in table("findings") if localId in ("", finding["finding"]) else ():
            theirs = _patterns_in(row["review"], row["finding"], coder, codes)
            shared = {pattern for pattern, _ in own & theirs}
            if row["review"] != review and shared:
                kinds, levels = (
                    _under(review, finding["finding"], column) & _under(row["review"], row["finding"], column)
                    for column in ("agency", "level")
                )
                yield {
                    "finding": part(review, finding["finding"]),
                    "otherReview": row["review"],
                    "other": part(row["review"], row["finding"]),
                    "statement": statement(row["review"], row["finding"]),
                    "sharedPatterns": tuple(sorted(shared)),
                    "sharedAgencyKinds": tuple(sorted(kinds)),
                    "sharedLevels": tuple(sorted(levels)),
                    "likeness": len(shared) + len(kinds) + len(levels),
                    "coder": coder,
                }


def _patterns_in(review: str, finding: str, coder: str, codes: str) -> set[tuple[str, str]]:
    return {
        (pattern, code.influence)
        for code in _codes(review, finding, coder)
        if codes == "any" or code.is_primary
        for pattern in above(code.pattern)
    }


def _under(review: str, finding: str, column: str) -> set[str]:
    """What the factors under a finding say in one column."""
    factors = cell("findings", review, "supported_by", finding=finding)
    return {each for factor in factors for each in cell("factors", review, column, factor=factor)} - {NOT_STATED}


@answers("classifications-under-deprecated-terms")
def classifications_under_deprecated_terms(review: str = "") -> Iterator[Record]:
    """R7. Moved where something that takes the term's place shares no type with it."""
    for code in codes_made():
        instead = replacements(code.pattern)
        if code.review in asked(review) and code.pattern in patterns() and (instead or is_deprecated(code.pattern)):
            stays = all(types_of(each) & types_of(code.pattern) for each in instead)
            yield {
                "review": code.review,
                "item": part(code.review, code.item),
                "statement": statement(code.review, code.item),
                "coder": code.coder,
                "pattern": code.pattern,
                "primary": code.is_primary,
                "madeUnder": code.version,
                "change": "deprecated" if not instead else "replaced" if stays else "moved",
                "replacedBy": tuple(instead),
            }
