"""Recurrence over HTTP: figures with all that must stand beside them, their evidence, pictures, and clear refusals."""

from __future__ import annotations

import csv
import io
import re
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from api.main import create_app
from api.settings import Settings
from learntogether_kg.library import Library
from learntogether_kg.recurrence.dimensions import dimensions
from tests.api.conftest import MakeClient, record

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def teaching(teaching_library: Library) -> TestClient:
    return TestClient(create_app(Settings(library=teaching_library.path)))


def test_a_figure_carries_everything_that_must_stand_beside_it(teaching: TestClient) -> None:
    told = teaching.get("/recurrence.json?by=type&influence=unsafe").json()
    for name in ("release", "arguments", "profile", "rule", "method", "sentence", "columns", "rows", "links"):
        assert told[name], name
    row = told["rows"][0]
    for name in ("reviews", "findingsRead", "looked", "allReviews", "byCoder"):
        assert row[name] is not None, name
    assert told["rule"] in row["rule"]
    assert "no prevalence" in told["sentence"]


@pytest.mark.parametrize("by", dimensions())
def test_every_dimension_can_be_counted_by_and_filtered_on(teaching: TestClient, by: str) -> None:
    told = teaching.get(f"/recurrence.json?by={by}").json()
    assert told["rows"]
    links = [link["figure"] for link in told["links"]]
    largest = max(range(len(links)), key=lambda place: told["rows"][place]["reviews"])
    alone = teaching.get(links[largest].replace("/recurrence?", "/recurrence.json?")).json()
    assert alone["rows"][0]["reviews"] == told["rows"][largest]["reviews"]
    assert len(alone["reviews"]) == told["rows"][largest]["reviews"]


def test_a_figure_leads_to_its_evidence_with_both_sides(teaching: TestClient) -> None:
    (link,) = teaching.get("/recurrence.json?by=&pattern=supervision&codes=any").json()["links"]
    assert link["evidence"].startswith("/patterns/supervision/evidence")
    told = teaching.get(link["evidence"].replace("/evidence", "/evidence.json")).json()
    figure = teaching.get("/recurrence.json?by=&pattern=supervision&codes=any").json()
    assert [review["iri"] for review in told["reviews"]] == [review["iri"] for review in figure["reviews"]]
    assert {row["relation"] for row in told["rows"]} >= {"supports", "contradicts"}
    assert {row["review"]["iri"] for row in told["rows"]} <= {review["iri"] for review in told["reviews"]}
    page = teaching.get(link["evidence"], headers=HTML).text
    assert "Supports (" in page
    assert re.search(r"Contradicts \([1-9]", page)


def test_every_link_of_a_page_of_figures_leads_somewhere(teaching: TestClient) -> None:
    for path in ("/recurrence", "/recurrence?by=type&by=influence", "/recurrence?by=&pattern=supervision"):
        page = teaching.get(path, headers=HTML).text.partition("<main")[2].partition("</main>")[0]
        addresses = {address.replace("&amp;", "&") for address in re.findall(r'(?:href|src)="(/[^"]*)"', page)}
        for address in sorted(addresses)[:25]:
            assert teaching.get(address).status_code == 200, address


@pytest.mark.parametrize(
    "path", ["/recurrence.svg?by=type", "/recurrence.svg?by=type&by=harm", "/recurrence.svg?pairs=true&by=type"]
)
def test_a_picture_says_its_figures_in_words(teaching: TestClient, path: str) -> None:
    response = teaching.get(path)
    assert response.headers["content-type"] == "image/svg+xml"
    words = "".join(ElementTree.fromstring(response.text).itertext())
    assert "Human-tool operation" in words


def test_no_picture_of_one_figure(teaching: TestClient) -> None:
    assert teaching.get("/recurrence.svg?by=&harm=neglect").status_code == 404


def test_csv_holds_the_rows_of_json(teaching: TestClient) -> None:
    rows = list(csv.DictReader(io.StringIO(teaching.get("/recurrence.csv?by=type&by=year").text)))
    told = teaching.get("/recurrence.json?by=type&by=year").json()["rows"]
    assert [int(row["reviews"]) for row in rows] == [row["reviews"] for row in told]


def test_pairs_are_tested_against_chance_and_say_how(teaching: TestClient) -> None:
    told = teaching.get("/recurrence.json?by=type&pairs=true").json()
    assert "1000 matrices" in told["method"]
    assert all(0 < row["p"] <= row["q"] <= 1 for row in told["rows"])
    untested = teaching.get("/recurrence.json?by=type&pairs=true&permutations=0").json()
    assert all(row["p"] is None for row in untested["rows"])


def test_interactions_that_reviews_state_stand_apart_from_statistics(teaching: TestClient) -> None:
    everything = teaching.get("/interactions.json").json()["rows"]
    surprising = teaching.get("/interactions.json?only=harmless-alone").json()["rows"]
    harmless = {
        row["interaction"]["iri"]
        for row in everything
        if row["eachAlone"] == "harmless" and row["influence"]["label"] == "Unsafe"
    }
    assert {row["interaction"]["iri"] for row in surprising} == harmless
    assert 0 < len(surprising) < len(everything)
    assert "statements of the reviews themselves" in teaching.get("/interactions", headers=HTML).text


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/recurrence.json?by=colour", 422, "not one of type"),
        ("/recurrence.json?colour=red", 422, "no such parameter"),
        ("/recurrence.json?codes=any&codes=primary", 422, "more than once"),
        ("/recurrence.json?harm=neglekt", 422, "did you mean 'Neglect'"),
        ("/recurrence.json?pairs=perhaps", 422, "neither true nor false"),
        ("/recurrence.json?by=harm&pairs=true", 422, "filter on it"),
        ("/recurrence.json?by=type&pairs=true&permutations=7", 422, "neither 0 nor 1000"),
        ("/recurrence.json?coder=" + "x" * 1001, 422, "longer than"),
        ("/patterns/nothing/evidence.json", 404, "no pattern 'nothing'"),
        ("/patterns/supervision/evidence.json?page=none", 422, "not a whole number from 1"),
        ("/patterns/supervision/evidence.json?by=type", 422, "filters only"),
        ("/interactions.json?only=some", 422, "harmless-alone"),
        ("/interactions.json?reach=far", 422, "not known here"),
    ],
)
def test_a_wrong_address_is_refused_in_words(teaching: TestClient, address: str, status: int, words: str) -> None:
    response = teaching.get(address)
    assert response.status_code == status
    assert words in response.json()["detail"]


def test_a_library_that_nobody_has_coded_is_counted_too(serve: MakeClient) -> None:
    client = serve([record("0123456789abcdef", "Synthetic review, uncoded", "A statement.")])
    for path in ("/recurrence", "/recurrence?by=type&by=year", "/recurrence?pairs=true", "/interactions"):
        assert client.get(path, headers=HTML).status_code == 200, path
    told = client.get("/recurrence.json?by=type").json()
    assert {row["reviews"] for row in told["rows"]} == {0}
    assert "nobody" in told["sentence"]


def test_an_empty_library_is_counted_too(serve: MakeClient) -> None:
    client = serve([])
    for path in (
        "/recurrence",
        "/recurrence?by=harm",
        "/recurrence?pairs=true",
        "/patterns/supervision/evidence",
        "/interactions",
    ):
        assert client.get(path, headers=HTML).status_code == 200, path
