"""A named query with its arguments, over a coding table, and the words and links its rows are made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from learntogether_kg import queries
from learntogether_kg.answers import Resource, Value
from learntogether_kg.figures import AxisValue, CoderCount
from learntogether_kg.queries import Arguments, Vocabulary
from learntogether_kg.recurrence.index import CoderCodes, Coding, Flags, Places
from learntogether_kg.recurrence.question import Question, ask
from learntogether_kg.store.base import Store


@dataclass(frozen=True)
class Asked:
    """A named query with its arguments, over a coding table.

    Attributes:
        coding: The coding table.
        arguments: The arguments.
        vocabulary: What resources are called in the store.
        store: The triples that the table was extracted from, for what it does not hold.
    """

    coding: Coding
    arguments: Arguments
    vocabulary: Vocabulary
    store: Store

    def question(self, by: Sequence[str], *where: str, year: str = "", **filters: str) -> Question:
        """Returns what it asks of the table.

        Args:
            by: Names of dimensions.
            where: Names of parameters that are also dimensions, to filter on.
            year: Which kind of year is meant.
            filters: Values to filter on, by dimension, whatever the arguments.

        Raises:
            QueryArgumentError: The table does not have such a value.
        """
        chosen = [(name, self.arguments.text(name)) for name in where] + [*filters.items()]
        return ask(self.coding, by, chosen, self.given("codes") or "primary", self.given("coder"), year)

    def rows_of_typology(self, key: str = "pattern") -> Iterator[tuple[str, dict[str, Value]]]:
        """Yields each row of the query, as the ontology alone answers it, by the IRI in one of its columns."""
        query = self.arguments.query
        solutions = self.vocabulary.typology.select(query.bind(self.arguments.terms))
        answer = queries.answer_of(query, self.arguments, solutions, self.vocabulary.labels)
        for row in answer.rows:
            told = dict(zip(answer.columns, row, strict=True))
            value = told[key]
            assert isinstance(value, Resource)
            yield value.iri, told

    def given(self, name: str) -> str:
        """Returns an argument; empty where the query takes none of that name."""
        return self.arguments.text(name) if any(each.name == name for each in self.arguments.query.parameters) else ""

    @property
    def minimum(self) -> int:
        """In how many reviews something must stand to be told."""
        return int(self.arguments.text("minimum"))

    def linked(self, reviews: Flags | Places) -> tuple[Resource, ...]:
        """Returns reviews, by their flags or places, as `Answer.of` gives the members of a list: sorted by label."""
        links, rank_of = self.coding.links
        ranks: list[Resource] = links[np.sort(rank_of[reviews])].tolist()
        return tuple(ranks)


def resource(value: AxisValue) -> Resource:
    """Returns a value as the resource it is."""
    return Resource(value.label, value.iri)


def of_any_influence(rule: str) -> str:
    """Returns a rule that says of which influence, where it does not yet."""
    return rule if ", of any influence" in rule else rule.replace(" coding)", " coding), of any influence")


def scoped(coder: CoderCodes, deep: bool = False) -> npt.NDArray[np.intp]:
    """Returns the places of the reviews that a coder says to have read, or to have read below the types."""
    said = [any(scope.deep or not deep for scope in scopes) for scopes in coder.scopes]
    return np.flatnonzero(np.array(said, np.bool_)[coder.scope_of])


def told_looked(each: CoderCount, coded: int | None) -> str:
    """Returns how many of so many reviews a coder found something in."""
    if each.reviews == 0 == coded:
        return f"{each.coder}: did not look"
    return f"{each.coder}: {each.reviews} of {coded}"


def listed(members: Iterable[str]) -> tuple[str, ...]:
    """Returns texts as `Answer.of` gives the members of a list: each once, sorted."""
    return tuple(sorted(set(members)))


def rounded(number: int | None, by: int | None, times: int | None = 1, per: int | None = 1) -> float | None:
    """Returns a number, multiplied and divided, to three places, as ROUND of SPARQL does; None where it is not told."""
    if number is None or times is None or not by or not per:
        return None
    return math.floor(Fraction(number * times, by * per) * 1000 + Fraction(1, 2)) / 1000
