"""Real clients of SPARQL 1.1, unchanged, over a real connection."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from rdflib import Graph
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, GET, JSON, JSONLD, N3, POST, POSTDIRECTLY, RDFXML, TSV, TURTLE, XML, SPARQLWrapper

from learntogether_kg.library import Library
from learntogether_kg.namespaces import LT
from tests.api.serving import serving

SELECT = f"SELECT ?review ?label WHERE {{ ?review a <{LT.Review}> ; <{LT.publicLabel}> ?label }} ORDER BY ?label"
CONSTRUCT = f"CONSTRUCT WHERE {{ ?review <{LT.publicLabel}> ?label }}"


@pytest.fixture(scope="module")
def endpoint(sample_library: Library) -> Iterator[str]:
    """The address of the sample's SPARQL service."""
    with serving(sample_library.path, sparql=True) as address:
        yield f"{address}/sparql"


@pytest.fixture(scope="module")
def labels(sample_library: Library) -> list[str]:
    """The labels of all reviews, from the store itself."""
    return [str(label) for _, label in sample_library.release().store.select(SELECT)]


@pytest.mark.parametrize("method", [GET, POST])
@pytest.mark.parametrize("directly", [False, True])
def test_sparqlwrapper_asks_by_every_method(endpoint: str, labels: list[str], method: str, directly: bool) -> None:
    client = SPARQLWrapper(endpoint, returnFormat=JSON)
    client.setMethod(method)
    if directly:
        client.setRequestMethod(POSTDIRECTLY)
    client.setQuery(SELECT)
    assert [row["label"]["value"] for row in client.queryAndConvert()["results"]["bindings"]] == labels
    client.setQuery("ASK {}")
    assert client.queryAndConvert()["boolean"] is True


@pytest.mark.parametrize("form", [XML, CSV, TSV])
def test_sparqlwrapper_reads_every_form_of_solutions(endpoint: str, labels: list[str], form: str) -> None:
    client = SPARQLWrapper(endpoint, returnFormat=form)
    client.setQuery(SELECT)
    answer = client.queryAndConvert()
    text = answer.toxml() if form == XML else answer.decode()
    assert all(label in text for label in labels)


@pytest.mark.parametrize("form", [TURTLE, N3, RDFXML, XML, JSONLD])
def test_sparqlwrapper_reads_every_form_of_a_graph(endpoint: str, labels: list[str], form: str) -> None:
    client = SPARQLWrapper(endpoint, returnFormat=form)
    client.setQuery(CONSTRUCT)
    answer = client.queryAndConvert()
    graph = answer if isinstance(answer, Graph) else Graph().parse(data=answer)
    assert sorted(map(str, graph.objects(None, LT.publicLabel)))[0] in labels
    assert len(graph) >= len(labels)


@pytest.mark.parametrize("form", ["xml", "json", "csv", "tsv"])
@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflibs_store_asks_select_ask_and_construct(endpoint: str, labels: list[str], form: str, method: str) -> None:
    graph = Graph(SPARQLStore(endpoint, returnFormat=form, method=method))
    assert [str(label) for _, label in graph.query(SELECT)] == labels
    if form in ("xml", "json"):
        assert graph.query("ASK {}").askAnswer is True
    if form == "xml":  # the others of its forms are none for a graph
        built = graph.query(CONSTRUCT).graph
        assert built is not None
        assert len(built) >= len(labels)
        assert len(list(graph.subjects(predicate=LT.publicLabel))) >= len(labels)


def test_comunica_asks_it(endpoint: str, labels: list[str]) -> None:
    folder = os.environ.get("LTKG_COMUNICA", "")
    program = shutil.which("comunica-sparql", path=str(Path(folder) / "node_modules" / ".bin") if folder else None)
    if program is None:
        pytest.skip(
            "Comunica is not installed: npm install --prefix FOLDER @comunica/query-sparql@2.10.2, and name the folder "
            "in LTKG_COMUNICA; .ci/run does"
        )
    for source in (f"sparql@{endpoint}", endpoint):
        command = [program, source, SELECT, "-t", "application/sparql-results+json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode and "undici" in done.stderr:
            pytest.skip("this Comunica needs a newer Node.js than the one that is installed")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)["results"]["bindings"]
        assert [row["label"]["value"] for row in found] == labels
