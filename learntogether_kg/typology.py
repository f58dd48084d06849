"""What may become part of the ontology: an extension, checked before it is put to use.

The reasoner starts Java and takes seconds, so it is asked once for each ontology and its word is kept: that on the one
the package ships stands in ``ontology/fingerprint.txt``, that on a library's stands in the manifest of its state.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rdflib import OWL, RDF, SKOS, URIRef

from learntogether_kg import ontology, resources
from learntogether_kg.namespaces import ONTOLOGY_GRAPH


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


def check_extension(file: Path) -> Extension:
    """Returns what an extension adds, after the reasoner has passed it together with the ontology. Nothing is stored.

    Raises:
        OntologyError: It cannot be read, is not Turtle, imports what is not there, declares what another file has, or
            has two concepts that would read the same in a list.
        InconsistentOntologyError: With it, or without it already, the ontology contradicts itself or has a class that
            can have no members.
    """
    from learntogether_kg import reasoning  # noqa: PLC0415  # slow to load, and no other command needs it

    refuse_unvetted()
    file = file.resolve()
    own = ontology.read_file(file)
    whole = reasoning.read_extension(file)
    for scheme in sorted(iri for iri in whole.subjects(RDF.type, SKOS.ConceptScheme) if isinstance(iri, URIRef)):
        ontology.list_concepts(whole, scheme)
    named = {iri for iri in own.subjects(RDF.type, None) if isinstance(iri, URIRef)}
    iri = next(iri for iri in named if (iri, RDF.type, OWL.Ontology) in own)
    version = str(whole.value(ONTOLOGY_GRAPH, OWL.versionInfo))
    return Extension(file, iri, tuple(sorted(named - {iri})), len(own), version)


def refuse_unvetted(known: Collection[str] = ()) -> None:
    """Makes sure that the ontology in use is one that the reasoner has passed, by asking it where nobody knows yet.

    Args:
        known: Fingerprints of ontologies that it has passed, such as that of a library's newest state.

    Raises:
        InconsistentOntologyError: The ontology contradicts itself, or has a class that can have no members.
        OntologyError: A file of it cannot be loaded, or the reasoner gives up.
    """
    if ontology.fingerprint() not in {ontology.shipped_fingerprint(), *known}:
        _ask_reasoner()


def record_vetted() -> None:
    """Writes down that the reasoner has passed the ontology as it stands. For those who change what the package ships.

    Raises:
        InconsistentOntologyError: It has not.
    """
    _ask_reasoner()
    ontology.shipped_fingerprint_file().write_text(ontology.fingerprint() + "\n", encoding="ascii")


@cache
def _ask_reasoner() -> None:
    """Asks about the ontology in use; the first answer stands as long as the process does, since both do."""
    from learntogether_kg import reasoning  # noqa: PLC0415  # slow to load, and ordinary work does without

    extensions = resources.files("ontology", "extensions/*.ttl")
    named = ", ".join(map(str, extensions)) or resources.folder("ontology")
    reasoning.refuse_inconsistent(ontology.load_ontology(), named)
