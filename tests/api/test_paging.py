"""Long answers come in parts that neither lose nor repeat a row."""

from __future__ import annotations

import csv
import io
import re
from itertools import groupby
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.main import create_app
from api.paging import IN_A_DOCUMENT, LONGEST, ON_A_PAGE
from api.settings import Settings
from learntogether_kg import query_files
from learntogether_kg.library import Library
from learntogether_kg.store.base import Row
from tests.api.conftest import MakeClient, record

NAMES = list(query_files.catalogue())


@pytest.fixture(scope="module")
def teaching(teaching_library: Library) -> TestClient:
    return TestClient(create_app(Settings(library=teaching_library.path)))


def walk(client: TestClient, address: str) -> list[dict[str, Any]]:
    """Returns the rows of all parts, following the links."""
    rows: list[dict[str, Any]] = []
    for _ in range(1000):
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        rows += answer.json()["rows"]
        if "next" not in answer.links:
            assert answer.json()["next"] is None
            return rows
        address = answer.links["next"]["url"]
        assert answer.json()["next"] == address
    raise AssertionError("the links never end")


@pytest.mark.parametrize("limit", [1, 7, 40])
@pytest.mark.parametrize("path", ["/reviews", "/queries/review-findings", "/queries/recurring-patterns", "/patterns"])
def test_all_parts_together_are_the_whole(teaching: TestClient, path: str, limit: int) -> None:
    whole = teaching.get(f"{path}.json?limit={LONGEST}").json()
    assert len(whole["rows"]) == whole["total"] > 7
    assert walk(teaching, f"{path}.json?limit={limit}") == whole["rows"]


def test_the_links_keep_what_was_asked_and_the_release(teaching: TestClient) -> None:
    answer = teaching.get("/queries/recurring-patterns.json?minimum=1&codes=any&limit=2&offset=2")
    following = answer.links["next"]["url"]
    assert following.startswith("/queries/recurring-patterns.json?minimum=1&codes=any&release=")
    assert following.endswith("&limit=2&offset=4")
    assert answer.links["prev"]["url"].endswith("&limit=2")
    assert "next" not in teaching.get("/queries/recurring-patterns.json?offset=100000&limit=1").links


@pytest.mark.parametrize("name", NAMES)
def test_no_two_rows_of_a_query_could_change_places(teaching: TestClient, name: str) -> None:
    """Rows that the order of a query leaves tied might come in another order next time, so a part could lose one.

    Where a query orders by what it does not show, the rows alone cannot tell; those pass here.
    """
    query = query_files.named(name)
    release = teaching.app.state.releases.open().served.release  # type: ignore[attr-defined]
    ordering = re.search(r"ORDER BY(.*)\Z", query.text, re.DOTALL)
    assert ordering, "a query without an order has none that is stable"
    keys = set(re.findall(r"\?(\w+)", ordering[1]))
    solutions = release.store.select(query.text)
    places = [place for place, variable in enumerate(solutions.variables) if variable in keys]

    def key(row: Row) -> tuple[str, ...]:
        return tuple(str(row[place]) for place in places)

    rows = list(solutions)
    for _, tied in groupby(rows, key):
        assert len({tuple(map(str, row)) for row in tied}) == 1 or not keys <= set(solutions.variables)


@pytest.fixture
def long(serve: MakeClient) -> TestClient:
    """Serves a review of more findings than one document holds."""
    return serve([record("a", "Made up", *(f"Statement {number}." for number in range(IN_A_DOCUMENT + 5)))])


def test_a_document_holds_so_many_rows_and_csv_holds_all(long: TestClient) -> None:
    answer = long.get("/reviews/a.json")
    assert len(answer.json()["rows"]) == IN_A_DOCUMENT
    assert answer.json()["total"] == IN_A_DOCUMENT + 5
    assert len(walk(long, "/reviews/a.json")) == IN_A_DOCUMENT + 5
    for _ in range(2):  # worked out, and kept
        table = long.get("/reviews/a.csv")
        rows = list(csv.DictReader(io.StringIO(table.text)))
        assert [row["statement"] for row in rows] == [f"Statement {number}." for number in range(IN_A_DOCUMENT + 5)]
    assert len(list(csv.DictReader(io.StringIO(long.get("/reviews/a.csv?limit=3&offset=1").text)))) == 3


def test_a_page_shows_a_part_and_leads_on(long: TestClient) -> None:
    page = long.get("/reviews/a", headers={"Accept": "text/html"})
    assert page.text.count("Statement ") == ON_A_PAGE
    assert f"Rows 1 to {ON_A_PAGE} of {IN_A_DOCUMENT + 5}" in page.text
    following = page.links["next"]["url"]
    assert f'rel="next" href="{following.replace("&", "&amp;")}"' in page.text
    second = long.get(following, headers={"Accept": "text/html"}).text
    assert "Statement 100." in second
    assert "Statement 99." not in second
    assert 'href="/reviews/a.csv?release=made-up"' in second


@pytest.mark.parametrize("name", ["limit", "offset"])
@pytest.mark.parametrize("value", ["-1", "x", "1.5", "99999999999999999999", "١", "1&{}=2", "0x10"])
def test_a_part_that_makes_no_sense_is_422(teaching: TestClient, name: str, value: str) -> None:
    for form in ("", ".json", ".csv"):
        answer = teaching.get(f"/reviews{form}?{name}={value.format(name)}")
        assert (answer.status_code, answer.json()["detail"].partition(":")[0]) == (422, name)
    assert teaching.get("/reviews?limit=0").status_code == 422


def test_no_query_has_a_parameter_that_every_address_takes() -> None:
    taken = {"limit", "offset", "release"}
    assert not [(q.name, p.name) for q in query_files.catalogue().values() for p in q.parameters if p.name in taken]
