"""The IRIs of the project: its terms, its data and the prefixes under which both are written."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Final, TypeVar

from rdflib import DCTERMS, FOAF, OWL, RDF, RDFS, SH, SKOS, XSD, Namespace, URIRef

S = TypeVar("S", bound=str)

BASE: Final = "https://w3id.org/learntogether/"
DCT: Final = Namespace(str(DCTERMS))
LT: Final = Namespace(BASE + "ontology#")
TYP: Final = Namespace(BASE + "typology#")
CL: Final = Namespace(BASE + "codelists#")
LTS: Final = Namespace(BASE + "shapes#")
ID: Final = Namespace(BASE + "id/")
REVIEW: Final = Namespace(BASE + "id/review/")
CODER: Final = Namespace(BASE + "id/coder/")
SRC: Final = Namespace(BASE + "sources#")
SSSOM: Final = Namespace("https://w3id.org/sssom/")
SEMAPV: Final = Namespace("https://w3id.org/semapv/vocab/")

ONTOLOGY_GRAPH: Final = URIRef(BASE + "ontology")
"""The named graph that holds the ontology, the typology and the code lists of a library."""

CATALOGUE: Final = ID["catalogue"]
"""The library's own record: its state number and its default coder. Also the graph it stands in."""

INCOMING: Final = Namespace(BASE + "id/incoming/")
"""Below it stand the graphs that a server keeps while reviews are on their way into a live library."""

_DIGITS: Final = 6
"""Of the hash of an IRI, where its last part does not tell it from others."""

PREFIXES: Final[dict[str, str]] = {
    "lt": str(LT),
    "typ": str(TYP),
    "cl": str(CL),
    "lts": str(LTS),
    "rdf": str(RDF),
    "rdfs": str(RDFS),
    "owl": str(OWL),
    "xsd": str(XSD),
    "skos": str(SKOS),
    "dct": str(DCTERMS),
    "foaf": str(FOAF),
    "sh": str(SH),
}


def expand(name: str) -> URIRef | None:
    """Returns the IRI that a prefixed name such as ``typ:clear-roles`` or a full ``http(s)`` IRI stands for.

    Args:
        name: What a person typed.

    Returns:
        The IRI, or None where the text is neither an IRI nor a name under a known prefix.
    """
    if name.startswith(("http://", "https://")):
        return URIRef(name)
    prefix, separator, local = name.partition(":")
    if separator and prefix in PREFIXES:
        return URIRef(PREFIXES[prefix] + local)
    return None


def shorten(iri: str) -> str:
    """Returns the prefixed name of an IRI where one of our prefixes fits, else the IRI itself."""
    for prefix, base in PREFIXES.items():
        if iri.startswith(base):
            return f"{prefix}:{iri[len(base) :]}"
    return iri


def local_name(iri: str) -> str:
    """Returns the last part of an IRI."""
    return iri.rpartition("/")[2].rpartition("#")[2]


def names(iris: Iterable[S]) -> dict[S, str]:
    """Returns a name for each of several IRIs, by which addresses and parameters call it and no other of them.

    It is the last part of the IRI. Where others have the same last part, that of one of this project's own stays as it
    is, so that no extension takes over an address that is known, and to the others six digits of the IRI's SHA-256 are
    added.
    """
    listed = list(iris)
    shared = {name for name, times in Counter(map(local_name, listed)).items() if times > 1}
    ours = Counter(local_name(iri) for iri in listed if iri.startswith(BASE))
    found: dict[S, str] = {}
    for iri in listed:
        found[iri] = name = local_name(iri)
        if name in shared and not iri.startswith(BASE):
            found[iri] = f"{name}-{hashlib.sha256(iri.encode()).hexdigest()[:_DIGITS]}"
        elif ours[name] > 1:
            found[iri] = shorten(iri)
    return found
