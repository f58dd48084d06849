"""What is worked out review by review is what the whole library answers, row for row."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from rdflib import URIRef

from learntogether_kg import parts as module
from learntogether_kg import queries, query_files, shelf
from learntogether_kg.errors import TooLongError
from learntogether_kg.library import Library
from learntogether_kg.namespaces import LT
from learntogether_kg.parts import Parts, Walk, walk
from learntogether_kg.queries import Vocabulary
from learntogether_kg.recurrence.request import Counted

LONG = 600
BY_REVIEW = [query.name for query in query_files.catalogue().values() if query.each_row_from]


def parts_of(library: Library) -> Parts:
    release = library.release()
    coding = Counted.of(release).coding
    return Parts(release.store, Vocabulary(release.store), coding.coded_as)


@pytest.fixture(params=["sample", "teaching"])
def parts(request: pytest.FixtureRequest) -> Parts:
    return parts_of(request.getfixturevalue(f"{request.param}_library"))


def walked(parts: Parts, name: str, **arguments: str) -> Walk:
    found = walk(parts, query_files.named(name), arguments)
    assert found is not None
    return found


def tried(parts: Parts, name: str) -> list[dict[str, str]]:
    """Returns the defaults, and some values of what narrows the query."""
    taken = {parameter.name for parameter in query_files.named(name).parameters}
    reviews = [{"review": str(review)} for review in parts.reviews()[::9]] if "review" in taken else []
    patterns = ["clear-roles", "supervision", "human-tool-operation"] if "pattern" in taken else []
    influences = ["", "unsafe", "constructive", "neutral"] if "influence" in taken else []
    both = [{"pattern": pattern, "influence": influence} for pattern in patterns for influence in influences]
    all_tried = [{}, *reviews, *({"pattern": pattern} for pattern in patterns), *both]
    given = query_files.named(name).given
    return [arguments for arguments in all_tried if not given or given in arguments]


@pytest.mark.parametrize("name", BY_REVIEW)
@pytest.mark.parametrize("batches", [(1,), (3, 5)])
def test_all_reviews_together_are_the_whole(
    parts: Parts, name: str, batches: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCHES", batches)
    for arguments in tried(parts, name):
        whole = queries.ask(parts.shelf._store, name, arguments)
        part = walked(parts, name, **arguments).part(0, None, LONG)
        assert part == whole, arguments
        assert walked(parts, name, **arguments).total == len(whole.rows)
        told = "".join(walked(parts, name, **arguments).lines(0, None, LONG))
        assert told == "".join(whole.as_csv())


def test_reviews_are_found_by_what_anything_in_them_is_coded_as(parts: Parts) -> None:
    """Those of the coding table are those whose own graph says so."""
    ask = """PREFIX lt: <https://w3id.org/learntogether/ontology#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        SELECT DISTINCT ?pattern ?influence ?review WHERE {
          ?coding lt:pattern ?coded ; lt:influence ?influence ; lt:inReview ?review . ?review a lt:Review .
          ?coded skos:broader* ?pattern . ?pattern a lt:Pattern }"""
    told = defaultdict(set)
    for pattern, influence, review in parts.shelf._store.select(ask):
        told[pattern, influence].add(review)
        told[pattern, None].add(review)
    assert len(told) > 20
    for (pattern, influence), reviews in told.items():
        assert set(parts.coded_as(pattern, influence)) == reviews, (pattern, influence)  # type: ignore[arg-type]
    assert parts.coded_as(URIRef("urn:no-pattern")) == ()


def test_reviews_are_found_by_what_is_known_of_what_is_coded(teaching_library: Library) -> None:
    """To what a recommendation or a question to the board responds, as the reviews' own graphs say."""
    parts = parts_of(teaching_library)
    ask = """PREFIX lt: <https://w3id.org/learntogether/ontology#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        SELECT DISTINCT ?pattern ?class ?review WHERE {
          ?coding lt:pattern/skos:broader* ?pattern ; lt:classifies ?item ; lt:inReview ?review . ?review a lt:Review .
          ?answer lt:respondsTo ?item ; a ?class . ?pattern a lt:Pattern }"""
    told = defaultdict(set)
    for pattern, kind, review in parts.shelf._store.select(ask):
        fact = {LT.Recommendation: "recommendation", LT.BoardQuestion: "board-question"}[kind]  # type: ignore[index]
        told[pattern, (fact,)].add(review)
        told[pattern, ("recommendation", "board-question")].add(review)
    assert {facts for _, facts in told} >= {("recommendation",), ("board-question",)}
    for (pattern, facts), reviews in told.items():
        assert set(parts.coded_as(pattern, None, facts)) == reviews, (pattern, facts)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", BY_REVIEW)
def test_every_column_with_resources_is_said_to_have_them(parts: Parts, name: str) -> None:
    query = query_files.named(name)
    answer = queries.ask(parts.shelf._store, name, {})
    held = {
        column
        for row in answer.rows
        for column, value in zip(answer.columns, row, strict=True)
        for each in (value if isinstance(value, tuple) else (value,))
        if hasattr(each, "iri")
    }
    assert held <= set(query.resources) <= set(query.columns)


@pytest.mark.parametrize("limit", [1, 7, 40])
def test_parts_in_any_order_lose_and_repeat_no_row(parts: Parts, limit: int) -> None:
    whole = queries.ask(parts.shelf._store, "review-findings").rows
    for _ in range(2):  # with nothing known, and with the trail of the first time
        for offset in reversed(range(0, len(whole), limit)):
            assert walked(parts, "review-findings").part(offset, limit, LONG).rows == whole[offset : offset + limit]
    assert walked(parts, "review-findings").part(len(whole) + 5, limit, LONG).rows == ()


def test_what_was_asked_before_is_not_asked_again(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    walked(parts, "reviews").part(0, None, LONG)
    asked: list[int] = []
    original = Walk._ask
    monkeypatch.setattr(
        Walk, "_ask", lambda self, reviews, rows: (asked.append(len(reviews)), original(self, reviews, rows))[1]
    )
    last = len(parts.reviews()) - 1
    assert len(walked(parts, "reviews").part(last, 1, LONG).rows) == 1
    assert sum(asked) < len(parts.reviews())


def test_no_more_reviews_are_asked_than_the_rows_need(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCHES", (2, 50))
    asked: list[int] = []
    original = Walk._ask
    monkeypatch.setattr(
        Walk, "_ask", lambda self, reviews, rows: (asked.append(len(reviews)), original(self, reviews, rows))[1]
    )
    walked(parts, "reviews").part(0, 5, LONG)
    assert asked == [2, 4]  # one row each: three more are needed, and powers of two are asked


def test_more_batches_than_are_kept_give_the_same_rows(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "_ROOM", 17)
    monkeypatch.setattr(shelf, "_REUSES", 7)
    monkeypatch.setattr(module, "_BATCHES", (2, 3, 9))
    whole = queries.ask(parts.shelf._store, "review-findings").rows
    for _ in range(2):
        assert walked(parts, "review-findings").part(0, None, LONG).rows == whole
    assert 1 <= len(parts.shelf._kept) <= 2  # those of two reviews and of three weigh 7 and 8


def test_what_went_wrong_in_a_small_store_is_not_asked_again(parts: Parts) -> None:
    first, second = parts.reviews()[:2], parts.reviews()[:3]
    with parts.shelf.holding(first) as sound:
        pass
    with parts.shelf.holding(first) as again:
        assert again is sound
    with pytest.raises(TooLongError), parts.shelf.holding(first) as broken:
        raise TooLongError("a query")
    with parts.shelf.holding(second), parts.shelf.holding(first) as anew:
        assert anew is not broken


def test_many_who_read_at_once_get_the_same_rows(parts: Parts) -> None:
    whole = queries.ask(parts.shelf._store, "review-findings").rows
    with ThreadPoolExecutor(8) as threads:
        answers = threads.map(lambda offset: walked(parts, "review-findings").part(offset, 9, LONG).rows, range(60))
        for offset, rows in enumerate(answers):
            assert rows == whole[offset : offset + 9]


def test_a_walk_that_takes_too_long_is_stopped(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count()
    monkeypatch.setattr(module, "monotonic", lambda: float(next(ticks)))
    with pytest.raises(TooLongError, match="review-findings takes longer"):
        walked(parts, "review-findings").part(0, None, 1)


def test_a_query_that_says_nothing_is_not_walked(parts: Parts) -> None:
    assert walk(parts, query_files.named("catalogue"), {}) is None
    assert walk(parts, query_files.named("classifications-under-deprecated-terms"), {}) is None
