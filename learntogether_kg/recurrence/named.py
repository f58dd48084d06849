"""Named queries that count over a whole library, answered from its coding table.

The SPARQL of such a query stays what defines it. Its header says ``#+ counts-over: coding-table``, and here stands how
its rows come from counts; a test holds that both give the same answer, to the letter. What the coding table cannot
tell is left to SPARQL.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from learntogether_kg import queries
from learntogether_kg.answers import Answer, Resource, Row, Value
from learntogether_kg.errors import QueryArgumentError
from learntogether_kg.figures import AxisValue, CoderCount
from learntogether_kg.namespaces import CL
from learntogether_kg.queries import Arguments, Vocabulary
from learntogether_kg.recurrence.counts import count, flag_counted
from learntogether_kg.recurrence.derived import associations, shares
from learntogether_kg.recurrence.dimensions import dimensions
from learntogether_kg.recurrence.index import CoderCodes, Coding
from learntogether_kg.recurrence.question import Question, ask
from learntogether_kg.recurrence.together import count_pairs
from learntogether_kg.store.base import Store

TABLE: Final = "coding-table"
"""What the header of such a query says it counts over."""


@dataclass(frozen=True)
class _Asked:
    """A named query with its arguments, over a coding table."""

    coding: Coding
    arguments: Arguments
    vocabulary: Vocabulary

    def question(self, by: Sequence[str], *where: str, year: str = "") -> Question:
        """Returns what it asks of the table; ``where`` names parameters that are also dimensions."""
        filters = [(name, self.arguments.text(name)) for name in where]
        return ask(self.coding, by, filters, self._given("codes") or "primary", self._given("coder"), year)

    def rows_of_typology(self) -> Iterator[tuple[str, dict[str, Value]]]:
        """Yields each row of the query, as the ontology alone answers it, by the IRI of its pattern."""
        query = self.arguments.query
        solutions = self.vocabulary.typology.select(query.bind(self.arguments.terms))
        answer = queries.answer_of(query, self.arguments, solutions, self.vocabulary.labels)
        for row in answer.rows:
            told = dict(zip(answer.columns, row, strict=True))
            assert isinstance(told["pattern"], Resource)
            yield told["pattern"].iri, told

    def _given(self, name: str) -> str:
        """Returns an argument; empty where the query takes none of that name."""
        return self.arguments.text(name) if any(each.name == name for each in self.arguments.query.parameters) else ""

    @property
    def minimum(self) -> int:
        """In how many reviews something must stand to be told."""
        return int(self.arguments.text("minimum"))


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
    query = queries.named(name)
    if query.counts_over != TABLE:
        return None
    vocabulary = vocabulary or Vocabulary(store)
    read = queries.read_arguments(query, arguments or {}, vocabulary)
    try:
        asked = _Asked(coding, read, vocabulary)
        if not asked.question([]).coder.coders:
            return None  # nobody coded, or the one asked for did not say what of
        rows = tuple(COUNTED[name](asked))
    except QueryArgumentError:
        return None  # it is right as an argument of the query, and yet nothing that the table has
    return Answer(name, read.shown, tuple(query.columns), rows)


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
    counts = queries.named(name).counts_over == TABLE
    counted = answer(coding(), store, name, arguments, vocabulary) if counts else None
    return queries.ask(store, name, arguments, vocabulary) if counted is None else counted


def _types_reported(asked: _Asked) -> Iterator[Row]:
    question = asked.question(["type"], "influence")
    coded = {coder.code: len(_scoped(coder)) for coder in asked.coding.coders}
    for (kind,), cell in count(asked.coding, question).items():
        (worked,) = shares([cell])
        share = _rounded(cell.reviews, cell.looked) if worked.share is not None else None
        told = [f"{each.coder}: {each.reviews} of {coded[each.coder]}" for each in cell.by_coder]
        yield (
            _resource(kind),
            cell.reviews,
            cell.findings_read,
            cell.looked,
            cell.looked_not_found,
            cell.cannot_tell,
            cell.all_reviews,
            share,
            worked.note.replace("looked for it", "looked for the type").replace("found it", "found the type"),
            _list(told),
            question.rule.replace("rolled up to broader patterns", "rolled up to the type"),
        )


def _recurring_patterns(asked: _Asked) -> Iterator[Row]:
    if asked.minimum < 1:
        raise QueryArgumentError("recurring-patterns", "minimum", "what stands in no review is for SPARQL to tell")
    coding, question = asked.coding, asked.question(["pattern", "influence"])
    coder = coding.coders[question.coder.coders[0]]
    masks = coder.primary_masks if question.codes == "primary" else coder.any_masks
    types = {value.iri for value in coding.patterns[: coding.types]}
    coded = {each.code: (len(_scoped(each)), len(_scoped(each, deep=True))) for each in coding.coders}
    place_of = {value.iri: place for place, value in enumerate(coding.patterns)}
    bit_of = {value.iri: 1 << place for place, value in enumerate(coding.influences)}
    links = _review_links(coding)
    rule = f"{question.rule.replace(', of any influence', '')}; of reviews whose findings were read"
    found = [
        (values, cell)
        for values, cell in count(coding, question).items()
        if cell.reviews is not None and cell.reviews >= asked.minimum
    ]
    for (pattern, influence), cell in sorted(
        found, key=lambda each: (-(each[1].reviews or 0), each[0][0].label, each[0][0].iri, each[0][1].label)
    ):
        told = [_looked(each, coded[each.coder][pattern.iri not in types]) for each in cell.by_coder]
        flags = (masks[place_of[pattern.iri]] & np.uint16(bit_of[influence.iri])) != 0
        yield (
            _resource(pattern),
            _resource(influence),
            cell.reviews,
            cell.findings_read,
            _list(told),
            rule,
            tuple(sorted(links[place] for place in coder.reviews[flags])),
        )


def _patterns_by_year(asked: _Asked) -> Iterator[Row]:
    year = asked.arguments.text("yearOf").removesuffix("-end")
    pattern = asked.arguments.text("pattern")
    question = asked.question(["pattern" if pattern else "type", "year"], "influence", year=year)
    for (kind, when), cell in count(asked.coding, question).items():
        if cell.all_reviews and pattern in ("", kind.iri):
            yield (
                when.label.lower(),
                _resource(kind),
                cell.reviews,
                cell.looked,
                cell.findings_read,
                cell.all_reviews,
                _list(_looked(each, each.coded) for each in cell.by_coder),
                question.rule,
            )


def _pattern_pairs(asked: _Asked) -> Iterator[Row]:
    level = "type" if asked.arguments.text("level") == "types" else "pattern"
    question = asked.question([level], "influence")
    pairs = [pair for pair in count_pairs(asked.coding, question) if (pair.together or 0) >= asked.minimum]
    rows = []
    for pair, worked in zip(pairs, associations(pairs), strict=True):
        each = dict(zip(pair.patterns, pair.each, strict=True))
        one, other = sorted(pair.patterns, key=lambda value: value.iri)
        expected = _rounded(each[one], pair.coded, each[other])
        lift = _rounded(pair.together, each[one], pair.coded, each[other]) if worked.lift is not None else None
        told = [
            f"{c.coder}: did not look" if not c.coded else f"{c.coder}: {c.reviews} of {c.coded}" for c in pair.by_coder
        ]
        row = (_resource(one), _resource(other), pair.together, each[one], each[other], pair.coded, pair.whole)
        rule = f"{question.rule}; of reviews so coded"
        place = (-(pair.together or 0), expected is not None, expected or 0, one.label, other.label, one.iri, other.iri)
        rows.append((place, (*row, expected, lift, worked.note, _list(told), rule)))
    yield from (row for _, row in sorted(rows))


def _agencies_by_pattern(asked: _Asked) -> Iterator[Row]:
    coding, pattern = asked.coding, asked.arguments.text("pattern")
    question, total = asked.question(["agency"], "influence", "pattern"), asked.question([], "influence", "pattern")
    hits, links = flag_counted(coding, total), _review_links(coding)
    fact = coding.fact(dimensions()["agency"], question.year)
    stated = int(np.count_nonzero(hits & fact.flags[:-1].any(axis=0)))
    listed = {value.iri for value in coding.lists.get(str(CL["agency-kinds"]), ())}
    counts = count(coding, question)
    named = next((value.label for value in coding.patterns if value.iri == pattern), "any")
    rule = question.rule.replace(", counted once each", f", pattern: {named}, counted once each")
    of = {each.coder: each.reviews for each in counts.total.by_coder}
    rows = []
    for ((kind,), cell), flags in zip(counts.items(), fact.flags, strict=True):
        if kind.iri in listed:
            told = [f"{each.coder}: {each.reviews} of {of[each.coder]}" for each in cell.by_coder]
            reviews = tuple(sorted(links[place] for place in np.flatnonzero(hits & flags)))
            row = (_resource(kind), cell.reviews, counts.total.reviews, stated, _list(told), reviews, rule)
            rows.append(((-(cell.reviews or 0), kind.label, kind.iri), row))
    yield from (row for _, row in sorted(rows, key=lambda each: each[0]))


def _pattern_list(asked: _Asked) -> Iterator[Row]:
    return _patterns_told(asked, told_by_coder=False)


def _sub_patterns(asked: _Asked) -> Iterator[Row]:
    return _patterns_told(asked, told_by_coder=True)


def _patterns_told(asked: _Asked, told_by_coder: bool) -> Iterator[Row]:
    """Yields what the ontology says of patterns, with the number of reviews each is found in."""
    coding, question = asked.coding, asked.question(["pattern"])
    coded = {coder.code: len(_scoped(coder, deep=True)) for coder in coding.coders}
    looked_below = coded[coding.coders[question.coder.coders[0]].code] > 0
    types = {value.iri for value in coding.patterns[: coding.types]}
    cells = {pattern.iri: cell for (pattern,), cell in count(coding, question).items()}
    rule = f"{_of_any_influence(question.rule)}; of reviews whose findings were read"
    for iri, told in asked.rows_of_typology():
        cell = cells[iri]
        looked = looked_below or bool(cell.reviews) or (iri in types and not told_by_coder)
        told |= {"reviews": cell.reviews if looked else None, "findingsRead": int(coding.read.sum()), "rule": rule}
        if told_by_coder:
            told["byCoder"] = _list(_looked(each, coded[each.coder]) for each in cell.by_coder)
        yield tuple(told[name] for name in asked.arguments.query.columns)


COUNTED: Final[Mapping[str, Callable[[_Asked], Iterable[Row]]]] = {
    "types-reported": _types_reported,
    "recurring-patterns": _recurring_patterns,
    "patterns-by-year": _patterns_by_year,
    "pattern-pairs": _pattern_pairs,
    "agencies-by-pattern": _agencies_by_pattern,
    "pattern-list": _pattern_list,
    "sub-patterns": _sub_patterns,
}
"""How the rows of each such query come from counts."""


def _resource(value: AxisValue) -> Resource:
    return Resource(value.label, value.iri)


def _of_any_influence(rule: str) -> str:
    return rule if ", of any influence" in rule else rule.replace(" coding)", " coding), of any influence")


def _review_links(coding: Coding) -> list[Resource]:
    return [_resource(review) for review in coding.reviews]


def _scoped(coder: CoderCodes, deep: bool = False) -> npt.NDArray[np.intp]:
    """Returns the places of the reviews that a coder says to have read, or to have read below the types."""
    said = [any(scope.deep or not deep for scope in scopes) for scopes in coder.scopes]
    return np.flatnonzero(np.array(said, np.bool_)[coder.scope_of])


def _looked(each: CoderCount, coded: int | None) -> str:
    if each.reviews == 0 == coded:
        return f"{each.coder}: did not look"
    return f"{each.coder}: {each.reviews} of {coded}"


def _list(members: Iterable[str]) -> tuple[str, ...]:
    """As `Answer.of` gives the members of a list: each once, sorted."""
    return tuple(sorted(set(members)))


def _rounded(number: int | None, by: int | None, times: int | None = 1, per: int | None = 1) -> float | None:
    """Returns a number, multiplied and divided, to three places, as ROUND of SPARQL does; None where it is not told."""
    if number is None or times is None or not by or not per:
        return None
    return math.floor(Fraction(number * times, by * per) * 1000 + Fraction(1, 2)) / 1000
