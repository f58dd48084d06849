"""The messages of the shapes, in which ``{?value}`` and ``{?path}`` stand for what a result is about.

SHACL, 5.3.2, leaves it to an engine to fill them, and engines do it differently; so it is done here.
"""

from __future__ import annotations

import re
from typing import Final

from rdflib import RDFS, SKOS, Literal, URIRef
from rdflib.term import Node

from learntogether_kg import ontology
from learntogether_kg.namespaces import ID, shorten

_PLACEHOLDER: Final = re.compile(r"\{[?$](path|value)\}")
_OPEN: Final = "…"


def fill_message(message: str, path: Node | None, value: Node | None) -> str:
    """Returns a shape's message about one result."""
    about = {"path": path, "value": value}
    return _PLACEHOLDER.sub(lambda found: in_words(about[found[1]]), message)


def open_message(message: str) -> str:
    """Returns a shape's message as it reads while there is no result: with an ellipsis for what it will be about."""
    return _PLACEHOLDER.sub(_OPEN, message)


def in_words(term: Node | None) -> str:
    """Returns what a person calls a term: a text as it stands, a concept's label, a row's id, else the short IRI."""
    if not isinstance(term, URIRef):
        return "" if term is None else str(term)
    model = ontology.load_ontology()
    label = model.value(term, SKOS.prefLabel) or model.value(term, RDFS.label)
    if isinstance(label, Literal):
        return f"“{label}”"
    return term.rpartition("/")[2] if term.startswith(str(ID)) else shorten(term)
