"""Pages of a library whose extension gives a term the name and the label of the one whose place it takes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from starlette.testclient import TestClient

from api.main import create_app
from api.settings import Settings
from learntogether_kg import bundles, ontology
from tests.test_cli import ltkg

HTML = {"Accept": "text/html"}
CARRIED_ON = Path(__file__).parent.parent / "typology" / "changes" / "carried-on.ttl"
NEW, OLD = "https://example.org/carried-on#supervision", "https://w3id.org/learntogether/typology#supervision"


def served(folder: Path, extension: Path) -> TestClient:
    """Serves two teaching reviews that are coded as supervision, under an extension by which nobody made them anew."""
    library = folder / "library"
    coded = [file for file in bundles.bundled_files("teaching") if "typ:supervision" in file.read_text("utf-8")][:2]
    with pytest.MonkeyPatch.context() as patch:
        with ontology.extended([extension]):
            patch.setenv("LTKG_VETTED", ontology.fingerprint())
        for command in (
            ["init", "--library", library, "--extension", extension],
            ["submit", *coded, "--library", library],
            ["publish", "first", "--library", library],
        ):
            run = ltkg(*command)
            assert run.returncode == 0, run.stdout + run.stderr
    return TestClient(create_app(Settings(library=library, uploads=True, log=False)))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with served(tmp_path_factory.mktemp("extended"), CARRIED_ON) as client:
        yield client


@pytest.fixture(scope="module")
def names(client: TestClient) -> dict[str, str]:
    """How each of the two is called in an address, as its row of the table of evidence leads there."""
    found = {}
    for name in ("supervision", "supervision-6dda9e"):
        page = client.get(f"/patterns/{name}.json").json()
        found[page["pattern"]["pattern"]["iri"]] = name
    return found


def test_each_has_an_address_of_its_own_and_the_published_one_keeps_its(names: dict[str, str]) -> None:
    assert names == {OLD: "supervision", NEW: "supervision-6dda9e"}


def test_the_page_of_each_leads_to_the_other(client: TestClient, names: dict[str, str]) -> None:
    old, new = (client.get(f"/patterns/{names[iri]}", headers=HTML).text for iri in (OLD, NEW))
    assert "Status: deprecated. Its place was taken by" in old
    assert f'<a href="/patterns/{names[NEW]}">Supervision</a> (Human-tool operation)' in old
    assert "Status: proposed. It took the place of" in new
    assert f'<a href="/patterns/{names[OLD]}">Supervision</a> (Human-management system operation)' in new
    listed = client.get("/patterns", headers=HTML).text
    assert all(f'href="/patterns/{name}"' in listed for name in names.values())


def test_tables_and_pictures_tell_them_apart(client: TestClient) -> None:
    rows = client.get("/recurrence.json?by=pattern").json()["rows"]
    labels = [row["pattern"]["label"] for row in rows]
    assert len(set(labels)) == len(labels)
    assert {"T2 › Supervision (no longer used)", "T1 › Supervision", "T3 › Nature of the task"} <= set(labels)
    assert "Clear roles" in labels
    for address in ("/recurrence?by=pattern", "/recurrence.svg?by=pattern"):
        told = client.get(address, headers=HTML if "svg" not in address else None).text
        assert "T1 › Supervision" in told
        assert "T2 › Supervision (no longer used)" in told


@pytest.mark.parametrize("iri", [OLD, NEW])
def test_what_a_form_offers_is_what_is_asked(client: TestClient, names: dict[str, str], iri: str) -> None:
    for address in ("/queries/not-found-or-out-of-scope", "/recurrence"):
        asked = {"pattern": names[iri]} | ({"by": "type"} if address == "/recurrence" else {})
        page = client.get(address, params=asked, headers=HTML)
        assert page.status_code == 200
        assert f'<option value="{names[iri]}" selected>' in page.text
        others = [name for name in names.values() if name != names[iri]]
        assert f'<option value="{others[0]}" selected>' not in page.text
    rows = client.get("/queries/not-found-or-out-of-scope.json", params={"pattern": names[iri]}).json()["rows"]
    assert {row["pattern"]["iri"] for row in rows} == {iri}


def test_a_label_that_two_have_is_asked_about(client: TestClient) -> None:
    answer = client.get("/queries/not-found-or-out-of-scope.json", params={"pattern": "Supervision"})
    assert answer.status_code == 422
    assert "is the name of more than one" in answer.json()["detail"]


def test_evidence_is_of_the_one_that_was_chosen(client: TestClient, names: dict[str, str]) -> None:
    old, new = (client.get(f"/patterns/{names[iri]}/evidence.json").json() for iri in (OLD, NEW))
    assert len(old["reviews"]) > 0 == len(new["reviews"])


def test_a_term_of_an_extension_leads_to_its_page_and_not_to_the_published_one(
    client: TestClient, names: dict[str, str]
) -> None:
    page = client.get("/typology", headers=HTML).text
    assert f'<a href="/patterns/{names[NEW]}">T1 › Supervision</a>' in page
    assert '<a href="/ontology/typ:supervision">T2 › Supervision</a> <span class="quiet">deprecated; now T1' in page


def test_the_workbook_offers_the_terms_of_the_library(client: TestClient) -> None:
    """The process that checks uploads writes it, since the ontology in use here stays the package's own."""
    workbook = openpyxl.load_workbook(io.BytesIO(client.get("/template.xlsx").content))
    offered = {cell.value for row in workbook["Lists"].iter_rows() for cell in row}
    assert "T1 › Supervision" in offered
    assert ontology.extensions_in_use() == ()


def test_a_review_is_checked_with_the_terms_of_the_library(client: TestClient, tmp_path: Path) -> None:
    coded = next(file for file in bundles.bundled_files("teaching") if "typ:supervision" in file.read_text("utf-8"))
    anew = coded.read_text("utf-8").replace("typ:supervision", f"<{NEW}>")
    anew = anew.replace(
        "lt:underTypology typ:version-2008", "lt:underTypology <https://example.org/carried-on#version-2>"
    )
    assert NEW in anew
    assert "carried-on#version-2" in anew
    sent = client.post("/validate", files={"file": ("anew.ttl", anew.encode())}, headers={"Accept": "application/json"})
    assert sent.status_code == 200
    assert sent.json()["conforms"], sent.json()["results"]
    (tmp_path / "anew.ttl").write_text(anew, "utf-8")
    run = ltkg("validate", tmp_path / "anew.ttl")
    assert run.returncode == 1, "without the extension its terms are not known"


def test_what_has_no_page_may_take_the_place_of_a_pattern(tmp_path: Path) -> None:
    head, mark, _ = CARRIED_ON.read_text("utf-8").partition("typ:supervision owl:deprecated true ; dct:isReplacedBy ")
    extension = tmp_path / "given-up.ttl"
    extension.write_text(f"{head}{mark}typ:no-type-fits .\n", "utf-8")
    with served(tmp_path, extension) as client:
        page = client.get("/patterns/supervision", headers=HTML)
        assert (page.status_code, "Its place was taken by No type fits" in page.text) == (200, True)
        assert client.get("/patterns", headers=HTML).status_code == 200


def test_layers_tell_them_apart(client: TestClient) -> None:
    labels = [row["pattern"]["label"] for row in client.get("/layers.json").json()["rows"]]
    assert len(set(labels)) == len(labels)
    assert "T3 › Nature of the task" in labels
