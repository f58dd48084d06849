"""What is common to REFI-QDA's two kinds of file, codebooks (.qdc) and projects (.qdpx): identifiers and codes.

REFI-QDA is the exchange format of NVivo, ATLAS.ti, MAXQDA, QualCoder and others; version 1.5, whose schemas are of 18
March 2019, https://www.qdasoftware.org.
"""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET  # writes only; what others wrote is read by defusedxml
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rdflib import URIRef

from learntogether_kg.ontology import Concept

CODEBOOK: Final = "urn:QDA-XML:codebook:1.0"
PROJECT: Final = "urn:QDA-XML:project:1.0"
"""The namespaces of the two kinds of file."""

ORIGIN: Final = "LearnTogether KG"
"""What our files say of the program that wrote them."""

_NOT_IN_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Code:
    """One code with those below it.

    Attributes:
        guid: Its identifier, in upper case.
        name: How it reads.
        description: What it is for.
        codable: Whether passages may be coded by it, or it is only a folder.
        codes: The codes below it.
    """

    guid: str
    name: str
    description: str = ""
    codable: bool = True
    codes: tuple[Code, ...] = ()


def guid(name: str) -> str:
    """Returns the identifier of what has an IRI: always the same, a version 5 UUID (RFC 9562) of the IRI."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name)).upper()


def tree(concepts: Sequence[Concept], retired: Iterable[URIRef] = ()) -> tuple[Code, ...]:
    """Returns the codes that concepts make.

    A code stands in one place, so a concept with several above it stands below the first of them, and the
    description names all. Each description ends with the concept's IRI.

    Args:
        concepts: Those of a scheme, in their order.
        retired: Those that are no longer to be coded by. They stay, since old projects name them.
    """
    gone, labels = set(retired), {concept.iri: concept.label for concept in concepts}
    below: dict[URIRef | None, list[Concept]] = {}
    for concept in concepts:
        below.setdefault(concept.broader[0] if concept.broader else None, []).append(concept)

    def codes_below(iri: URIRef | None) -> tuple[Code, ...]:
        return tuple(
            Code(
                guid(str(each.iri)),
                f"{each.notation} {each.label}" if each.notation else each.label,
                _description(each, [labels[other] for other in each.broader], each.iri in gone),
                each.iri not in gone,
                codes_below(each.iri),
            )
            for each in below.get(iri, ())
        )

    return codes_below(None)


def _description(concept: Concept, above: Sequence[str], gone: bool) -> str:
    parts = [concept.definition]
    if gone:
        parts.append("No longer to be used.")
    if len(above) > 1:
        parts.append(f"Stands under: {'; '.join(above)}.")
    return "\n".join((*(part for part in parts if part), str(concept.iri)))


def add_codes(parent: ET.Element, codes: Iterable[Code]) -> None:
    """Adds the elements of codes, and of those below them, to an element."""
    for code in codes:
        attributes = {"guid": code.guid, "name": text(code.name), "isCodable": "true" if code.codable else "false"}
        element = ET.SubElement(parent, "Code", attributes)
        if code.description:
            ET.SubElement(element, "Description").text = text(code.description)
        add_codes(element, code.codes)


def write(root: ET.Element) -> bytes:
    """Returns a document in UTF-8, with its declaration; the same bytes for the same content."""
    ET.indent(root)
    body: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'.encode()


def text(value: str) -> str:
    """Returns a text without the characters that XML cannot hold."""
    return _NOT_IN_XML.sub("", value)
