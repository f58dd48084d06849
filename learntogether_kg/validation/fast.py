"""The fast engine: pyshifty, native code that reads the shapes once and then checks review after review.

Its reports equal those of the reference: ``tests/engines/`` holds that. Where they ever differ, the shape says so by
``lts:checkedBy "reference"``, and is left to the reference.
"""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import cached_property, partial

import pyoxigraph as ox
import shifty
from rdflib import SH, XSD, BNode, Graph, Literal
from rdflib.term import Node

from learntogether_kg.namespaces import LTS
from learntogether_kg.pool import cores
from learntogether_kg.terms import to_rdflib
from learntogether_kg.validation.shacl import ShaclEngine, ShaclResult, Triple, background, describing

BY_REFERENCE = Literal("reference")
"""What ``lts:checkedBy`` says of a shape that this engine must not check."""

_TARGETS = (SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf, SH.targetNode)
_SHARES = 2
_LARGEST = 2**53
_NOT_IN_AN_IRI = re.compile(r'[\x00-\x20<>"{}|\\^`]')


class FastEngine:
    """pyshifty with the shapes that it checks by, parsed and planned.

    What the two might take differently is left to the reference: shapes that are marked, and a whole review with terms
    that are odd, as `_is_odd` says. No workbook makes such terms.

    Args:
        shapes: All shapes.
    """

    def __init__(self, shapes: Graph) -> None:
        self._shapes = shapes
        self._validator = shifty.PreparedValidator(shapes)
        self._background = _n_triples(background())
        targeted = {shape for target in _TARGETS for shape in shapes.subjects(target, None)}
        marked = set(shapes.subjects(LTS.checkedBy, BY_REFERENCE))
        self._left = targeted & marked
        self._names = sorted(str(shape) for shape in targeted - marked)

    def check(self, review: Graph) -> set[ShaclResult]:
        """Returns all results on a review beside the ontology."""
        terms = {term for triple in review for term in triple}
        explicit = {
            Literal(str(term)): term for term in terms if isinstance(term, Literal) and term.datatype == XSD.string
        }
        if any(_is_odd(term) for term in terms) or not terms.isdisjoint(explicit):
            return self._reference.check(review)
        try:
            data = b"".join((self._background, _n_triples(review), _n_triples(describing(review))))
            reports = list(self._validate_in_shares(data))
        except ValueError:  # text that is no Unicode, a datatype or an IRI that a strict reader refuses
            return self._reference.check(review)
        results = {result for report in reports for result in _results(report, explicit)}
        return results | self._reference_of_some.check(review) if self._left else results

    def _validate_in_shares(self, data: bytes) -> Iterable[str]:
        """Returns the reports of each share of the shapes, checked at once.

        pyshifty lets other threads run. A process that is one of many has its core to itself already.
        """
        if multiprocessing.parent_process() is not None or cores() == 1:
            return [self._validate(data, self._names)]
        return self._threads.map(partial(self._validate, data), (self._names[::_SHARES], self._names[1::_SHARES]))

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_SHARES)

    def _validate(self, data: bytes, names: Sequence[str]) -> str:
        """Returns the W3C validation report as N-Triples, without the way through rdflib that the package offers."""
        report = self._validator._inner.validate_w3c(
            data,
            data_path=None,
            data_format="ntriples",
            graph_mode="data",
            entry_shape_names=list(names),
            run_infer=False,
            minimum_severity="info",
            sort_results=False,
            on_unsupported="error",
            keep_inferred=False,
        )
        return report._report_ntriples

    @cached_property
    def _reference(self) -> ShaclEngine:
        from learntogether_kg.validation.reference import ReferenceEngine  # noqa: PLC0415  # slow to load, rarely used

        return ReferenceEngine(self._shapes)

    @cached_property
    def _reference_of_some(self) -> ShaclEngine:
        from learntogether_kg.validation.reference import ReferenceEngine  # noqa: PLC0415  # as above

        some = Graph()
        for subject, predicate, value in self._shapes:
            if predicate not in _TARGETS or subject in self._left:
                some.add((subject, predicate, value))
        return ReferenceEngine(some)


def _is_odd(term: Node) -> bool:
    """Whether two engines might take a term differently.

    That is a node without a name, an IRI that N-Triples cannot write, a literal whose text is no value of its datatype,
    or none that Python can hold, such as a year before our era, and a number too large for a machine's.
    """
    match term:
        case BNode():
            return True
        case Literal():
            value = term.value
            large = isinstance(value, int | float | Decimal) and not -_LARGEST <= value <= _LARGEST
            return large or bool(term.ill_typed)
    return _NOT_IN_AN_IRI.search(str(term)) is not None


def _n_triples(triples: Iterable[Triple]) -> bytes:
    graph = triples if isinstance(triples, Graph) else Graph()
    if graph is not triples:
        for triple in triples:
            graph.add(triple)
    return graph.serialize(format="nt", encoding="utf-8")


def _results(report: str, explicit: Mapping[Literal, Literal]) -> Iterator[ShaclResult]:
    """Yields what a report in N-Triples holds.

    Args:
        report: The report.
        explicit: The texts that the review has with the datatype xsd:string written out, which a report leaves out.
    """
    found: dict[str, dict[str, Node]] = {}
    for quad in ox.parse(report, ox.RdfFormat.N_TRIPLES):
        found.setdefault(str(quad.subject), {})[quad.predicate.value] = to_rdflib(quad.object, normalize=False)
    for parts in found.values():
        if str(SH.focusNode) in parts:
            value = parts.get(str(SH.value))
            yield ShaclResult(
                focus_node=parts[str(SH.focusNode)],
                path=parts.get(str(SH.resultPath)),
                value=explicit.get(value, value) if isinstance(value, Literal) else value,
                source_shape=parts[str(SH.sourceShape)],
                severity=parts.get(str(SH.resultSeverity)),
                component=parts.get(str(SH.sourceConstraintComponent)),
            )
