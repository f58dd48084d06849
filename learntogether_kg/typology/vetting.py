"""What the reasoner has passed: it starts Java and takes seconds, so it is asked once for each ontology.

Its word on the ontology that the package ships stands in ``ontology/fingerprint.txt``, that on a library's stands in
the manifest of its state.
"""

from __future__ import annotations

import os
from collections.abc import Collection

from learntogether_kg import ontology, resources


def refuse_unvetted(known: Collection[str] = ()) -> None:
    """Makes sure that the ontology in use is one that the reasoner has passed, by asking it where nobody knows yet.

    Args:
        known: Fingerprints of ontologies that it has passed, such as that of a library's newest state. What stands in
            ``LTKG_VETTED`` counts too: who builds many libraries with one ontology need not have it asked each time.

    Raises:
        InconsistentOntologyError: The ontology contradicts itself, or has a class that can have no members.
        OntologyError: A file of it cannot be loaded, or the reasoner gives up.
    """
    if ontology.fingerprint() not in {ontology.shipped_fingerprint(), os.environ.get("LTKG_VETTED", ""), *known}:
        _ask_reasoner()


def record_vetted() -> None:
    """Writes down that the reasoner has passed the ontology as it stands. For those who change what the package ships.

    Raises:
        InconsistentOntologyError: It has not.
    """
    _ask_reasoner()
    ontology.shipped_fingerprint_file().write_text(ontology.fingerprint() + "\n", encoding="ascii")


@ontology.per_ontology
def _ask_reasoner() -> None:
    """Asks about the ontology in use; the first answer stands as long as that does."""
    from learntogether_kg import reasoning  # noqa: PLC0415  # slow to load, and ordinary work does without

    extensions = (*resources.files("ontology", "extensions/*.ttl"), *ontology.extensions_in_use())
    named = ", ".join(map(str, extensions)) or resources.folder("ontology")
    reasoning.refuse_inconsistent(ontology.load_ontology(), named)
