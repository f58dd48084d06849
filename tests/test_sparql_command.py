"""``ltkg sparql`` asks under the rules of ``/sparql``, of a folder and of a server."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from rdflib import SH, Graph, URIRef
from starlette.testclient import TestClient

from api.main import create_app
from api.settings import Settings
from learntogether_kg import bundles, queries, query_catalogue, query_files, reviews
from learntogether_kg.library import Library
from learntogether_kg.live import LiveLibrary
from tests.stores import served
from tests.test_cli import ltkg, one_line

LABELS = """\
PREFIX lt: <https://w3id.org/learntogether/ontology#>
SELECT ?label WHERE { ?review a lt:Review ; lt:publicLabel ?label } ORDER BY ?label
"""
ASK = "ASK { ?review a <https://w3id.org/learntogether/ontology#Review> }"
GRAPH = "CONSTRUCT { ?r a <http://example.org/R> } WHERE { ?r a <https://w3id.org/learntogether/ontology#Review> }"
NAMES = f"""\
SELECT ?name FROM <{query_catalogue.CATALOGUE}>
WHERE {{ ?query a <http://www.w3.org/ns/shacl#SPARQLExecutable> ; <http://purl.org/dc/terms/identifier> ?name }}
"""
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


def write(tmp_path: Path, text: str) -> Path:
    (file := tmp_path / "query.rq").write_text(text, encoding="utf-8")
    return file


def test_a_query_from_a_file_is_answered_in_each_form(sample_library: Library, tmp_path: Path) -> None:
    file, place = write(tmp_path, LABELS), ("--library", sample_library.path)
    labels = [row[0].label for row in queries.ask(sample_library.release().store, "reviews").rows]
    as_csv = ltkg("sparql", file, "--format", "csv", *place)
    assert (as_csv.returncode, as_csv.stderr) == (0, "")
    assert [row["label"] for row in csv.DictReader(io.StringIO(as_csv.stdout))] == sorted(labels)
    as_json = json.loads(ltkg("sparql", file, "--format", "json", *place).stdout)
    assert [row["label"]["value"] for row in as_json["results"]["bindings"]] == sorted(labels)
    table = ltkg("sparql", file, *place)
    assert all(label in table.stdout for label in labels)
    assert ltkg("sparql", file, "--format", "xml", *place).stdout.startswith("<?xml")
    assert ltkg("sparql", file, "--format", "tsv", *place).stdout.startswith("?label\n")


def test_ask_and_construct_are_answered_too(sample_library: Library, tmp_path: Path) -> None:
    place = ("--library", sample_library.path)
    assert ltkg("sparql", write(tmp_path, ASK), *place).stdout == "yes\n"
    for form, parser in (("table", "turtle"), ("turtle", "turtle"), ("ntriples", "nt"), ("jsonld", "json-ld")):
        told = ltkg("sparql", write(tmp_path, GRAPH), "--format", form, *place).stdout
        assert len(Graph().parse(data=told, format=parser)) == 12


def test_a_query_is_read_from_a_pipe(sample_library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(ASK))
    assert ltkg("sparql", "-", "--library", sample_library.path).stdout == "yes\n"


@pytest.mark.parametrize(
    ("query", "options", "said"),
    [
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", (), "SERVICE"),
        ("SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }", (), "FROM"),
        ("INSERT DATA { <x:a> <x:b> <x:c> }", (), "update"),
        ("SELECT * {", (), "SPARQL 1.1"),
        (GRAPH, ("--format", "csv"), "turtle"),
        (LABELS, ("--format", "turtle"), "json"),
        (LABELS, ("--format", "pdf"), "is not one of"),
        (ENDLESS, ("--seconds", "0.5"), "longer than 0.5 seconds"),
    ],
)
def test_what_cannot_be_answered_is_one_line(
    query: str, options: tuple[str, ...], said: str, sample_library: Library, tmp_path: Path
) -> None:
    run = ltkg("sparql", write(tmp_path, query), *options, "--library", sample_library.path)
    assert (run.returncode, run.stdout) == (2, "")
    assert said in run.stderr
    assert one_line(run.stderr)


def test_a_file_that_is_not_there_is_told(tmp_path: Path, sample_library: Library) -> None:
    run = ltkg("sparql", tmp_path / "none.rq", "--library", sample_library.path)
    assert (run.returncode, "No such file" in run.stderr) == (2, True)


def test_a_live_library_is_asked_under_the_same_rules(tmp_path: Path) -> None:
    files = [file for file in bundles.bundled_files("sample") if file.suffix == ".xlsx"][:2]
    with served(tmp_path, {}) as store:
        reviews.submit(LiveLibrary(store), files)
        place = ("--library", store.endpoint)
        assert len(ltkg("sparql", write(tmp_path, LABELS), "--format", "csv", *place).stdout.splitlines()) == 3
        assert ltkg("sparql", write(tmp_path, ASK), *place).stdout == "yes\n"
        assert len(ltkg("sparql", write(tmp_path, NAMES), "--format", "csv", *place).stdout.split()) > 30
        for refused in ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", "DROP ALL"):
            assert ltkg("sparql", write(tmp_path, refused), *place).returncode == 2
        endless = ltkg("sparql", write(tmp_path, ENDLESS), "--seconds", "1", *place)
        assert (endless.returncode, "longer than" in endless.stderr) == (2, True)
    assert ltkg("sparql", write(tmp_path, ASK), *place).returncode == 3


# The catalogue of queries


def test_the_catalogue_of_queries_is_asked_by_its_name(sample_library: Library, tmp_path: Path) -> None:
    told = ltkg("sparql", write(tmp_path, NAMES), "--format", "csv", "--library", sample_library.path).stdout
    assert sorted(told.split()[1:]) == sorted(query_files.catalogue())


@pytest.fixture(scope="module")
def client(sample_library: Library) -> TestClient:
    with TestClient(create_app(Settings(library=sample_library.path, sparql=True, log=False))) as client:
        return client


@pytest.mark.parametrize(
    "asked",
    [
        {"query": NAMES},
        {
            "query": NAMES.replace(f"FROM <{query_catalogue.CATALOGUE}>", ""),
            "default-graph-uri": str(query_catalogue.CATALOGUE),
        },
        {
            "query": NAMES.replace("FROM", "FROM NAMED").replace("WHERE { ", "WHERE { GRAPH ?graph { ").rstrip() + " }",
        },
    ],
)
def test_sparql_asks_the_catalogue_by_from_and_by_the_protocol(client: TestClient, asked: dict[str, str]) -> None:
    answer = client.get("/sparql", params={**asked, "format": "csv"})
    assert answer.status_code == 200, answer.text
    assert sorted(answer.text.split()[1:]) == sorted(query_files.catalogue())


def test_a_release_alone_holds_no_query_and_the_two_are_not_mixed(client: TestClient) -> None:
    alone = client.get("/sparql", params={"query": "ASK { ?q a <http://www.w3.org/ns/shacl#SPARQLExecutable> }"})
    assert alone.json()["boolean"] is False
    both = f"SELECT * FROM <{query_catalogue.CATALOGUE}> FROM <https://w3id.org/learntogether/ontology> {{ ?s ?p ?o }}"
    refused = client.get("/sparql", params={"query": both})
    assert (refused.status_code, "asked alone" in refused.json()["detail"]) == (403, True)


def test_the_service_description_tells_of_the_catalogue(client: TestClient) -> None:
    told = Graph().parse(data=client.get("/sparql", headers={"Accept": "text/turtle"}).text, format="turtle")
    service = "http://www.w3.org/ns/sparql-service-description#"
    collection = told.value(
        None, URIRef(f"{service}namedGraph"), told.value(None, URIRef(f"{service}name"), query_catalogue.CATALOGUE)
    )
    assert told.value(None, URIRef(f"{service}availableGraphs"), collection) is not None
    assert (None, None, SH.SPARQLExecutable) not in told
