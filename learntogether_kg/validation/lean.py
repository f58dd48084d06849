"""Shapes in a form that says the same and that pyshifty checks in less time.

It walks the graph of the shapes anew for each node, and compiles each regular expression for each value. Looking up a
class is what it does fastest, some twenty times as fast as asking whether a value is in a scheme or in a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from rdflib import RDF, RDFS, SH, SKOS, XSD, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from learntogether_kg.namespaces import LTS
from learntogether_kg.validation.shacl import Triple

TARGETS: Final = (SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf, SH.targetNode)
"""By these a shape finds the nodes it looks at; one without is a helper of others."""

OWN: Final = "urn:learntogether:class:"
"""How the classes begin that stand here for a scheme or a list. No result is about one, as no review names them."""
_DECIDES: Final = {SKOS.inScheme, RDFS.subClassOf}
"""What a review must not say itself, as the classes would not know of it."""
_IDLE: Final = {SH.message, RDFS.label, RDFS.comment}


@dataclass(frozen=True)
class Needed:
    """What a review's texts must hold before a shape can find anything.

    Attributes:
        wording: What one of them must match.
        but_not: The properties whose texts do not count.
    """

    wording: re.Pattern[str]
    but_not: frozenset[Node]


def lean(shapes: Graph, background: Iterable[Triple]) -> tuple[Graph, list[Triple]]:
    """Returns shapes and background in which classes stand for schemes and lists, without what no engine reads.

    Only helpers are changed, and these report nothing themselves.

    Args:
        shapes: All shapes.
        background: What the shapes look up.
    """
    lighter, known = Graph(), list(background)
    schemes = [(concept, scheme) for concept, predicate, scheme in known if predicate == SKOS.inScheme]
    for subject, predicate, value in shapes:
        if predicate not in _IDLE and not str(predicate).startswith(LTS):
            lighter.add((subject, predicate, value))
    for helper, part, scheme in list(_in_schemes(shapes)):
        lighter.remove((helper, SH.property, part))
        lighter.remove((part, None, None))
        lighter.add((helper, SH["class"], _class(scheme)))
    if not _mentions(lighter, SKOS.inScheme):
        known = [triple for triple in known if triple[1] != SKOS.inScheme]
    known += ((concept, RDF.type, _class(scheme)) for concept, scheme in schemes)
    for helper, members in list(_in_lists(shapes)):
        lighter.remove((helper, SH["in"], None))
        lighter.add((helper, SH["class"], _class(helper)))
        known += ((member, RDF.type, _class(helper)) for member in members)
    return lighter, known


def decides_for_itself(review: Iterable[Triple]) -> bool:
    """Whether a review says something that only the background should, so that the lean form might not say the same."""
    return any(
        predicate in _DECIDES or (isinstance(value, URIRef) and value.startswith(OWN)) for _, predicate, value in review
    )


def needs(shapes: Graph) -> dict[Node, Needed]:
    """Returns what the texts of a review must hold for a shape to have anything to say; ``lts:onlyWith`` tells."""
    return {
        shape: Needed(re.compile(str(wording)), frozenset(shapes.objects(shape, LTS.exceptField)))
        for shape, wording in shapes.subject_objects(LTS.onlyWith)
    }


def idle(needed: dict[Node, Needed], review: Iterable[Triple]) -> frozenset[Node]:
    """Returns the shapes that cannot say anything of a review, as nothing in it has the wording that they need."""
    texts = [(path, str(text)) for _, path, text in review if _is_text(text)]
    return frozenset(
        shape
        for shape, need in needed.items()
        if not any(need.wording.search(text) for path, text in texts if path not in need.but_not)
    )


def part(shapes: Graph, names: Iterable[str], but_not: frozenset[Node]) -> Graph:
    """Returns some shapes and all that they ask, without the helpers that have nothing to say.

    Args:
        shapes: All shapes.
        names: The shapes to return.
        but_not: The helpers that are not asked.
    """
    some, known, to_do = Graph(), set[Node](), list[Node](map(URIRef, names))
    while to_do:
        subject = to_do.pop()
        if subject in known:
            continue
        known.add(subject)
        for triple in shapes.triples((subject, None, None)):
            if not (triple[1] == SH.node and triple[2] in but_not):
                some.add(triple)
                to_do.append(triple[2])
    return some


def _mentions(shapes: Graph, term: URIRef) -> bool:
    """Whether a shape names a term, be it in the text of a query, whatever prefix that gives it."""
    name = re.split(r"[#/]", term)[-1]
    return (None, None, term) in shapes or any(name in str(query) for query in shapes.objects(None, SH.select))


def _is_text(term: Node) -> bool:
    return isinstance(term, Literal) and term.datatype in (None, XSD.string, RDF.langString)


def _in_schemes(shapes: Graph) -> Iterator[tuple[Node, Node, Node]]:
    """Yields the helpers that ask for concepts of a scheme and nothing else, with the shape that names the scheme."""
    for part, scheme in shapes.subject_objects(SH.hasValue):
        if set(shapes.predicate_objects(part)) == {
            (RDF.type, SH.PropertyShape),
            (SH.path, SKOS.inScheme),
            (SH.hasValue, scheme),
        }:
            yield from (
                (helper, part, scheme) for helper in shapes.subjects(SH.property, part) if _helps(shapes, helper)
            )


def _in_lists(shapes: Graph) -> Iterator[tuple[Node, list[Node]]]:
    """Yields the helpers that ask for a term of a list, with its terms."""
    for helper, members in shapes.subject_objects(SH["in"]):
        terms = list(Collection(shapes, members))
        if _helps(shapes, helper) and all(isinstance(term, URIRef) for term in terms):
            yield helper, terms


def _helps(shapes: Graph, shape: Node) -> bool:
    """Whether a shape is only asked by others whether a value conforms, and reports nothing."""
    targeted = any((shape, target, None) in shapes for target in TARGETS)
    return not targeted and (shape, SH.path, None) not in shapes and (None, SH.property, shape) not in shapes


@cache
def _class(term: Node) -> URIRef:
    return URIRef(f"{OWN}{term}")
