"""A live library is served as a release is: the same answers, each of one state, which it names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.main import create_app
from api.settings import Settings
from learntogether_kg import bundles, publishing, reviews
from learntogether_kg.errors import ExposureError, StateChangedError, StoreUnavailableError
from learntogether_kg.live import LiveLibrary
from learntogether_kg.namespaces import CL, LT
from learntogether_kg.store.sparql import SparqlStore
from tests.api.conftest import record
from tests.stores import served

FILES = [file for file in bundles.bundled_files("sample") if file.suffix == ".xlsx"][:3]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveLibrary]:
    """A live library that nobody changes."""
    with served(tmp_path_factory.mktemp("server"), {}) as store:
        live = LiveLibrary(store)
        reviews.submit(live, FILES)
        yield live


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[tuple[LiveLibrary, ExitStack]]:
    """A live library with one review, and what stops its server."""
    with ExitStack() as stack:
        live = LiveLibrary(stack.enter_context(served(tmp_path, {})))
        reviews.submit(live, FILES[:1])
        yield live, stack


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The same reviews, as a release of a folder."""
    library = reviews.init(tmp_path_factory.mktemp("folder") / "library")
    reviews.submit(library, FILES)
    publishing.publish(library, "the-same")
    with TestClient(create_app(Settings(library=library.path, sparql=True, log=False))) as client:
        yield client


def serve(live: LiveLibrary, **settings: object) -> TestClient:
    told = {"sparql": True, "sparql_whole_server": True, "log": False, **settings}
    given = Settings(library=live.store.endpoint, **told)  # type: ignore[arg-type]
    return TestClient(create_app(given))


@pytest.fixture(scope="module")
def client(server: LiveLibrary) -> Iterator[TestClient]:
    with serve(server) as client:
        yield client


REVIEW = "d953e70da436741e"
ADDRESSES = [
    "/reviews",
    f"/reviews/{REVIEW}",
    "/patterns",
    "/patterns/supervision",
    "/patterns/supervision/evidence?codes=any",
    "/recurrence",
    "/recurrence?by=pattern&by=influence&codes=any",
    "/recurrence?by=type&pairs=true",
    "/interactions",
    "/typology",
    "/typology/difference",
    "/typology/emerging",
    "/layers?codes=any",
    "/queries",
    "/queries/recurring-patterns?minimum=1&codes=any",
    "/queries/types-reported",
    "/queries/review-findings",
]


def with_ending(address: str, ending: str) -> str:
    path, mark, query = address.partition("?")
    return f"{path}.{ending}{mark}{query}"


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_address_answers_as_that_of_a_release_and_names_the_state(
    client: TestClient, folder: TestClient, address: str
) -> None:
    there, here = client.get(with_ending(address, "json")), folder.get(with_ending(address, "json"))
    assert there.status_code == here.status_code == 200
    assert there.json()["release"] == there.headers["x-ltkg-state"] == "state-1"
    assert there.json()["rows"] == here.json()["rows"]
    table = client.get(with_ending(address, "csv"))
    assert table.content == folder.get(with_ending(address, "csv")).content
    assert table.headers["content-disposition"].endswith('state-1.csv"')
    page = client.get(address, headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "at state <strong>1</strong>" in page.text


@pytest.mark.parametrize("address", ["/", "/health", "/releases.json", "/ontology", "/docs", "/.well-known/void"])
def test_the_other_addresses_answer_too(client: TestClient, address: str) -> None:
    assert client.get(address).status_code == 200


def test_a_review_is_its_named_graph(client: TestClient, folder: TestClient) -> None:
    found = [each.get(f"/id/review/{REVIEW}", headers={"Accept": "application/n-triples"}) for each in (client, folder)]
    there, here = (sorted(each.text.splitlines()) for each in found)
    assert there == here
    assert len(here) > 100


QUERIES = {
    "solutions": "SELECT ?r ?l { ?r a <https://w3id.org/learntogether/ontology#Review> ; "
    "<https://w3id.org/learntogether/ontology#publicLabel> ?l } ORDER BY ?l",
    "nothing": "SELECT ?x { ?x <http://example.org/no> ?y }",
    "true": "ASK { ?r a <https://w3id.org/learntogether/ontology#Review> }",
    "false": "ASK { ?r a <http://example.org/No> }",
    "graph": "CONSTRUCT { ?r a <http://example.org/R> } { ?r a <https://w3id.org/learntogether/ontology#Review> }",
    "own graph": "SELECT (COUNT(*) AS ?n) { GRAPH "
    f"<https://w3id.org/learntogether/id/review/{REVIEW}> {{ ?s ?p ?o }} }}",
}


@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv", "turtle", "ntriples"])
@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_sparql_query_is_answered_as_by_a_release(
    client: TestClient, folder: TestClient, query: str, form: str
) -> None:
    there, here = (each.get("/sparql", params={"query": query, "format": form}) for each in (client, folder))
    assert (there.status_code, there.headers["content-type"]) == (here.status_code, here.headers["content-type"])
    assert sorted(there.text.splitlines()) == sorted(here.text.splitlines())


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", 403),
        ("SELECT * FROM <http://example.org/elsewhere> { ?s ?p ?o }", 403),
        ("INSERT DATA { <http://example.org/a> a <http://example.org/b> }", 403),
        ("DROP ALL", 403),
        ("SELECT * {", 400),
    ],
)
def test_what_a_release_refuses_is_refused(client: TestClient, folder: TestClient, query: str, status: int) -> None:
    for each in (client, folder):
        answer = each.get("/sparql", params={"query": query})
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_what_else_a_server_holds_is_not_shown_unless_its_keeper_says_that_it_holds_nothing(
    server: LiveLibrary,
) -> None:
    with serve(server, sparql_whole_server=False) as client:
        told = client.get("/sparql", params={"query": "ASK {}"})
        assert told.status_code == 404
        assert "--sparql-whole-server" in told.json()["detail"]
        assert client.get("/reviews.json").status_code == 200


@pytest.mark.parametrize("way", ["FROM", "default-graph-uri", "named-graph-uri"])
def test_no_graph_is_chosen_since_servers_silently_do_not(client: TestClient, way: str) -> None:
    graph = f"https://w3id.org/learntogether/id/review/{REVIEW}"
    chosen = f"FROM <{graph}>" if way == "FROM" else ""
    asked = {"query": f"SELECT * {chosen} {{ ?s ?p ?o }}", **({} if chosen else {way: graph})}
    answer = client.get("/sparql", params=asked)
    assert (answer.status_code, "GRAPH" in answer.json()["detail"]) == (403, True)


def test_a_cut_answer_says_so(server: LiveLibrary) -> None:
    with serve(server, sparql_rows=5) as client:
        answer = client.get("/sparql", params={"query": "SELECT * { ?s ?p ?o }", "format": "json"})
        assert len(answer.json()["results"]["bindings"]) == 5
        assert answer.headers["x-ltkg-truncated"] == "rows; limit=5"


def test_an_answer_has_an_etag_and_a_change_ends_it(changing: tuple[LiveLibrary, ExitStack]) -> None:
    live, _ = changing
    with serve(live, live_seconds=0) as client:
        first = client.get("/reviews.json")
        assert first.headers["cache-control"] == "public, no-cache"
        tag = {"If-None-Match": first.headers["etag"]}
        assert client.get("/reviews.json", headers=tag).status_code == 304
        reviews.submit(live, FILES)
        second = client.get("/reviews.json", headers=tag)
        assert (second.status_code, second.json()["release"], second.json()["total"]) == (200, "state-2", 3)
        passed = client.get("/reviews.json?release=state-1")
        assert (passed.status_code, passed.headers["content-type"]) == (410, "application/problem+json")
        assert "state-2" in passed.json()["detail"]
        assert client.get("/reviews.json?release=state-2").json()["rows"] == second.json()["rows"]
        for never in ("state-3", "state-x", "2026-11-25"):
            assert client.get(f"/reviews.json?release={never}").status_code == 404


def test_a_change_that_was_not_looked_for_yet_is_noticed_while_answering(
    changing: tuple[LiveLibrary, ExitStack],
) -> None:
    live, _ = changing
    with serve(live, live_seconds=3600) as client:
        assert client.get("/reviews.json").json()["release"] == "state-1"
        reviews.submit(live, FILES)
        answer = client.get("/queries/review-findings.json")
        assert (answer.status_code, answer.json()["release"]) == (200, "state-2")
        assert client.get("/reviews.json").json()["total"] == 3
        reviews.withdraw(live, [str(live.studies()[0])], "to try it")
        asked = client.post("/sparql", data={"query": QUERIES["solutions"]}, headers={"Accept": "text/csv"})
        assert asked.status_code == 503, "what came with a body is not sent a second time"
        assert "Ask again" in asked.json()["detail"]


def test_an_answer_of_another_state_is_never_passed_on(changing: tuple[LiveLibrary, ExitStack]) -> None:
    live, _ = changing
    state = live.newest()
    assert len(list(state.store.select(QUERIES["solutions"]))) == 1
    reviews.submit(live, FILES)
    assert len(list(state.store.select(QUERIES["solutions"]))) == 1, "what was said of the state still holds"
    for ask in (lambda: state.store.select_csv(QUERIES["true"]), state.store.graph_names):
        with pytest.raises((StateChangedError, StoreUnavailableError)):
            ask()
    with pytest.raises(StateChangedError, match="from state 1 to 2"):
        state.store.graph(live.studies()[0])


def test_the_coding_table_is_extracted_once_for_a_state(changing: tuple[LiveLibrary, ExitStack]) -> None:
    live, servers = changing
    with serve(live, live_seconds=3600) as client:
        assert client.get("/recurrence.json?by=type").status_code == 200
        servers.close()  # from here on nothing can be asked
        other = client.get("/recurrence.json?by=pattern&codes=any")
        assert (other.status_code, other.json()["release"]) == (200, "state-1")


@pytest.mark.parametrize("address", ["/reviews.json", "/recurrence.csv", "/", "/health", "/sparql?query=ASK{}"])
def test_a_server_that_is_down_is_told_with_what_to_do(changing: tuple[LiveLibrary, ExitStack], address: str) -> None:
    live, servers = changing
    with serve(live, live_seconds=0) as client:
        servers.close()
        answer = client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert "Try again" in answer.json()["detail"]
        assert answer.headers["retry-after"]
        page = client.get("/reviews", headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
        assert "127.0.0.1" not in page.text


def test_no_server_at_the_start_is_said_at_once() -> None:
    with pytest.raises(StoreUnavailableError, match="cannot be reached"):
        serve(LiveLibrary(SparqlStore("http://127.0.0.1:9/query")))


def test_a_restricted_profile_is_refused_with_what_to_do_instead(client: TestClient) -> None:
    answer = client.get("/recurrence.json?by=type&profile=dfe")
    assert answer.status_code == 403
    assert "live library" in answer.json()["detail"]
    assert "publish --to DIR --profile dfe" in answer.json()["detail"]


def test_a_live_library_knows_no_tokens(client: TestClient) -> None:
    assert client.get("/reviews.json", headers={"Authorization": "Bearer ltkg_x"}).status_code == 401


def test_reviews_that_are_not_published_are_not_shown_to_other_machines(
    changing: tuple[LiveLibrary, ExitStack],
) -> None:
    live, _ = changing
    with serve(live, live_seconds=0, host="0.0.0.0") as client:
        assert client.get("/reviews.json").status_code == 200
        own = record("0000000000000001", "Own review")
        own.graph.remove((None, LT.synthetic, None))
        own.graph.add((own.study, LT.capturedFrom, CL["own-review"]))
        live.commit([own])
        assert client.get("/reviews.json").status_code == 403
        with pytest.raises(ExposureError):
            publishing.refuse_to_expose(live.newest(), "0.0.0.0")
    with serve(live) as at_home:
        assert at_home.get("/reviews.json").status_code == 200
