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
from rdflib import SH, XSD, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from learntogether_kg.namespaces import LTS
from learntogether_kg.pool import cores
from learntogether_kg.terms import to_rdflib
from learntogether_kg.validation.lean import OWN, TARGETS, decides_for_itself, idle, lean, needs, part
from learntogether_kg.validation.shacl import ShaclEngine, ShaclResult, Triple, background, describing

BY_REFERENCE = Literal("reference")
"""What ``lts:checkedBy`` says of a shape that this engine must not check."""

_SHARES = 2
_LARGEST = 2**53
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r"})
_TOLD = {str(each) for each in (SH.focusNode, SH.resultPath, SH.value, SH.sourceShape, SH.resultSeverity)} | {
    str(SH.sourceConstraintComponent)
}
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
        self._lean, known = lean(shapes, background())
        self._background = _n_triples(known)
        self._needs = needs(shapes)
        self._validators: dict[tuple[int, int, frozenset[Node]], shifty.PreparedValidator] = {}
        targeted = {shape for target in TARGETS for shape in shapes.subjects(target, None)}
        marked = set(shapes.subjects(LTS.checkedBy, BY_REFERENCE))
        self._left = targeted & marked
        self._asked = frozenset(targeted - marked)
        for share in self._shares():
            self._validator(*share, frozenset(self._needs) - self._asked)

    def check(self, review: Graph) -> set[ShaclResult]:
        """Returns all results on a review beside the ontology."""
        triples = list(review)
        literals = [value for _, _, value in triples if isinstance(value, Literal)]
        nodes = {term for triple in triples for term in triple if not isinstance(term, Literal)}
        explicit = {Literal(str(term)): term for term in literals if term.datatype == XSD.string}
        if any(map(_is_odd, literals)) or any(map(_is_odd, nodes)) or decides_for_itself(triples):
            return self._reference.check(review)
        if explicit and not explicit.keys().isdisjoint(literals):
            return self._reference.check(review)
        try:
            data = b"".join((self._background, _n_triples(triples), _n_triples(describing(triples))))
            reports = list(self._validate_in_shares(data, idle(self._needs, triples)))
        except ValueError:  # text that is no Unicode, a datatype or an IRI that a strict reader refuses
            return self._reference.check(review)
        results = {result for report in reports for result in _results(report, explicit)}
        return results | self._reference_of_some.check(review) if self._left else results

    def _validate_in_shares(self, data: bytes, idle: frozenset[Node]) -> Iterable[str]:
        """Returns the reports of each share of the shapes, checked at once; pyshifty lets other threads run."""
        shares = self._shares()
        validators = [self._validator(*share, idle - self._asked) for share in shares]
        names = [[name for name in self._names(*share) if URIRef(name) not in idle] for share in shares]
        each = map if len(shares) == 1 else self._threads.map
        return each(partial(self._validate, data), validators, names)

    @staticmethod
    def _shares() -> list[tuple[int, int]]:
        """Returns the shares as (which, of how many), one for each core.

        A process that is one of many has its core to itself already.
        """
        number = 1 if multiprocessing.parent_process() is not None or cores() == 1 else _SHARES
        return [(share, number) for share in range(number)]

    def _names(self, share: int, number: int) -> list[str]:
        """Returns the shapes that are asked in a share."""
        return sorted(map(str, self._asked))[share::number]

    def _validator(self, share: int, number: int, idle: frozenset[Node]) -> shifty.PreparedValidator:
        """Returns a validator that has the shapes of a share and does not ask helpers that have nothing to say."""
        key = share, number, idle
        if key not in self._validators:
            shapes = part(self._lean, self._names(share, number), but_not=idle)
            self._validators[key] = shifty.PreparedValidator(shapes)
        return self._validators[key]

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_SHARES)

    @staticmethod
    def _validate(data: bytes, validator: shifty.PreparedValidator, names: Sequence[str]) -> str:
        """Returns the W3C validation report as N-Triples, without the way through rdflib that the package offers."""
        report = validator._inner.validate_w3c(
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
            if predicate not in TARGETS or subject in self._left:
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
    """Returns triples as N-Triples; rdflib's own writer takes three times as long."""
    lines = (
        f"{_written(subject)} {_written(predicate)} {_written(value)} .\n" for subject, predicate, value in triples
    )
    return "".join(lines).encode()


def _written(term: Node) -> str:
    if isinstance(term, URIRef):
        return f"<{term}>"
    if not isinstance(term, Literal):
        return term.n3()
    text = f'"{term.translate(_ESCAPES)}"'
    if term.language:
        return f"{text}@{term.language}"
    return f"{text}^^<{term.datatype}>" if term.datatype else text


def _results(report: str, explicit: Mapping[Literal, Literal]) -> Iterator[ShaclResult]:
    """Yields what a report in N-Triples holds.

    Args:
        report: The report.
        explicit: The texts that the review has with the datatype xsd:string written out, which a report leaves out.
    """
    found: dict[str, dict[str, Node]] = {}
    for quad in ox.parse(report, ox.RdfFormat.N_TRIPLES):
        if (predicate := quad.predicate.value) in _TOLD:
            found.setdefault(str(quad.subject), {})[predicate] = to_rdflib(quad.object, normalize=False)
    for parts in found.values():
        value = parts.get(str(SH.value))
        if isinstance(value, URIRef) and value.startswith(OWN):
            continue
        yield ShaclResult(
            focus_node=parts[str(SH.focusNode)],
            path=parts.get(str(SH.resultPath)),
            value=explicit.get(value, value) if isinstance(value, Literal) else value,
            source_shape=parts[str(SH.sourceShape)],
            severity=parts.get(str(SH.resultSeverity)),
            component=parts.get(str(SH.sourceConstraintComponent)),
        )
