"""What the service says of itself in RDF: a SPARQL 1.1 Service Description, and VoID about the release."""

from __future__ import annotations

from typing import Final

from rdflib import DCTERMS, FOAF, RDF, VOID, XSD, BNode, Graph, Literal, Namespace, URIRef

from learntogether_kg import query_catalogue
from learntogether_kg.namespaces import CL, ID, LT, ONTOLOGY_GRAPH, PREFIXES, TYP
from learntogether_kg.snapshot import Manifest

SD: Final = Namespace("http://www.w3.org/ns/sparql-service-description#")
FORMATS: Final = Namespace("http://www.w3.org/ns/formats/")
RESULT_FORMATS: Final = (
    "SPARQL_Results_JSON",
    "SPARQL_Results_XML",
    "SPARQL_Results_CSV",
    "SPARQL_Results_TSV",
)
GRAPH_FORMATS: Final = ("Turtle", "N-Triples", "JSON-LD", "RDF_XML")
_NAMES: Final = {"turtle": "turtle", "ntriples": "nt", "jsonld": "json-ld", "rdfxml": "xml"}


def describe_service(endpoint: str, dataset: str, manifest: Manifest) -> Graph:
    """Returns the service description (W3C Recommendation of 21 March 2013).

    Args:
        endpoint: The address of the service.
        dataset: The IRI of the VoID description of what is asked.
        manifest: What the release says of itself.
    """
    graph = _graph()
    service, data, default, ontology = URIRef(endpoint), URIRef(dataset), BNode("union"), BNode("ontology")
    graph.add((service, RDF.type, SD.Service))
    graph.add((service, SD.endpoint, service))
    graph.add((service, SD.supportedLanguage, SD.SPARQL11Query))
    graph.add((service, SD.feature, SD.UnionDefaultGraph))
    for name in (*RESULT_FORMATS, *GRAPH_FORMATS):
        graph.add((service, SD.resultFormat, FORMATS[name]))
    graph.add((service, SD.defaultDataset, data))
    graph.add((data, RDF.type, SD.Dataset))
    graph.add((data, SD.defaultGraph, default))
    graph.add((default, RDF.type, SD.Graph))
    if manifest.quads is not None:
        graph.add((default, VOID.triples, Literal(manifest.quads)))
    # The catalogue of queries is the software's and not the release's: FROM chooses it, and it is asked alone.
    available, queries = BNode("available"), BNode("queries")
    graph.add((service, SD.availableGraphs, available))
    graph.add((available, RDF.type, SD.GraphCollection))
    graph.add((available, SD.namedGraph, queries))
    graph.add((queries, RDF.type, SD.NamedGraph))
    graph.add((queries, SD.name, query_catalogue.CATALOGUE))
    graph.add((queries, DCTERMS.description, Literal("Every named query, as sh:SPARQLExecutable", lang="en")))
    graph.add((data, SD.namedGraph, ontology))
    graph.add((ontology, RDF.type, SD.NamedGraph))
    graph.add((ontology, SD.name, ONTOLOGY_GRAPH))
    return graph


def describe_dataset(dataset: str, endpoint: str | None, root: str, manifest: Manifest) -> Graph:
    """Returns what is in the release, in VoID (W3C Interest Group Note of 3 March 2011).

    Args:
        dataset: Its IRI.
        endpoint: Where it can be asked; None where it cannot.
        root: The address of the pages.
        manifest: What the release says of itself.
    """
    graph = _graph()
    data = URIRef(dataset)
    graph.add((data, RDF.type, VOID.Dataset))
    graph.add((data, DCTERMS.title, Literal(f"LearnTogether KG, release {manifest.release}", lang="en")))
    about = "Reviews of multi-agency work to safeguard children, each in a named graph of its own that its IRI names"
    graph.add((data, DCTERMS.description, Literal(f"{about}. Chosen cases: no figure is a prevalence.", lang="en")))
    graph.add((data, DCTERMS.identifier, Literal(manifest.release)))
    if manifest.made:
        graph.add((data, DCTERMS.issued, Literal(manifest.made, datatype=XSD.dateTime)))
    graph.add((data, FOAF.homepage, URIRef(root)))
    if manifest.quads is not None:
        graph.add((data, VOID.triples, Literal(manifest.quads)))
    graph.add((data, VOID.uriSpace, Literal(str(ID))))
    for vocabulary in (LT, TYP, CL):
        graph.add((data, VOID.vocabulary, URIRef(vocabulary)))
    partition = BNode("studies")
    graph.add((data, VOID.classPartition, partition))
    graph.add((partition, VOID["class"], LT.Study))
    graph.add((partition, VOID.entities, Literal(manifest.studies)))
    for name in GRAPH_FORMATS:
        graph.add((data, VOID.feature, FORMATS[name]))
    if endpoint:
        graph.add((data, VOID.sparqlEndpoint, URIRef(endpoint)))
    return graph


def written(graph: Graph, form: str) -> bytes:
    """Returns a graph in a form of `GRAPH_TYPES`."""
    return graph.serialize(format=_NAMES[form], encoding="utf-8")


def _graph() -> Graph:
    graph = Graph(bind_namespaces="none")
    for prefix, namespace in {**PREFIXES, "sd": str(SD), "void": str(VOID), "formats": str(FORMATS)}.items():
        graph.bind(prefix, namespace)
    return graph
