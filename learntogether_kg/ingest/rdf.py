"""Reads a review or a synthesis written in Turtle, TriG or JSON-LD."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rdflib import RDF, BNode, Dataset, Graph, URIRef
from rdflib.exceptions import ParserError
from rdflib.plugins.parsers.notation3 import BadSyntax
from rdflib.term import Node

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest import plain_json
from learntogether_kg.ingest.draft import Draft
from learntogether_kg.namespaces import CODER, ID, LT, shorten
from learntogether_kg.source_map import SourceMap

FORMATS: Final = {".ttl": "turtle", ".trig": "trig", ".jsonld": "json-ld"}
MAX_BYTES: Final = 20 * 1024 * 1024
_STUDIES: Final = (LT.Review, LT.Synthesis)
_CUSTODY: Final = (LT.SourceRecord, LT.RecordedReason)


def read_rdf(path: Path) -> Draft:
    """Returns what a file of triples says of its one review or synthesis.

    Names of graphs are not kept: the study's own graph is named by its IRI. A node of class lt:SourceRecord or
    lt:RecordedReason, with all that is said of it, goes to custody.

    Raises:
        UnreadableFileError: The file does not parse, has not exactly one study, or says something of a node that is
            no part of it.
    """
    triples = _parse(path)
    study = _study(path, triples)
    graph, custody = Graph(identifier=study), Graph()
    records = {node for kind in _CUSTODY for node in triples.subjects(RDF.type, kind)}
    for subject, predicate, value in triples:
        if isinstance(subject, BNode) or isinstance(value, BNode):
            named = shorten(str(predicate))
            raise UnreadableFileError(path, f"a value of {named} is a node without a name; give every node an IRI")
        _check_belongs(path, study, subject, records)
        (custody if subject in records else graph).add((subject, predicate, value))
    source_map = SourceMap(path.name)
    return Draft(path, study, graph, custody, source_map)


def _parse(path: Path) -> Graph:
    kind = FORMATS[path.suffix.lower()]
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableFileError(path, f"it is larger than {MAX_BYTES // 1024 // 1024} MB; a review is not")
        text = path.read_text(encoding="utf-8")
        if kind == "json-ld":
            document = _with_our_context(json.loads(text))
            _refuse_remote_contexts(path, document)
            text = json.dumps(document)
        dataset = Dataset(default_union=True)
        dataset.parse(data=text, format=kind, publicID=str(ID))
    except BadSyntax as error:
        raise UnreadableFileError(path, f"it is not {kind}: {error._why}", f"line {error.lines + 1}") from error
    except json.JSONDecodeError as error:
        raise UnreadableFileError(path, f"it is not JSON: {error.msg}", f"line {error.lineno}") from error
    except (ParserError, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        raise UnreadableFileError(path, f"it is not {kind} that can be read ({error})") from error
    except OSError as error:
        raise UnreadableFileError(path, f"it cannot be read: {error.strerror or error}") from error
    merged = Graph()
    for subject, predicate, value, _ in dataset.quads():
        merged.add((subject, predicate, value))
    return merged


def _with_our_context(document: object) -> object:
    """Puts our own context in the place of its address, at the top of the document, where alone it may stand."""
    if not isinstance(document, dict) or "@context" not in document:
        return document
    given = document["@context"]
    contexts = given if isinstance(given, list) else [given]
    ours = [plain_json.context() if context == plain_json.CONTEXT_IRI else context for context in contexts]
    return {**document, "@context": ours}


def _refuse_remote_contexts(path: Path, document: object) -> None:
    """A context given by address would be fetched; only one that stands in the file is read."""
    for context in _contexts(document):
        if isinstance(context, str):
            reason = f"its context {context!r} would have to be fetched; write the context into the file"
            raise UnreadableFileError(path, reason)


def _contexts(node: object) -> Iterator[object]:
    if isinstance(node, list):
        for member in node:
            yield from _contexts(member)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name in ("@context", "@import"):
                yield from value if isinstance(value, list) else [value]
            yield from _contexts(value)


def _study(path: Path, triples: Graph) -> URIRef:
    found = sorted({str(subject) for kind in _STUDIES for subject in triples.subjects(RDF.type, kind)})
    if len(found) != 1:
        reason = f"it holds {len(found)} reviews; a file holds exactly one lt:Review or lt:Synthesis"
        raise UnreadableFileError(path, reason)
    return URIRef(found[0])


def _check_belongs(path: Path, study: URIRef, node: Node, records: set[Node]) -> None:
    """Whatever a file says must be said of its study, of a part of it, of a coder, or of what goes to custody."""
    if node == study or node in records or str(node).startswith(f"{study}/") or str(node).startswith(CODER):
        return
    reason = f"it says something of a node that is no part of the review; name parts {study}/…"
    raise UnreadableFileError(path, reason, f"node <{node}>")
