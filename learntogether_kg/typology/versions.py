"""Versions of the typology: as files, as folders, or by the name under which the project knows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, Graph, URIRef

from learntogether_kg import ontology, resources
from learntogether_kg.errors import OntologyError, UnknownVersionError
from learntogether_kg.namespaces import CL, LT, TYP, expand
from learntogether_kg.typology.terms import Typology, earlier


def find(text: str, extensions: Sequence[Path] = ()) -> Typology:
    """Returns the typology that a person names.

    Args:
        text: A Turtle file: an extension, which is read on top of the ontology in use and stands in the place of the
            one of the same name; another edition of a file of the ontology; or any SKOS concept scheme. A folder with a
            whole ontology. Or the label or the last part of the IRI of a version or of a scheme that the project knows.
        extensions: Extensions that belong to the ontology besides, such as those of a library.

    Raises:
        OntologyError: A file cannot be read, or holds no typology.
        UnknownVersionError: There is no such file, folder or name.
    """
    path = Path(text)
    if path.is_dir():
        return Typology.read(text, ontology.read_ontology(path.resolve()))
    if path.is_file():
        return read_file(path, extensions)
    return _named(text, extensions)


def read_file(file: Path, extensions: Sequence[Path] = ()) -> Typology:
    """Returns the typology that a file tells of; see `find`.

    Raises:
        OntologyError: The file cannot be read, or holds no typology.
    """
    own = ontology.read_file(file.resolve())
    schemes = _own_schemes(own)
    if not any(isinstance(iri, URIRef) for iri in own.subjects(RDF.type, OWL.Ontology)):
        if not schemes:
            raise OntologyError(file, "it declares neither an ontology nor a concept scheme; see `ltkg typology new`")
        return Typology.read(_name(own, schemes, file.name), own, schemes)
    whole = _with(extensions, file)
    patterns = set(own.subjects(SKOS.inScheme, TYP.scheme)) | set(own.subjects(DCTERMS.isReplacedBy))
    mine = tuple(iri for iri in schemes if iri != TYP.scheme)
    kept = mine if mine and not patterns else (TYP.scheme, *mine)
    versions = [iri for iri in own.subjects(RDF.type, LT.TypologyVersion) if isinstance(iri, URIRef)]
    named = max(versions, key=lambda iri: len(earlier(whole, iri)), default=None) or (kept[0] if mine == kept else None)
    name = (named and str(whole.value(named, RDFS.label) or whole.value(named, SKOS.prefLabel) or "")) or file.name
    return Typology.read(name, whole, kept)


def known(extensions: Sequence[Path] = ()) -> dict[str, URIRef]:
    """Returns the versions and the schemes that the project knows, by label; code lists are none."""
    graph = _with(extensions)
    versions = [iri for iri in graph.subjects(RDF.type, LT.TypologyVersion) if isinstance(iri, URIRef)]
    versions.sort(key=lambda iri: (len(earlier(graph, iri)), str(iri)))
    schemes = [iri for iri in _own_schemes(graph) if iri != TYP.scheme]
    labels = {str(graph.value(iri, RDFS.label) or iri): iri for iri in versions}
    return labels | {str(graph.value(iri, SKOS.prefLabel) or iri): iri for iri in schemes}


def before(version: URIRef, extensions: Sequence[Path] = ()) -> Typology:
    """Returns the typology as it stood before a version of it.

    Raises:
        OntologyError: A file cannot be read.
    """
    whole = _with(extensions)
    earlier_ones = [iri for iri in earlier(whole, version) if iri != version and isinstance(iri, URIRef)]
    if not earlier_ones:
        raise OntologyError(str(version), "it replaces no earlier version; say by dct:replaces which")
    last = max(earlier_ones, key=lambda iri: len(earlier(whole, iri)))
    return Typology.read(str(whole.value(last, RDFS.label) or last), _as_of(last, whole, extensions))


def newest(extensions: Sequence[Path] = ()) -> Typology:
    """Returns the typology in use, with its extensions, under the name of its newest version.

    Raises:
        OntologyError: A file cannot be read.
    """
    found = Typology.read("", _with(extensions))
    return replace(found, name=found.version_label())


def counted_by(extensions: Sequence[Path]) -> str:
    """Returns the name of the version that a library is coded by, given the extensions that it keeps."""
    return Typology.read("", _with(extensions)).version_label()


def _named(text: str, extensions: Sequence[Path]) -> Typology:
    names = known(extensions)
    wanted = {
        label: iri
        for label, iri in names.items()
        if text.casefold() in (label.casefold(), iri.rpartition("#")[2].casefold(), str(iri)) or expand(text) == iri
    }
    if len(wanted) != 1:
        raise UnknownVersionError(text, [iri.rpartition("#")[2] or str(iri) for iri in names.values()])
    ((label, iri),) = wanted.items()
    whole = _with(extensions)
    if (iri, RDF.type, LT.TypologyVersion) not in whole:
        return Typology.read(label, whole, (iri,))
    return Typology.read(label, _as_of(iri, whole, extensions))


def _as_of(version: URIRef, whole: Graph, extensions: Sequence[Path]) -> Graph:
    """Returns the ontology without the files that brought what came after a version."""
    kept = earlier(whole, version)
    files = {
        iri: file
        for file in (*resources.files("ontology", "extensions/*.ttl"), *_added(extensions))
        for iri in ontology.declared_ontologies(file)
    }
    later = {
        iri
        for iri, file in files.items()
        if (own := set(ontology.read_file(file).subjects(RDF.type, LT.TypologyVersion))) and not own <= kept
    }
    needing = {iri for iri in files if any(other in later for other in whole.objects(iri, OWL.imports))}
    return _with(extensions, without=later | needing)


def _with(extensions: Sequence[Path], file: Path | None = None, without: set[URIRef] | None = None) -> Graph:
    added = [*_added(extensions), *([file.resolve()] if file else [])]
    return ontology.read_ontology(resources.folder("ontology"), *added, replacing=True, without=without or ())


def _added(extensions: Sequence[Path]) -> list[Path]:
    return [path.resolve() for path in dict.fromkeys((*ontology.extensions_in_use(), *extensions))]


def _own_schemes(graph: Graph) -> tuple[URIRef, ...]:
    """Returns the concept schemes that a graph declares, but for code lists."""
    found = {iri for iri in graph.subjects(RDF.type, SKOS.ConceptScheme) if isinstance(iri, URIRef)}
    return tuple(sorted(iri for iri in found if not iri.startswith(str(CL))))


def _name(graph: Graph, schemes: Sequence[URIRef], otherwise: str) -> str:
    label = graph.value(schemes[0], SKOS.prefLabel) or graph.value(schemes[0], DCTERMS.title)
    return str(label or otherwise)
