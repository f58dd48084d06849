"""Named queries that count over a whole library, answered from its coding table.

The SPARQL of such a query stays what defines it. Its header says ``#+ counts-over: coding-table``, and here stands how
its rows come from counts; a test holds that both give the same answer, to the letter. What the coding table cannot
tell is left to SPARQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import numpy as np

from learntogether_kg import queries, query_files
from learntogether_kg.answers import Answer, LateRows, Row
from learntogether_kg.errors import QueryArgumentError
from learntogether_kg.namespaces import CL
from learntogether_kg.queries import Vocabulary
from learntogether_kg.recurrence.asked import Asked, listed, of_any_influence, resource, rounded, scoped, told_looked
from learntogether_kg.recurrence.counts import count, flag_counted
from learntogether_kg.recurrence.derived import associations, shares
from learntogether_kg.recurrence.dimensions import dimensions
from learntogether_kg.recurrence.index import Coding
from learntogether_kg.recurrence.named_coverage import incomplete_reviews
from learntogether_kg.recurrence.named_likeness import similar_findings
from learntogether_kg.recurrence.named_practice import perspective_differences, trade_offs
from learntogether_kg.recurrence.named_reach import (
    artefacts_by_pattern,
    coding_by_coder_kind,
    constructive_patterns,
    national_level_patterns,
    patterns_after_recommendation,
)
from learntogether_kg.recurrence.together import count_pairs
from learntogether_kg.store.base import Store

TABLE: Final = "coding-table"
"""What the header of such a query says it counts over."""


def answer(
    coding: Coding,
    store: Store,
    name: str,
    arguments: Mapping[str, str] | None = None,
    vocabulary: Vocabulary | None = None,
) -> Answer | None:
    """Returns the answer of a named query, from the coding table.

    Args:
        coding: The coding table.
        store: The triples it was extracted from.
        name: The query's name.
        arguments: As for `queries.ask`.
        vocabulary: Likewise.

    Returns:
        None where the query does not count over the table, or the table cannot tell.

    Raises:
        UnknownQueryError: No query has that name.
        QueryArgumentError: An argument is unknown or not of its type.
        StoreUnavailableError: The store does not answer.
    """
    query = query_files.named(name)
    if query.counts_over != TABLE:
        return None
    vocabulary = vocabulary or Vocabulary(store)
    read = queries.read_arguments(query, arguments or {}, vocabulary)
    try:
        asked = Asked(coding, read, vocabulary, store)
        if not asked.question([]).coder.coders:
            return None  # nobody coded, or the one asked for did not say what of
        rows = COUNTED[name](asked)
        rows = rows if isinstance(rows, LateRows) else tuple(rows)
    except QueryArgumentError:
        return None  # it is right as an argument of the query, and yet nothing that the table has
    return Answer(name, read.shown, tuple(query.columns), rows, query.resources)


def ask_named(
    store: Store,
    name: str,
    arguments: Mapping[str, str] | None,
    coding: Callable[[], Coding],
    vocabulary: Vocabulary | None = None,
) -> Answer:
    """Asks a named query: over the coding table where it counts over that, else of the store.

    Args:
        store: The triples.
        name: The query's name.
        arguments: As for `queries.ask`.
        coding: Gives the coding table of the same triples when it is needed.
        vocabulary: As for `queries.ask`.

    Raises:
        UnknownQueryError: No query has that name.
        QueryArgumentError: An argument is unknown or not of its type.
        StoreUnavailableError: The store does not answer.
    """
    vocabulary = vocabulary or Vocabulary(store)
    counts = query_files.named(name).counts_over == TABLE
    counted = answer(coding(), store, name, arguments, vocabulary) if counts else None
    return queries.ask(store, name, arguments, vocabulary) if counted is None else counted


def _types_reported(asked: Asked) -> Iterator[Row]:
    question = asked.question(["type"], "influence")
    coded = {coder.code: len(scoped(coder)) for coder in asked.coding.coders}
    for (kind,), cell in count(asked.coding, question).items():
        (worked,) = shares([cell])
        share = rounded(cell.reviews, cell.looked) if worked.share is not None else None
        told = [f"{each.coder}: {each.reviews} of {coded[each.coder]}" for each in cell.by_coder]
        yield (
            resource(kind),
            cell.reviews,
            cell.findings_read,
            cell.looked,
            cell.looked_not_found,
            cell.cannot_tell,
            cell.all_reviews,
            share,
            worked.note.replace("looked for it", "looked for the type").replace("found it", "found the type"),
            listed(told),
            question.rule.replace("rolled up to broader patterns", "rolled up to the type"),
        )


def _recurring_patterns(asked: Asked) -> Iterator[Row]:
    if asked.minimum < 1:
        raise QueryArgumentError("recurring-patterns", "minimum", "what stands in no review is for SPARQL to tell")
    coding, question = asked.coding, asked.question(["pattern", "influence"])
    coder = coding.coders[question.coder.coders[0]]
    masks = coder.primary_masks if question.codes == "primary" else coder.any_masks
    types = {value.iri for value in coding.patterns[: coding.types]}
    coded = {each.code: (len(scoped(each)), len(scoped(each, deep=True))) for each in coding.coders}
    place_of = {value.iri: place for place, value in enumerate(coding.patterns)}
    bit_of = {value.iri: 1 << place for place, value in enumerate(coding.influences)}
    rule = f"{question.rule.replace(', of any influence', '')}; of reviews whose findings were read"
    found = [
        (values, cell)
        for values, cell in count(coding, question).items()
        if cell.reviews is not None and cell.reviews >= asked.minimum
    ]
    for (pattern, influence), cell in sorted(
        found, key=lambda each: (-(each[1].reviews or 0), each[0][0].label, each[0][0].iri, each[0][1].label)
    ):
        told = [told_looked(each, coded[each.coder][pattern.iri not in types]) for each in cell.by_coder]
        flags = (masks[place_of[pattern.iri]] & np.uint16(bit_of[influence.iri])) != 0
        yield (
            resource(pattern),
            resource(influence),
            cell.reviews,
            cell.findings_read,
            listed(told),
            rule,
            asked.linked(coder.reviews[flags]),
        )


def _patterns_by_year(asked: Asked) -> Iterator[Row]:
    year = asked.arguments.text("yearOf").removesuffix("-end")
    pattern = asked.arguments.text("pattern")
    question = asked.question(["pattern" if pattern else "type", "year"], "influence", year=year)
    for (kind, when), cell in count(asked.coding, question).items():
        if cell.all_reviews and pattern in ("", kind.iri):
            yield (
                when.label.lower(),
                resource(kind),
                cell.reviews,
                cell.looked,
                cell.findings_read,
                cell.all_reviews,
                listed(told_looked(each, each.coded) for each in cell.by_coder),
                question.rule,
            )


def _pattern_pairs(asked: Asked) -> Iterator[Row]:
    level = "type" if asked.arguments.text("level") == "types" else "pattern"
    question = asked.question([level], "influence")
    pairs = [pair for pair in count_pairs(asked.coding, question) if (pair.together or 0) >= asked.minimum]
    rows = []
    for pair, worked in zip(pairs, associations(pairs), strict=True):
        each = dict(zip(pair.patterns, pair.each, strict=True))
        one, other = sorted(pair.patterns, key=lambda value: value.iri)
        expected = rounded(each[one], pair.coded, each[other])
        lift = rounded(pair.together, each[one], pair.coded, each[other]) if worked.lift is not None else None
        told = [
            f"{c.coder}: did not look" if not c.coded else f"{c.coder}: {c.reviews} of {c.coded}" for c in pair.by_coder
        ]
        row = (resource(one), resource(other), pair.together, each[one], each[other], pair.coded, pair.whole)
        rule = f"{question.rule}; of reviews so coded"
        place = (-(pair.together or 0), expected is not None, expected or 0, one.label, other.label, one.iri, other.iri)
        rows.append((place, (*row, expected, lift, worked.note, listed(told), rule)))
    yield from (row for _, row in sorted(rows))


def _agencies_by_pattern(asked: Asked) -> Iterator[Row]:
    coding, pattern = asked.coding, asked.arguments.text("pattern")
    question, total = asked.question(["agency"], "influence", "pattern"), asked.question([], "influence", "pattern")
    hits = flag_counted(coding, total)
    fact = coding.fact(dimensions()["agency"], question.year)
    stated = int(np.count_nonzero(hits & fact.flags[:-1].any(axis=0)))
    kinds = {value.iri for value in coding.lists.get(str(CL["agency-kinds"]), ())}
    counts = count(coding, question)
    named = next((value.label for value in coding.patterns if value.iri == pattern), "any")
    rule = question.rule.replace(", counted once each", f", pattern: {named}, counted once each")
    of = {each.coder: each.reviews for each in counts.total.by_coder}
    rows = []
    for ((kind,), cell), flags in zip(counts.items(), fact.flags, strict=True):
        if kind.iri in kinds:
            told = [f"{each.coder}: {each.reviews} of {of[each.coder]}" for each in cell.by_coder]
            reviews = asked.linked(hits & flags)
            row = (resource(kind), cell.reviews, counts.total.reviews, stated, listed(told), reviews, rule)
            rows.append(((-(cell.reviews or 0), kind.label, kind.iri), row))
    yield from (row for _, row in sorted(rows, key=lambda each: each[0]))


def _pattern_list(asked: Asked) -> Iterator[Row]:
    return _patterns_told(asked, told_by_coder=False)


def _sub_patterns(asked: Asked) -> Iterator[Row]:
    return _patterns_told(asked, told_by_coder=True)


def _patterns_told(asked: Asked, told_by_coder: bool) -> Iterator[Row]:
    """Yields what the ontology says of patterns, with the number of reviews each is found in."""
    coding, question = asked.coding, asked.question(["pattern"])
    coded = {coder.code: len(scoped(coder, deep=True)) for coder in coding.coders}
    looked_below = coded[coding.coders[question.coder.coders[0]].code] > 0
    types = {value.iri for value in coding.patterns[: coding.types]}
    cells = {pattern.iri: cell for (pattern,), cell in count(coding, question).items()}
    rule = f"{of_any_influence(question.rule)}; of reviews whose findings were read"
    for iri, told in asked.rows_of_typology():
        cell = cells[iri]
        looked = looked_below or bool(cell.reviews) or (iri in types and not told_by_coder)
        told |= {"reviews": cell.reviews if looked else None, "findingsRead": int(coding.read.sum()), "rule": rule}
        if told_by_coder:
            told["byCoder"] = listed(told_looked(each, coded[each.coder]) for each in cell.by_coder)
        yield tuple(told[name] for name in asked.arguments.query.columns)


COUNTED: Final[Mapping[str, Callable[[Asked], Iterable[Row]]]] = {
    "types-reported": _types_reported,
    "recurring-patterns": _recurring_patterns,
    "patterns-by-year": _patterns_by_year,
    "pattern-pairs": _pattern_pairs,
    "agencies-by-pattern": _agencies_by_pattern,
    "pattern-list": _pattern_list,
    "sub-patterns": _sub_patterns,
    "constructive-patterns": constructive_patterns,
    "artefacts-by-pattern": artefacts_by_pattern,
    "national-level-patterns": national_level_patterns,
    "patterns-after-recommendation": patterns_after_recommendation,
    "coding-by-coder-kind": coding_by_coder_kind,
    "trade-offs": trade_offs,
    "perspective-differences": perspective_differences,
    "similar-findings": similar_findings,
    "incomplete-reviews": incomplete_reviews,
}
"""How the rows of each such query come from counts."""
