"""IRIs lead to a page or to RDF, as asked for."""

from __future__ import annotations

import pytest
from rdflib import RDF as RDF_NS
from rdflib import SH, Graph, URIRef
from starlette.testclient import TestClient

from api.dereferencing import WRITERS
from api.negotiation import RDF
from learntogether_kg import query_files
from learntogether_kg.library import Library
from learntogether_kg.namespaces import BASE, LT, TYP

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def path_of(iri: str) -> str:
    return "/" + iri.removeprefix(BASE).partition("#")[0]


def parse(client: TestClient, address: str, form: str) -> Graph:
    answer = client.get(address, headers={"Accept": RDF[form]})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(RDF[form])
    return Graph().parse(data=answer.content, format=WRITERS[form])


@pytest.mark.parametrize("form", RDF)
def test_a_review_is_its_named_graph(client: TestClient, sample_library: Library, form: str) -> None:
    study = next(s for s in sample_library.current().studies() if client.get(path_of(s), headers=BROWSER).is_success)
    told = set(sample_library.release().store.graph(study))
    assert set(parse(client, path_of(study), form)) == told
    finding = next(node for node in (s for s, _, o in told if o == LT.Finding))
    assert set(parse(client, path_of(str(finding)), form)) == told


def test_a_reader_is_led_to_the_page(client: TestClient) -> None:
    for address, page in (
        ("/id/review/d953e70da436741e", "/reviews/d953e70da436741e"),
        ("/id/review/d953e70da436741e?release=2020", None),
        ("/codelists", "/ontology"),
    ):
        answer = client.get(address, headers=BROWSER, follow_redirects=False)
        assert (answer.status_code, answer.headers.get("location")) == ((303, page) if page else (404, None))
        if page:
            assert client.get(page, headers=BROWSER).status_code == 200
    assert 'id="clear-roles"' in client.get("/typology", headers=BROWSER).text, "where the IRI of a pattern leads"


@pytest.mark.parametrize("form", RDF)
@pytest.mark.parametrize("iri", [str(LT.Finding), str(TYP["clear-roles"]), f"{BASE}codelists#unsafe"])
def test_a_term_or_pattern_is_described_where_its_iri_leads(client: TestClient, iri: str, form: str) -> None:
    assert list(parse(client, path_of(iri), form).predicate_objects(URIRef(iri)))


@pytest.mark.parametrize("address", ["/id/review/nobody", "/id/review/d953e70da436741e/nothing", "/id/review/"])
def test_what_is_not_there_is_404(client: TestClient, address: str) -> None:
    for accept in (*RDF.values(), "text/html"):
        assert client.get(address, headers={"Accept": accept}).status_code == 404


@pytest.mark.parametrize("address", ["/queries", "/queries.ttl"])
def test_the_catalogue_of_queries_can_itself_be_asked(client: TestClient, address: str) -> None:
    catalogue = parse(client, address, "ttl")
    assert set(catalogue.subjects(RDF_NS.type, SH.SPARQLSelectExecutable)) == {
        URIRef(f"{BASE}queries/{name}") for name in query_files.catalogue()
    }
    about_patterns = catalogue.query(
        """PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX lt: <https://w3id.org/learntogether/ontology#>
        SELECT ?query { ?query sh:parameter/sh:class lt:Pattern }"""
    )
    expected = {q.name for q in query_files.catalogue().values() if any(p.kind == "lt:Pattern" for p in q.parameters)}
    assert {str(row[0]).rpartition("/")[2] for row in about_patterns} == expected  # type: ignore[index]
    assert expected
    for query in query_files.catalogue().values():
        assert str(catalogue.value(URIRef(f"{BASE}queries/{query.name}"), SH.select)) == query.text


def test_each_query_of_the_catalogue_leads_to_its_page(client: TestClient) -> None:
    for name in query_files.catalogue():
        assert client.get(path_of(f"{BASE}queries/{name}"), headers=BROWSER).status_code == 200


def test_the_text_of_a_query_is_shown_in_colours_and_whole(client: TestClient) -> None:
    import html  # noqa: PLC0415
    import re  # noqa: PLC0415

    page = client.get("/queries/recurring-patterns", headers=BROWSER).text
    shown = page.partition('<pre tabindex="0" class="sparql"><code>')[2].partition("</code>")[0]
    assert '<span class="sparql-k">SELECT</span>' in shown
    text = html.unescape(re.sub(r"<[^>]+>", "", shown))
    assert text.strip() == query_files.named("recurring-patterns").text.strip()
