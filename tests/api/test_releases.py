"""Older releases, those that were purged, and the list of all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.main import create_app
from api.settings import Settings
from learntogether_kg import reviews
from learntogether_kg.errors import PurgedReleaseError, ReleaseExistsError
from learntogether_kg.library import Library
from learntogether_kg.namespaces import CL, LT
from tests.api.conftest import record

HTML = {"Accept": "text/html"}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Two releases: the first holds one review, the second two."""
    library = Library.init(tmp_path / "library")
    library.commit([record("a", "The first", "A statement.")])
    library.publish("first")
    library.commit([record("b", "The second", "Another statement.")])
    library.publish("second")
    return library


@pytest.fixture
def client(library: Library) -> TestClient:
    return TestClient(create_app(Settings(library=library.path)))


def labels(client: TestClient, address: str) -> list[str]:
    return [row["review"]["label"] for row in client.get(address).json()["rows"]]


def test_an_address_asks_the_release_it_names_and_else_the_newest(client: TestClient) -> None:
    assert labels(client, "/reviews.json") == ["The first", "The second"]
    assert labels(client, "/reviews.json?release=second") == ["The first", "The second"]
    assert labels(client, "/reviews.json?release=first") == ["The first"]
    assert labels(client, "/reviews.json") == ["The first", "The second"]
    assert client.get("/reviews.json?release=first").json()["release"] == "first"
    assert client.get("/reviews/b?release=first").status_code == 404


@pytest.mark.parametrize("ending", ["", ".json", ".csv"])
def test_all_releases_are_listed(client: TestClient, ending: str) -> None:
    answer = client.get(f"/releases{ending}")
    assert answer.status_code == 200
    told = answer.text.partition('"rows"')[2] or answer.text
    assert told.index("first") < told.index("second")


def test_what_the_list_says_of_a_release(client: TestClient, library: Library) -> None:
    first, second = client.get("/releases.json").json()["rows"]
    made = library.release("first").manifest
    assert first == {
        "release": "first",
        "made": made.made,
        "state": 2,
        "studies": 1,
        "profile": "open",
        "madeBy": made.software,
        "ontology": made.ontology,
        "served": False,
        "purged": False,
    }
    assert (second["release"], second["served"], second["studies"]) == ("second", True, 2)


def test_a_release_made_while_the_server_runs_can_be_asked(client: TestClient, library: Library) -> None:
    assert client.get("/reviews.json?release=third").status_code == 404
    library.commit([record("c", "The third", "A third statement.")])
    library.publish("third")
    assert len(labels(client, "/reviews.json?release=third")) == 3
    assert len(labels(client, "/reviews.json")) == 2


@pytest.mark.parametrize(
    ("name", "status"),
    [("none", 404), ("", 200), ("../second", 404), ("first/../second", 404), ("%00", 404), ("%C3%A9", 404)],
)
@pytest.mark.parametrize("path", ["/reviews.json", "/health", "/recurrence", "/queries/reviews.csv", "/releases"])
def test_a_release_that_is_not_there_is_404(client: TestClient, path: str, name: str, status: int) -> None:
    answer = client.get(f"{path}?release={name}")
    assert answer.status_code == status
    if status == 404:
        assert "/releases" in answer.json()["detail"]
        assert "library" not in answer.json()["detail"]


def test_two_releases_at_once_are_refused(client: TestClient) -> None:
    answer = client.get("/reviews.json?release=first&release=second")
    assert (answer.status_code, answer.json()["detail"][:8]) == (422, "release:")


def test_a_purged_release_is_gone_also_while_it_is_open(client: TestClient, library: Library) -> None:
    assert client.get("/reviews.json?release=first").status_code == 200
    (library.path / "releases" / "first").rename(library.path / "elsewhere")
    (library.path / "releases" / "first.purged").touch()
    answer = client.get("/reviews.json?release=first")
    assert answer.status_code == 410
    assert "purged" in answer.json()["detail"]
    assert client.get("/reviews?release=first", headers=HTML).status_code == 410
    assert client.get("/reviews.json").status_code == 200
    listed = client.get("/releases.json").json()["rows"]
    assert [(row["release"], row["purged"]) for row in listed] == [("second", False), ("first", True)]
    with pytest.raises(PurgedReleaseError):
        library.release("first")
    with pytest.raises(ReleaseExistsError):
        library.publish("first")


def test_where_the_served_release_is_purged_the_newest_takes_its_place(client: TestClient, library: Library) -> None:
    (library.path / "releases" / "second").rename(library.path / "elsewhere")
    (library.path / "releases" / "second.purged").touch()
    assert client.get("/reviews.json").json()["release"] == "first"


def test_a_release_rebuilt_in_its_place_is_opened_anew(client: TestClient, library: Library) -> None:
    assert labels(client, "/reviews.json?release=first") == ["The first"]
    releases = library.path / "releases"
    (releases / "first").rename(library.path / "elsewhere")
    (releases / "second").rename(releases / "first")
    manifest = releases / "first" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"release": "second"', '"release": "first"'))
    assert labels(client, "/reviews.json?release=first") == ["The first", "The second"]


def test_a_release_that_others_may_not_read_is_not_opened_by_its_name(
    tmp_path: Path,
) -> None:
    library = Library.init(tmp_path / "library")
    own = record("a", "Not published", "A statement.")
    own.graph.remove((own.study, LT.synthetic, None))
    own.graph.add((own.study, LT.capturedFrom, CL["own-review"]))
    library.commit([own])
    library.publish("own")
    reviews.withdraw(library, ["Not published"], "it was not published")
    library.publish("public")
    answers = [
        TestClient(create_app(Settings(library=library.path, host=host))).get("/reviews.json?release=own")
        for host in ("127.0.0.1", "0.0.0.0")
    ]
    assert [answer.status_code for answer in answers] == [200, 403]
    assert "captured from your own work" in answers[1].json()["detail"]


@pytest.mark.parametrize("path", ["/", "/reviews", "/patterns", "/queries", "/recurrence", "/queries/reviews"])
def test_links_and_forms_keep_to_the_release(client: TestClient, path: str) -> None:
    page = client.get(path, params={"release": "first"}, headers=HTML).text
    links = re.findall(r'<(?:a|img)\b[^>]* (?:href|src)="(/[^"]*)"', page)
    assert len(links) > 10
    lost = [link for link in links if "release=first" not in link and not link.startswith("/static")]
    assert lost == []
    forms = page.count("<form")
    assert page.count('<input type="hidden" name="release" value="first">') == forms
    unpinned = client.get(path, headers=HTML).text
    assert "release=" not in unpinned


def test_only_so_many_releases_are_kept_open(library: Library) -> None:
    app = create_app(Settings(library=library.path, open_releases=1))
    client = TestClient(app)
    for _ in range(2):
        assert len(labels(client, "/reviews.json?release=first")) == 1
        assert len(labels(client, "/reviews.json")) == 2
    assert set(app.state.releases._open) <= {"second", "first"}
