"""The answer to a question of recurrence: figures, and everything that must stand beside them, in one piece.

Counts come in, protected by disclosure control; what is worked out from them is worked out here. `Result.answer` gives
the rows as every other answer of the project is given, so pages, JSON, CSV and the command line show them alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from learntogether_kg.answers import Answer, Resource, Scalar, Value
from learntogether_kg.figures import FEW, AxisValue, Cell, CoderCount, Count, Counts, Together
from learntogether_kg.recurrence.chance import Chance
from learntogether_kg.recurrence.counts import count, reviews_counted
from learntogether_kg.recurrence.derived import Association, Share, TrendLine, associations, shares, trends
from learntogether_kg.recurrence.dimensions import dimensions
from learntogether_kg.recurrence.index import Coding
from learntogether_kg.recurrence.question import Question
from learntogether_kg.recurrence.together import count_pairs, count_triples, level_of

HIDDEN: Final = "c"
"""Stands for a count that is not shown; the sign that DfE statistics use."""

INTERVAL: Final = (
    "Share and interval are of the reviews that looked: Jeffreys, 95 %. Reviews are chosen cases, no random sample: "
    "the interval says how far the share could move with as many reviews like these, and nothing of practice at large"
)
PAIRS: Final = (
    "Two patterns stand together in a review if each is found in any of its findings, factors or interactions; codes "
    "of one and the same item are counted apart. Odds ratio with logit interval, 95 %"
)
TREND: Final = (
    "Share of the reviews of each year that looked; Cochran-Armitage test for trend, two-sided, with q over all series "
    "(Benjamini and Hochberg). Which reviews are done and published changes from year to year, so a trend here need "
    "not be one in practice"
)

COLUMNS: Final[dict[str, str]] = {
    "reviews": "Reviews in which the counted coding found it, each counted once",
    "findingsRead": "First denominator: reviews of which at least one finding could be read",
    "looked": "Second denominator: reviews where the coder looked for it, having coded the whole report at its level "
    'under a version of the typology that has it, said "looked for, not found", or found it; "cannot tell" is no look',
    "lookedNotFound": "Of those that looked, reviews in which nothing of it was found under any code or influence",
    "cannotTell": "Reviews of which the coder says that it cannot be told",
    "allReviews": "Third denominator: all reviews in the library",
    "share": "Reviews reporting it as a part of those that looked, from 0 to 1; empty where it would mislead",
    "low": "Lower end of the interval of the share",
    "high": "Upper end",
    "note": "Why there is no share, or what to mind",
    "byCoder": 'The same count by every coder, of the reviews that coder has coded at its level; "did not look" where '
    "that is none",
    "rule": "How the figure was counted",
}
PAIR_COLUMNS: Final[dict[str, str]] = {
    "pattern": "One pattern",
    "otherPattern": "The other, never one above or under it",
    "together": "Reviews in which the counted coding found both, in whichever findings, factors or interactions",
    "reviews": "Reviews in which it found the one",
    "otherReviews": "Reviews in which it found the other",
    "inOneFinding": "Reviews in which one finding, factor or interaction has both among its codes: an overlap of the "
    "patterns as much as a meeting",
    "reviewsCoded": "The denominator: reviews coded at this level under a version of the typology that has both",
    "wholeReports": "Those of them whose whole report was coded",
    "expected": "In how many reviews both would stand if the one had nothing to do with the other",
    "lift": "How many times as often as that they do; empty where it would mislead",
    "oddsRatio": "The odds of the one with the other, divided by its odds without",
    "low": "Lower end of the interval of the odds ratio",
    "high": "Upper end",
    "chance": "The mean count where each review keeps its number of patterns and each pattern its number of reviews",
    "p": "How often such chance alone gives as unusual a count",
    "q": "The share of false finds among all pairs that are as unusual or more",
    "note": "Why there is no lift, or what to mind",
    "byCoder": "Reviews with both by every coder, of the reviews that coder has coded at this level",
    "rule": "How the figures were counted",
}
TRIPLE_COLUMNS: Final[dict[str, str]] = {
    "pattern": "One pattern",
    "otherPattern": "The second",
    "thirdPattern": "The third",
    "together": "Reviews in which the counted coding found all three",
    "each": "Reviews in which it found each of them",
    "reviewsCoded": "The denominator: reviews coded at this level under a version of the typology that has all three",
    "wholeReports": "Those of them whose whole report was coded",
    "rule": "How the figures were counted",
}

Protect = Callable[[Question, Counts], Counts]
"""Disclosure control of a table."""
ProtectPairs = Callable[[Question, list[Together]], list[Together]]
"""Disclosure control of pairs."""


@dataclass(frozen=True)
class Row:
    """One row of a result: what it is of, its counts, and the filters that ask for it alone."""

    values: tuple[AxisValue, ...]
    cell: Cell
    narrow: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Result:
    """An answer with all that must stand beside it.

    Attributes:
        answer: The rows.
        columns: What each column means.
        summary: What is counted, in a line.
        sentence: A sentence that can be cited.
        rule: How the figures were counted.
        method: How what is beside the counts was worked out.
        release: The release it was asked of.
        profile: The profile of disclosure control it passed.
        counts: The protected counts of a table, for pictures.
        pairs: The protected pairs, for pictures.
        trend: Tests of trend.
        rows: The rows with the filters that ask for each alone.
        reviews: The reviews counted, where one figure is asked for and records may be shown.
    """

    answer: Answer
    columns: dict[str, str]
    summary: str
    sentence: str
    rule: str
    method: str
    release: str
    profile: str
    counts: Counts | None = None
    pairs: tuple[Together, ...] = ()
    trend: tuple[TrendLine, ...] = ()
    rows: tuple[Row, ...] = ()
    reviews: tuple[AxisValue, ...] | None = None


def tabulate(
    coding: Coding, question: Question, release: str, profile: str = "open", protect: Protect | None = None
) -> Result:
    """Returns a table of counts as an answer.

    Args:
        coding: What is counted.
        question: What is asked.
        release: The name of the release.
        profile: The name of the profile.
        protect: Disclosure control; without one everything is shown, reviews too.
    """
    counts = count(coding, question)
    counts = protect(question, counts) if protect else counts
    names = [dimension.name for dimension in question.by]
    columns = {name: dimensions()[name].meaning for name in names} | COLUMNS
    rows = tuple(Row(values, cell, _narrowed(names, values)) for values, cell in counts.items())
    worked = shares([row.cell for row in rows])
    table = tuple(
        (*map(_resource, row.values), *_cell_values(row.cell, each), question.rule)
        for row, each in zip(rows, worked, strict=True)
    )
    return Result(
        Answer("recurrence", question.typed, tuple(columns), table),
        columns,
        summary(question),
        _sentence(question, counts.total, release),
        question.rule,
        f"{INTERVAL}. {TREND}" if "year" in names else INTERVAL,
        release,
        profile,
        counts=counts,
        trend=tuple(trends(counts)),
        rows=rows,
        reviews=None if protect or names else tuple(reviews_counted(coding, question)),
    )


def pair_up(
    coding: Coding,
    question: Question,
    release: str,
    permutations: int = 0,
    profile: str = "open",
    protect: ProtectPairs | None = None,
    chance: Chance | None = None,
) -> Result:
    """Returns the pairs of patterns as an answer; see `tabulate` and `count_pairs`."""
    pairs = count_pairs(coding, question, permutations, chance)
    pairs = protect(question, pairs) if protect else pairs
    tested = (
        f"{PAIRS}. Chance: {permutations} matrices with the same totals of reviews and of patterns, over the reviews "
        "coded for all of the patterns; q over all pairs looked at (Benjamini and Hochberg)"
    )
    rows = tuple(
        (*map(_resource, pair.patterns), *_pair_values(pair, each), question.rule)
        for pair, each in zip(pairs, associations(pairs), strict=True)
    )
    seen = sum(1 for pair in pairs if pair.together)
    return Result(
        Answer("recurrence", question.typed | {"pairs": level_of(question)}, tuple(PAIR_COLUMNS), rows),
        PAIR_COLUMNS,
        f"Which {level_of(question)} stand together in one review",
        f"In release {release}, {seen} of {len(pairs)} pairs of {level_of(question)} stand together in at least one "
        f"review ({question.rule[0].lower()}{question.rule[1:]}).",
        question.rule,
        tested if permutations else PAIRS,
        release,
        profile,
        pairs=tuple(pairs),
    )


def triple_up(coding: Coding, question: Question, release: str, profile: str = "open") -> Result:
    """Returns the triples of patterns that stand together as an answer; there is no test of them."""
    triples = count_triples(coding, question)
    rows = tuple(
        (
            *map(_resource, each.patterns),
            _shown(each.together),
            ", ".join(str(_shown(one)) for one in each.each),
            _shown(each.coded),
            _shown(each.whole),
            question.rule,
        )
        for each in triples
    )
    return Result(
        Answer("recurrence", question.typed | {"triples": level_of(question)}, tuple(TRIPLE_COLUMNS), rows),
        TRIPLE_COLUMNS,
        f"Which three {level_of(question)} stand together in one review",
        f"In release {release}, {len(triples)} triples of {level_of(question)} stand together in at least one "
        f"review ({question.rule[0].lower()}{question.rule[1:]}).",
        question.rule,
        "Counts only: triples are not tested against chance",
        release,
        profile,
    )


def summary(question: Question) -> str:
    """Returns what a table counts, in a line."""
    filters = "; ".join(
        f"{each.dimension.label.lower()}: {' or '.join(value.label for value in each.values)}"
        for each in question.where
    )
    by = " and ".join(each.label.lower() for each in question.by)
    what = "the pattern" if question.filters("pattern") else "a pattern"
    return f"Reviews with {what}{f', by {by}' if by else ''}{f' ({filters})' if filters else ''}"


def _sentence(question: Question, total: Cell, release: str) -> str:
    what = " or ".join(value.reading for each in question.filters("pattern") for value in each.values) or "any pattern"
    influences = " or ".join(v.label.lower() for each in question.filters("influence") for v in each.values)
    only = "; ".join(
        f"{each.dimension.label.lower()} {' or '.join(value.label.lower() for value in each.values)}"
        for each in question.filters("review", "item")
    )
    (worked,) = shares([total])
    of_looked = (
        f"; of the {total.looked} that looked this is {worked.share:.0%} "
        f"(95 % interval {worked.low:.0%} to {worked.high:.0%})"
        if worked.share is not None
        else ""
    )
    which = f"reviews whose findings were read{f' ({only})' if only else ''}"
    have = (
        f"{'any' if question.codes == 'any' else 'a primary'} code for {what}"
        f"{f' with {influences} influence' if influences else ''} by {question.coder.words}"
    )
    if total.reviews is None:
        of = "" if total.findings_read is None else f"{total.findings_read} "
        return f"In release {release} it is not shown how many of the {of}{which} have {have}."
    if total.findings_read is None:
        return f"In release {release}, {total.reviews} of the {which}, whose number is not shown, have {have}."
    return (
        f"In release {release}, {total.reviews} of {total.findings_read} {which} have {have}{of_looked}. "
        "Reviews are chosen cases: this is no prevalence."
    )


def _narrowed(names: Sequence[str], values: Sequence[AxisValue]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value.key) for name, value in zip(names, values, strict=True))


def _resource(value: AxisValue) -> Scalar:
    return Resource(value.reading, value.iri) if value.iri.startswith("http") else value.reading


def _cell_values(cell: Cell, worked: Share) -> list[Value]:
    few = "" if worked.share is not None or not _is_small(cell) else f"; fewer than {FEW} reviews were read"
    return [
        *map(
            _shown,
            (cell.reviews, cell.findings_read, cell.looked, cell.looked_not_found, cell.cannot_tell, cell.all_reviews),
        ),
        *map(_rounded, (worked.share, worked.low, worked.high)),
        f"{worked.note}{few}",
        _spread(cell.by_coder),
    ]


def _is_small(cell: Cell) -> bool:
    return cell.findings_read is not None and cell.findings_read < FEW


def _pair_values(pair: Together, worked: Association) -> list[Value]:
    return [
        _shown(pair.together),
        *map(_shown, pair.each),
        _shown(pair.in_one_finding),
        _shown(pair.coded),
        _shown(pair.whole),
        *map(_rounded, (worked.expected, worked.lift, worked.odds_ratio, worked.low, worked.high)),
        *map(_rounded, (pair.expected, pair.p_value, pair.q_value)),
        worked.note,
        _spread(pair.by_coder),
    ]


def _spread(by_coder: Sequence[CoderCount]) -> tuple[Scalar, ...]:
    return tuple(f"{each.coder}: {_of(each)}" for each in by_coder)


def _of(each: CoderCount) -> str:
    if each.reviews == 0 == each.coded:
        return "did not look"
    return f"{_shown(each.reviews)} of {_shown(each.coded)}"


def _shown(number: Count) -> int | str:
    return HIDDEN if number is None else number


def _rounded(number: float | None) -> float | None:
    """Three places: no count of reviews carries more."""
    return None if number is None else round(number, 3)


def notes(result: Result) -> list[str]:
    """Returns what must stand beside the figures, one sentence a line."""
    trend = [
        f"Trend{f' of {line.series[0].reading}' if line.series else ''}: {_trend_words(line)}" for line in result.trend
    ]
    return [
        result.sentence,
        f"How the figures were counted: {result.rule}.",
        *trend,
        f"Method: {result.method}. Profile: {result.profile}.",
    ]


def as_document(result: Result) -> dict[str, object]:
    """Returns a result as JSON-ready data: what was asked, how it was counted, the rows."""
    document: dict[str, object] = {
        "query": result.answer.query,
        "question": "P1 P2 P3 P4",
        "summary": result.summary,
        "release": result.release,
        "arguments": result.answer.arguments,
        "profile": result.profile,
        "rule": result.rule,
        "method": result.method,
        "sentence": result.sentence,
        "columns": result.columns,
        "rows": result.answer.as_records(),
    }
    if result.trend:
        document["trend"] = [_trend_document(line) for line in result.trend]
    if result.reviews is not None:
        document["reviews"] = [{"iri": review.iri, "label": review.label} for review in result.reviews]
    return document


def _trend_words(line: TrendLine) -> str:
    if line.statistic is None or line.p_value is None or line.q_value is None:
        return line.note
    way = "rises" if line.statistic > 0 else "falls"
    late = f"; {line.note}" if line.note else ""
    return (
        f"the share {way} from {line.years[0]} to {line.years[-1]} (z = {line.statistic:.2f}, p = {line.p_value:.3f}, "
        f"q = {line.q_value:.3f}){late}"
    )


def _trend_document(line: TrendLine) -> dict[str, object]:
    return {
        "series": [{"iri": value.iri, "label": value.reading} for value in line.series],
        "statistic": _rounded(line.statistic),
        "p": _rounded(line.p_value),
        "q": _rounded(line.q_value),
        "years": list(line.years),
        "note": line.note,
    }
