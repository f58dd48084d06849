"""A named query that is answered from the coding table gives the answer its SPARQL gives, to the letter."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings

from learntogether_kg import coding_table, queries, query_files
from learntogether_kg.errors import QueryArgumentError
from learntogether_kg.library import Library
from learntogether_kg.query_files import Parameter
from learntogether_kg.recurrence.index import Coding
from learntogether_kg.recurrence.named import COUNTED, TABLE, answer
from learntogether_kg.recurrence.reader import read_coding
from learntogether_kg.store.base import Store
from tests import random_libraries

PATTERN = "human-tool-operation"
PATTERNS = (PATTERN, "supervision", "synthetic-moved")  # the last is one of the random libraries' and carries on


def values(parameter: Parameter, coding: Coding) -> list[str | None]:
    """What to try for a parameter: None leaves it out, an empty text means any."""
    patterns = [name for name in PATTERNS if any(each.key == name for each in coding.patterns)]
    tried: dict[str, list[str]] = {
        "lt:Coder": [coder.code for coder in coding.coders],
        "lt:Review": [review.label for review in coding.reviews[:2]],
        "cl:influences": ["", "unsafe", "not-stated"],
        "lt:PatternType": ["", PATTERN],
        "lt:Pattern": patterns,
        "xsd:integer": ["1", "3"],
        "xsd:string": ["F2"],
    }
    return [*parameter.choices] or [None, *tried[parameter.kind]]


def arguments(name: str, coding: Coding, every: int) -> Iterator[dict[str, str]]:
    """Yields every so-manyth combination of arguments, some twelve at most, and the defaults."""
    parameters = query_files.named(name).parameters
    yield {}
    combinations = [*product(*(values(each, coding) for each in parameters))]
    for place, tried in enumerate(combinations):
        if place % max(min(every, len(combinations) // 4 or 1), len(combinations) // 12 | 1) == 0:
            names = (each.name for each in parameters)
            yield {name: value for name, value in zip(names, tried, strict=True) if value is not None}


def compare(name: str, coding: Coding, store: Store, every: int) -> int:
    """Compares the two answers, and returns how many came from the table."""
    counted = 0
    for tried in arguments(name, coding, every):
        fast = answer(coding, store, name, tried)
        if fast is not None:
            counted += 1
            assert fast == queries.ask(store, name, tried), tried
    return counted


def test_every_query_that_says_it_counts_over_the_table_does() -> None:
    said = {name for name, query in query_files.catalogue().items() if query.counts_over}
    assert said == set(COUNTED)
    assert {query_files.named(name).counts_over for name in said} == {TABLE}


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize("library", ["sample", "teaching"])
def test_it_is_the_answer_of_the_sparql(name: str, library: str, request: pytest.FixtureRequest) -> None:
    built: Library = request.getfixturevalue(f"{library}_library")
    release = built.release()
    coding = read_coding(release.coding(), release.store)
    assert compare(name, coding, release.store, every=7) >= (3 if query_files.named(name).parameters else 1)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_libraries.libraries())
def test_it_is_the_answer_of_the_sparql_on_random_libraries(library: random_libraries.Library) -> None:
    store = library.store()
    coding = read_coding(coding_table.extract(store), store)
    for name in COUNTED:
        compare(name, coding, store, every=17)


def test_a_query_that_does_not_count_over_the_table_is_left_to_sparql(teaching_library: Library) -> None:
    release = teaching_library.release()
    coding = read_coding(release.coding(), release.store)
    assert answer(coding, release.store, "reviews") is None
    assert answer(coding, release.store, "recurring-patterns", {"minimum": "0"}) is None


def test_a_wrong_argument_is_told_as_ever(teaching_library: Library) -> None:
    release = teaching_library.release()
    coding = read_coding(release.coding(), release.store)
    for wrong in ({"colour": "red"}, {"coder": "nobody"}, {"codes": "some"}):
        with pytest.raises(QueryArgumentError) as by_table:
            answer(coding, release.store, "types-reported", wrong)
        with pytest.raises(QueryArgumentError) as by_sparql:
            queries.ask(release.store, "types-reported", wrong)
        assert str(by_table.value) == str(by_sparql.value)
