"""Screens the public texts of a review for likely names of persons, places and bodies.

Names are found by `learntogether_kg.validation.names`; which kinds are reported, how gravely and in which words is
for the shapes with ``lts:screens`` to say. Declared pseudonyms are known and pass; that a pseudonym is somebody's real
name no program can know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from rdflib import Graph, Literal, URIRef

from learntogether_kg import ontology
from learntogether_kg.namespaces import LT, LTS
from learntogether_kg.validation.hits import Hit, public_texts
from learntogether_kg.validation.lexicon import fold
from learntogether_kg.validation.names import find_names


def screen(review: Graph) -> Iterator[Hit]:
    """Yields the likely names in the public texts of a review.

    Args:
        review: The graph of one review or synthesis, without what goes to custody.
    """
    pseudonyms = {word for name in review.objects(None, LT.pseudonym) for word in _words(str(name))}
    shapes = screening_shapes()
    for node, path, text in public_texts(review):
        for name in find_names(str(text)):
            if not _words(name.words) <= pseudonyms:
                yield Hit(shapes[name.kind], node, path, text, name.words)


@cache
def screening_shapes() -> Mapping[str, URIRef]:
    """Returns the shape that reports each kind of name."""
    found = ontology.load_shapes().subject_objects(LTS.screens)
    return {str(kind): shape for shape, kind in found if isinstance(shape, URIRef) and isinstance(kind, Literal)}


def _words(name: str) -> set[str]:
    return set(fold(name).split())
