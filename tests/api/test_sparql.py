"""``/sparql``: the protocol, the forms of answers, the limits, and who may ask."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import RDF, VOID, Graph, Literal, URIRef
from rdflib.compare import isomorphic
from starlette.testclient import TestClient

from api.descriptions import SD
from api.main import create_app
from api.settings import Settings
from learntogether_kg import bundles, publishing
from learntogether_kg.library import Library
from learntogether_kg.namespaces import ONTOLOGY_GRAPH
from learntogether_kg.store.endpoint import GRAPH_TYPES, RESULT_TYPES
from learntogether_kg.tokens import Role, Tokens

FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
VALUES = """SELECT * { VALUES (?iri ?text ?tagged ?number ?nothing) {
  (<https://example.org/é> "line\\nbreak, \\"quoted\\", tab\\there & <b>" "Hallo"@de 1.5 UNDEF)
  (UNDEF "" UNDEF true UNDEF) } }"""
ONE = "SELECT (1 AS ?one) {}"
LONG = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
LARGE = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?i"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
RESULT_READERS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "tsv": ox.QueryResultsFormat.TSV,
}
GRAPH_READERS = {"turtle": "turtle", "ntriples": "nt", "jsonld": "json-ld", "rdfxml": "xml"}


@pytest.fixture(scope="module")
def client(sample_library: Library) -> Iterator[TestClient]:
    """The sample with SPARQL, with limits that a test can run into."""
    chosen = Settings(
        library=sample_library.path, sparql=True, sparql_seconds=4, sparql_megabytes=768, sparql_rows=1000,
        sparql_answer_megabytes=1, cors="https://yasgui.example",
    )  # fmt: skip
    with TestClient(create_app(chosen)) as made:
        yield made


def test_it_is_off_unless_it_is_enabled(sample_library: Library) -> None:
    off = TestClient(create_app(Settings(library=sample_library.path)))
    for response in (off.get("/sparql", params={"query": ONE}), off.post("/sparql", data={"query": ONE})):
        assert response.status_code == 404
        assert "ltkg serve --sparql" in response.json()["detail"]
    assert (None, VOID.sparqlEndpoint, None) not in Graph().parse(data=off.get("/.well-known/void").text)


def test_the_three_ways_of_the_protocol_give_the_same_answer(client: TestClient) -> None:
    by_get = client.get("/sparql", params={"query": VALUES})
    by_form = client.post("/sparql", data={"query": VALUES})
    direct = client.post("/sparql", content=VALUES, headers={"Content-Type": QUERY})
    assert by_get.status_code == by_form.status_code == direct.status_code == 200
    assert by_get.json() == by_form.json() == direct.json()
    assert client.head("/sparql", params={"query": VALUES}).content == b""


@pytest.mark.parametrize(
    ("method", "content", "kind", "status"),
    [
        ("POST", b"", FORM, 400),
        ("POST", b"query=ASK%7B%7D&query=ASK%7B%7D", FORM, 400),
        ("POST", b"query=%FF", FORM, 400),
        ("POST", b"\xff", QUERY, 400),
        ("POST", b"", QUERY, 400),
        ("POST", b"SELEKT", QUERY, 400),
        ("POST", b"ASK{}", f"{QUERY}; charset=latin-1", 415),
        ("POST", b"ASK{}", "text/plain", 415),
        ("POST", b"ASK{}", "multipart/form-data; boundary=x", 415),
        ("POST", b"ASK{}", "", 415),
        ("POST", b"CLEAR ALL", "application/sparql-update", 403),
        ("POST", b"update=CLEAR+ALL", FORM, 403),
        ("POST", b"CLEAR ALL", QUERY, 403),
        ("POST", b"# a remark\nPREFIX a: <b:c>\ninsert data {}", QUERY, 403),
        ("POST", b"#" + b" " * 300_000, QUERY, 413),
        ("PUT", b"", "", 405),
        ("DELETE", b"", "", 405),
    ],
)
def test_what_is_not_as_the_protocol_says_gets_its_status(
    client: TestClient, method: str, content: bytes, kind: str, status: int
) -> None:
    response = client.request(method, "/sparql", content=content, headers={"Content-Type": kind} if kind else {})
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]
    if status == 405:
        assert response.headers["allow"] == "GET, HEAD, POST"


def test_two_queries_in_one_address_are_refused(client: TestClient) -> None:
    assert client.get("/sparql?query=ASK%7B%7D&query=ASK%7B%7D").status_code == 400
    both = client.post("/sparql?query=ASK%7B%7D", content=ONE, headers={"Content-Type": QUERY})
    assert both.status_code == 400


@pytest.mark.parametrize("form", RESULT_READERS)
@pytest.mark.parametrize("how", ["format", "accept"])
def test_an_independent_reader_finds_the_same_solutions(client: TestClient, form: str, how: str) -> None:
    kind = RESULT_TYPES[form][0]
    asked = {"query": VALUES, **({"format": form} if how == "format" else {})}
    response = client.get("/sparql", params=asked, headers={"Accept": kind if how == "accept" else "*/*"})
    assert response.headers["content-type"].startswith(kind)
    parsed = ox.parse_query_results(response.content, format=RESULT_READERS[form])
    expected = ox.Store().query(VALUES)
    assert isinstance(parsed, ox.QuerySolutions)
    assert isinstance(expected, ox.QuerySolutions)
    names = [variable.value for variable in expected.variables]
    found = [[solution[name] for name in names] for solution in parsed]
    assert found == [[solution[name] for name in names] for solution in expected]


def test_csv_is_as_the_engine_writes_it(client: TestClient) -> None:
    response = client.get("/sparql", params={"query": VALUES, "format": "csv"})
    expected = ox.Store().query(VALUES)
    assert isinstance(expected, ox.QuerySolutions)
    written = expected.serialize(format=ox.QueryResultsFormat.CSV)
    assert written is not None
    assert response.text.splitlines() == written.decode().splitlines()


def test_ask_answers_in_every_form(client: TestClient) -> None:
    for form, answer in {"json": '"boolean": true', "xml": "<boolean>true</boolean>", "csv": "true"}.items():
        assert answer in client.get("/sparql", params={"query": "ASK {}", "format": form}).text


@pytest.mark.parametrize("form", GRAPH_READERS)
def test_a_graph_is_the_same_in_every_form(client: TestClient, form: str, sample_library: Library) -> None:
    query = f"CONSTRUCT WHERE {{ GRAPH <{ONTOLOGY_GRAPH}> {{ ?s a <http://www.w3.org/2002/07/owl#Class> }} }}"
    query = query.replace("CONSTRUCT WHERE", "CONSTRUCT { ?s a <https://example.org/Kind> } WHERE")
    response = client.get("/sparql", params={"query": query}, headers={"Accept": GRAPH_TYPES[form][0]})
    assert response.headers["content-type"].startswith(GRAPH_TYPES[form][0])
    expected = Graph()
    owl_class = URIRef("http://www.w3.org/2002/07/owl#Class")
    for term in sample_library.release().store.graph(ONTOLOGY_GRAPH).subjects(RDF.type, owl_class):
        expected.add((term, RDF.type, URIRef("https://example.org/Kind")))
    assert len(expected) > 10
    assert isomorphic(Graph().parse(data=response.content, format=GRAPH_READERS[form]), expected)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "application/sparql-results+json"),
        ("text/csv;q=0.5, application/sparql-results+xml;q=0.9", "application/sparql-results+xml"),
        ("application/xml", "application/sparql-results+xml"),
        ("application/sparql-results+json,*/*;q=0.9", "application/sparql-results+json"),
        ("text/html;q=0.2, text/csv", "text/csv"),
        ("text/turtle, text/tab-separated-values;q=0.1", "text/tab-separated-values"),
        (BROWSER, "text/html"),
    ],
)
def test_accept_chooses_by_its_weights(client: TestClient, accept: str, kind: str) -> None:
    response = client.get("/sparql", params={"query": ONE}, headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(kind)


def test_a_form_that_no_answer_has_is_said(client: TestClient) -> None:
    response = client.get("/sparql", params={"query": ONE}, headers={"Accept": "image/png"})
    assert (response.status_code, "json, xml, csv, tsv" in response.json()["detail"]) == (406, True)
    assert client.get("/sparql", params={"query": ONE, "format": "pdf"}).status_code == 400


def test_the_dataset_is_chosen_within_the_release_only(client: TestClient) -> None:
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    sizes = {}
    for asked in ({}, {"default-graph-uri": str(ONTOLOGY_GRAPH)}):
        body = client.get("/sparql", params={"query": count, **asked}).json()
        sizes[len(asked)] = int(body["results"]["bindings"][0]["n"]["value"])
    assert 0 < sizes[1] < sizes[0]
    within = client.get("/sparql", params={"query": count.replace("{", f"FROM <{ONTOLOGY_GRAPH}> {{")})
    assert int(within.json()["results"]["bindings"][0]["n"]["value"]) == sizes[1]
    named = {"query": "ASK { GRAPH ?g { ?s ?p ?o } }", "named-graph-uri": str(ONTOLOGY_GRAPH)}
    assert client.get("/sparql", params=named).json()["boolean"] is True
    assert client.get("/sparql", params={**named, "query": "ASK { ?s ?p ?o }"}).json()["boolean"] is False
    for name in ("default-graph-uri", "named-graph-uri"):
        for foreign in ("https://example.org/other", "file:///etc/passwd", "no IRI"):
            assert client.get("/sparql", params={"query": count, name: foreign}).status_code == 403


@pytest.mark.parametrize("form", ["json", "xml", "csv", "turtle"])
def test_an_answer_that_was_cut_says_so_and_is_whole_in_itself(client: TestClient, form: str) -> None:
    query = "CONSTRUCT WHERE { ?s ?p ?o }" if form == "turtle" else "SELECT * { ?s ?p ?o }"
    response = client.get("/sparql", params={"query": query, "format": form})
    assert response.headers["x-ltkg-truncated"] == "rows; limit=1000"
    assert response.headers["link"].startswith("<http://testserver/sparql#limits>")
    match form:
        case "json":
            assert response.json()["head"]["link"] == ["http://testserver/sparql#limits"]
            assert len(response.json()["results"]["bindings"]) == 1000
        case "xml":
            assert '<link href="http://testserver/sparql#limits"/></head>' in response.text
            assert response.text.count("<result>") == 1000
        case "turtle":
            assert len(Graph().parse(data=response.text)) == 1000
    assert "x-ltkg-truncated" not in client.get("/sparql", params={"query": ONE, "format": "json"}).headers


def test_too_many_bytes_are_cut_as_well(client: TestClient) -> None:
    doubled = "CONCAT(?t,?t,?t,?t,?t,?t,?t,?t)"
    query = 'SELECT ?n ?v { VALUES ?n {1 2 3 4 5 6} BIND("x" AS ?a) '
    for old, new in zip("abcdef", "bcdefg", strict=True):
        query += f"BIND({doubled.replace('?t', f'?{old}')} AS ?{new}) "
    response = client.get("/sparql", params={"query": query + "BIND(?g AS ?v) }"})
    assert response.headers["x-ltkg-truncated"] == "bytes; limit=1048576"
    assert 1 <= len(response.json()["results"]["bindings"]) < 6


def test_a_query_without_end_is_stopped_and_the_next_is_answered(client: TestClient) -> None:
    begun = time.monotonic()
    response = client.get("/sparql", params={"query": LONG})
    assert time.monotonic() - begun < 10
    assert (response.status_code, "4 seconds" in response.json()["detail"]) == (504, True)
    assert client.get("/sparql", params={"query": ONE}).status_code == 200


def test_a_query_that_needs_too_much_memory_is_stopped(sample_library: Library) -> None:
    tight = Settings(library=sample_library.path, sparql=True, sparql_seconds=50, sparql_megabytes=400)
    with TestClient(create_app(tight)) as client:
        response = client.get("/sparql", params={"query": LARGE})
        assert (response.status_code, "400 MB" in response.json()["detail"]) == (503, True)
        assert client.get("/sparql", params={"query": ONE}).status_code == 200


def test_scans_without_end_leave_other_answers_quick(client: TestClient) -> None:
    def slowest() -> float:
        taken = []
        for _ in range(15):
            begun = time.monotonic()
            assert client.get("/queries/recurring-patterns.json").status_code == 200
            taken.append(time.monotonic() - begun)
        return sorted(taken)[-2]

    alone = slowest()
    scans = [
        threading.Thread(target=client.get, args=("/sparql",), kwargs={"params": {"query": LONG}}) for _ in "123456"
    ]
    for scan in scans:
        scan.start()
    beside = slowest()
    for scan in scans:
        scan.join()
    assert beside < max(5 * alone, 1.0), f"{alone:.3f} s alone, {beside:.3f} s beside scans"


def test_queries_beyond_what_may_wait_are_told_to_come_again(client: TestClient) -> None:
    statuses: list[int] = []

    def ask() -> None:
        response = client.get("/sparql", params={"query": LONG})
        statuses.append(response.status_code)
        assert response.status_code != 503 or response.headers["retry-after"] == "5"

    asking = [threading.Thread(target=ask) for _ in range(8)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert set(statuses) == {503, 504}


def test_a_browser_gets_a_page_without_scripts(client: TestClient) -> None:
    empty = client.get("/sparql", headers={"Accept": BROWSER}).text
    assert "<textarea" in empty
    assert "<script" not in empty
    query = 'SELECT ("<b>bold</b>" AS ?text) { }'
    page = client.get("/sparql", params={"query": query}, headers={"Accept": BROWSER}).text
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "format=csv" in page
    wrong = client.get("/sparql", params={"query": "SELEKT"}, headers={"Accept": BROWSER})
    assert (wrong.status_code, "not SPARQL" in wrong.text) == (400, True)


def test_the_service_and_the_release_describe_themselves(client: TestClient, sample_library: Library) -> None:
    manifest = sample_library.release().manifest
    for kind, reader in (("text/turtle", "turtle"), ("application/rdf+xml", "xml"), ("application/ld+json", "json-ld")):
        service = Graph().parse(data=client.get("/sparql", headers={"Accept": kind}).content, format=reader)
        endpoint = URIRef("http://testserver/sparql")
        assert (endpoint, SD.endpoint, endpoint) in service
        assert (endpoint, SD.feature, SD.UnionDefaultGraph) in service
        data = service.value(endpoint, SD.defaultDataset)
        void = Graph().parse(data=client.get("/.well-known/void", headers={"Accept": kind}).content, format=reader)
        assert (data, VOID.sparqlEndpoint, endpoint) in void
        assert (data, VOID.triples, Literal(manifest.quads)) in void


def test_only_pages_of_sites_that_were_let_in_may_ask_from_a_browser(
    client: TestClient, sample_library: Library
) -> None:
    """What YASGUI sends: a preflight because of its headers, then a form."""
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,x-requested-with",
    }
    for origin, let_in in (("https://yasgui.example", True), ("https://other.example", False)):
        preflight = client.options("/sparql", headers={"Origin": origin, **asked})
        assert (preflight.status_code == 200) is let_in
        headers = {"Origin": origin, "Accept": "application/sparql-results+json,*/*;q=0.9"}
        answer = client.post("/sparql", data={"query": ONE}, headers=headers)
        assert answer.headers.get("access-control-allow-origin") == (origin if let_in else None)
    elsewhere = client.get("/patterns.json", headers={"Origin": "https://yasgui.example"})
    assert "access-control-allow-origin" not in elsewhere.headers


def test_a_restricted_release_is_asked_with_an_analysts_token_only(tmp_path: Path) -> None:
    bundles.build_synthetic(30, 7, tmp_path / "library")
    library = Library.open(tmp_path / "library")
    publishing.publish(library, "protected", "threshold-10")
    tokens = Tokens(library.path)
    analyst, custodian = tokens.add("a", Role.ANALYST), tokens.add("c", Role.CUSTODIAN)
    with TestClient(create_app(Settings(library=library.path, release="protected", sparql=True))) as client:
        for address in ("/sparql", "/.well-known/void"):
            for token, status in ((None, 401), ("ltkg_wrong", 401), (custodian, 403), (analyst, 200)):
                headers = {"Authorization": f"Bearer {token}"} if token else {}
                response = client.get(address, params={"query": "ASK {}"}, headers=headers)
                assert response.status_code == status, (address, token)
                assert status != 401 or "Bearer" in response.headers["www-authenticate"]
                assert status != 200 or response.headers["cache-control"] == "private, no-store"


FRAGMENTS = st.sampled_from(
    [
        "SELECT", "ASK", "CONSTRUCT", "DESCRIBE", "*", "WHERE", "{", "}", "(", ")", "?s ?p ?o", ".", "<a:b>", "FROM",
        "<file:///etc/passwd>", "SERVICE", "<http://127.0.0.1:1/>", "LOAD", "\\u0053ERVICE", "\\uD800", "GRAPH ?g",
        "FILTER", "'", '"""', "#", "\n", "VALUES ?x", "UNDEF", "LIMIT 1", "BIND(1/0 AS ?z)", "<<( )>>", "\x00", "é",
    ]
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.one_of(st.text(), st.lists(FRAGMENTS, max_size=12).map(" ".join)),
    more=st.dictionaries(
        st.sampled_from(["default-graph-uri", "named-graph-uri", "format", "update", "x"]), st.text(max_size=20)
    ),
    accept=st.one_of(st.sampled_from([BROWSER, "", "*/*", "text/turtle"]), st.text("abc/*;q=.,0", max_size=20)),
    way=st.sampled_from(["get", "form", "direct"]),
)
def test_whatever_is_sent_there_is_an_answer_or_a_problem_that_says_why(
    client: TestClient, query: str, more: dict[str, str], accept: str, way: str
) -> None:
    fields = {key: value.encode(errors="replace").decode() for key, value in {"query": query, **more}.items()}
    match way:
        case "get":
            response = client.get("/sparql", params=fields, headers={"Accept": accept})
        case "form":
            response = client.post("/sparql", data=fields, headers={"Accept": accept})
        case _:
            body = fields.pop("query").encode()
            response = client.post(
                "/sparql", params=fields, content=body, headers={"Accept": accept, "Content-Type": QUERY}
            )
    assert response.status_code in (200, 400, 403, 406, 413, 504), response.text
    assert "Traceback" not in response.text
    if response.status_code != 200 and response.headers["content-type"] == "application/problem+json":
        assert json.loads(response.text)["detail"]
