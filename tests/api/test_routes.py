"""Every address in every form."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest
from starlette.testclient import TestClient

from learntogether_kg import __version__, query_files
from learntogether_kg.library import Library
from tests.api.conftest import MakeClient, record

FORMS = {"": "text/html; charset=utf-8", ".json": "application/json", ".csv": "text/csv; charset=utf-8; header=present"}
LISTS = ["/queries", "/reviews", "/patterns", "/releases"]
QUERIES = [f"/queries/{name}" for name in query_files.catalogue()]
NAMES = list(query_files.catalogue())


def first_review(client: TestClient) -> str:
    return str(client.get("/reviews.json").json()["rows"][0]["review"]["iri"]).rpartition("/")[2]


def pattern_names(client: TestClient) -> list[str]:
    rows = client.get("/patterns.json").json()["rows"]
    return [row["pattern"]["iri"].rpartition("#")[2] for row in rows]


@pytest.mark.parametrize(("ending", "media_type"), FORMS.items())
@pytest.mark.parametrize("path", [*LISTS, *QUERIES])
def test_every_page_is_also_json_and_csv(client: TestClient, path: str, ending: str, media_type: str) -> None:
    response = client.get(path + ending)
    assert response.status_code == 200
    assert response.headers["content-type"] == media_type


@pytest.mark.parametrize(("ending", "media_type"), FORMS.items())
def test_every_review_has_a_page_in_every_form(client: TestClient, ending: str, media_type: str) -> None:
    for row in client.get("/reviews.json").json()["rows"]:
        response = client.get(f"/reviews/{row['review']['iri'].rpartition('/')[2]}{ending}")
        assert (response.status_code, response.headers["content-type"]) == (200, media_type)


@pytest.mark.parametrize(("ending", "media_type"), FORMS.items())
def test_every_pattern_has_a_page_also_where_two_share_a_label(
    client: TestClient, ending: str, media_type: str
) -> None:
    names = pattern_names(client)
    assert {"nature-of-the-task-incidents", "nature-of-the-task-longer-term"} <= set(names)
    for name in names:
        response = client.get(f"/patterns/{name}{ending}")
        assert (response.status_code, response.headers["content-type"]) == (200, media_type)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/json", FORMS[".json"]),
        ("text/csv", FORMS[".csv"]),
        ("text/html", FORMS[""]),
        ("*/*", FORMS[""]),
        ("image/png", FORMS[""]),
        ("text/csv;q=0.5, application/json;q=0.9", FORMS[".json"]),
        ("text/*;q=0.2, text/csv;q=0.1, application/json;q=nonsense", FORMS[""]),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", FORMS[""]),
    ],
)
def test_the_bare_address_gives_the_form_that_is_asked_for(client: TestClient, accept: str, media_type: str) -> None:
    response = client.get("/queries/recurring-patterns", headers={"Accept": accept})
    assert response.headers["content-type"] == media_type
    assert response.headers["vary"] == "Accept, Authorization"


@pytest.mark.parametrize("form", ["json", "csv"])
@pytest.mark.parametrize("name", ["recurring-patterns", "reviews", "sub-patterns"])
def test_the_command_line_gives_the_same_rows(
    client: TestClient, sample_library: Library, name: str, form: str
) -> None:
    command = [sys.executable, "-m", "learntogether_kg.cli", "ask", name, "--format", form]
    printed = subprocess.run(
        [*command, "--library", str(sample_library.path)], capture_output=True, check=True
    ).stdout.decode()
    answered = client.get(f"/queries/{name}.{form}")
    if form == "json":
        assert answered.json()["rows"] == json.loads(printed)
    else:
        assert answered.text.splitlines() == printed.splitlines()


def test_json_says_what_was_asked_and_what_its_columns_mean(client: TestClient, sample_library: Library) -> None:
    document = client.get("/queries/recurring-patterns.json?minimum=3&codes=any").json()
    asked = query_files.named("recurring-patterns")
    told = ["query", "question", "summary", "release", "arguments", "columns", "total", "next", "rows"]
    assert list(document) == told
    assert document["query"] == "recurring-patterns"
    assert document["question"] == asked.question
    assert document["summary"] == asked.summary
    assert document["release"] == sample_library.release().manifest.release
    assert document["arguments"] == {"minimum": "3", "coder": "", "codes": "any"}
    assert document["columns"] == dict(asked.columns)
    assert all(row["reviews"] >= 3 for row in document["rows"])


def test_a_review_and_a_pattern_come_with_their_record(client: TestClient) -> None:
    name = first_review(client)
    document = client.get(f"/reviews/{name}.json").json()
    assert document["review"] == client.get("/reviews.json").json()["rows"][0]
    assert all(row["review"]["iri"].endswith(name) for row in document["rows"])
    assert client.get("/patterns/clear-roles.json").json()["pattern"]["pattern"]["label"] == "Clear roles"


def test_arguments_given_as_label_iri_or_last_part_ask_the_same(client: TestClient) -> None:
    iri = "https://w3id.org/learntogether/typology#clear-roles"
    answers = [
        client.get("/queries/pattern-reviews.json", params={"pattern": text}).json()
        for text in ("clear-roles", "Clear roles", "typ:clear-roles", iri)
    ]
    assert all(answer == answers[0] for answer in answers)


def test_csv_is_a_file_named_after_query_and_release(client: TestClient, sample_library: Library) -> None:
    release = sample_library.release().manifest.release
    response = client.get("/queries/reviews.csv")
    assert response.headers["content-disposition"] == f'attachment; filename="reviews-{release}.csv"'


def test_csv_disarms_text_that_a_spreadsheet_would_run(serve: MakeClient) -> None:
    formulas = ['=HYPERLINK("http://example.org";"x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "plain = text"]
    client = serve([record("a", "Made up", *formulas)])
    rows = list(csv.DictReader(io.StringIO(client.get("/reviews/a.csv").text, newline="")))
    assert [row["statement"] for row in rows] == [*(f"'{formula}" for formula in formulas[:-1]), formulas[-1]]
    found = client.get("/reviews/a.json").json()["rows"]
    assert [row["statement"] for row in found] == formulas


@pytest.mark.parametrize("path", ["/", "/queries/recurring-patterns", "/reviews.csv", "/health", "/nothing"])
def test_head_gives_the_headers_of_get_and_no_body(client: TestClient, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert head.status_code == get.status_code
    assert head.headers == get.headers
    assert head.content == b""


def test_health_names_release_state_and_versions(client: TestClient, sample_library: Library) -> None:
    made = sample_library.release().manifest
    response = client.get("/health")
    assert response.status_code == 200
    assert response.json() == {
        "status": "whole",
        "whole": True,
        "release": made.release,
        "state": made.state,
        "studies": made.studies,
        "quads": made.quads,
        "made": made.made,
        "made_by": made.software,
        "software": __version__,
        "ontology": made.ontology,
    }


def test_a_release_that_lacks_quads_is_not_healthy(serve: MakeClient) -> None:
    client = serve([])
    release = client.app.state.releases.open().served.release  # type: ignore[attr-defined]
    manifest = release.path / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"quads": release.manifest.quads + 1}))
    del release.__dict__["manifest"]  # as after a restart
    response = client.get("/health")
    assert response.status_code == 503
    assert (response.json()["status"], response.json()["whole"]) == ("damaged", False)


def test_openapi_lists_every_address_and_its_version(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["info"]["version"] == __version__
    counted = ["/recurrence", "/interactions", "/patterns/{pattern}/evidence", "/layers", "/layers/difference"]
    counted += ["/typology", "/typology/difference", "/typology/emerging"]
    pages = [*LISTS, *counted, "/queries/{name}", "/reviews/{review}", "/patterns/{pattern}"]
    ontology = {"/ontology", "/ontology.{form}", "/ontology/context.jsonld", "/ontology/{name}"}
    identifiers = {"/id/review/{review}", "/id/review/{review}/{node}", "/codelists"}
    service = {"/", "/health", "/metrics", "/recurrence.svg", "/validate", "/template.xlsx", *ontology, *identifiers}
    service |= {"/layers.svg", "/layers/layer.json", "/layers/difference.svg", "/typology/difference.md"}
    service |= {"/queries.ttl", "/queries.jsonld", "/sparql", "/.well-known/void"}
    assert set(document["paths"]) == service | {page + ending for page in pages for ending in FORMS}
    posted = {path for path, operations in document["paths"].items() if "post" in operations}
    assert posted == {"/validate", "/sparql"}
    assert all(operations.keys() <= {"get", "post"} for operations in document["paths"].values())
    name = document["paths"]["/queries/{name}.json"]["get"]["parameters"][0]
    assert name["schema"]["enum"] == NAMES


def test_serving_opens_nothing_in_custody(serve: MakeClient) -> None:
    client = serve([record("a", "Made up", "A statement.")])
    library = client.app.state.releases.open().served.release.path.parent.parent  # type: ignore[attr-defined]
    custody = library / "custody"
    custody.rename(library / "elsewhere")
    custody.write_text("not a folder: opening it would fail")
    assert client.get("/reviews/a").status_code == 200
