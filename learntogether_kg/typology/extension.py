"""What may become part of the ontology: an extension, checked before it is put to use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources as package_files
from pathlib import Path
from typing import Final

from rdflib import OWL, RDF, SH, SKOS, Graph, URIRef

from learntogether_kg import ontology, resources, sssom
from learntogether_kg.errors import OntologyError, UndescribedTermsError
from learntogether_kg.namespaces import LT, LTS, ONTOLOGY_GRAPH
from learntogether_kg.typology import versions, vetting


@dataclass(frozen=True)
class Extension:
    """An extension that fits.

    Attributes:
        file: Where it was read.
        iri: What it calls itself.
        terms: The terms that it declares, sorted.
        statements: How many statements it adds to the ontology.
        version: The version of the ontology that it was checked with.
    """

    file: Path
    iri: URIRef
    terms: tuple[URIRef, ...]
    statements: int
    version: str

    @property
    def kind(self) -> str:
        """What it declares: terms, or mappings between them."""
        return "mapping" if sssom.is_mapping_file(self.file) else "term"


_RESTATED = (RDF.type, SKOS.prefLabel, SKOS.definition, SKOS.broader, SKOS.inScheme, SKOS.topConceptOf, LT.status)


def refuse_unfit(file: Path, beside: Sequence[Path] = ()) -> None:
    """Makes sure that an extension may go into a library, as `ltkg typology check` does, but for the reasoner's word.

    Args:
        file: The extension.
        beside: Other extensions that are in use; one of the same name gives way to this one.

    Raises:
        OntologyError: It cycles, dangles, restates a term that another file declares, or cannot be read.
        UndescribedTermsError: A term of it does not say of itself what the rules of editing ask for.
    """
    _refuse_misfit(file, beside)
    _refuse_undescribed(file, beside)


def _refuse_misfit(file: Path, beside: Sequence[Path] = ()) -> None:
    """Makes sure that an extension can be read with the ontology, and changes no term that is there already."""
    declared = ontology.declared_ontologies(file)
    if len(declared) != 1:
        raise OntologyError(file, f"declares {len(declared)} ontologies; an extension declares exactly one")
    others = _others(file, beside)
    base = ontology.read_ontology(
        resources.folder("ontology"),
        *others,
        replacing=True,
        without=[iri for iri in declared if iri != ONTOLOGY_GRAPH],
    )
    own = ontology.read_file(file.resolve())
    for predicate in _RESTATED:
        for iri in sorted(set(own.subjects(predicate)), key=str):
            if (iri, RDF.type, None) in base and isinstance(iri, URIRef):
                reason = (
                    f"it restates <{iri}>, which is there already. Leave it as it is; to change it, deprecate it "
                    "(owl:deprecated true, dct:isReplacedBy) and add a term of your own"
                )
                raise OntologyError(file, reason)
    versions.read_file(file, others)


def _refuse_undescribed(file: Path, beside: Sequence[Path] = ()) -> None:
    """Makes sure that the terms of an extension, and mappings, say of themselves what ``shapes/typology/`` asks for."""
    with ontology.extended(list(dict.fromkeys((*ontology.extensions_in_use(), *_others(file, beside))))):
        gaps = _find_gaps(file, ontology.read_file(file.resolve()))
    if gaps:
        raise UndescribedTermsError(file, gaps)


def _others(file: Path, beside: Sequence[Path]) -> list[Path]:
    declared = ontology.declared_ontologies(file)
    return [other for other in beside if ontology.declared_ontologies(other) != declared]


def blank_extension() -> str:
    """Returns a commented extension to start from, in Turtle."""
    return (
        package_files.files("learntogether_kg.typology").joinpath("templates/extension.ttl").read_text(encoding="utf-8")
    )


def check_extension(file: Path) -> Extension:
    """Returns what an extension adds, after the reasoner has passed it together with the ontology. Nothing is stored.

    Args:
        file: The extension in Turtle, or mappings in SSSOM.

    Raises:
        OntologyError: It cannot be read, is not Turtle, imports what is not there, declares what another file has, or
            has two concepts that would read the same in a list.
        InconsistentOntologyError: With it, or without it already, the ontology contradicts itself or has a class that
            can have no members.
        UndescribedTermsError: A term of it does not say of itself what the rules of editing ask for.
    """
    from learntogether_kg import reasoning  # noqa: PLC0415  # slow to load, and no other command needs it

    vetting.refuse_unvetted()
    if file.resolve() not in _shipped():
        _refuse_misfit(file)
    file = file.resolve()
    own = ontology.read_file(file)
    whole = reasoning.read_extension(file)
    for scheme in sorted(iri for iri in whole.subjects(RDF.type, SKOS.ConceptScheme) if isinstance(iri, URIRef)):
        ontology.list_concepts(whole, scheme)
    _refuse_undescribed(file)
    named = {iri for iri in own.subjects(RDF.type, None) if isinstance(iri, URIRef)}
    iri = next(iri for iri in named if (iri, RDF.type, OWL.Ontology) in own)
    version = str(whole.value(ONTOLOGY_GRAPH, OWL.versionInfo))
    return Extension(file, iri, tuple(sorted(named - {iri})), len(own), version)


def _shipped() -> set[Path]:
    """Returns the files that the package has already."""
    found = (
        *resources.files("ontology", "extensions/*.ttl"),
        *resources.files("ontology", f"mappings/*{sssom.SUFFIX}"),
    )
    return {path.resolve() for path in found}


def _find_gaps(file: Path, own: Graph) -> list[str]:
    """Returns what the rules of editing say of a file's terms and mappings, each a sentence with the term, or the cell.

    Of a term that it only deprecates they ask no more than what takes its place: the rest stands in another file.
    """
    from learntogether_kg.validation.reference import ReferenceEngine  # noqa: PLC0415  # slow to load

    shapes = Graph()
    for path in resources.files("shapes", "typology/*.ttl"):
        shapes += ontology.read_file(path)
    declared = {*own.subjects(RDF.type, LT.Pattern), *own.subjects(RDF.type, LT.Mapping)}
    deprecated = set(own.subjects(OWL.deprecated))
    of_deprecated = {
        each
        for shape in shapes.subjects(SH.targetSubjectsOf, OWL.deprecated)
        for each in shapes.objects(shape, SH.property)
    }
    rows = sssom.read(file, file.read_text(encoding="utf-8-sig")) if sssom.is_mapping_file(file) else None
    found = set[tuple[int, str]]()
    for result in ReferenceEngine(shapes).check(_with_ends(own)):
        node, source = result.focus_node, result.source_shape
        if node in declared or (node in deprecated and source in of_deprecated):
            slot, message = (str(shapes.value(source, each) or "") for each in (LTS.slot, SH.message))
            place = rows.place(node, slot) if rows else f"<{node}>"
            found.add((rows.line(node) if rows else 0, f"{place}: {message}"))
    return [told for _, told in sorted(found)]


_TOLD_OF: Final = {
    LT.mappingSubject: (SKOS.prefLabel, SKOS.inScheme),
    LT.mappingObject: (SKOS.prefLabel, SKOS.inScheme),
    LT.carriesOn: (RDF.type, SKOS.definition, SKOS.scopeNote),
}
"""What the rules of editing ask of a term of another file that a statement names."""


def _with_ends(own: Graph) -> Graph:
    """Returns a graph with what the ontology in use says of the terms at the other end of its statements."""
    whole, asked = ontology.load_ontology(), Graph() + own
    for predicate, told in _TOLD_OF.items():
        for end in set(own.objects(None, predicate)):
            asked += ((end, each, value) for each in told for value in whole.objects(end, each))
    return asked
