"""Loads the ontology, its code lists and the shapes from their files, and lists concepts as reviewers choose them.

Nothing is fetched: every ``owl:imports`` is looked up in a catalogue of the local files, and one that is not there is
an error.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import _lru_cache_wrapper, cache
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import pyoxigraph as ox
from rdflib import OWL, RDF, SKOS, BNode, Graph, Literal, URIRef
from rdflib.plugins.parsers.notation3 import BadSyntax
from rdflib.term import Node

from learntogether_kg import resources, sssom
from learntogether_kg.errors import OntologyError
from learntogether_kg.namespaces import LT, ONTOLOGY_GRAPH
from learntogether_kg.terms import to_rdflib

P = ParamSpec("P")
T = TypeVar("T")

_SEPARATOR = " › "
_MANY = 200
_NO_IRI = re.compile(r'[<>"{}|\\^`\x00-\x20]')


@dataclass(frozen=True)
class Concept:
    """One entry of a code list or of the typology.

    Attributes:
        iri: The concept itself.
        label: Its preferred label.
        notation: Its short code such as ``T4``, where it has one.
        definition: What it is for.
        broader: The concepts above it within the scheme, in their order; empty for a top concept.
        order: Its place among its neighbours.
        choice: What a drop-down shows; unique within the scheme.
        instance_class: The class to which things of this kind belong, where the concept decides that.
    """

    iri: URIRef
    label: str
    notation: str | None
    definition: str
    broader: tuple[URIRef, ...]
    order: int
    choice: str
    instance_class: URIRef | None


@dataclass(frozen=True)
class _Source:
    """What one file says."""

    triples: list[tuple[Node, Node, Node]]
    prefixes: dict[str, str]

    def subjects(self, predicate: Node, value: Node) -> list[Node]:
        return [each[0] for each in self.triples if each[1] == predicate and each[2] == value]

    def objects(self, subject: Node, predicate: Node) -> list[Node]:
        return [each[2] for each in self.triples if each[0] == subject and each[1] == predicate]


_caches: list[_lru_cache_wrapper[object]] = []
_in_use: list[Path] = []


def per_ontology(function: Callable[P, T]) -> Callable[P, T]:
    """Makes a function keep what it returned, for as long as the ontology in use stays the same."""
    kept = cache(cast("Callable[..., T]", function))
    _caches.append(cast("_lru_cache_wrapper[object]", kept))
    return cast("Callable[P, T]", kept)


def use_extensions(files: Sequence[Path]) -> None:
    """Makes the ontology in use that of the package with some more extensions, from now on.

    Args:
        files: Their files, beside those in ``ontology/extensions/``; one that declares an ontology which the package
            has too stands in its place.
    """
    if list(files) != _in_use:
        _in_use[:] = files
        for kept in _caches:
            kept.cache_clear()


def extensions_in_use() -> tuple[Path, ...]:
    """Returns the extensions that are in use beside the package's own."""
    return tuple(_in_use)


@contextmanager
def extended(files: Sequence[Path]) -> Iterator[None]:
    """Uses some extensions as `use_extensions` does, and after that those that were in use before."""
    before = extensions_in_use()
    use_extensions(files)
    try:
        yield
    finally:
        use_extensions(before)


@per_ontology
def load_ontology() -> Graph:
    """Returns the ontology with its typology, code lists and extensions.

    The graph is shared: copy it before changing anything.

    Raises:
        OntologyError: If a file does not parse or an import has no local file.
    """
    return read_ontology(resources.folder("ontology"), *_in_use, replacing=True)


@cache
def load_shapes() -> Graph:
    """Returns all shapes as one graph. It is shared: copy it before changing anything.

    Raises:
        OntologyError: If a file does not parse.
    """
    return _merge(_parse(path) for path in resources.files("shapes", "*.ttl"))


@per_ontology
def concepts(scheme: URIRef) -> tuple[Concept, ...]:
    """Returns the concepts of a scheme in the order of its drop-down: each followed by those below it.

    Raises:
        OntologyError: If two concepts would read the same in the drop-down, or one stands above itself.
    """
    return list_concepts(load_ontology(), scheme)


@per_ontology
def fingerprint() -> str:
    """Returns the SHA-256 of the ontology's files, names included, as hexadecimal digits.

    Files are hashed and not triples, since blank nodes have no names of their own. Line ends do not matter. Alignments
    are left out, as no library holds them.
    """
    folder = resources.folder("ontology")
    digest = hashlib.sha256()
    for path in _files_in(folder):
        if path.parent.name == "alignments":
            continue
        text = path.read_text(encoding="utf-8")
        digest.update(f"{path.relative_to(folder).as_posix()}\0{text}\0".encode())
    for text in sorted(path.read_text(encoding="utf-8-sig") for path in _in_use):
        digest.update(f"an extension\0{text}\0".encode())
    return digest.hexdigest()


def shipped_fingerprint() -> str:
    """Returns the fingerprint of the ontology that the reasoner has passed for this version; empty where none stands.

    See `learntogether_kg.typology.vetting`.
    """
    file = shipped_fingerprint_file()
    return file.read_text(encoding="ascii").strip() if file.is_file() else ""


def shipped_fingerprint_file() -> Path:
    """Returns the file that holds the shipped fingerprint."""
    return resources.folder("ontology") / "fingerprint.txt"


def read_file(file: Path) -> Graph:
    """Returns what one file of an ontology says, without what it imports.

    Raises:
        OntologyError: It cannot be read or is not Turtle.
    """
    return _merge([_parse(file)])


def read_ontology(
    folder: Path,
    *extensions: Path,
    alignments: bool = False,
    replacing: bool = False,
    without: Iterable[URIRef] = (),
) -> Graph:
    """Returns the ontology in a folder: the root, whatever it imports, all in ``extensions/`` and ``mappings/``.

    Args:
        folder: Holds one file for each ontology; extensions, mappings and copies of others' terms in subfolders.
        extensions: More extensions, which need not lie in the folder.
        alignments: Whether to add the files in ``alignments/``, which tie our terms to those of other vocabularies.
            No library holds them, so that no answer depends on them.
        replacing: Whether an extension may declare an ontology that the folder, or an extension before it, has too,
            and then stands in its place.
        without: Ontologies to leave out, though they lie in ``extensions/``.

    Raises:
        OntologyError: If a file does not parse, does not declare one ontology, declares one that another file has, or
            imports one that no file has.
    """
    files = _catalogue(folder, extensions, replacing)
    if ONTOLOGY_GRAPH not in files:
        raise OntologyError(folder, f"no file declares the ontology <{ONTOLOGY_GRAPH}>")
    added = {"extensions", "mappings", *(["alignments"] if alignments else [])}
    waiting = [ONTOLOGY_GRAPH]
    waiting += [iri for iri, (path, _) in files.items() if path.parent.name in added or path in extensions]
    left_out = set(without)
    wanted: set[URIRef] = set()
    while waiting:
        iri = waiting.pop()
        if iri in wanted or iri in left_out:
            continue
        wanted.add(iri)
        path, source = files[iri]
        for imported in source.objects(iri, OWL.imports):
            if not isinstance(imported, URIRef) or imported not in files:
                raise OntologyError(path, f"imports <{imported}>, of which there is no copy in {folder}")
            waiting.append(imported)
    return _merge(files[iri][1] for iri in sorted(wanted))


def declared_ontologies(file: Path) -> list[URIRef]:
    """Returns the ontologies that a file declares; an extension declares one.

    Raises:
        OntologyError: It cannot be read or is not Turtle.
    """
    return sorted(iri for iri in _parse(file).subjects(RDF.type, OWL.Ontology) if isinstance(iri, URIRef))


def list_concepts(graph: Graph, scheme: URIRef) -> tuple[Concept, ...]:
    """Returns the concepts of a scheme in a given graph, in the order of its drop-down.

    Raises:
        OntologyError: If two concepts would read the same, or one stands above itself.
    """
    members = {iri for iri in graph.subjects(SKOS.inScheme, scheme) if isinstance(iri, URIRef)}
    _refuse_cycles(graph, members)
    listed = sorted((_place(graph, members, iri), _concept(graph, members, iri)) for iri in members)
    found = tuple(concept for _, concept in listed)
    seen: dict[str, URIRef] = {}
    for concept in found:
        if concept.choice in seen:
            both = f"{seen[concept.choice]} and {concept.iri}"
            raise OntologyError(str(scheme), f"{both} both read {concept.choice!r}; give one another label")
        seen[concept.choice] = concept.iri
    return found


def _catalogue(folder: Path, extensions: Sequence[Path], replacing: bool = False) -> dict[URIRef, tuple[Path, _Source]]:
    """Returns each ontology of a folder, and those of extensions, with its file and what that holds."""
    found: dict[URIRef, tuple[Path, _Source]] = {}
    for path in (*(path for path in _files_in(folder) if path not in extensions), *extensions):
        source = _parse(path)
        declared = [iri for iri in source.subjects(RDF.type, OWL.Ontology) if isinstance(iri, URIRef)]
        if len(declared) != 1:
            raise OntologyError(path, f"declares {len(declared)} ontologies; a file declares exactly one")
        if declared[0] in found and not (replacing and path in extensions):
            raise OntologyError(path, f"declares <{declared[0]}>, which {found[declared[0]][0]} declares already")
        found[declared[0]] = path, source
    return found


def _files_in(folder: Path) -> list[Path]:
    """Returns the files of an ontology in a folder, sorted by path: Turtle, and mappings."""
    return sorted({*folder.rglob("*.ttl"), *folder.rglob(f"*{sssom.SUFFIX}")})


def _parse(path: Path) -> _Source:
    """Returns what a file says, Turtle or mappings."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise OntologyError(path, f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise OntologyError(path, f"cannot be read: it is not in UTF-8 ({error})") from error
    source = _parse_mappings(path, text) or _parse_fast(path, text) or _parse_slowly(path, text)
    for term in {term for triple in source.triples for term in triple}:
        _refuse_malformed(path, term)
    return source


def _parse_mappings(path: Path, text: str) -> _Source | None:
    """Returns what a file of mappings says; None where it is none."""
    if not sssom.is_mapping_file(path):
        return None
    found = sssom.read(path, text)
    return _Source(found.triples, found.prefixes)


def _parse_fast(path: Path, text: str) -> _Source | None:
    """Returns what pyoxigraph reads three times as fast as rdflib.

    None where there is a mistake, which rdflib can name, or so many nameless nodes that they may be nested beyond what
    rdflib can read and write.
    """
    known: dict[object, Node] = {}  # most terms of a file stand in it often

    def term(found: object) -> Node:
        if found not in known:
            known[found] = to_rdflib(found)
        return known[found]

    try:
        parser = ox.parse(text.encode(), ox.RdfFormat.TURTLE, base_iri=path.absolute().as_uri())
        triples = [(term(each.subject), term(each.predicate), term(each.object)) for each in parser]
    except SyntaxError:
        return None
    nameless = sum(isinstance(each, BNode) for each in known.values())
    return _Source(triples, parser.prefixes) if nameless <= _MANY else None


def _parse_slowly(path: Path, text: str) -> _Source:
    """Returns what rdflib reads, or says what is wrong."""
    try:
        graph = Graph().parse(data=text, format="turtle", publicID=path.absolute().as_uri())
    except BadSyntax as error:
        raise OntologyError(path, f"line {error.lines + 1}: not Turtle: {error._why}") from error
    except AssertionError as error:  # so the parser tells of a text that does not end
        raise OntologyError(path, "not Turtle: a quotation mark is missing, or the file is cut off") from error
    except IndexError as error:  # the parser has no word for it
        raise OntologyError(path, "not Turtle: it ends in the middle of a statement") from error
    except RecursionError as error:
        raise OntologyError(path, "cannot be read: nodes in it are nested too deeply; give them names") from error
    return _Source(list(graph), {prefix: str(namespace) for prefix, namespace in graph.namespaces()})


def _refuse_malformed(path: Path, term: Node) -> None:
    """Raises an OntologyError over a term that a parser lets pass and nothing later can write or reason with."""
    if isinstance(term, Literal) and term.ill_typed:
        raise OntologyError(path, f"{str(term)!r} is no value of the datatype <{term.datatype}>; correct it")
    if isinstance(term, URIRef) and _NO_IRI.search(term):
        raise OntologyError(path, f"<{term}> is no IRI; write its spaces and signs as %20 and the like")


def _merge(sources: Iterable[_Source]) -> Graph:
    """Returns one graph with the triples and prefixes of all."""
    merged = Graph()
    for source in sources:
        for prefix, namespace in source.prefixes.items():
            merged.bind(prefix, namespace)
        for triple in source.triples:
            merged.add(triple)
    return merged


def _concept(graph: Graph, members: set[URIRef], iri: URIRef) -> Concept:
    label, notation = _text(graph, iri, SKOS.prefLabel), _text(graph, iri, SKOS.notation)
    above = _broader(graph, members, iri)
    instance_class = graph.value(iri, LT.instanceClass)
    return Concept(
        iri=iri,
        label=label,
        notation=notation or None,
        definition=_text(graph, iri, SKOS.definition),
        broader=above,
        order=_order(graph, iri),
        choice=_path(graph, members, iri) if above else f"{notation} {label}".strip(),
        instance_class=instance_class if isinstance(instance_class, URIRef) else None,
    )


def _path(graph: Graph, members: set[URIRef], iri: URIRef) -> str:
    """Returns the way down to a concept, as in ``T4 › Clear roles``; below two concepts it begins ``T3/T4``."""
    above = _broader(graph, members, iri)
    name = _text(graph, iri, SKOS.prefLabel)
    if not above:
        return _text(graph, iri, SKOS.notation) or name
    return "/".join(_path(graph, members, each) for each in above) + _SEPARATOR + name


def _place(graph: Graph, members: set[URIRef], iri: URIRef) -> tuple[tuple[int, str], ...]:
    """Returns a sort key that puts a concept below the first of its broader concepts."""
    own = ((_order(graph, iri), str(iri)),)
    above = _broader(graph, members, iri)
    return _place(graph, members, above[0]) + own if above else own


def _refuse_cycles(graph: Graph, members: set[URIRef]) -> None:
    """Raises an OntologyError if a concept stands above itself."""
    for iri in sorted(members):
        waiting, passed = [*_broader(graph, members, iri)], set[URIRef]()
        while waiting:
            step = waiting.pop()
            if step == iri:
                raise OntologyError(str(iri), "stands above itself by skos:broader; remove one of the links")
            if step not in passed:
                passed.add(step)
                waiting.extend(_broader(graph, members, step))


def _broader(graph: Graph, members: set[URIRef], iri: URIRef) -> tuple[URIRef, ...]:
    above = {each for each in graph.objects(iri, SKOS.broader) if isinstance(each, URIRef) and each in members}
    return tuple(sorted(above, key=lambda each: (_order(graph, each), str(each))))


def _order(graph: Graph, iri: URIRef) -> int:
    """Returns a concept's place among its neighbours; one that gives none comes last."""
    value = graph.value(iri, LT.listOrder)
    number = value.toPython() if isinstance(value, Literal) else None
    return number if isinstance(number, int) else 1_000_000


def _text(graph: Graph, iri: URIRef, predicate: URIRef) -> str:
    """Returns a text in English or without a language; empty where there is none."""
    texts = [
        each for each in graph.objects(iri, predicate) if isinstance(each, Literal) and each.language in ("en", None)
    ]
    return str(min(texts, default=""))
