"""Reads a review or a synthesis written in Turtle, TriG or JSON-LD."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import rdflib
from rdflib import RDF, XSD, BNode, Dataset, Graph, Literal, URIRef
from rdflib.exceptions import ParserError
from rdflib.plugins.parsers.notation3 import BadSyntax
from rdflib.plugins.stores.memory import Memory
from rdflib.term import Node

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest import plain_json
from learntogether_kg.ingest.draft import Draft
from learntogether_kg.ingest.loading import load
from learntogether_kg.namespaces import CODER, ID, LT, shorten
from learntogether_kg.source_map import SourceMap
from learntogether_kg.terms import to_rdflib

if TYPE_CHECKING:
    from rdflib.graph import _ContextType, _TripleType

FORMATS: Final = {".ttl": "turtle", ".trig": "trig", ".jsonld": "json-ld"}
MAX_BYTES: Final = 4 * 1024 * 1024
MAX_TRIPLES: Final = 50_000
"""A review at full depth has about two thousand."""
MAX_CHARACTERS: Final = 32_767
"""In one text; a cell of a workbook can hold as many."""
DATATYPES: Final = (
    XSD.string,
    XSD.integer,
    XSD.boolean,
    XSD.dateTime,
    XSD.date,
    XSD.gYear,
    XSD.decimal,
    RDF.langString,
)
"""Those of values in a review. Others, such as XML, would be opened up while they are read."""
_QUICK_FORMATS: Final = {".ttl": ox.RdfFormat.TURTLE, ".trig": ox.RdfFormat.TRIG}
_QUICK_BYTES: Final = 256 * 1024
_QUICK_BRACKETS: Final = 1000
_STUDIES: Final = (LT.Review, LT.Synthesis)
_CUSTODY: Final = (LT.SourceRecord, LT.RecordedReason)


def read_rdf(path: Path, data: bytes | None = None) -> Draft:
    """Returns what a file of triples says of its one review or synthesis.

    Names of graphs are not kept: the study's own graph is named by its IRI. A node of class lt:SourceRecord or
    lt:RecordedReason, with all that is said of it, goes to custody.

    Args:
        path: The file, or the name of an upload.
        data: Its bytes, where they are at hand already; then nothing is opened.

    Raises:
        UnreadableFileError: The file does not parse, has not exactly one study, or says something of a node that is
            no part of it.
    """
    triples = _parse(path, load(path, MAX_BYTES, data))
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


def _parse(path: Path, data: bytes) -> Graph:
    quick = _parse_quickly(path, data)
    return _parse_with_care(path, data) if quick is None else quick


def _parse_quickly(path: Path, data: bytes) -> Graph | None:
    """Returns the triples of a plain file in Turtle or TriG, which pyoxigraph reads in a third of the time.

    None stands for whatever is not plain: it does not parse, holds nameless nodes, other languages or decimals, refers
    to relative addresses, or is far larger than a review. That is left to rdflib, so that errors are told in one way;
    and pyoxigraph ends the whole process where something nested deeply needs more memory than there is.
    """
    form = _QUICK_FORMATS.get(path.suffix.lower())
    if form is None or len(data) > _QUICK_BYTES or data.count(b"[") + data.count(b"(") > _QUICK_BRACKETS:
        return None
    triples = Graph()
    try:
        for quad in ox.parse(data.decode("utf-8-sig"), form):
            terms = quad.subject, quad.predicate, quad.object
            if not all(map(_is_plain, terms)):
                return None
            subject, predicate, value = (to_rdflib(term, normalize=False) for term in terms)
            triples.add((subject, predicate, _checked(path, predicate, value)))
    except (SyntaxError, ValueError):
        return None
    return triples


def _is_plain(term: object) -> bool:
    match term:
        case ox.NamedNode():
            return True
        case ox.Literal():
            return not term.language and term.datatype.value != str(XSD.decimal)
    return False


def _parse_with_care(path: Path, data: bytes) -> Graph:
    kind = FORMATS[path.suffix.lower()]
    try:
        text = data.decode("utf-8-sig")
        if kind == "json-ld":
            document = _with_our_context(json.loads(text))
            _refuse_remote_contexts(path, document)
            text = json.dumps(document)
        dataset = Dataset(store=_BoundedStore(path), default_union=True)
        with _literals_as_written():
            dataset.parse(data=text, format=kind, publicID=str(ID))
    except BadSyntax as error:
        raise UnreadableFileError(path, f"it is not {kind}: {error._why}", f"line {error.lines + 1}") from error
    except UnicodeDecodeError as error:
        raise UnreadableFileError(path, "it is not text in UTF-8; save it in that encoding") from error
    except json.JSONDecodeError as error:
        raise UnreadableFileError(path, f"it is not JSON: {error.msg}", f"line {error.lineno}") from error
    except RecursionError as error:
        raise UnreadableFileError(path, f"it is nested too deeply to be read as {kind}; a review is not") from error
    except AssertionError as error:  # so rdflib tells of a text that does not end, quoting it
        reason = f"it is not {kind} that can be read: a quotation mark is missing, or the file is cut off"
        raise UnreadableFileError(path, reason) from error
    except (ParserError, ValueError, TypeError, AttributeError, LookupError, RuntimeError) as error:
        raise UnreadableFileError(path, f"it is not {kind} that can be read ({_first_line(error)})") from error
    merged = Graph()
    for subject, predicate, value, _ in dataset.quads():
        merged.add((subject, predicate, _checked(path, predicate, value)))
    return merged


class _BoundedStore(Memory):
    """A store that takes no more triples than a review can have: a small file may hold millions."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path, self._left = path, MAX_TRIPLES

    def add(self, triple: _TripleType, context: _ContextType, quoted: bool = False) -> None:
        """Takes a triple."""
        self._left -= 1
        if self._left < 0:
            raise UnreadableFileError(self._path, f"it holds more than {MAX_TRIPLES:,} triples; a review does not")
        super().add(triple, context, quoted)


@contextmanager
def _literals_as_written() -> Iterator[None]:
    """While triples are parsed, literals stay as they are written, and rdflib keeps its remarks on them to itself.

    Otherwise it would write "1E999999999"^^xsd:decimal out in full, which takes a gigabyte. What is wrong with a
    literal is for the shapes to say.
    """
    remarks, normalising = logging.getLogger(rdflib.term.__name__), rdflib.NORMALIZE_LITERALS
    remarks.disabled, rdflib.NORMALIZE_LITERALS = True, False
    try:
        yield
    finally:
        remarks.disabled, rdflib.NORMALIZE_LITERALS = False, normalising


def _checked(path: Path, predicate: Node, value: Node) -> Node:
    """Returns a value in the form that all readers write; a decimal as it stands, which may be short for a billion."""
    if not isinstance(value, Literal):
        return value
    if value.datatype is not None and value.datatype not in DATATYPES:
        named = f"{shorten(str(predicate))} has a value of type {shorten(str(value.datatype))}"
        reason = f"{named}; a review uses {', '.join(shorten(str(datatype)) for datatype in DATATYPES)}"
        raise UnreadableFileError(path, reason)
    if len(value) > MAX_CHARACTERS:
        reason = f"{shorten(str(predicate))} has a text of more than {MAX_CHARACTERS:,} characters; a review has not"
        raise UnreadableFileError(path, reason)
    return value if value.datatype == XSD.decimal else value.normalize()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


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
