"""What the questions of policy that follow the records must answer: P7, P10 to P14, P16.

Each function is written from the question and from what its columns are said to hold. Texts are looked up in the files.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from learntogether_kg.namespaces import LT
from tests.teaching.coding import (
    AGREED,
    Record,
    all_reviews,
    chosen,
    codes_of,
    found,
    said,
    scopes,
    told,
)
from tests.teaching.compare import answers
from tests.teaching.truth import (
    NOT_STATED,
    cell,
    class_of_kind,
    code_label,
    files,
    has,
    node,
    patterns,
    reviews_in,
    row_of,
    rows,
    table,
    text,
    texts,
    types,
)

SAFE = {"constructive", "neutral"}


def part(review: str, local_id: str) -> str:
    return f"{review} {local_id}"


def words(value: str) -> str:
    """Capitals and spaces aside."""
    return " ".join(value.lower().split())


@answers("unsafe-interactions")
def unsafe_interactions(reach: str = "") -> Iterator[Record]:
    """P7. Every factor is stated to be constructive or neutral, and together they were unsafe."""
    for row in rows("interactions", influence="unsafe"):
        review, factors = (
            row["review"],
            [row_of("factors", row["review"], factor=each) for each in row["factors"].split()],
        )
        if len(factors) > 1 and {each["influence"] for each in factors} <= SAFE and reach in ("", row["reach"]):
            yield {
                "review": review,
                "interaction": part(review, row["interaction"]),
                "description": text(review, row["interaction"], LT.description),
                "reach": row["reach"] or NOT_STATED,
                "factors": tuple(
                    sorted(
                        f"{each['factor']}: {text(review, each['factor'], LT.statement)} "
                        f"({code_label(each['influence']).lower()})"
                        for each in factors
                    )
                ),
                "agencyKinds": tuple(sorted({each["agency"] for each in factors} - {""})),
                "codes": codes_of(review, [row["interaction"]]),
            }


# P10


ASPECTS = {
    "knew": LT.knew,
    "aimed at": LT.aimedAt,
    "focused on": LT.focusedOn,
    "reasoned": LT.reasoned,
    "other demands": LT.competingDemands,
    "felt": LT.felt,
}


@answers("evidence-chain")
def evidence_chain(pattern: str = "", review: str = "") -> Iterator[Record]:
    """P10. From each finding, and each factor coded itself, down to conversations and documents."""
    seen = set()
    for where in sorted({review} if review else all_reviews()):
        for finding, relation, evidence in _first_steps(where, pattern):
            for step in _way_down(where, evidence):
                factor, episode, perspective, link, source = step
                if (finding, relation, *step) not in seen:
                    yield _told(where, finding, relation, factor, episode, perspective, link, source)
                seen.add((finding, relation, *step))
        seen.clear()


def _first_steps(review: str, pattern: str) -> Iterator[tuple[str, str, str]]:
    """Finding, relation and what the finding names; a factor that no finding names stands without finding."""
    coded = {code.item for code in chosen(pattern=pattern) if code.review == review}
    for row in rows("interactions", review=review):
        coded |= set(row["factors"].split()) if row["interaction"] in coded else set()
    named = set()
    for row in rows("findings", review=review):
        is_asked = not pattern or row["finding"] in coded
        pairs = [("supports", each) for each in row["supported_by"].split()]
        pairs += [("contradicts", each) for each in row["contradicted_by"].split()]
        named |= {each for _, each in pairs}
        for relation, each in pairs:
            if is_asked or each in coded:
                yield row["finding"], relation, each
        if is_asked and not pairs:
            yield row["finding"], "", ""
    for row in rows("factors", review=review):
        if row["factor"] in coded - named:
            yield "", "", row["factor"]


def _way_down(review: str, evidence: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Factor, episode, perspective, how it is reached, and source; what is not there is empty."""
    if rows("evidence", review=review, source=evidence):
        yield "", "", "", "", evidence
        return
    views = list(rows("perspectives", review=review))
    factor, links = "", []
    if rows("factors", review=review, factor=evidence):
        factor = evidence
        bears_on, seen_from = (cell("factors", review, each, factor=factor) for each in ("episodes", "perspectives"))
        for episode in bears_on:
            of_it = [view["perspective"] for view in views if view["episode"] == episode]
            links += [(episode, each, _link(each in seen_from)) for each in of_it] or [(episode, "", "")]
        episode_of = {view["perspective"]: view["episode"] for view in views}
        links += [(episode_of[each], each, _link(True)) for each in seen_from if episode_of[each] not in bears_on]
    elif rows("episodes", review=review, episode=evidence):
        of_it = [view["perspective"] for view in views if view["episode"] == evidence]
        links = [(evidence, each, _link(False)) for each in of_it] or [(evidence, "", "")]
    elif evidence:
        (own,) = (view for view in views if view["perspective"] == evidence)
        links = [(own["episode"], evidence, "named as evidence")]
    for episode, perspective, link in links or [("", "", "")]:
        for source in cell("perspectives", review, "sources", perspective=perspective) or [""]:
            yield factor, episode, perspective, link, source


def _link(is_seen_from: bool) -> str:
    return "the factor was seen from it" if is_seen_from else "another view of the same episode"


def _told(
    review: str, finding: str, relation: str, factor: str, episode: str, perspective: str, link: str, source: str
) -> Record:
    together = [row["interaction"] for row in rows("interactions", review=review) if factor in row["factors"].split()]
    kinds = {row["source"]: row["kind"] for row in rows("evidence", review=review)}
    views = [f"{aspect}: {text(review, perspective, each)}" for aspect, each in ASPECTS.items()] if perspective else []
    return {
        "review": review,
        "finding": part(review, finding) if finding else None,
        "findingStatement": text(review, finding, LT.statement) if finding else None,
        "findingCodes": codes_of(review, [finding] if finding else []),
        "relation": relation or None,
        "factor": part(review, factor) if factor else None,
        "factorStatement": text(review, factor, LT.statement) if factor else None,
        "factorCodes": codes_of(review, [factor, *together] if factor else []),
        "episode": part(review, episode) if episode else None,
        "episodeDescription": text(review, episode, LT.description) if episode else None,
        "perspective": part(review, perspective) if perspective else None,
        "perspectiveLink": link or None,
        "perspectiveSays": tuple(sorted(view for view in views if not view.endswith(": None"))),
        "source": part(review, source) if source else None,
        "sourceKind": kinds.get(source),
        "sourceYielded": text(review, source, LT.yielded) if source else None,
    }


# P11 to P14


@answers("not-found-or-out-of-scope")
def not_found_or_out_of_scope(pattern: str = "", coder: str = AGREED) -> Iterator[Record]:
    """P11. What a coder says outright comes before what the scope implies; silence is read inside the scope alone."""
    for each in [pattern] if pattern else patterns():
        outright = {
            "found": found(coder, each, "any"),
            "cannot tell": said(coder, each, "cannot-tell"),
            "looked for, not found": said(coder, each, "looked-for-not-found"),
        }
        for review in sorted(all_reviews()):
            standing = next((told_so for told_so, those in outright.items() if review in those), "")
            reason = None
            if not standing:
                standing, reason = _by_scope(review, coder, each)
            yield {"review": review, "pattern": each, "standing": standing, "reason": reason, "coder": coder}


def _by_scope(review: str, coder: str, pattern: str) -> tuple[str, str | None]:
    lacks = []
    for scope in scopes():
        if (scope.review, scope.coder) == (review, coder):
            if not scope.is_whole:
                lacks.append("not the whole report was coded")
            elif not scope.is_deep and pattern not in types():
                lacks.append("coded by types only")
            elif not has(scope.version, pattern):
                lacks.append("the pattern is younger than the version of the typology coded under")
            else:
                return "silent inside the scope", None
    return ("outside the scope", min(lacks)) if lacks else ("not coded", None)


@answers("recommendations-by-pattern")
def recommendations_by_pattern(pattern: str = "", influence: str = "unsafe") -> Iterator[Record]:
    """P12. As any coder has it; a question put to the board stands in place of a recommendation."""
    for row in table("recommendations"):
        review, item = row["review"], row["item"]
        answered = [
            code
            for code in chosen(influence=influence, pattern=pattern)
            if code.review == review and code.item in row["findings"].split()
        ]
        if answered:
            yield {
                "review": review,
                "item": part(review, item),
                "form": row["what"],
                "statement": text(review, item, LT.statement),
                "kind": row["kind"] or None,
                "addressees": tuple(sorted(row["addressee"].split())),
                "level": row["level"] or None,
                "repeatsEarlier": row["repeats_earlier"] or None,
                "response": text(review, item, LT.response),
                "findings": tuple(sorted({part(review, code.item) for code in answered})),
                "codes": tuple(sorted({told(code) for code in answered})),
            }


@answers("incomplete-reviews")
def incomplete_reviews() -> Iterator[Record]:
    """P13. Only numbered findings count against what is declared."""
    for row in table("reviews"):
        kinds = [finding["stated_as"] for finding in rows("findings", review=row["review"])]
        numbered = kinds.count("numbered-finding")
        if row["findings_declared"] and int(row["findings_declared"]) > numbered:
            yield {
                "review": row["review"],
                "declared": int(row["findings_declared"]),
                "captured": numbered,
                "missing": int(row["findings_declared"]) - numbered,
                "otherItems": len(kinds) - numbered,
                "capturedFrom": row["captured_from"],
            }


@answers("trade-offs")
def trade_offs(minimum: int = 1) -> Iterator[Record]:
    """P14. Of three goals every two. Staff report it where a factor with it shows in a professional's perspective."""
    pairs: dict[tuple[str, str], list[tuple[str, str, str, str]]] = {}
    for row in table("tradeoffs"):
        goals = sorted(row["goals"].split(" / "), key=words)
        for first, second in combinations(goals, 2) if len(goals) > 1 else [(goals[0], "")]:
            key = words(first), words(second)
            pairs.setdefault(key, []).append((row["review"], row["trade_off"], first, second))
    for those in pairs.values():
        reviews = {review for review, *_ in those}
        if len(reviews) >= minimum:
            yield {
                "goal": min(first for *_, first, _ in those),
                "otherGoal": min(second for *_, second in those) or None,
                "reviews": len(reviews),
                "reportedByStaff": len({review for review, own, *_ in those if _is_reported_by_staff(review, own)}),
                "factorsRecorded": len(reviews_in("factors")),
                "allReviews": len(all_reviews()),
                "pushedBy": tuple(
                    sorted({push for review, own, *_ in those for push in texts(review, own, LT.pushedBy)})
                ),
                "inReviews": tuple(sorted(reviews)),
            }


def _is_reported_by_staff(review: str, trade_off: str) -> bool:
    seen_from = [
        view
        for row in rows("factors", review=review)
        if trade_off in row["trade_offs"].split()
        for view in row["perspectives"].split()
    ]
    people = [person for view in seen_from for person in cell("perspectives", review, "person", perspective=view)]
    return any(rows("people", review=review, person=each, kind="professional") for each in people)


# P16


@answers("guidance-felt-at-front-line")
def guidance_felt_at_front_line(minimum: int = 1) -> Iterator[Record]:
    """P16. The review says that it is felt there, or says nothing and has a factor there that concerns it."""
    guidance = [row for row in table("artefacts") if _is_guidance(row)]
    groups: dict[tuple[str, str], list[tuple[Record, bool]]] = {}
    for row in guidance:
        says_so = "front-line-level" in row["felt_at"].split()
        if says_so or (row["felt_at"] in ("", NOT_STATED) and _has_factor_at_front_line(row)):
            groups.setdefault((row["kind"] or NOT_STATED, row["made_at"] or NOT_STATED), []).append(
                (dict(row), says_so)
            )
    for (kind, made_at), those in groups.items():
        reviews = {str(row["review"]) for row, _ in those}
        changes = {text(str(row["review"]), str(row["artefact"]), LT.changedTask) for row, _ in those} - {None}
        if len(reviews) >= minimum:
            yield {
                "artefactKind": kind,
                "madeAt": made_at,
                "reviews": len(reviews),
                "statedFelt": len({row["review"] for row, says_so in those if says_so}),
                "guidanceRecorded": len({row["review"] for row in guidance}),
                "allReviews": len(all_reviews()),
                "changedTask": tuple(sorted(map(str, changes))),
                "inReviews": tuple(sorted(reviews)),
            }


def _is_guidance(row: dict[str, str]) -> bool:
    if row["kind"] in ("", NOT_STATED):
        return (node(row["review"], row["artefact"]), None, LT.Guidance) in files()
    return class_of_kind(row["kind"]) == "Guidance"


def _has_factor_at_front_line(row: dict[str, str]) -> bool:
    return any(
        row["artefact"] in factor["artefacts"].split()
        for factor in rows("factors", review=row["review"], level="front-line-level")
    )
