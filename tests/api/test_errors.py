"""Every error is a problem that says what to do."""

from __future__ import annotations

import inspect
from http import HTTPStatus
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.errors import STATUS, problem_of
from api.main import create_app
from api.settings import Settings
from learntogether_kg import errors
from learntogether_kg.errors import LibraryMissingError, StoreUnavailableError, UnknownReleaseError
from learntogether_kg.library import Library

CLASSES = [each for _, each in inspect.getmembers(errors, inspect.isclass) if each.__module__ == errors.__name__]
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
INJECTIONS = [
    "2 } SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } VALUES ?x { 1",
    '"primary" } #',
    "primary\n} DROP ALL",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "\x00",
    "{{ 7 * 7 }}",
    "../../custody",
]


def problem(client: TestClient, path: str, status: int, method: str = "GET") -> dict[str, object]:
    response = client.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, object] = response.json()
    assert list(document) == ["type", "title", "status", "detail"]
    assert document["status"] == status
    return document


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_every_error_class_has_a_status_of_its_own(error: type[errors.LearnTogetherError]) -> None:
    assert error in STATUS


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/queries/recuring-patterns.json", "did you mean recurring-patterns"),
        ("/queries/nothing-like-it", "/queries"),
        ("/reviews/nobody", "/reviews"),
        ("/reviews/nobody.csv", "/reviews"),
        ("/patterns/nothing", "/patterns"),
        ("/patterns/no-type-fits", "/patterns"),
        ("/nothing", "/"),
        ("/static/nothing.css", "/"),
        ("/static/../main.py", "/"),
        ("/queries/internal/label", "/"),
        ("/queries/label", "/queries"),
    ],
)
def test_what_is_not_there_is_404_and_says_where_to_look(client: TestClient, path: str, words: str) -> None:
    assert words in str(problem(client, path, 404)["detail"])


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/queries/recurring-patterns.json?minimun=3", "'minimun': there is no such parameter; it takes minimum"),
        ("/queries/recurring-patterns?minimum=three", "'minimum': 'three' is not a whole number"),
        ("/queries/recurring-patterns?codes=every", "'codes': 'every' is not one of primary, any"),
        ("/queries/recurring-patterns?coder=nobody", "'coder'"),
        ("/queries/recurring-patterns?minimum=2&minimum=3", "'minimum': it is given more than once"),
        ("/queries/recurring-patterns?coder=" + "x" * 2000, "'coder': it is longer than 1000"),
        ("/reviews?year=2015", "'year': this address takes no parameters"),
        ("/queries.json?x=", "'x': this address takes no parameters"),
        ("/patterns/clear-roles.csv?coder=x", "'coder': this address takes no parameters"),
    ],
)
def test_an_argument_that_does_not_fit_is_422_and_named(client: TestClient, path: str, words: str) -> None:
    assert words in str(problem(client, path, 422)["detail"])


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("parameter", ["minimum", "coder", "codes"])
def test_an_argument_is_never_read_as_sparql_or_html(client: TestClient, parameter: str, text: str) -> None:
    for accept in ("application/json", BROWSER["Accept"]):
        response = client.get("/queries/recurring-patterns", params={parameter: text}, headers={"Accept": accept})
        assert response.status_code == 422
        assert not (accept == BROWSER["Accept"] and "<script>alert" in response.text)
        assert "49" not in response.text.partition("<main")[2].partition("</main")[0]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/queries/recurring-patterns", "/reviews.json", "/static/style.css", "/health"])
def test_nothing_can_be_changed(client: TestClient, path: str, method: str) -> None:
    assert "read-only" in str(problem(client, path, 405, method)["detail"])
    assert client.request(method, path).headers["allow"] == "GET, HEAD"


def test_a_browser_gets_a_page_with_a_way_on(client: TestClient) -> None:
    response = client.get("/queries/recuring-patterns", headers=BROWSER)
    assert response.status_code == 404
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert 'href="/queries/recurring-patterns"' in response.text


def test_a_browser_that_asks_for_data_gets_a_problem(client: TestClient) -> None:
    response = client.get("/queries/nothing.json", headers=BROWSER)
    assert response.headers["content-type"] == "application/problem+json"


def test_what_breaks_inside_stays_inside(sample_library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    client = TestClient(create_app(Settings(library=sample_library.path)), raise_server_exceptions=False)
    served = client.app.state.releases.open().served  # type: ignore[attr-defined]
    monkeypatch.setitem(served.__dict__, "release", None)
    response = client.get("/queries/recurring-patterns.json")
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert "NoneType" not in response.text
    assert "Content-Security-Policy" in response.headers


def test_an_unavailable_store_is_503_and_does_not_name_its_folder() -> None:
    told = problem_of(StoreUnavailableError(Path("/srv/secret-place"), "it cannot be opened"))
    assert told.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert "secret-place" not in told.detail


def test_a_missing_library_or_release_stops_the_start(sample_library: Library, tmp_path: Path) -> None:
    with pytest.raises(LibraryMissingError):
        create_app(Settings(library=tmp_path))
    with pytest.raises(UnknownReleaseError):
        create_app(Settings(library=sample_library.path, release="none-such"))


def test_settings_come_from_the_environment(sample_library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    release = sample_library.release().manifest.release
    monkeypatch.setenv("LTKG_LIBRARY", str(sample_library.path))
    monkeypatch.setenv("LTKG_RELEASE", release)
    assert TestClient(create_app()).get("/health").json()["release"] == release
