"""The ontology's addresses: pages for people, triples for programs."""

from __future__ import annotations

import json
import re

import pytest
from rdflib import Graph
from starlette.testclient import TestClient

from api.ontology import FORMS
from learntogether_kg import reference
from learntogether_kg.ingest import plain_json
from learntogether_kg.ontology import load_ontology

RDFLIB = {
    "text/turtle": "turtle",
    "application/ld+json": "json-ld",
    "application/rdf+xml": "xml",
    "application/n-triples": "nt",
}


@pytest.mark.parametrize(("ending", "form"), FORMS.items())
def test_the_ontology_is_given_whole_in_every_form(client: TestClient, ending: str, form: tuple[str, str]) -> None:
    by_name = client.get(f"/ontology.{ending}")
    negotiated = client.get("/ontology", headers={"Accept": form[0]})
    assert negotiated.headers["content-type"].startswith(form[0])
    assert negotiated.headers["vary"] == "Accept, Authorization"
    assert by_name.text == negotiated.text
    graph = Graph().parse(data=by_name.text, format=RDFLIB[form[0]])
    assert len(graph) == len(load_ontology())


@pytest.mark.parametrize("accept", ["", "*/*", "text/html", "text/html,application/xhtml+xml,*/*;q=0.8"])
def test_a_browser_gets_the_page(client: TestClient, accept: str) -> None:
    response = client.get("/ontology", headers={"Accept": accept})
    assert response.headers["content-type"].startswith("text/html")
    assert "/ontology/lt:Finding" in response.text


def test_every_term_has_a_page(client: TestClient) -> None:
    for name, term in reference.terms().items():
        response = client.get(f"/ontology/{name}")
        assert response.status_code == 200, name
        assert term.iri in response.text


def test_a_terms_page_gives_its_rules_and_queries(client: TestClient) -> None:
    page = client.get("/ontology/lt:Finding").text
    assert "FindingShape-influence" in page
    assert 'href="/queries/evidence-chain"' in page


def test_a_name_without_prefix_leads_to_the_ontologys_own_term(client: TestClient) -> None:
    response = client.get("/ontology/Finding", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "/ontology/lt:Finding")


@pytest.mark.parametrize("path", ["/ontology/lt:Nothing", "/ontology/nothing", "/ontology.exe"])
def test_what_is_not_there_is_told(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


def test_the_context_is_served(client: TestClient) -> None:
    response = client.get("/ontology/context.jsonld")
    assert response.headers["content-type"] == "application/ld+json"
    assert json.loads(response.text)["@context"] == json.loads(json.dumps(plain_json.context()))


def test_the_page_has_every_wider_rule_with_its_severity_at_each_stage(client: TestClient) -> None:
    page = client.get("/ontology", headers={"Accept": "text/html"}).text
    rows = re.findall(r'<tr><th scope="row">(.+?)</th><td>(.+?)</td><td>(.+?)</td>', page)
    assert rows == [(rule.name, rule.severity, rule.in_a_draft) for rule in reference.wider_rules()]
    assert "{?value}" not in page
