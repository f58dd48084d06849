"""Who sees what: every route and form, under every profile, asked by everybody."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from api.guard import ANALYSTS, is_protected
from api.main import create_app
from api.settings import Settings
from learntogether_kg import publishing
from learntogether_kg.errors import ExposureError
from learntogether_kg.library import Library
from learntogether_kg.namespaces import CL, LT
from learntogether_kg.tokens import Role, Tokens
from tests.api.conftest import record, unreleased

PROFILES = {"open": "open", "guarded": "dfe-one-way"}
"""Release to profile."""
FORMS = [
    "text/html",
    "application/json",
    "text/csv",
    "text/turtle",
    "application/ld+json",
    "application/rdf+xml",
    "application/n-triples",
    "*/*",
]
ROLES = [None, *Role]
PUBLIC_UNDER_ANY_PROFILE = {
    "/",
    "/recurrence",
    "/recurrence.svg",
    "/queries",
    "/releases",
    "/typology",
    "/typology/difference",
    "/typology/difference.md",
    "/layers",
    "/layers.svg",
    "/layers/layer.json",
    "/layers/difference",
    "/layers/difference.svg",
    "/codelists",
    "/ontology",
    "/ontology.{form}",
    "/ontology/context.jsonld",
    "/ontology/{name}",
    "/validate",
    "/template.xlsx",
    "/health",
    "/metrics",
    "/docs",
    "/openapi.json",
}
"""Said a second time here, so that a slip in the guard's own list is seen."""


@pytest.fixture(scope="module")
def library(teaching_library: Library, tmp_path_factory: pytest.TempPathFactory) -> Library:
    library = unreleased(teaching_library, tmp_path_factory.mktemp("access"))
    for name, profile in PROFILES.items():
        publishing.publish(library, name, profile)
    return library


@pytest.fixture(scope="module")
def tokens(library: Library) -> dict[Role | None, str]:
    kept = Tokens(library.path)
    return {None: "", **{role: kept.add(f"a-{role}", role) for role in Role}}


@pytest.fixture(scope="module")
def client(library: Library) -> Iterator[TestClient]:
    app = create_app(Settings(library=library.path, log=False, sparql=True))
    at_home = ("127.0.0.1", 50000)
    with TestClient(app, base_url="http://localhost", client=at_home, follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="module")
def names(library: Library) -> dict[str, str]:
    """A good value for each name in a path, of things that are in the library."""
    study = str(library.current().studies()[0])
    return {
        "review": study.rpartition("/")[2],
        "pattern": "supervision",
        "name": "reviews",
        "form": "ttl",
        "node": "F1",
    }


def addresses(client: TestClient, names: dict[str, str]) -> dict[str, str]:
    """Returns every address that can be read, by its template, from the table of routes: new ones are among them."""
    app = client.app
    routes = [route for route in _routes(app) if "GET" in (route.methods or ())]
    found = {}
    for route in routes:
        filled = re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: names[found[1]], route.path)
        found[route.path] = filled.replace("/ontology/reviews", "/ontology/lt:Finding")
    return found


def _routes(router: object) -> Iterator[APIRoute]:
    for route in router.routes:  # type: ignore[attr-defined]
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from _routes(route.original_router)


def headers(token: str, accept: str) -> dict[str, str]:
    return {"Accept": accept, **({"Authorization": f"Bearer {token}"} if token else {})}


def is_public(template: str) -> bool:
    return re.sub(r"\.(json|csv|ttl|jsonld)$", "", template) in PUBLIC_UNDER_ANY_PROFILE or template in (
        PUBLIC_UNDER_ANY_PROFILE
    )


def test_the_table_of_routes_is_not_empty(client: TestClient, names: dict[str, str]) -> None:
    assert {"/reviews/{review}.csv", "/patterns/{pattern}/evidence", "/queries/{name}.json"} <= set(
        addresses(client, names)
    )


@pytest.mark.parametrize("accept", FORMS)
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("release", PROFILES)
def test_who_sees_what(
    client: TestClient,
    tokens: dict[Role | None, str],
    names: dict[str, str],
    release: str,
    role: Role | None,
    accept: str,
) -> None:
    for template, address in addresses(client, names).items():
        if "." in template and accept not in ("text/html", "*/*"):
            continue  # the ending says the form; these two stand for what a browser and a program send
        answer = client.get(address, params={"release": release}, headers=headers(tokens[role], accept))
        told = (template, answer.status_code, answer.text[:200])
        if release != "open" and template in ANALYSTS:
            expected = {None: {401}, Role.CUSTODIAN: {403}}.get(role, {200, 406})
            assert answer.status_code in expected, told
            continue
        if release == "open" or role or is_public(template):
            may_not_fit = {406} if template in ANALYSTS else set()
            assert answer.status_code in {200, 303} | may_not_fit, told
        else:
            assert answer.status_code == 403, told
            assert "token" in answer.text, told
        if role:
            assert answer.headers["cache-control"] == "private, no-store", told
            assert "etag" not in answer.headers, told
        elif answer.status_code == 403:
            assert answer.headers["cache-control"] == "no-store", told


@pytest.mark.parametrize("accept", ["text/html", "application/json", "text/csv"])
def test_nothing_that_identifies_a_record_is_told_to_the_public(
    client: TestClient, names: dict[str, str], library: Library, accept: str
) -> None:
    answers = [
        client.get(address, params={"release": "guarded"}, headers={"Accept": accept}).text
        for address in addresses(client, names).values()
    ]
    secret = [str(study) for study in library.current().studies()]
    assert not [iri for iri in secret for text in answers if iri in text]


def test_what_a_token_saw_is_not_shown_to_the_next_who_asks(client: TestClient, tokens: dict[Role | None, str]) -> None:
    address = "/reviews.json?release=guarded"
    assert client.get(address).status_code == 403
    assert client.get(address, headers=headers(tokens[Role.ANALYST], "*/*")).status_code == 200
    assert client.get(address).status_code == 403


@pytest.mark.parametrize(
    "authorization", ["Bearer ltkg_nothing", "Bearer ", "Bearer", "Basic dXNlcjpwYXNz", "x", "Bearer é"]
)
@pytest.mark.parametrize("path", ["/", "/health", "/recurrence.json", "/reviews", "/validate", "/releases"])
def test_an_unknown_token_is_refused_wherever_it_is_shown(client: TestClient, path: str, authorization: str) -> None:
    answer = client.get(path, headers={"Authorization": authorization.encode()})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith('Bearer realm="')
    assert authorization.partition(" ")[2].strip() not in answer.text or not authorization.partition(" ")[2].strip()


def test_a_revoked_token_is_refused_at_once(client: TestClient, library: Library) -> None:
    token = Tokens(library.path).add("for-a-day", Role.ANALYST)
    seen = [client.get("/reviews.json?release=guarded", headers=headers(token, "*/*")).status_code]
    Tokens(library.path).revoke("for-a-day")
    seen.append(client.get("/reviews.json?release=guarded", headers=headers(token, "*/*")).status_code)
    assert seen == [200, 401]


def test_how_much_a_restricted_release_holds_is_not_public(
    client: TestClient, tokens: dict[Role | None, str], library: Library
) -> None:
    made = library.release("guarded").manifest
    public = client.get("/health?release=guarded").json()
    assert (public["studies"], public["quads"], public["whole"]) == (None, None, True)
    known = client.get("/health?release=guarded", headers=headers(tokens[Role.ANALYST], "*/*")).json()
    assert (known["studies"], known["quads"]) == (made.studies, made.quads)
    rows = {row["release"]: row["studies"] for row in client.get("/releases.json").json()["rows"]}
    assert rows == {"open": made.studies, "guarded": None}


def test_the_start_page_of_a_restricted_release_leads_to_what_is_public(client: TestClient) -> None:
    answer = client.get("/?release=guarded")
    assert (answer.status_code, answer.headers["location"]) == (303, "/recurrence?release=guarded")


def test_the_alternatives_are_never_opened(library: Library, tokens: dict[Role | None, str], tmp_path: Path) -> None:
    copy = shutil.copytree(library.path, tmp_path / "library")
    for secret in copy.glob("releases/*/disclosure/alternatives.npz"):
        secret.write_bytes(b"not what it was: reading it would fail")
    shutil.rmtree(copy / "custody")
    (copy / "custody").write_text("not a folder: opening it would fail")
    with TestClient(create_app(Settings(library=copy))) as client:
        for role in ROLES:
            asked = headers(tokens[role], "application/json")
            assert client.get("/recurrence?by=type&release=guarded", headers=asked).status_code == 200
        for path in ("/disclosure/alternatives.npz", "/custody", "/tokens.json", "/releases/guarded/manifest.json"):
            assert client.get(path, headers=headers(tokens[Role.CUSTODIAN], "*/*")).status_code == 404


def test_the_guard_lets_nothing_through_by_the_look_of_its_name() -> None:
    assert is_protected("/recurrence.json")
    assert is_protected("/typology/difference.json")
    assert not any(is_protected(f"/typology/emerging{ending}") for ending in ("", ".json", ".csv", "/", "/x"))
    assert not is_protected("/recurrences")
    assert not is_protected("/queries/reviews")
    assert not is_protected("/reviews")


@pytest.mark.parametrize(("profile", "is_refused"), [("open", True), ("dfe-one-way", False)])
def test_only_protected_counts_of_unpublished_reviews_may_be_shown_to_other_machines(
    teaching_library: Library, tmp_path: Path, profile: str, is_refused: bool
) -> None:
    """Under a restricted profile others see no record (DESIGN, "Who sees what"), so such a release may hold any."""
    library = Library(Path(shutil.copytree(teaching_library.path, tmp_path / "library")))
    own = record("0000000000000001", "Own review", "Something that is not published")
    own.graph.remove((None, LT.synthetic, None))
    own.graph.add((own.study, LT.capturedFrom, CL["own-review"]))
    library.commit([own])
    release = publishing.publish(library, "own", profile)
    if is_refused:
        with pytest.raises(ExposureError, match="1 review"):
            publishing.refuse_to_expose(release, "0.0.0.0")
        return
    publishing.refuse_to_expose(release, "0.0.0.0")
    settings = Settings(library=library.path, release="own", host="0.0.0.0", log=False, sparql=True)
    with TestClient(create_app(settings), follow_redirects=False) as client:
        for path in ("/reviews", "/reviews/0000000000000001", "/id/review/0000000000000001", "/queries/reviews.json"):
            answer = client.get(path, headers={"Accept": "application/json"})
            assert (path, answer.status_code) == (path, 403)
            assert "not published" not in answer.text
        assert client.get("/sparql?query=ASK{}").status_code == 401
        assert client.get("/recurrence.json?by=type").status_code == 200
