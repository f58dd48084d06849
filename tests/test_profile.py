"""The ontology keeps to OWL 2 DL, by OWLAPI's own checker.

It runs where Debian's ``libowlapi-java`` and a JDK that can run a source file are installed; ``OWLAPI_JARS`` names
another folder of jars. Elsewhere the checks of structure in test_ontology.py stand alone, and the reason is printed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from rdflib import OWL, RDF, RDFS, XSD, Graph, URIRef

from learntogether_kg import ontology, resources
from learntogether_kg.namespaces import LT

JARS = Path(os.environ.get("OWLAPI_JARS", "/usr/share/java"))
CHECKER = Path(__file__).parent / "fixtures" / "CheckProfile.java"

needs_owlapi = pytest.mark.skipif(
    not list(JARS.glob("owlapi-distribution*.jar")) or not shutil.which("javac"),
    reason=f"needs OWLAPI (Debian: libowlapi-java) in {JARS}, or in the folder that OWLAPI_JARS names, and a JDK",
)


def violations(graph: Graph, folder: Path) -> list[str]:
    file = folder / "ontology.ttl"
    alone = Graph() + graph
    alone.remove((None, OWL.imports, None))
    alone.serialize(file, format="turtle", encoding="utf-8")
    command = ["java", "-cp", f"{JARS}/*", str(CHECKER), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.splitlines()


@needs_owlapi
@pytest.mark.parametrize("alignments", [False, True], ids=["alone", "with-alignments"])
def test_the_ontology_is_in_owl_2_dl(alignments, tmp_path):
    assert violations(ontology.read_ontology(resources.folder("ontology"), alignments=alignments), tmp_path) == []


@needs_owlapi
@pytest.mark.parametrize(
    "triple",
    [
        (LT.restsOn, RDF.type, OWL.FunctionalProperty),
        (LT.publicLabel, RDFS.subPropertyOf, RDFS.label),
        (LT.year, RDFS.range, XSD.gYear),
        (LT.inReview, LT.undeclared, URIRef("urn:x")),
    ],
    ids=["function-of-a-transitive-property", "below-an-annotation", "datatype-outside-owl", "undeclared-property"],
)
def test_the_checker_notices_what_leaves_owl_2_dl(triple, tmp_path):
    """Else the test above might say nothing."""
    graph = Graph() + ontology.load_ontology()
    graph.add(triple)
    assert violations(graph, tmp_path) != []
