"""An answer that is still good is not sent again, nor worked out again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.caching import PINNED, PUBLIC, Kept, Kitchen, is_pure
from api.main import create_app
from api.settings import Settings
from learntogether_kg.library import Library
from learntogether_kg.query_files import NamedQuery
from tests.api.conftest import record
from tests.api.test_access import _routes

HTML, JSON, CSV = "text/html", "application/json", "text/csv"
NEVER_KEPT = {
    "/layers/difference",
    "/releases",
    "/health",
    "/metrics",
    "/docs",
    "/openapi.json",
    "/validate",
    "/template.xlsx",
    "/sparql",
} | {"/.well-known/void"}
"""Addresses whose answers change while a release does not."""


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library.init(tmp_path / "library")
    library.commit([record("a", "Made up", "A statement.")])
    library.publish("first")
    library.publish("again")
    return library


@pytest.fixture
def client(library: Library) -> TestClient:
    return TestClient(create_app(Settings(library=library.path, release="first")))


def tag(client: TestClient, address: str, accept: str = JSON) -> str:
    answer = client.get(address, headers={"Accept": accept})
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"]


@pytest.mark.parametrize(
    "address", ["/", "/reviews", "/reviews/a.csv", "/recurrence?by=type", "/queries/reviews.json", "/ontology.ttl"]
)
def test_what_a_client_has_already_is_not_sent_again(client: TestClient, address: str) -> None:
    known = tag(client, address)
    for sent in (known, f'"other", {known}', f"W/{known}"):
        answer = client.get(address, headers={"Accept": JSON, "If-None-Match": sent})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == known
        assert answer.headers["cache-control"] == PUBLIC
        assert answer.headers["vary"] == "Accept, Authorization"
    assert client.get(address, headers={"Accept": JSON, "If-None-Match": '"other"'}).status_code == 200
    assert client.head(address, headers={"Accept": JSON, "If-None-Match": known}).status_code == 304


def test_a_304_is_given_without_working_the_answer_out(
    library: Library, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = tag(client, "/queries/reviews.json")
    after_a_restart = TestClient(create_app(Settings(library=library.path, release="first")))

    def bind(*_: object) -> str:
        raise AssertionError("a query was asked")

    monkeypatch.setattr(NamedQuery, "bind", bind)
    answer = after_a_restart.get("/queries/reviews.json", headers={"Accept": JSON, "If-None-Match": known})
    assert answer.status_code == 304


def test_an_answer_is_worked_out_once(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    original = NamedQuery.bind
    monkeypatch.setattr(NamedQuery, "bind", lambda self, terms: (asked.append(self.name), original(self, terms))[1])
    first = client.get("/queries/reviews.json")
    number = len(asked)
    second = client.get("/queries/reviews.json")
    assert number > 0
    assert len(asked) == number
    assert (first.content, first.headers) == (second.content, second.headers)


def test_each_thing_that_an_answer_depends_on_makes_another_tag(client: TestClient, library: Library) -> None:
    tags = [
        tag(client, "/queries/reviews"),
        tag(client, "/queries/reviews", HTML),
        tag(client, "/queries/reviews", CSV),
        tag(client, "/queries/reviews.json"),
        tag(client, "/queries/recurring-patterns"),
        tag(client, "/queries/recurring-patterns?minimum=1"),
        tag(client, "/queries/recurring-patterns?minimum=2"),
        tag(client, "/queries/reviews?limit=1"),
        tag(client, "/queries/reviews?release=first", HTML),
        tag(client, "/queries/reviews?release=again", HTML),
    ]
    assert len(set(tags)) == len(tags)


def test_another_version_of_the_software_makes_another_tag(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tag(client, "/reviews.json")
    monkeypatch.setattr("api.caching.__version__", "9.9.9")
    assert tag(client, "/reviews.json") != before


def test_headers_that_ask_the_same_get_the_same_tag(client: TestClient) -> None:
    assert tag(client, "/reviews", "text/html, text/csv;q=0.1") == tag(client, "/reviews", "text/csv;q=0.10,text/html")


def test_how_long_an_answer_holds(client: TestClient) -> None:
    assert client.get("/reviews.json").headers["cache-control"] == PUBLIC
    assert client.get("/reviews.json?release=first").headers["cache-control"] == PINNED
    for address in ("/reviews/nobody", "/reviews?limit=0", "/reviews?release=none", "/health", "/template.xlsx"):
        assert client.get(address).headers["cache-control"] == "no-store", address


def test_a_problem_is_never_kept(client: TestClient) -> None:
    for _ in range(2):
        answer = client.get("/queries/recurring-patterns.json?minimum=x")
        assert (answer.status_code, "etag" in answer.headers) == (422, False)


def test_every_route_is_said_to_be_pure_or_not(client: TestClient) -> None:
    app: Any = client.app
    undecided = [
        route.path
        for route in _routes(app)
        if not is_pure(route.path) and not any(route.path.startswith(each) for each in NEVER_KEPT)
    ]
    assert undecided == []
    assert not [each for each in NEVER_KEPT if is_pure(each)]


def test_what_is_kept_stays_within_its_room() -> None:
    kitchen = Kitchen(20_000)
    keys = [("", "", f"/{number}", b"", ()) for number in range(100)]
    for key in keys:
        kitchen.keep(key, Kept([], b"x" * 1000, None))
        assert kitchen.find(keys[0]) is not None  # asked for again and again, so it stays
        assert kitchen.size <= 20_000
    held = [key for key in keys if kitchen.find(key)]
    assert held[0] == keys[0]
    assert held[1:] == keys[-len(held) + 1 :]
    assert len(held) == 20_000 // 1500
    kitchen.keep(("", "", "/long", b"", ()), Kept([], b"x" * 10_000, None))
    assert kitchen.find(("", "", "/long", b"", ())) is None


def test_with_no_room_everything_is_still_answered(library: Library) -> None:
    client = TestClient(create_app(Settings(library=library.path, cache_megabytes=0)))
    assert [client.get("/reviews.json").status_code for _ in range(2)] == [200, 200]
