"""The named queries as RDF, so that the catalogue of questions can itself be asked.

Each is a ``sh:SPARQLExecutable`` (SHACL Advanced Features, 5.1) with the properties that the SPARQL examples of the SIB
use, so that what reads theirs reads ours: https://github.com/sib-swiss/sparql-examples.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from rdflib import DCTERMS, RDF, RDFS, SDO, SH, Graph, Literal, Namespace, URIRef

from learntogether_kg import query_files
from learntogether_kg.namespaces import BASE, expand
from learntogether_kg.query_files import NamedQuery, Parameter

QUERY: Final = Namespace(BASE + "queries/")
CATALOGUE: Final = URIRef(BASE + "queries")
"""The catalogue; also the name of the graph where a store holds it."""


@cache
def graph() -> Graph:
    """Returns the catalogue. Every node has an IRI; that of a query leads to its page."""
    found = Graph(identifier=CATALOGUE)
    for prefix, namespace in (("sh", SH), ("schema", SDO), ("dct", DCTERMS), ("query", QUERY)):
        found.bind(prefix, namespace)
    for query in query_files.catalogue().values():
        _add(found, query)
    return found


def aside() -> dict[str, bytes]:
    """Returns the catalogue by the name of its graph, in N-Triples, as `store.endpoint.reply` takes it."""
    return {str(CATALOGUE): graph().serialize(format="nt", encoding="utf-8")}


def _add(found: Graph, query: NamedQuery) -> None:
    node = QUERY[query.name]
    for kind in (SH.SPARQLExecutable, SH.SPARQLSelectExecutable):
        found.add((node, RDF.type, kind))
    found.add((node, DCTERMS.identifier, Literal(query.name)))
    found.add((node, RDFS.comment, Literal(query.summary, lang="en")))
    found.add((node, SH.select, Literal(query.text)))
    for keyword in (*query.tags, query.topic):
        found.add((node, SDO.keywords, Literal(keyword)))
    if query.question != "none":
        for question in query.question.split():
            found.add((node, DCTERMS.subject, Literal(question)))
    found.add((node, DCTERMS.accessRights, Literal(query.discloses)))
    for parameter in query.parameters:
        _add_parameter(found, node, parameter)


def _add_parameter(found: Graph, query: URIRef, parameter: Parameter) -> None:
    node = URIRef(f"{query}#{parameter.name}")
    found.add((query, SH.parameter, node))
    found.add((node, RDF.type, SH.Parameter))
    found.add((node, SH.path, node))
    found.add((node, SH.name, Literal(parameter.name)))
    found.add((node, SH.description, Literal(parameter.meaning, lang="en")))
    found.add((node, SH.optional, Literal(True)))
    kind = expand(parameter.kind)
    if kind is not None:
        found.add((node, SH.datatype if parameter.kind.startswith("xsd:") else SH["class"], kind))
    if parameter.default_text:
        found.add((node, SH.defaultValue, parameter.default_resource or Literal(parameter.default_text)))
