"""The typology's pages: versions, differences, mappings, candidates; and layers, of one release and of two."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from markupsafe import escape
from starlette.testclient import TestClient

from api.main import create_app
from api.settings import Settings
from learntogether_kg import emerging, layers, ontology, publishing, queries, reviews
from learntogether_kg.library import Library
from learntogether_kg.typology import versions
from learntogether_kg.typology.difference import Difference, Form
from tests.api.conftest import record, unreleased
from tests.test_mappings import made, written

HTML = {"Accept": "text/html"}
MOVED = Path(__file__).parent.parent / "typology" / "moved.ttl"


@pytest.fixture(scope="module")
def library(teaching_library: Library, tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The teaching library with a release that lacks five of its reviews, a full one, and one that is guarded."""
    library = unreleased(teaching_library, tmp_path_factory.mktemp("typology"))
    publishing.publish(library, "full", "open")
    publishing.publish(library, "guarded", "dfe-one-way")
    studies = [str(each) for each in library.current().studies() if "/review/" in str(each)]
    reviews.withdraw(library, studies[:5], "left out, so that two releases differ")
    publishing.publish(library, "later", "open")
    return library


@pytest.fixture(scope="module")
def client(library: Library) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(library=library.path, release="full", log=False))) as client:
        yield client


def test_the_page_lists_versions_with_their_dates_and_what_changed(client: TestClient) -> None:
    rows = {row["name"]: row for row in client.get("/typology.json").json()["rows"]}
    assert rows.keys() == {"version-2008", "later-wording", "clinical-factors"}
    assert (rows["version-2008"]["date"], rows["version-2008"]["terms"]) == ("2008", 28)
    assert [(row["comparedWith"], row["changed"]) for row in rows.values()] == [
        (None, None),
        (None, None),
        ("version-2008", 28),
    ]
    page = client.get("/typology", headers=HTML).text
    assert "/typology/difference?old=version-2008&amp;new=later-wording" in page
    table = list(csv.DictReader(client.get("/typology.csv").text.splitlines()))
    assert [row["name"] for row in table] == list(rows)


def test_the_page_has_every_term_and_every_mapping_with_its_ground(client: TestClient) -> None:
    page = client.get("/typology", headers=HTML).text
    typology = versions.newest()
    assert [iri for iri in typology.terms if f'id="{iri.rpartition("#")[2]}"' not in page] == []
    assert page.count("<strong>Provisional.</strong>") == 15
    assert page.count("SCIE Guide 24, Appendix 5") == 5
    assert "Both lists name staffing levels and skill mix" in page


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/ontology/typ:human-tool-operation", ["nearly the same as", "Tools", "Provisional.", "related to"]),
        ("/patterns/human-tool-operation", ["nearly the same as", "Tools", "Provisional.", "related to"]),
        ("/ontology/cl:heading-conditions", ["Work environment factors", "SCIE Guide 24, Appendix 5"]),
        ("/ontology/typ:clinical-work-environment-factors", ["Conditions of work", "Human-tool operation"]),
        ("/ontology/cl:heading-role", ["has no counterpart"]),
    ],
)
def test_each_term_shows_its_mappings_from_its_side(client: TestClient, address: str, told: list[str]) -> None:
    page = client.get(address, headers=HTML).text
    assert [each for each in told if each not in page] == []


def test_a_narrower_term_reads_so_from_both_sides(tmp_path: Path) -> None:
    """A release that was made with a mapping file shows it, and a release without does not."""
    file = written(tmp_path, made(("typ:clear-roles", "broadMatch", "typ:clinical-team-factors")))
    library = reviews.init(tmp_path / "library", [file])
    with ontology.extended([file]):
        library.commit([record("0000000000000001", "Made up", "A statement.")])
    publishing.publish(library, "mapped", "open")
    with TestClient(create_app(Settings(library=library.path, log=False))) as client:
        page = client.get("/typology", headers=HTML).text
        assert "narrower than" in page
        assert "SCIE Report 19" in page


def test_a_difference_is_told_as_the_command_tells_it(client: TestClient) -> None:
    asked = "?old=version-2008&new=later-wording"
    told = Difference.between(versions.find("version-2008"), versions.find("later-wording"))
    assert client.get(f"/typology/difference.md{asked}").text == told.write(Form.MARKDOWN)
    document = client.get(f"/typology/difference.json{asked}").json()
    assert document["difference"] == json.loads(told.write(Form.JSON))
    assert len(document["rows"]) == document["total"] == len(told.changes)
    table = list(csv.DictReader(client.get(f"/typology/difference.csv{asked}").text.splitlines()))
    assert [row["old"] for row in table] == [change.old.choice if change.old else "" for change in told.changes]
    assert told.title in client.get(f"/typology/difference{asked}", headers=HTML).text


def test_versions_of_the_release_can_be_compared_and_no_file(client: TestClient) -> None:
    same = client.get("/typology/difference?old=version-2008&new=version-2008", headers=HTML)
    assert "Nothing differs" in same.text
    for name in (str(MOVED), "/etc/passwd", ".", "1999", "../ontology"):
        answer = client.get("/typology/difference.json", params={"old": name})
        assert answer.status_code == 422
        assert "known are version-2008, clinical-factors, later-wording" in answer.json()["detail"]
    for query in ("old=a&old=b", "from=a", f"new={'x' * 2000}"):
        assert client.get(f"/typology/difference?{query}").status_code == 422
    assert client.get("/typology?x=1").status_code == 422


def test_candidates_are_those_of_the_command_with_their_evidence(client: TestClient, library: Library) -> None:
    asked = queries.ask(library.release("full").store, emerging.QUERY)
    groups = emerging.candidates(asked, 0.1)
    assert groups
    answer = client.get("/typology/emerging.json?likeness=0.1").json()
    assert answer["rows"] == emerging.as_answer(groups, {}).as_records()
    assert "Suggested by a program" in answer["method"]
    page = client.get("/typology/emerging?likeness=0.1", headers=HTML).text
    assert "Suggested by a program" in page
    assert [item.statement for group in groups for item in group.items if str(escape(item.statement)) not in page] == []


@pytest.mark.parametrize("query", ["likeness=0", "likeness=2", "likeness=nan", "likeness=x", "type=nothing", "by=x"])
def test_candidates_that_cannot_be_asked_for_are_told_why(client: TestClient, query: str) -> None:
    assert client.get(f"/typology/emerging.json?{query}").status_code == 422


def test_where_nothing_is_alike_the_page_says_so(client: TestClient) -> None:
    assert "No group of two reviews or more" in client.get("/typology/emerging?likeness=1", headers=HTML).text


def test_a_layer_from_the_server_is_the_file_that_the_command_writes(client: TestClient, tmp_path: Path) -> None:
    answer = client.get("/layers/layer.json?coder=teaching-a&influence=unsafe")
    assert answer.headers["content-disposition"] == 'attachment; filename="layer-full.json"'
    (tmp_path / "layer.json").write_text(answer.text, encoding="utf-8")
    kept = layers.read(tmp_path / "layer.json")
    counted = client.get("/recurrence.json?by=pattern&coder=teaching-a&influence=unsafe").json()["rows"]
    assert [(each.iri, each.reviews) for each in kept.entries] == [
        (row["pattern"]["iri"], row["reviews"]) for row in counted
    ]
    assert (kept.release, kept.typology) == ("full", "Typology of 2008")
    assert client.get("/layers.json?coder=teaching-a&influence=unsafe").json()["rows"] == counted
    assert client.get("/layers.svg?coder=teaching-a").text.startswith("<svg")


@pytest.mark.parametrize("query", ["by=type", "pairs=true", "influence=none", "coder=nobody", "x=1"])
@pytest.mark.parametrize("path", ["/layers", "/layers.svg", "/layers/layer.json", "/layers/difference"])
def test_a_layer_is_counted_by_pattern_and_by_nothing_else(client: TestClient, path: str, query: str) -> None:
    assert client.get(f"{path}?{query}").status_code == 422


def test_the_difference_of_two_releases_is_worked_out_from_what_each_shows(client: TestClient) -> None:
    one, other = (
        client.get(f"/layers/layer.json?release={name}&codes=any").json()["entries"] for name in ("full", "later")
    )
    shown = client.get("/layers/difference.json?one=full&other=later&codes=any").json()
    assert (shown["one"], shown["other"]) == ("full", "later")
    before, after = ({each["iri"]: each for each in side} for side in (one, other))
    assert {row["pattern"]["iri"] for row in shown["rows"]} == before.keys() | after.keys()
    for row in shown["rows"]:
        mine, theirs = before[row["pattern"]["iri"]], after[row["pattern"]["iri"]]
        assert (row["oneReviews"], row["otherReviews"]) == (mine["reviews"], theirs["reviews"])
        if mine["share"] is None or theirs["share"] is None:
            assert row["points"] is None
        else:
            assert row["points"] == pytest.approx((theirs["share"] - mine["share"]) * 100, abs=0.051)
    assert any(row["oneReviews"] != row["otherReviews"] for row in shown["rows"])
    assert client.get("/layers/difference.svg?one=full&other=later").text.startswith("<svg")
    assert "release later less release full" in client.get("/layers/difference?one=full&other=later", headers=HTML).text


def test_by_default_a_release_is_held_against_the_one_before_it(client: TestClient) -> None:
    assert client.get("/layers/difference.json?release=later").json()["one"] == "guarded"
    first = client.get("/layers/difference?release=full", headers=HTML).text
    assert "This is one release beside itself" in first


def test_a_release_that_is_not_there_is_404_and_given_twice_is_422(client: TestClient) -> None:
    assert client.get("/layers/difference?one=nothing").status_code == 404
    assert client.get("/layers/difference?one=full&one=later").status_code == 422


def test_a_guarded_release_shows_in_layers_what_its_profile_lets_through_and_no_more(client: TestClient) -> None:
    """The layer has the same figures as the table of /recurrence, which the attacks of tests/disclosure are held to."""
    shown = client.get("/recurrence.json?release=guarded&by=pattern").json()["rows"]
    entries = client.get("/layers/layer.json?release=guarded").json()["entries"]
    told = [(row["pattern"]["iri"], None if row["reviews"] == "c" else row["reviews"]) for row in shown]
    assert [(each["iri"], each["reviews"]) for each in entries] == told
    assert None in [each["reviews"] for each in entries], "something is hidden, or this proves nothing"
    assert client.get("/layers.json?release=guarded").json()["rows"] == shown
    beside = client.get("/layers/difference.json?one=guarded&other=full").json()["rows"]
    assert [row["oneReviews"] for row in beside] == [row["reviews"] for row in shown]
    assert [row["points"] for row in beside if row["oneReviews"] == "c"] == [None] * sum(
        row["reviews"] == "c" for row in shown
    )


def test_what_depends_on_two_releases_is_not_kept(client: TestClient) -> None:
    """The other one may be purged, and the key of what is kept names the one that is asked."""
    assert "etag" not in client.get("/layers/difference?one=full&other=later").headers
    assert "etag" in client.get("/layers").headers
    assert "etag" in client.get("/typology/difference").headers
